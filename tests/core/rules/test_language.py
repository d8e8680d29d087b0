"""What the rule language accepts, and what it answers to the rest."""

import json
from decimal import Decimal

import pytest
from hypothesis import given

from core.errors import ValidationFailed
from core.rules import AllOf, AnyOf, Comparison, FieldReference, Kind, Not, Operator, RuleError, parse_rule
from tests.core.rules.generated import FIELDS as GENERATED_FIELDS
from tests.core.rules.generated import trees

FIELDS = {
    "city": Kind.TEXT,
    "employer": Kind.TEXT,
    "credit_score": Kind.NUMBER,
    "income": Kind.NUMBER,
    "active": Kind.BOOLEAN,
    "born": Kind.DATE,
    "seen": Kind.DATETIME,
    "opens": Kind.TIME,
    "products": Kind.MULTI,
}
CITY = {"field": "city", "op": "eq", "value": "Pune"}


def problems_of(tree: object) -> dict[str, str]:
    with pytest.raises(RuleError) as caught:
        parse_rule(tree, FIELDS)
    return {problem.path: problem.code for problem in caught.value.problems}


def test_a_tree_becomes_typed_nodes() -> None:
    rule = parse_rule(
        {
            "all": [
                {"field": "credit_score", "op": "gte", "value": 760},
                {"any": [CITY, {"field": "city", "op": "eq", "value": {"field": "employer"}, "exact": True}]},
                {"not": {"field": "born", "op": "is_empty"}},
            ]
        },
        FIELDS,
    )
    assert rule.root == AllOf(
        (
            Comparison("credit_score", Operator.GTE, Kind.NUMBER, Decimal(760)),
            AnyOf(
                (
                    Comparison("city", Operator.EQ, Kind.TEXT, "Pune"),
                    Comparison("city", Operator.EQ, Kind.TEXT, FieldReference("employer"), exact=True),
                )
            ),
            Not(Comparison("born", Operator.IS_EMPTY, Kind.DATE)),
        )
    )


def test_a_rule_tells_all_fields_it_reads() -> None:
    rule = parse_rule(
        {
            "any": [
                CITY,
                {"not": {"field": "income", "op": "lt", "value": {"field": "credit_score"}}},
                {"field": "city", "op": "is_empty"},
            ]
        },
        FIELDS,
    )
    assert rule.fields() == {"city", "income", "credit_score"}


def test_one_spelling_for_equal_rules() -> None:
    one = parse_rule({"field": "seen", "op": "before", "value": "2024-01-31T09:30:00+05:30"}, FIELDS)
    other = parse_rule({"field": "seen", "op": "before", "value": "2024-01-31T04:00Z"}, FIELDS)
    assert one == other
    assert (
        one.to_json()
        == other.to_json()
        == {
            "field": "seen",
            "op": "before",
            "value": "2024-01-31T04:00:00+00:00",
        }
    )


@given(trees())
def test_a_rule_survives_json(tree: dict) -> None:
    rule = parse_rule(tree, GENERATED_FIELDS)
    assert parse_rule(json.loads(json.dumps(rule.to_json())), GENERATED_FIELDS) == rule


