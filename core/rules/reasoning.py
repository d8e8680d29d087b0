"""What can be proved about rules from their text alone.

A rule is unfolded into cases: a case is what must be true of each field at once, and the rule holds only for
rows that fit one of its cases. Where a condition says more than a set of values can hold (a pattern, a
fragment, another field, a span around today, exact spelling), the case keeps a larger set: whatever is then
shown to be impossible is impossible, and what is not shown may still be.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from itertools import islice

from core.rules.domains import (
    BEGINNING,
    END,
    NOTHING,
    Domain,
    Spans,
    absent_or,
    after,
    all_values,
    before,
    complement,
    example,
    points,
    prefixed,
    present,
    span,
)
from core.rules.moment import Moment
from core.rules.nodes import (
    EMPTINESS,
    AllOf,
    Comparison,
    FieldReference,
    Node,
    Not,
    Operator,
    fields_of,
    needs_timezone,
    parts_of,
)
from core.rules.predicates import comparable_operand
from core.rules.values import Kind, Typed, normalise_text

# A rule that unfolds into more cases than this is not judged.
MAX_CASES = 512
# Any moment will do where only the timezone matters.
SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)

NEGATIVES = (Operator.NE, Operator.NOT_IN)


class TooManyCasesError(Exception):
    """The rule is too large to be judged."""


@dataclass(frozen=True)
class Case:
    """What must be true of a row at once: a domain per field, and conditions known to hold or to fail."""

    domains: Mapping[str, Domain] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    verdicts: frozenset[tuple[Comparison, bool]] = frozenset()

    def meets(self, other: "Case") -> bool:
        """Whether a row may fit both at once, as far as is known."""
        if any((condition, not verdict) in self.verdicts for condition, verdict in other.verdicts):
            return False
        shared = self.domains.keys() & other.domains.keys()
        return all(self.domains[key] & other.domains[key] for key in shared)

    def joined(self, other: "Case") -> "Case":
        """Both at once."""
        domains = {**self.domains, **other.domains}
        for key in self.domains.keys() & other.domains.keys():
            domains[key] = self.domains[key] & other.domains[key]
        return Case(domains, {**self.kinds, **other.kinds}, self.verdicts | other.verdicts)

    def example(self) -> dict[str, Typed]:
        """Values that fit the domains, where they are easily found; the verdicts are not looked at."""
        found = {key: example(self.kinds[key], domain) for key, domain in self.domains.items()}
        return {key: value for key, value in found.items() if value is not None}


Cases = list[Case]


class Reasoner:
    """Unfolds rules. Datetimes without an offset are judged only where `timezone` says what they mean."""

    def __init__(self, timezone: tzinfo | None = None) -> None:
        self.moment = Moment(SOME_TIME, timezone or UTC)
        self.knows_timezone = timezone is not None

    def cases(self, node: Node, outcome: bool) -> Cases:
        """The cases in which the node has the outcome; none, if it never has. Raises TooManyCasesError."""
        match node:
            case Comparison():
                return self.cases_of_condition(node, outcome)
            case Not(part):
                return self.cases(part, not outcome)
        parts = (self.cases(part, outcome) for _, part in parts_of(node))
        # "All are true" and "not any is true" need each part; the other two need one of them.
        if isinstance(node, AllOf) is outcome:
            return join(parts)
        return _limited((case for cases in parts for case in cases), MAX_CASES)

    def never(self, node: Node, outcome: bool) -> bool:
        """Whether it is proved that the node never has the outcome."""
        try:
            return not self.cases(node, outcome)
        except TooManyCasesError:
            return False

    def cases_of_condition(self, condition: Comparison, outcome: bool) -> Cases:
        domains = self.domains(condition, outcome)
        if not all(domains.values()):
            return []
        # Where the domains say all there is to say, the condition itself need not be remembered.
        said = not condition.exact and (condition.operator in EMPTINESS or self.values(condition) is not None)
        verdicts = frozenset(() if said else ((condition, outcome),))
        return [Case(domains, dict.fromkeys(domains, condition.kind), verdicts)]

    def domains(self, condition: Comparison, outcome: bool) -> dict[str, Domain]:
        """What the fields of a condition may hold where it has the outcome, or more than that."""
        kind, operator = condition.kind, condition.operator
        if operator in EMPTINESS:
            empty = (operator is Operator.IS_EMPTY) is outcome
            return {condition.field: Domain(True, NOTHING) if empty else present(kind, all_values(kind))}
        values = self.values(condition)
        if values is None:
            # It holds only where there are values; it may fail wherever it likes.
            return dict.fromkeys(fields_of(condition), present(kind, all_values(kind))) if outcome else {}
        if (operator in NEGATIVES) is outcome:
            # An exact comparison is known by its normal form only: another text may have the same.
            values = all_values(kind) if condition.exact else complement(values)
        return {condition.field: present(kind, values) if outcome else absent_or(kind, values)}

    def values(self, condition: Comparison) -> Spans | None:
        """The values that the condition, or the one it negates, asks for; None where spans cannot say it."""
        if self.is_out_of_reach(condition):
            return None
        wanted = comparable_operand(condition, self.moment)
        if condition.exact:
            wanted = (
                tuple(map(normalise_text, wanted)) if isinstance(wanted, tuple) else normalise_text(wanted)
            )
        match condition.operator:
            case Operator.EQ | Operator.NE:
                return points((wanted,))
            case Operator.IN | Operator.NOT_IN:
                return points(wanted)
            case Operator.BETWEEN:
                return span(before(wanted[0]), after(wanted[1]))
            case Operator.GT | Operator.AFTER:
                return span(after(wanted), END)
            case Operator.GTE:
                return span(before(wanted), END)
            case Operator.LT | Operator.BEFORE:
                return span(BEGINNING, before(wanted))
            case Operator.LTE:
                return span(BEGINNING, after(wanted))
            case Operator.STARTS_WITH if not condition.exact:
                return prefixed(wanted)
            case _:
                return None

    def is_out_of_reach(self, condition: Comparison) -> bool:
        return isinstance(condition.value, FieldReference) or self.lacks_timezone(condition)

    def depends_on_moment(self, condition: Comparison, row: Mapping[str, object]) -> bool:
        """Whether the day, or a timezone that is not known, decides the condition for the row."""
        decided_by_day = condition.operator is Operator.WITHIN_DAYS or self.lacks_timezone(condition)
        return decided_by_day and condition.field in row

    def lacks_timezone(self, condition: Comparison) -> bool:
        return not self.knows_timezone and needs_timezone(condition)


def join(parts: Iterable[Cases], limit: int = MAX_CASES) -> Cases:
    """The cases in which all parts hold at once. Raises TooManyCasesError beyond `limit` of them."""
    joined = [Case()]
    for cases in parts:
        joined = _limited((one.joined(other) for one, other in meeting(joined, cases)), limit)
    return joined


def meeting(left: Cases, right: Cases) -> Iterator[tuple[Case, Case]]:
    """The pairs of cases that a row may fit at once, one by one: the first is often enough."""
    return ((one, other) for one in left for other in right if one.meets(other))


def _limited(cases: Iterable[Case], limit: int) -> Cases:
    kept = list(islice(cases, limit + 1))
    if len(kept) > limit:
        raise TooManyCasesError
    return kept
