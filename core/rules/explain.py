"""A rule's outcome on one row, told condition by condition."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import cast

from core.rules.language import Rule
from core.rules.moment import Moment
from core.rules.nodes import AllOf, AnyOf, Comparison, FieldReference, Node, Not, Operator, parts_of
from core.rules.predicates import compile_node
from core.rules.values import Kind, read_value, stored_value

LISTED_VALUES = 5

PHRASES: dict[Operator, str] = {
    Operator.EQ: "is",
    Operator.NE: "is not",
    Operator.IN: "is one of",
    Operator.NOT_IN: "is none of",
    Operator.GT: "is more than",
    Operator.GTE: "is at least",
    Operator.LT: "is less than",
    Operator.LTE: "is at most",
    Operator.BETWEEN: "is between",
    Operator.CONTAINS: "contains",
    Operator.STARTS_WITH: "starts with",
    Operator.ENDS_WITH: "ends with",
    Operator.MATCHES: "matches",
    Operator.IS_EMPTY: "has no value",
    Operator.IS_NOT_EMPTY: "has a value",
    Operator.BEFORE: "is before",
    Operator.AFTER: "is after",
    Operator.WITHIN_DAYS: "is within",
    Operator.HAS_ANY: "has any of",
    Operator.HAS_ALL: "has all of",
}
# Nobody says that a day is more than another.
PHRASES_OF_TIME: dict[Operator, str] = {
    Operator.GT: "is after",
    Operator.GTE: "is not before",
    Operator.LT: "is before",
    Operator.LTE: "is not after",
}
TIMES = (Kind.DATE, Kind.DATETIME, Kind.TIME)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one node of a rule came to: its outcome, a plain line, and for a condition the values seen.

    `node` is all, any, not or condition. `wanted` and `actual` are JSON values as they are stored; `actual`
    is None where the value is missing. For a comparison of two fields `wanted` is the other field's value.
    """

    node: str
    outcome: bool
    text: str
    parts: "tuple[Explanation, ...]" = ()
    field: str | None = None
    operator: str | None = None
    wanted: object = None
    actual: object = None

    def to_json(self) -> dict[str, object]:
        """The explanation as JSON, to be kept beside the decision it explains."""
        tree: dict[str, object] = {"node": self.node, "outcome": self.outcome, "text": self.text}
        if self.node != "condition":
            return tree | {"parts": [part.to_json() for part in self.parts]}
        return tree | {
            "field": self.field,
            "operator": self.operator,
            "wanted": self.wanted,
            "actual": self.actual,
        }


def explain(
    rule: Rule,
    values: Mapping[str, object],
    *,
    now: datetime,
    timezone: tzinfo,
    labels: Mapping[str, str] | None = None,
) -> Explanation:
    """How the rule came to its outcome: every condition is judged, also those that no longer mattered.

    The outcome is that of `evaluate` with the same arguments. `labels` gives fields their names in the
    sentences. The values of the row stand in the result: hide there what the reader may not see.
    """
    return _Explainer(values, Moment(now, timezone), labels or {}).node(rule.root)


@dataclass(frozen=True, slots=True)
class _Explainer:
    values: Mapping[str, object]
    moment: Moment
    labels: Mapping[str, str]

    def node(self, node: Node) -> Explanation:
        if isinstance(node, Comparison):
            return self.condition(node)
        parts = tuple(self.node(part) for _, part in parts_of(node))
        outcomes = [part.outcome for part in parts]
        match node:
            case AllOf():
                return _group("all", all(outcomes), "All of these hold", parts)
            case AnyOf():
                return _group("any", any(outcomes), "At least one of these holds", parts)
            case Not():
                return _group("not", not outcomes[0], "This does not hold", parts)

    def condition(self, comparison: Comparison) -> Explanation:
        outcome = compile_node(comparison)(self.values, self.moment)
        actual = self.stored(comparison.kind, comparison.field)
        if isinstance(comparison.value, FieldReference):
            wanted = self.stored(comparison.kind, comparison.value.field)
        else:
            wanted = comparison.to_json().get("value")
        return Explanation(
            "condition",
            outcome,
            self.sentence(comparison, outcome, wanted, actual),
            field=comparison.field,
            operator=comparison.operator.value,
            wanted=wanted,
            actual=actual,
        )

    def stored(self, kind: Kind, key: str) -> object:
        value = read_value(kind, self.values.get(key))
        return None if value is None else stored_value(value)

    def sentence(self, comparison: Comparison, outcome: bool, wanted: object, actual: object) -> str:
        """For example: `Credit score is at least 760: no, it is 742.`"""
        claim = f"{self.label(comparison.field)} {_phrase(comparison)}{self.object_of(comparison, wanted)}"
        if comparison.operator in (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY):
            seen = "" if actual is None else f", it is {_shown(actual)}"
        else:
            seen = ", it has no value" if actual is None else f", it is {_shown(actual)}"
        return f"{claim}: {_answer(outcome)}{seen}."

    def object_of(self, comparison: Comparison, wanted: object) -> str:
        exactly = " exactly" if comparison.exact else ""
        if isinstance(comparison.value, FieldReference):
            value = "which has no value" if wanted is None else _shown(wanted)
            return f"{exactly} {self.label(comparison.value.field)} ({value})"
        match comparison.operator:
            case Operator.IS_EMPTY | Operator.IS_NOT_EMPTY:
                return ""
            case Operator.WITHIN_DAYS:
                return f" {wanted} days of {self.moment.today.isoformat()}"
            case Operator.BETWEEN:
                return " " + " and ".join(map(str, cast(list[object], wanted)))
        return f"{exactly} {_shown(wanted)}"

    def label(self, key: str) -> str:
        return self.labels.get(key) or key.replace("_", " ").capitalize()


def _group(name: str, outcome: bool, claim: str, parts: tuple[Explanation, ...]) -> Explanation:
    return Explanation(name, outcome, f"{claim}: {_answer(outcome)}.", parts)


def _answer(outcome: bool) -> str:
    return "yes" if outcome else "no"


def _phrase(comparison: Comparison) -> str:
    in_time = PHRASES_OF_TIME if comparison.kind in TIMES else {}
    return in_time.get(comparison.operator, PHRASES[comparison.operator])


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return _answer(value)
    if not isinstance(value, list):
        return str(value)
    shown = ", ".join(str(item) for item in value[:LISTED_VALUES])
    more = len(value) - LISTED_VALUES
    return f"{shown} and {more} more" if more > 0 else shown
