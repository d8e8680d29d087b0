"""Which leads a list has, and the cheapest way to them.

Conditions on index rows can be read from either side: lead by lead, or from the matching rows to their leads.
Few matches of any condition (a capped look tells) give the candidates, which are then filtered and sorted in
memory. Otherwise leads are read in order and each is tried, which finds a page soon because many match; an
equality is then read in the order of its own index.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    BooleanField,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce

from core.rules import Filter, Moment, Rule, to_q
from core.rules.nodes import AllOf, Node
from leads.models import Lead
from leads.queries.columns import NOTHING, Probe, RowMatch
from leads.queries.lead_list.catalog import Catalog

# Up to so many matches are candidates; beyond, one lead in a few hundred matches at a million.
FEW = 2_000
# A condition with up to so many matches is still the better side to begin at, when there are others.
SEVERAL = 20_000
# Conditions on the lead itself that an index of its table serves.
INDEXED_LOOKUPS = frozenset(("owner_id__in", "status__in", "intake_id__in"))
# Querysets of index rows, or of leads, each with the name under which the lead's id stands.
Look = list[tuple[QuerySet[Any], str]]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of the conjunction.

    `driver`, where there is one, gives index rows of all leads that pass.
    """

    check: Q
    driver: Probe | None = None

    @property
    def is_indexed_lookup(self) -> bool:
        """Whether an index of the lead's own table serves it."""
        names = [child[0] for child in self.check.children if isinstance(child, tuple)]
        return (
            not self.check.negated
            and len(names) == len(self.check.children)
            and bool(INDEXED_LOOKUPS.intersection(names))
        )


