"""The score rules of a line as everything reads them, compiled once per process for each change of them."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.rules import Kind, Moment, Operator, RuleError, parse_rule
from core.rules.predicates import Predicate
from leads.fields.definition import Choice, FieldDefinition
from leads.fields.line import LineDefinition, line_definition
from leads.models import BusinessLine, Campaign, FieldKind, Lead, LeadStatus, ScoreRule, Source
from leads.models.origin import Origin

LEAST, MOST = 0, 100
# What holds on one day and not on the next: a score is stored, and no rule may hang on them.
PASSING_OPERATORS = frozenset((Operator.WITHIN_DAYS,))
# What conditions may read beside the fields of the line. The keys are reserved: no field has one.
ATTRIBUTES: Mapping[str, FieldDefinition] = {
    key: FieldDefinition(key=key, label=label, type=FieldKind.TEXT, choices=choices)
    for key, label, choices in (
        ("status", _("Status"), tuple(Choice(value, text) for value, text in LeadStatus.choices)),
        ("stage", _("Stage"), ()),
        ("source", _("Source"), ()),
        ("campaign", _("Campaign"), ()),
    )
}
ORIGINS: Mapping[str, type[Origin]] = {"source": Source, "campaign": Campaign}
# Given a lead, or the row of one, what a condition reads of it.
ReadValues = Callable[[Any], Mapping[str, Any]]


def score_kinds(definition: LineDefinition) -> dict[str, Kind]:
    """Return what the conditions of score rules may read, with its kind."""
    return {**definition.kinds, **dict.fromkeys(ATTRIBUTES, Kind.TEXT)}


def score_fields(definition: LineDefinition) -> dict[str, FieldDefinition]:
    """Return the same with labels and choices, for putting conditions into words."""
    return {**definition.by_key, **ATTRIBUTES}


def draw_token() -> int:
    """Return what no other change of rules was named by, one that is rolled back included: compiled ones are kept."""
    return secrets.randbits(62) + 1


@dataclass(frozen=True, slots=True)
class ReadyScoreRule:
    """A rule with its condition compiled; `predicate` None fits every lead. `reads` are the keys in its condition."""

    name: str
    points: int
    condition: Any
    predicate: Predicate | None
    reads: frozenset[str]

    def fits(self, values: Mapping[str, Any], moment: Moment) -> bool:
        """Whether a lead with these values gets the points."""
        return self.predicate is None or self.predicate(values, moment)


@dataclass(frozen=True, slots=True)
class LineScorer:
    """The rules of a line in their order, and how their points make a score."""

    rules: tuple[ReadyScoreRule, ...]
    is_bounded: bool
    reads: frozenset[str]

    def score(self, values: Mapping[str, Any], moment: Moment) -> int:
        """Return the score of a lead with these values."""
        return self.total(rule.points for rule in self.rules if rule.fits(values, moment))

    def total(self, points: Iterable[int]) -> int:
        """Return what points make together."""
        found = sum(points)
        return min(max(found, LEAST), MOST) if self.is_bounded else found

    def reading(self, leads: Iterable[Any]) -> ReadValues:
        """Return how to read these leads: a query for sources and one for campaigns, where a rule reads them."""
        wanted = self.reads & ATTRIBUTES.keys()
        if not wanted:
            return lambda lead: lead.data
        some = list(leads)
        names = {key: _names(model, key, some) for key, model in ORIGINS.items() if key in wanted}

        def read(lead: Any) -> Mapping[str, Any]:
            values = {key: getattr(lead, key) for key in ("status", "stage")}
            for key, by_id in names.items():
                values[key] = by_id.get(getattr(lead, f"{key}_id"))
            return {**lead.data, **values}

        return read


def _names(model: type[Origin], key: str, leads: Iterable[Lead]) -> dict[int, str]:
    ids = {getattr(lead, f"{key}_id") for lead in leads} - {None}
    # Withdrawn ones too: their leads keep them.
    return dict(model.everything.filter(pk__in=ids).values_list("pk", "name")) if ids else {}


def line_scorer(line: BusinessLine) -> LineScorer | None:
    """Return the scorer of a line; None where no rule is in use, without asking the database.

    One query the first time a process meets a change of the rules, none after.
    """
    if not line.score_token:
        return None
    return _compiled(line.pk, line.version, line.score_bounded, line.score_token)


@lru_cache(maxsize=512)
def _compiled(line_id: int, version: int, is_bounded: bool, token: int) -> LineScorer:
    line = BusinessLine(pk=line_id, version=version, score_bounded=is_bounded)
    rules = ScoreRule.objects.filter(line_id=line_id, is_active=True).order_by("position", "pk")
    return make_scorer(line, rules)


def make_scorer(line: BusinessLine, rules: Iterable[ScoreRule]) -> LineScorer:
    """Return the scorer that some rules make. One that reads a field which is gone fits nothing until it is
    corrected."""
    kinds = score_kinds(line_definition(line))
    ready = tuple(found for rule in rules if (found := _ready(rule, kinds)) is not None)
    return LineScorer(ready, line.score_bounded, frozenset().union(*(rule.reads for rule in ready)))


def _ready(rule: ScoreRule, kinds: Mapping[str, Kind]) -> ReadyScoreRule | None:
    if not rule.condition:
        return ReadyScoreRule(rule.name, rule.points, None, None, frozenset())
    try:
        parsed = parse_rule(rule.condition, kinds)
    except RuleError:
        return None
    return ReadyScoreRule(rule.name, rule.points, rule.condition, parsed.compile(), parsed.fields())
