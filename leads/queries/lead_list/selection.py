"""Which leads a list has, and the cheapest way to them.

Conditions on index rows can be read from either side: lead by lead, or from the matching rows to their leads.
Where one condition has few matches (a capped look tells), those are tried by the others and sorted in
memory. Otherwise leads are read in order and each is tried, which finds a page soon because many match; an
equality is then read in the order of its own index.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    BooleanField,
    Expression,
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
from core.scope import current_organization_id
from leads.models import Lead, LeadValue
from leads.queries.columns import NOTHING, Probe, RowMatch
from leads.queries.lead_list.catalog import Catalog
from leads.queries.lead_list.meeting import Meeting, Stream
from leads.queries.lead_list.trying import Base

# Up to so many matches are candidates; beyond, one lead in a few hundred matches at a million.
FEW = 2_000
# A condition with up to so many matches is still the better side to begin at, when there are others.
SEVERAL = 20_000
# So many owners' leads are merged in order; more are found by the order of all leads.
MOST_ARMS = 20
# Conditions on the lead itself that an index of its table serves, and those whose index has the leads of each value
# in the order of creation.
INDEXED_LOOKUPS = frozenset(("owner_id__in", "status__in", "intake_id__in", "pk__in"))
ORDERED_LOOKUPS = frozenset(("owner_id__in", "status__in"))
# Given the name under which a lead's id stands in a query, the expression to sort its leads by.
SortOf = Callable[[str], Expression]


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


@dataclass(frozen=True, slots=True)
class Look:
    """Rows that together hold every lead that passes one condition (None: those of the lead's own table).

    Each arm is a queryset of index rows, or of leads, with the name under which the lead's id stands.
    """

    arms: tuple[tuple[QuerySet[Any], str], ...]
    condition: Condition | None


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

    `everyone` (live, of the line) in reach of `owners` (None: whoever owns them), that pass every condition, and
    `recheck` in Python.
    """

    everyone: QuerySet[Lead]
    owners: list[int] | None
    conditions: list[Condition] = field(default_factory=list)
    recheck: Callable[[Lead], bool] | None = None

    @cached_property
    def leads(self) -> QuerySet[Lead]:
        """The leads that may be seen."""
        return self.everyone if self.owners is None else self.everyone.filter(owner_id__in=self.owners)

    @property
    def is_restricted(self) -> bool:
        """Whether only some owners' leads may be seen."""
        return self.owners is not None

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
    def equalities(self) -> list[tuple[Condition, RowMatch]]:
        """The conditions that one value of one index answers, newest first."""
        return [
            (condition, condition.driver.matches[0])
            for condition in self.drivers
            if condition.driver
            and len(condition.driver.matches) == 1
            and condition.driver.matches[0].equality
        ]

    @property
    def is_one_equality(self) -> bool:
        """Whether the list is one value of one indexed field and nothing else."""
        return bool(self.equalities) and len(self.conditions) == 1 and not self.is_restricted

    @cached_property
    def bases(self) -> list[Base]:
        """The ways to try all leads of the list in the order of creation, the likeliest first.

        An owner's leads, or those of one status, off the leads' own table; and the rows of an indexed value. Where
        nothing narrows, the leads themselves.
        """
        others = [self._value_base(*equality) for equality in self.equalities]
        if others and not self.is_restricted and not self.own_conditions:
            return others
        return [self._own_base(), *others]

    def _value_base(self, condition: Condition, match: RowMatch) -> Base:
        rest = [each for each in self.conditions if each is not condition]
        check = self._beside_value(match, rest)
        return Base(
            (match.queryset(),), "lead_id", lead_passes(self.passing(rest)) if check is None else check
        )

    def _beside_value(self, match: RowMatch, conditions: Sequence[Condition]) -> Q | None:
        """For values of a field: whether their leads pass, told by other index rows alone; None where they do not tell.

        Values are of live leads of one line: the lead itself is looked at for its owner or own columns only.
        """
        if match.model is not LeadValue or self.is_restricted:
            return None
        check = Q()
        for condition in conditions:
            if condition.driver is None:
                return None
            check &= Q(Probe(*condition.driver.matches, lead="lead_id"))
        return check

    def _own_base(self) -> Base:
        rest = [each for each in self.conditions if each not in self.own_conditions]
        check = Q()
        for condition in rest:
            check &= condition.check
        return Base(self._own_arms(), "pk", check if rest else None)

    def _own_arms(self) -> tuple[QuerySet[Lead], ...]:
        """Each owner's leads apart, where they are not too many: one index has them in order, owner by owner."""
        owners = self.owners
        names_owner = any("owner_id__in" in dict(each.check.children) for each in self.own_conditions)
        if owners is None or names_owner or not 1 < len(owners) <= MOST_ARMS:
            return (self.passing(self.own_conditions),)
        arms = [self.everyone.filter(owner_id=owner) for owner in owners]
        for condition in self.own_conditions:
            arms = [arm.filter(condition.check) for arm in arms]
        return tuple(arms)

    @cached_property
    def meeting(self) -> Meeting | None:
        """The conditions, and whose leads may be seen, as rows in the order of creation; None for fewer than two."""
        # Each stream with the conditions that it answers; who owns the leads is none of them.
        streams: list[tuple[Stream, list[Condition]]] = []
        if self.owners is not None and 1 <= len(self.owners) <= MOST_ARMS:
            streams.append((_entries("owner_id", self.owners), []))
        for condition in self.own_conditions:
            column, values = _values_in_order(condition)
            if 1 <= len(values) <= MOST_ARMS:
                told = [each for each in self.conditions if _follows(each, column, values)]
                streams.append((_entries(column, values), told))
        for condition, match in self.equalities:
            streams.append((Stream((match.queryset(),), "lead_id"), [condition]))
        if len(streams) < 2:
            return None

        def rest(*pair: int) -> QuerySet[Lead] | None:
            answered = [condition for number in pair for condition in streams[number][1]]
            left = [each for each in self.conditions if not any(each is one for one in answered)]
            sees_owners = not self.is_restricted or not all(streams[number][1] for number in pair)
            # Values are of live leads, and a field is of one line.
            of_value = any(streams[number][0].arms[0].model is LeadValue for number in pair)
            return None if not left and sees_owners and of_value else self.passing(left)

        everyone = Stream((_every_lead(),), "pk")
        return Meeting(everyone, [stream for stream, _told in streams], rest)

    @cached_property
    def is_many(self) -> bool:
        """Whether the look alone told that more than FEW pass."""
        alone = len(self.conditions) == 1 and len(self.drivers) == 1 and not self.is_restricted
        return alone and not self.is_one_equality and self.recheck is None and self._few_rows is None

    def read_few(self, sort: SortOf | None = None) -> list[tuple[Any, ...]] | None:
        """Every lead that passes, where one condition has few matches by its index; None where none has.

        Leads come as (created_at, id), or with `sort`, the expression to sort by for the name under which a
        lead's id stands, as (sort, created_at, id).
        """
        if any(condition.check == NOTHING for condition in self.conditions):
            return []
        look = self._few_rows
        if look is None and sort and (own := self._own_look()):
            look = _smallest([own], FEW)
        return self._read(look, sort) if look else None

    def read_sparse(self, sort: SortOf | None = None) -> list[tuple[Any, ...]] | None:
        """The same where all conditions are common and yet few leads pass them together."""
        own = self._own_look()
        look = _smallest([*self._row_looks(), *([own] if own else [])], SEVERAL)
        return self._read(look, sort) if look else None

    @cached_property
    def _few_rows(self) -> Look | None:
        return _smallest(self._row_looks(), FEW)

    def _read(self, look: Look, sort: SortOf | None) -> list[tuple[Any, ...]] | None:
        """The leads of a look that pass all conditions; None where they are not few after all."""
        found: dict[int, tuple[Any, ...]] = {}
        others = [each for each in self.conditions if each is not look.condition]
        driver = look.condition.driver if look.condition else None
        beside = self._beside_value(driver.matches[0], others) if driver else None
        for rows, name in look.arms:
            columns = ["created_at", name]
            if name == "pk":
                passing = self.filtered.order_by("-created_at", "-pk")
            elif beside is not None:
                passing = rows.filter(beside)
            else:
                leads = self.passing(others).filter(pk=OuterRef(name)).order_by()
                passing = rows.annotate(lead_created=Subquery(leads.values("created_at")[:1]))
                passing = passing.filter(lead_created__isnull=False)
                columns = ["lead_created", name]
            if sort:
                passing = passing.annotate(sort=sort(name))
                columns.insert(0, "sort")
            keys = list(passing.values_list(*columns)[: FEW + 1])
            if len(keys) > FEW:
                return None
            # A lead with several choices, or several matching words, has several rows.
            found |= {key[-1]: key for key in keys}
        return list(found.values()) if len(found) <= FEW else None

    def _row_looks(self) -> list[Look]:
        """For each condition that index rows answer: those rows, in the order of their index."""
        looks = []
        for condition in self.drivers:
            matches = condition.driver.matches if condition.driver else ()
            arms = tuple((match.queryset().order_by(*match.order), "lead_id") for match in matches)
            looks.append(Look(arms, condition))
        return looks

    def _own_look(self) -> Look | None:
        """The leads that an index of their own table narrows down: by owner, status or import."""
        if not self.is_restricted and not self.own_conditions:
            return None
        return Look(((self.passing(self.own_conditions).order_by("-created_at", "-pk"), "pk"),), None)


def _values_in_order(condition: Condition) -> tuple[str, Sequence[Any]]:
    """A column of the lead and the values of which it must have one, where an index has those in order; else none."""
    given = dict(child for child in condition.check.children if isinstance(child, tuple))
    for name in ORDERED_LOOKUPS.intersection(given):
        column = name.removesuffix("__in")
        if _follows(condition, column, given[name]):
            return column, list(given[name])
    return "", []


def _follows(condition: Condition, column: str, values: Sequence[Any]) -> bool:
    """Whether a condition says no more than that the column has one of these values."""
    children = condition.check.children
    if condition.check.negated:
        return children == [(column, "")] and "" not in values
    if condition.check.connector != Q.AND and len(children) > 1:
        return False
    said = {f"{column}__isnull": False, f"{column}__in": values}
    return bool(children) and all(
        isinstance(child, tuple) and child[0] in said and child[1] == said[child[0]] for child in children
    )


def _entries(column: str, values: Sequence[Any]) -> Stream:
    """Leads of each value of a column, whatever else is true of them: what the index alone tells."""
    return Stream(tuple(_every_lead().filter(**{column: value}) for value in dict.fromkeys(values)), "pk")


def _every_lead() -> QuerySet[Lead]:
    return Lead._base_manager.filter(organization_id=current_organization_id())


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


def _smallest(looks: Sequence[Look], limit: int) -> Look | None:
    """The look with the fewest rows, if they are not more than `limit`: one query counts all so far."""
    arms = [
        rows.annotate(look=Value(number, output_field=IntegerField())).values("look")[: limit + 1]
        for number, look in enumerate(looks)
        for rows, _name in look.arms
    ]
    if not arms:
        return None
    counted = dict.fromkeys(range(len(looks)), 0) | _counted(
        arms[0].union(*arms[1:], all=True) if arms[1:] else arms[0]
    )
    best = min(counted, key=counted.__getitem__)
    return looks[best] if counted[best] <= limit else None


def _counted(rows: QuerySet[Any]) -> dict[int, int]:
    try:
        statement, parameters = rows.query.sql_with_params()
    except EmptyResultSet:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT look, count(*) FROM ({statement}) AS looks GROUP BY look", parameters)
        return dict(cursor.fetchall())
