"""A node of a rule as a Python function of (values, moment): rows are judged without walking the tree.

A comparison with a missing value is false, whatever the operator; only `is_empty` and `is_not_empty` see it.
"""

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

from core.rules.moment import Moment
from core.rules.nodes import AllOf, Comparison, FieldReference, Node, Not, Operator, needs_timezone
from core.rules.patterns import compile_pattern
from core.rules.values import READERS, Kind, normalise_text, read_normalised_text

Predicate = Callable[[Mapping[str, object], Moment], bool]
Reader = Callable[[object], Any]
Test = Callable[[Any, Any], bool]

# Stands in where the operand does not depend on the moment.
ANY_MOMENT = Moment(datetime(2000, 1, 1, tzinfo=UTC), UTC)
SET_OPERATORS = frozenset((Operator.IN, Operator.NOT_IN, Operator.HAS_ANY, Operator.HAS_ALL))

# What is asked of two values that are both there. The right one may be a literal or another field's value.
TESTS: dict[Operator, Test] = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.GT: operator.gt,
    Operator.GTE: operator.ge,
    Operator.LT: operator.lt,
    Operator.LTE: operator.le,
    Operator.BEFORE: operator.lt,
    Operator.AFTER: operator.gt,
    Operator.CONTAINS: operator.contains,
    Operator.STARTS_WITH: str.startswith,
    Operator.ENDS_WITH: str.endswith,
    Operator.IN: lambda value, wanted: value in wanted,
    Operator.NOT_IN: lambda value, wanted: value not in wanted,
    Operator.BETWEEN: lambda value, span: span[0] <= value <= span[1],
    Operator.WITHIN_DAYS: lambda value, span: span[0] <= value <= span[1],
    Operator.HAS_ANY: lambda value, wanted: not value.isdisjoint(wanted),
    Operator.HAS_ALL: lambda value, wanted: value.issuperset(wanted),
}


def compile_node(node: Node) -> Predicate:
    """The function that judges the node and everything below it."""
    if isinstance(node, Comparison):
        return _compile_comparison(node)
    if isinstance(node, Not):
        return partial(_not, compile_node(node.part))
    parts = tuple(compile_node(part) for part in node.parts)
    return partial(_all if isinstance(node, AllOf) else _any, parts)


def _not(part: Predicate, values: Mapping[str, object], moment: Moment) -> bool:
    return not part(values, moment)


def _all(parts: tuple[Predicate, ...], values: Mapping[str, object], moment: Moment) -> bool:
    return all(part(values, moment) for part in parts)


def _any(parts: tuple[Predicate, ...], values: Mapping[str, object], moment: Moment) -> bool:
    return any(part(values, moment) for part in parts)


def reader_of(comparison: Comparison) -> Reader:
    """How the comparison reads its field: texts in comparable form, unless it is exact or a pattern."""
    if comparison.kind is Kind.TEXT and not comparison.exact and comparison.operator is not Operator.MATCHES:
        return read_normalised_text
    return READERS[comparison.kind]


def comparable_operand(comparison: Comparison, moment: Moment) -> Any:
    """The literal, or the tuple of literals, in comparable form: text normalised, datetimes in UTC."""
    if isinstance(comparison.value, tuple):
        return tuple(_comparable(comparison, literal, moment) for literal in comparison.value)
    return _comparable(comparison, comparison.value, moment)


def _comparable(comparison: Comparison, literal: Any, moment: Moment) -> Any:
    if isinstance(literal, str) and not comparison.exact:
        return normalise_text(literal)
    if isinstance(literal, datetime):
        return moment.resolve(literal)
    return literal


def _compile_comparison(comparison: Comparison) -> Predicate:
    key, read = comparison.field, reader_of(comparison)
    if comparison.operator is Operator.IS_EMPTY:
        return lambda values, moment: read(values.get(key)) is None
    if comparison.operator is Operator.IS_NOT_EMPTY:
        return lambda values, moment: read(values.get(key)) is not None
    holds, operand = _test_of(comparison), _operand_of(comparison)

    def judge(values: Mapping[str, object], moment: Moment) -> bool:
        value = read(values.get(key))
        if value is None:
            return False
        wanted = operand(values, moment)
        return wanted is not None and holds(value, wanted)

    return judge


def _test_of(comparison: Comparison) -> Test:
    if comparison.operator is Operator.MATCHES:
        occurs = compile_pattern(str(comparison.value))
        return lambda value, wanted: occurs(value)
    return TESTS[comparison.operator]


def _operand_of(comparison: Comparison) -> Callable[[Mapping[str, object], Moment], Any]:
    """What the comparison compares with, as a function: it can depend on the row and on the moment."""
    literal = comparison.value
    if isinstance(literal, FieldReference):
        other, read = literal.field, reader_of(comparison)
        return lambda values, moment: read(values.get(other))
    if comparison.operator is Operator.WITHIN_DAYS:
        return lambda values, moment: span_around(comparison, moment)
    if needs_timezone(comparison):
        return lambda values, moment: comparable_operand(comparison, moment)
    fixed = comparable_operand(comparison, ANY_MOMENT)
    constant = frozenset(fixed) if comparison.operator in SET_OPERATORS else fixed
    return lambda values, moment: constant


def span_around(comparison: Comparison, moment: Moment) -> tuple[Any, Any]:
    """The span of `within_days`, its ends included: two days, or two moments."""
    days = cast(int, comparison.value)
    return moment.days_around(days) if comparison.kind is Kind.DATE else moment.moments_around(days)
