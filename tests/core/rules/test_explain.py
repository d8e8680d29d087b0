"""Explanations: each condition with what was wanted, what was there, and the outcome in words."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from core.rules import Explanation, Kind, evaluate, explain, parse_rule
from tests.core.rules.generated import FIELDS as GENERATED_FIELDS
from tests.core.rules.generated import JSON_FIELDS, NOW, ZONES, stored_data, trees

KOLKATA = ZoneInfo("Asia/Kolkata")
FIELDS = {
    "credit_score": Kind.NUMBER,
    "city": Kind.TEXT,
    "income": Kind.NUMBER,
    "limit": Kind.NUMBER,
    "born": Kind.DATE,
    "active": Kind.BOOLEAN,
    "products": Kind.MULTI,
}


def explained(tree: dict, values: dict, labels: dict[str, str] | None = None) -> Explanation:
    now = datetime(2024, 3, 10, 20, tzinfo=UTC)
    return explain(parse_rule(tree, FIELDS), values, now=now, timezone=KOLKATA, labels=labels)


@pytest.mark.parametrize(
    ("field", "op", "value", "stored", "sentence"),
    [
        ("credit_score", "gte", 760, "742", "Credit score is at least 760: no, it is 742."),
        ("credit_score", "gte", 760, None, "Credit score is at least 760: no, it has no value."),
        (
            "credit_score",
            "between",
            [620, 759],
            "742",
            "Credit score is between 620 and 759: yes, it is 742.",
        ),
        ("credit_score", "is_empty", None, None, "Credit score has no value: yes."),
        ("credit_score", "is_empty", None, "742", "Credit score has no value: no, it is 742."),
        ("city", "in", ["Pune", "Delhi"], "PUNE", "City is one of Pune, Delhi: yes, it is PUNE."),
        ("city", "in", list("abcdefg"), "x", "City is one of a, b, c, d, e and 2 more: no, it is x."),
        ("born", "gte", "2000-01-01", "1999-12-31", "Born is not before 2000-01-01: no, it is 1999-12-31."),
        (
            "born",
            "within_days",
            7,
            "2024-03-05",
            "Born is within 7 days of 2024-03-11: yes, it is 2024-03-05.",
        ),
        ("active", "eq", True, False, "Active is yes: no, it is no."),
        ("products", "has_any", ["emi"], ["Card", "EMI"], "Products has any of emi: yes, it is card, emi."),
    ],
)
def test_a_condition_in_words(field: str, op: str, value: object, stored: object, sentence: str) -> None:
    assert explained({"field": field, "op": op, "value": value}, {field: stored}).text == sentence


def test_exact_comparisons_and_other_fields_in_words() -> None:
    exact = explained({"field": "city", "op": "eq", "value": "Pune", "exact": True}, {"city": "pune"})
    assert exact.text == "City is exactly Pune: no, it is pune."
    tree = {"field": "income", "op": "gt", "value": {"field": "limit"}}
    labels = {"income": "Monthly income (₹)"}
    assert explained(tree, {"income": 5, "limit": "4.5"}, labels).text == (
        "Monthly income (₹) is more than Limit (4.5): yes, it is 5."
    )
    assert explained(tree, {"income": 5}, labels).text == (
        "Monthly income (₹) is more than Limit (which has no value): no, it is 5."
    )


def test_every_part_is_judged_also_where_it_no_longer_mattered() -> None:
    tree = {
        "any": [
            {"field": "city", "op": "eq", "value": "Pune"},
            {"not": {"field": "credit_score", "op": "lt", "value": 700}},
        ]
    }
    assert explained(tree, {"city": "Pune", "credit_score": "650"}).to_json() == {
        "node": "any",
        "outcome": True,
        "text": "At least one of these holds: yes.",
        "parts": [
            {
                "node": "condition",
                "outcome": True,
                "text": "City is Pune: yes, it is Pune.",
                "field": "city",
                "operator": "eq",
                "wanted": "Pune",
                "actual": "Pune",
            },
            {
                "node": "not",
                "outcome": False,
                "text": "This does not hold: no.",
                "parts": [
                    {
                        "node": "condition",
                        "outcome": True,
                        "text": "Credit score is less than 700: yes, it is 650.",
                        "field": "credit_score",
                        "operator": "lt",
                        "wanted": "700",
                        "actual": "650",
                    }
                ],
            },
        ],
    }


@given(tree=trees(JSON_FIELDS), values=stored_data)
def test_the_explained_outcome_is_the_evaluated_one(tree: dict, values: dict) -> None:
    rule = parse_rule(tree, GENERATED_FIELDS)
    explanation = explain(rule, values, now=NOW, timezone=ZONES[0])
    assert explanation.outcome is evaluate(rule, values, now=NOW, timezone=ZONES[0])