class AmongIds(Func):
    """Whether a lead's id is in a list, given as one array: a list of parameters would be slow to build."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY ("

    def __init__(self, ids: Sequence[int]) -> None:
        array = Value(list(ids), output_field=ArrayField(BigIntegerField()))
        super().__init__(F("pk"), array, output_field=BooleanField())


def conditions_of(q: Q) -> Iterator[Condition]:
    """Take a filter apart into the conditions that must all hold."""
    if q.negated or (q.connector != Q.AND and len(q.children) > 1):
        probe = None if q.negated else _merged(q)
        yield Condition(Q(probe), probe) if probe else Condition(q)
        return
    lookups = [child for child in q.children if isinstance(child, tuple)]
    if lookups:
        yield Condition(Q(*lookups))
    for child in q.children:
        if isinstance(child, Q):
            yield from conditions_of(child)
        elif not isinstance(child, tuple):
            yield Condition(Q(child), child if isinstance(child, Probe) else None)


def _merged(q: Q) -> Probe | None:
    """One probe for alternatives that all are probes of one index: an OR of sub-selects is far slower."""
    matches: list[RowMatch] = []
    for child in q.children:
        inner = _single_probe(child)
        if inner is None:
            return None
        matches.extend(inner.matches)
    return Probe(*matches) if len({match.model for match in matches}) == 1 else None


def _single_probe(child: Any) -> Probe | None:
    if isinstance(child, Probe):
        return child
    if isinstance(child, Q) and not child.negated:
        if len(child.children) == 1:
            return _single_probe(child.children[0])
        if child.connector == Q.OR:
            return _merged(child)
    return None


@dataclass
class Selection:
    """The leads of a list.

    `leads` (visible, of the line) that pass every condition, and `recheck` in Python.
    """

    leads: QuerySet[Lead]
    is_restricted: bool
    conditions: list[Condition] = field(default_factory=list)
    recheck: Callable[[Lead], bool] | None = None

    def add_rule(self, rule: Rule, catalog: Catalog, *, now: Any, zone: Any) -> list[Node]:
        """Add the conditions of a rule; return those of its parts that no index serves."""
        slow = []
        exact = True
        for part in _parts(rule.root):
            found: Filter = to_q(Rule(part), catalog.column, now=now, timezone=zone)
            exact &= found.exact
            conditions = list(conditions_of(found.q))
            self.conditions += conditions
            if _is_slow(part, found.q, catalog):
                slow.append(part)
        if not exact:
            names, judge = rule.fields(), rule.compile()
            moment = Moment(now, zone)
            self.add_recheck(lambda lead: judge(catalog.values(lead, names), moment))
        return slow

    def add_recheck(self, check: Callable[[Lead], bool]) -> None:
        """Add a condition that only Python can judge, on loaded leads."""
        before = self.recheck
        self.recheck = check if before is None else lambda lead: before(lead) and check(lead)

    @property
    def filtered(self) -> QuerySet[Lead]:
        """The leads that pass every condition the database judges."""
        return self.passing(self.conditions)

    def passing(self, conditions: Iterable[Condition]) -> QuerySet[Lead]:
        """The leads that pass these conditions."""
        found = self.leads
        for condition in conditions:
            found = found.filter(condition.check)
        return found

    @property
    def drivers(self) -> list[Condition]:
        """The conditions that index rows answer."""
        return [condition for condition in self.conditions if condition.driver is not None]

    @cached_property
    def own_conditions(self) -> list[Condition]:
        """The conditions that an index of the lead's own table serves."""
        return [condition for condition in self.conditions if condition.is_indexed_lookup]

    @cached_property
    def equality(self) -> tuple[Condition, RowMatch] | None:
        """A condition that one value of one index answers, newest first."""
        for condition in self.drivers:
            matches = condition.driver.matches if condition.driver else ()
            if len(matches) == 1 and matches[0].equality:
                return condition, matches[0]
        return None

    @property
    def is_one_equality(self) -> bool:
        """Whether the list is one value of one indexed field and nothing else."""
        return self.equality is not None and len(self.conditions) == 1 and not self.is_restricted

    @cached_property
    def candidates(self) -> list[int] | None:
        """The ids of all leads that may pass, where there are few; None where no condition makes them few."""
        if any(condition.check == NOTHING for condition in self.conditions):
            return []
        looks = self._looks()
        if not looks:
            return None
        complete = [set(ids) for ids in _first_ids(looks, FEW + 1) if len(ids) <= FEW]
        if complete:
            return sorted(set.intersection(*complete))
        others = len(self.conditions) - len(self.drivers) - len(self.own_conditions)
        return self._refined(looks) if len(looks) + others > 1 else None

    @cached_property
    def is_many(self) -> bool:
        """Whether the capped look alone told that more than FEW pass."""
        alone = len(self.conditions) == 1 and len(self.drivers) == 1 and not self.is_restricted
        return alone and not self.is_one_equality and self.recheck is None and self.candidates is None

    def _looks(self) -> list[Look]:
        """For each condition that could drive.

        Its rows in the order of their index, with the name of the lead's id.
        """
        looks: list[Look] = []
        for condition in self.drivers:
            matches = condition.driver.matches if condition.driver else ()
            looks.append([(match.queryset().order_by(*match.order), "lead_id") for match in matches])
        if self.is_restricted or self.own_conditions:
            looks.append([(self.passing(self.own_conditions).order_by("-created_at", "-pk"), "pk")])
        return looks

    def _refined(self, looks: list[Look]) -> list[int] | None:
        """Candidates from the least common of several common conditions; its rows are tried by the others."""
        sizes = [sum(rows[: SEVERAL + 1].count() for rows, _name in look) for look in looks]
        best = min(range(len(looks)), key=sizes.__getitem__)
        if sizes[best] > SEVERAL:
            return None
        ids: list[int] = []
        if best == len(self.drivers):
            ids += self.filtered.order_by("-created_at", "-pk").values_list("pk", flat=True)[: FEW + 1]
        else:
            others = self.passing(each for each in self.conditions if each is not self.drivers[best])
            for rows, name in looks[best]:
                ids += rows.filter(lead_passes(others)).values_list(name, flat=True)[: FEW + 1]
        return sorted(set(ids)) if len(ids) <= FEW else None


def lead_passes(leads: QuerySet[Lead]) -> Q:
    """For querysets of index rows: whether the row's lead is among `leads`, looked up row by row."""
    found = leads.filter(pk=OuterRef("lead_id")).order_by().annotate(found=Value(True)).values("found")[:1]
    return Q(Coalesce(Subquery(found), Value(False), output_field=BooleanField()))


def _parts(node: Node) -> Iterator[Node]:
    if isinstance(node, AllOf):
        for part in node.parts:
            yield from _parts(part)
    else:
        yield node


def _is_slow(part: Node, q: Q, catalog: Catalog) -> bool:
    """Whether a part of a rule is judged by reading the leads themselves."""
    names = Rule(part).fields()
    reads_data = any(catalog.entries[name].item for name in names)
    return not all(map(catalog.is_fast, names)) or (reads_data and not _has_probe(q))


def _has_probe(q: Q) -> bool:
    return any(
        _has_probe(child) if isinstance(child, Q) else isinstance(child, Probe) for child in q.children
    )


def _first_ids(looks: list[Look], limit: int) -> list[list[int]]:
    """The first ids that each look gives, in one query for all."""
    arms = [
        rows.annotate(look=Value(number, output_field=IntegerField())).values_list("look", name)[:limit]
        for number, look in enumerate(looks)
        for rows, name in look
    ]
    found: list[list[int]] = [[] for _look in looks]
    for number, lead_id in arms[0].union(*arms[1:], all=True) if len(arms) > 1 else arms[0]:
        found[number].append(lead_id)
    return found
