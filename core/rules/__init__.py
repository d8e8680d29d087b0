"""Rules and formulas that operations write: parsed, evaluated, explained, tried in the database, linted.

One typed tree, no code: nothing here calls, imports or looks up anything that a rule names, but fields.
"""

from core.rules.columns import AttributeColumn, Column, IntegerColumn, JsonColumn
from core.rules.evaluate import evaluate
from core.rules.explain import Explanation, explain
from core.rules.formula import Formula, FormulaCycleError, FormulaError, order_formulas
from core.rules.formula_choices import WrittenChoice, written_choices
from core.rules.formula_parser import parse_formula
from core.rules.language import MAX_DEPTH, MAX_LIST, MAX_NODES, Problem, Rule, RuleError, parse_rule
from core.rules.lint import Finding, NamedRule, lint, lint_rule
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
    "Explanation",
    "FieldReference",
    "Filter",
    "Finding",
    "Formula",
    "FormulaCycleError",
    "FormulaError",
    "IntegerColumn",
    "JsonColumn",
    "Kind",
    "Moment",
    "NamedRule",
    "Not",
    "Operand",
    "Operator",
    "Problem",
    "Rule",
    "RuleError",
    "WrittenChoice",
    "comparison_values",
    "evaluate",
    "explain",
    "is_missing",
    "lint",
    "lint_rule",
    "normalise_text",
    "order_formulas",
    "parse_formula",
    "parse_rule",
    "read_value",
    "stored_value",
    "to_q",
    "written_choices",
]