@pytest.mark.parametrize(
    ("tree", "path", "code"),
    [
        ("city is Pune", "", "not_a_rule"),
        ({}, "", "not_a_rule"),
        ({"all": [CITY], "any": [CITY]}, "", "not_a_rule"),
        ({"all": CITY}, "all", "not_a_list"),
        ({"all": [CITY], "name": "x"}, "", "unknown_key"),
        ({"not": [CITY]}, "not", "not_a_rule"),
        (CITY | {"valeu": 1}, "", "unknown_key"),
        (CITY | {"field": "ciyt"}, "field", "unknown_field"),
        (CITY | {"field": 5}, "field", "unknown_field"),
        (CITY | {"op": "equals"}, "op", "unknown_operator"),
        (CITY | {"op": ["eq"]}, "op", "unknown_operator"),
        ({"field": "city"}, "op", "unknown_operator"),
        (CITY | {"op": "gt"}, "op", "operator_not_for_kind"),
        ({"field": "opens", "op": "before", "value": "09:00"}, "op", "operator_not_for_kind"),
        ({"field": "products", "op": "eq", "value": "x"}, "op", "operator_not_for_kind"),
        ({"field": "city", "op": "eq"}, "value", "value_missing"),
        (CITY | {"value": None}, "value", "value_missing"),
        (CITY | {"op": "is_empty"}, "value", "value_not_expected"),
        (CITY | {"value": 5}, "value", "wrong_type"),
        (CITY | {"value": "\u00a0"}, "value", "wrong_type"),
        (CITY | {"value": "a\0"}, "value", "wrong_type"),
        (CITY | {"value": {"key": "employer"}}, "value", "not_a_value"),
        (CITY | {"value": {"field": "income"}}, "value", "other_kind"),
        (CITY | {"value": {"field": "nobody"}}, "value.field", "unknown_field"),
        (CITY | {"op": "in", "value": {"field": "employer"}}, "value", "field_not_for_operator"),
        (CITY | {"op": "in", "value": "Pune"}, "value", "not_a_list"),
        (CITY | {"op": "in", "value": []}, "value", "empty_list"),
        (CITY | {"op": "in", "value": ["Pune", 5]}, "value[1]", "wrong_type"),
        (CITY | {"op": "in", "value": ["x"] * 5001}, "value", "list_too_long"),
        ({"field": "income", "op": "between", "value": [1]}, "value", "not_a_pair"),
        ({"field": "born", "op": "within_days", "value": "7"}, "value", "not_days"),
        ({"field": "born", "op": "within_days", "value": -1}, "value", "not_days"),
        ({"field": "born", "op": "within_days", "value": True}, "value", "not_days"),
        ({"field": "born", "op": "eq", "value": {"field": "seen"}}, "value", "other_kind"),
        (CITY | {"op": "matches", "value": "(a"}, "value", "invalid_pattern"),
        (CITY | {"op": "matches", "value": r"(a)\1"}, "value", "invalid_pattern"),
        (CITY | {"op": "matches", "value": "a" * 1001}, "value", "invalid_pattern"),
        (CITY | {"exact": "yes"}, "exact", "not_a_boolean"),
        (CITY | {"op": "matches", "exact": True}, "exact", "exact_not_for_operator"),
        ({"field": "income", "op": "eq", "value": 1, "exact": True}, "exact", "exact_not_for_operator"),
    ],
)
def test_a_mistake_is_refused_where_it_stands(tree: object, path: str, code: str) -> None:
    assert problems_of(tree) == {path: code}


def test_all_mistakes_are_told_with_their_paths() -> None:
    tree = {
        "all": [
            CITY | {"field": "ciyt"},
            CITY,
            {"not": {"field": "income", "op": "gt", "value": "much"}},
            {"any": [{"field": "city", "op": "in", "value": [1, "Pune", 2]}]},
        ]
    }
    assert problems_of(tree) == {
        "all[0].field": "unknown_field",
        "all[2].not.value": "wrong_type",
        "all[3].any[0].value[0]": "wrong_type",
        "all[3].any[0].value[2]": "wrong_type",
    }


def test_the_error_is_one_that_every_door_renders() -> None:
    with pytest.raises(ValidationFailed) as caught:
        parse_rule({"all": [CITY | {"field": "ciyt"}]}, FIELDS)
    error = caught.value
    assert error.path == "all[0].field"
    assert [each.code for each in error.fields["all[0].field"]] == ["unknown_field"]
    assert 'Did you mean "city"?' in str(error)


def nested(depth: int) -> dict:
    tree: dict = CITY
    for _ in range(depth - 1):
        tree = {"not": tree}
    return tree


def test_depth_is_limited_to_eight() -> None:
    parse_rule(nested(8), FIELDS)
    assert problems_of(nested(9)) == {"not" + ".not" * 7: "too_deep"}
    assert "too_deep" in problems_of(nested(900)).values()


def test_nodes_are_limited_to_two_hundred() -> None:
    parse_rule({"all": [CITY] * 199}, FIELDS)
    assert set(problems_of({"all": [CITY] * 200}).values()) == {"too_many_nodes"}
    wide = {"any": [{"all": [CITY] * 1000}] * 1000}
    assert set(problems_of(wide).values()) == {"too_many_nodes"}


def test_lists_may_have_five_thousand_values() -> None:
    parse_rule({"field": "income", "op": "in", "value": list(range(5000))}, FIELDS)


def test_a_hostile_list_does_not_fill_memory_with_mistakes() -> None:
    assert len(problems_of({"field": "city", "op": "in", "value": [1] * 5000})) == 200
