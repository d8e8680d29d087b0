"""A node of a rule as a Python function of (values, moment), so that rows are judged without walking the tree.

A comparison with a missing value is false, whatever the operator; only `is_empty` and `is_not_empty` see it.
"""

import operator
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

from core.rules.moment import Moment
from core.rules.nodes import All, Any_, Comparison, FieldReference, Node, Not, Operator
from core.rules.patterns import compile_pattern
from core.rules.values import READERS, Kind, Typed, normalise_text, read_normalised_text

Predicate = Callable[[Mapping[str, object], Moment], bool]
Reader = Callable[[object], Any]

# What is asked of two values that are both there. The right one may be a literal or another field's value.
PAIRWISE: dict[Operator, Callable[[Any, Any], bool]] = {
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
    Operator.BETWEEN: lambda value, wanted: wanted[0] <= value <= wanted[1],
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
    return partial(_all if isinstance(node, All) else _any, parts)


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


def comparable_literal(comparison: Comparison, literal: Typed, moment: Moment) -> Typed:
    """A literal in the form in which its comparison compares: text normalised unless exact, moments in UTC."""
    if isinstance(literal, str) and not comparison.exact:
        return normalise_text(literal)
    if isinstance(literal, datetime):
        return moment.resolve(literal)
    return literal


def _compile_comparison(comparison: Comparison) -> Predicate:
    key, read = comparison.field, reader_of(comparison)
    match comparison.operator:
        case Operator.IS_EMPTY:
            return lambda values, moment: read(values.get(key)) is None
        case Operator.IS_NOT_EMPTY:
            return lambda values, moment: read(values.get(key)) is not None
        case Operator.MATCHES:
            return _compile_pattern(comparison)
        case Operator.WITHIN_DAYS:
            return _compile_within_days(comparison)
    if isinstance(comparison.value, FieldReference):
        return _compile_between_fields(comparison, comparison.value.field)
    if _depends_on_timezone(comparison):
        return _compile_in_timezone(comparison)
    return _compile_fixed(comparison)


def _compile_fixed(comparison: Comparison) -> Predicate:
    key, read, holds = comparison.field, reader_of(comparison), PAIRWISE[comparison.operator]
    wanted = _wanted(comparison, lambda literal: _in_fixed_form(comparison, literal))

    def judge(values: Mapping[str, object], moment: Moment) -> bool:
        value = read(values.get(key))
        return value is not None and holds(value, wanted)

    return judge


def _compile_in_timezone(comparison: Comparison) -> Predicate:
    """For datetime literals without an offset: what they mean is known when the rule runs."""
    key, read, holds = comparison.field, reader_of(comparison), PAIRWISE[comparison.operator]

    def judge(values: Mapping[str, object], moment: Moment) -> bool:
        value = read(values.get(key))
        return value is not None and holds(value, _wanted(comparison, moment.resolve))

    return judge
