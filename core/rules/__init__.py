"""Rules and formulas that operations write: parsed, evaluated, explained, tried in the database, linted.

One typed tree, no code: nothing here calls, imports or looks up anything that a rule names, but fields.
"""

from core.rules.columns import AttributeColumn, Column, IntegerColumn, JsonColumn
from core.rules.evaluate import evaluate
from core.rules.language import MAX_DEPTH, MAX_LIST, MAX_NODES, Problem, Rule, RuleError, parse_rule
from core.rules.moment import Moment
from core.rules.nodes import (
    EXACT_OPERATORS,
    FIELD_OPERATORS,
    OPERANDS,
    OPERATORS,
    AllOf,
    AnyOf,
    Comparison,
    FieldReference,
    Not,
    Operand,
    Operator,
)
from core.rules.sql import Filter, to_q
from core.rules.values import Kind, comparison_values, is_missing, normalise_text, read_value, stored_value

__all__ = [
    "EXACT_OPERATORS",
    "FIELD_OPERATORS",
    "MAX_DEPTH",
    "MAX_LIST",
    "MAX_NODES",
    "OPERANDS",
    "OPERATORS",
    "AllOf",
    "AnyOf",
    "AttributeColumn",
    "Column",
    "Comparison",
    "FieldReference",
    "Filter",
    "IntegerColumn",
    "JsonColumn",
    "Kind",
    "Moment",
    "Not",
    "Operand",
    "Operator",
    "Problem",
    "Rule",
    "RuleError",
    "comparison_values",
    "evaluate",
    "is_missing",
    "normalise_text",
    "parse_rule",
    "read_value",
    "stored_value",
    "to_q",
]
