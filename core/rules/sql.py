"""A rule as a database filter, so that it can be tried on millions of rows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import reduce
from operator import and_, or_

from django.db.models import Q, Value

from core.rules.columns import Column
from core.rules.language import Rule
from core.rules.moment import Moment
from core.rules.nodes import AllOf, AnyOf, Comparison, Node, Not, Operator, fields_of
from core.rules.predicates import comparable_operand, span_around

TRUE = Q(Value(True))
FALSE = Q(Value(False))

# An operator that is "there is a value, and not ..." of another.
NEGATIVES = {Operator.NE: Operator.EQ, Operator.NOT_IN: Operator.IN}
SYNONYMS = {Operator.BEFORE: Operator.LT, Operator.AFTER: Operator.GT}


@dataclass(frozen=True, slots=True)
class Filter:
    """The rows that a rule may hold for. Where `exact` is false, `evaluate` must judge each of them again."""

    q: Q
    exact: bool


def to_q(rule: Rule, columns: Callable[[str], Column], *, now: datetime, timezone: tzinfo) -> Filter:
    """The rule as a filter over the columns that `columns` gives for the keys it reads.

    Exact, the filter holds for just the rows that `evaluate` accepts with the same `now` and `timezone`. A
    rule with `matches` is not exact: PostgreSQL's regular expressions are not RE2, so such a condition lets
    every row pass, under `not` too. Raises ValueError for a column of another kind than the rule was checked
    with.
    """
    exact = all(node.operator is not Operator.MATCHES for node in rule.conditions())
    return Filter(_Translation(columns, Moment(now, timezone)).node(rule.root, negated=False), exact)


@dataclass(frozen=True, slots=True)
class _Translation:
    columns: Callable[[str], Column]
    moment: Moment

    def node(self, node: Node, *, negated: bool) -> Q:
        match node:
            case AllOf(parts):
                return reduce(and_, [self.node(part, negated=negated) for part in parts] or [TRUE])
            case AnyOf(parts):
                return reduce(or_, [self.node(part, negated=negated) for part in parts] or [FALSE])
            case Not(part):
                return ~self.node(part, negated=not negated)
            case Comparison(operator=Operator.MATCHES):
                # The filter must keep each row that the rule accepts, on whichever side of a `not` this
                # stands.
                return FALSE if negated else TRUE
            case _:
                return self.condition(node)

    def condition(self, comparison: Comparison) -> Q:
        columns = self.columns_of(comparison)
        operator = SYNONYMS.get(comparison.operator, comparison.operator)
        present = reduce(and_, [column.present() for column in columns])
        if operator is Operator.IS_NOT_EMPTY:
            return present
        if operator is Operator.IS_EMPTY:
            return ~present
        if operator in NEGATIVES:
            return present & ~self.positive(comparison, NEGATIVES[operator], *columns)
        return self.positive(comparison, operator, *columns)

    def columns_of(self, comparison: Comparison) -> list[Column]:
        """The column of the field, and that of the field it is compared with, if it is."""
        columns = [self.columns(key) for key in fields_of(comparison)]
        for column in columns:
            if column.kind is not comparison.kind:
                raise ValueError(f"The rule reads a {comparison.kind} from a column of {column.kind}.")
        return columns

    def positive(
        self, comparison: Comparison, operator: Operator, column: Column, other: Column | None = None
    ) -> Q:
        exact = comparison.exact
        if other is not None:
            return column.relate(operator, other, exact=exact)
        if operator is Operator.WITHIN_DAYS:
            return column.between(*span_around(comparison, self.moment))
        wanted = comparable_operand(comparison, self.moment)
        match operator:
            case Operator.EQ:
                return column.equal(wanted, exact=exact)
            case Operator.IN:
                return column.one_of(wanted, exact=exact)
            case Operator.BETWEEN:
                return column.between(*wanted)
            case Operator.HAS_ANY:
                return column.has_any(wanted)
            case Operator.HAS_ALL:
                return column.has_all(wanted)
            case Operator.CONTAINS | Operator.STARTS_WITH | Operator.ENDS_WITH:
                return column.fragment(operator, wanted, exact=exact)
            case _:
                return column.ordered(operator, wanted)
