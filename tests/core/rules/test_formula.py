"""Formulas of computed fields: what they mean, when they have no value, and how mistakes are answered."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ValidationFailed
from core.rules import FormulaCycleError, FormulaError, Kind, order_formulas, parse_formula

FIELDS = {
    "loan_amount": Kind.NUMBER,
    "monthly_income": Kind.NUMBER,
    "a": Kind.NUMBER,
    "b": Kind.NUMBER,
    "c": Kind.NUMBER,
    "city": Kind.TEXT,
    "seen": Kind.DATETIME,
}
PUNE = '{"field": "city", "op": "eq", "value": "Pune"}'


def result(text: str, decimals: int = 2, **values: object) -> Decimal | None:
    formula = parse_formula(text, FIELDS)
    return formula.evaluate(values, decimals=decimals, now=datetime(2024, 1, 1, tzinfo=UTC), timezone=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("2 - 3 - 4", "-5"),
        ("100 / 10 / 2", "5"),
        ("7 − 2 × 3 ÷ 4", "5.5"),
        ("-2 * -3", "6"),
        ("2 - -2", "4"),
        ("+3", "3"),
        ("-(1 + 2)", "-3"),
        ("min(3, 1, 2)", "1"),
        ("MAX(3, 1 + 4, 2)", "5"),
        ("abs(-2.5)", "2.5"),
        ("round(2.5)", "3"),
        ("round(-2.5)", "-3"),
        ("round(2.345, 2)", "2.35"),
        ("round(12500, -3)", "13000"),
        ("0.1 + 0.2", "0.3"),
        ("1 / 3 * 3", "1"),
    ],
)
def test_arithmetic(text: str, expected: str) -> None:
    assert result(text) == Decimal(expected)


def test_fields_are_stored_texts_or_numbers() -> None:
    text = "loan_amount / (monthly_income * 12)"
    assert result(text, loan_amount="500000", monthly_income="30000") == Decimal("1.39")
    assert result(text, loan_amount=500000, monthly_income=Decimal(30000)) == Decimal("1.39")


@pytest.mark.parametrize(
    ("text", "decimals", "expected"),
    [
        ("0.005", 2, "0.01"),
        ("0.0049999", 2, "0.00"),
        ("-0.005", 2, "-0.01"),
        ("2.5", 0, "3"),
        ("1 / 3", 4, "0.3333"),
        ("2 / 3", 4, "0.6667"),
    ],
)
def test_results_are_rounded_half_up(text: str, decimals: int, expected: str) -> None:
    assert str(result(text, decimals)) == expected


def test_there_is_no_negative_zero() -> None:
    assert str(result("-0.001")) == "0.00"


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0",
        "0 / 0",
        "1 / (a - a)",
        "a + b",
        "min(a, b)",
        "b * 0",
        "9" * 60,
        " * ".join(["9" * 40] * 30),
    ],
)
def test_no_value(text: str) -> None:
    assert result(text, a="1", b=None) is None


@pytest.mark.parametrize(
    ("text", "missing", "problem"),
    [
        ("b + a", "a", ""),
        ("b / 0", "", "division_by_zero"),
        ("0 / (b - b)", "", "division_by_zero"),
        ("1" + "0" * 199 + " * 1" + "0" * 199, "", "too_large"),
        ("b + 1", "", ""),
    ],
)
def test_where_there_is_no_value_it_is_told_why(text: str, missing: str, problem: str) -> None:
    formula = parse_formula(text, {"a": Kind.NUMBER, "b": Kind.NUMBER})
    outcome = formula.outcome({"b": "2"}, decimals=2, now=datetime.now(UTC), timezone=UTC)
    assert (outcome.missing, outcome.problem) == (missing, problem)
    assert (outcome.value is None) == bool(missing or problem)


def test_only_the_branch_taken_needs_a_value() -> None:
    text = f"if({PUNE}, a, b / 0)"
    assert result(text, city=" PUNE", a=5) == 5
    assert result(text, city="Delhi", a=5, b=1) is None
    assert result(f"if({PUNE}, b, a)", a=5) == 5


def test_a_rule_in_a_formula_uses_now_and_timezone() -> None:
    formula = parse_formula('if({"field": "seen", "op": "within_days", "value": 1}, 1, 0)', FIELDS)
    values = {"seen": "2024-01-01T00:00:00+00:00"}
    january, march = datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)
    assert formula.evaluate(values, decimals=0, now=january, timezone=UTC) == 1
    assert formula.evaluate(values, decimals=0, now=march, timezone=UTC) == 0


def test_a_formula_tells_its_fields() -> None:
    text = f"if({PUNE}, a + 1, -max(b, round(loan_amount)))"
    assert parse_formula(text, FIELDS).fields() == {"city", "a", "b", "loan_amount"}


@pytest.mark.parametrize(
    ("text", "position", "advice"),
    [
        ("", 0, "Write a number, a field or a function"),
        ("1 +", 3, "before the end of the formula"),
        ("(1", 2, 'Write "\\)" here'),
        ("1 2", 2, 'Write an operator before "2"'),
        ("a)", 1, "or remove it"),
        ("loan_amont", 0, 'Did you mean "loan_amount"'),
        ("a + city", 4, "holds text"),
        ("median(1)", 0, "no function"),
        ("abs(1, 2)", 0, "one term"),
        ("min()", 4, "Write a number"),
        ("round(1, a)", 9, "whole number of digits"),
        ("round(1, 21)", 9, "at most 20"),
        ("1e5", 0, "plain one"),
        ("1.2.3", 0, "plain one"),
        ("12abc", 0, "plain one"),
        ("9" * 201, 0, "plain one"),
        ("a ^ 2", 2, "no meaning"),
        ("__import__(1)", 0, "no function"),
        ("'os'", 0, "no meaning"),
        ("a.b", 1, "no meaning"),
        ("if(1, 2, 3)", 3, "JSON object"),
        ('if({"field": }, 1, 2)', 13, "valid JSON"),
        ('if({"field": "ciyt", "op": "is_empty"}, 1, 2)', 3, 'Did you mean "city"'),
        (f"if({PUNE}, 1)", 52, 'Write "," here'),
        ("{}", 0, "beginning of if"),
        ("(" * 50 + "1" + ")" * 50, 32, "nested at most 32"),
        ("-" * 50 + "1", 32, "nested at most 32"),
        ("1 + " * 300 + "1", 800, "at most 200 terms"),
        ("1" * 10_001, 10_000, "at most 10,000"),
    ],
)
def test_a_mistake_is_answered_with_position_and_advice(text: str, position: int, advice: str) -> None:
    with pytest.raises(FormulaError, match=advice) as caught:
        parse_formula(text, FIELDS)
    assert caught.value.position == position
    assert isinstance(caught.value, ValidationFailed)


def test_json_nested_beyond_reason_is_refused() -> None:
    with pytest.raises(FormulaError, match="rule"):
        parse_formula('if({"all": ' + "[" * 9000, FIELDS)


def test_formulas_in_the_order_in_which_they_can_be_calculated() -> None:
    formulas = {"a": "b + c", "b": "c * 2", "c": "loan_amount"}
    parsed = {key: parse_formula(text, FIELDS) for key, text in formulas.items()}
    assert order_formulas(parsed) == ["c", "b", "a"]


def test_a_cycle_is_named() -> None:
    formulas = {"a": "b + 1", "b": "c + 1", "c": "a + loan_amount"}
    parsed = {key: parse_formula(text, FIELDS) for key, text in formulas.items()}
    with pytest.raises(FormulaCycleError) as caught:
        order_formulas(parsed)
    assert caught.value.cycle == ["a", "b", "c", "a"]
    assert "a → b → c → a" in str(caught.value)


def test_a_formula_that_needs_itself_is_a_cycle() -> None:
    with pytest.raises(FormulaCycleError, match="a → a"):
        order_formulas({"a": parse_formula("a + 1", FIELDS)})


money = st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False)


@given(one=money, other=money, third=money)
def test_exact_sums_and_products(one: Decimal, other: Decimal, third: Decimal) -> None:
    values = {"a": str(one), "b": str(other), "c": str(third)}
    exact = one * other + third
    assert result("a * b + c", 2, **values) == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


@given(st.text(alphabet='ab12.+-*/×÷−(), {}"minxroudf', max_size=30))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    try:
        formula = parse_formula(text, FIELDS)
    except FormulaError:
        return
    formula.evaluate({"a": "1.5", "b": "0"}, decimals=2, now=datetime(2024, 1, 1, tzinfo=UTC), timezone=UTC)
