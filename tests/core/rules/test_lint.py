"""Lint: what it finds, what it must not claim, and that its claims hold on generated rows."""

import random
from datetime import UTC

import pytest
from hypothesis import given, settings

from core.rules import (
    Finding,
    Kind,
    Moment,
    NamedRule,
    lint,
    lint_rule,
    parse_rule,
)
from core.rules.nodes import Node, parts_of
from core.rules.predicates import compile_node
from tests.core.rules.generated import JSON_FIELDS, NOW, ZONES, random_data, trees

FIELDS = {
    "score": Kind.NUMBER,
    "income": Kind.NUMBER,
    "city": Kind.TEXT,
    "active": Kind.BOOLEAN,
    "seen": Kind.DATETIME,
    "born": Kind.DATE,
    "products": Kind.MULTI,
}


def condition(field: str, op: str, value: object = None, **more: object) -> dict:
    return {"field": field, "op": op, "value": value, **more}


def named(tree: dict, name: str = "rule") -> NamedRule:
    return NamedRule(name, parse_rule(tree, FIELDS))


def codes_of(tree: dict) -> list[tuple[str, str]]:
    return [(finding.code, finding.path) for finding in lint_rule(named(tree))]


def listed(*trees: dict) -> list[Finding]:
    return lint([named(tree, f"rule {number}") for number, tree in enumerate(trees, 1)])


HIGH, LOW = condition("score", "gte", 700), condition("score", "lt", 700)
PUNE, DELHI = condition("city", "eq", "Pune"), condition("city", "eq", "Delhi")
ALWAYS: dict = {"all": []}


@pytest.mark.parametrize(
    "tree",
    [
        condition("score", "between", [800, 700]),
        {"all": [PUNE, DELHI]},
        {"all": [PUNE, condition("city", "ne", " PUNE ")]},
        {"all": [PUNE, condition("city", "not_in", ["pune", "delhi"])]},
        {"all": [PUNE, condition("city", "is_empty")]},
        {"all": [HIGH, LOW]},
        {"all": [condition("score", "gt", 700), condition("score", "lte", 700)]},
        {"all": [{"any": [PUNE, DELHI]}, condition("city", "in", ["Mumbai", "Chennai"])]},
        {"all": [condition("city", "starts_with", "Mum"), PUNE]},
        {"all": [condition("active", "ne", True), condition("active", "ne", False)]},
        {"not": {"any": [HIGH, LOW, condition("score", "is_empty")]}},
        {"all": [condition("city", "matches", "^P"), {"not": condition("city", "matches", "^P")}]},
        {"all": [condition("city", "contains", "x"), condition("city", "is_empty")]},
        {"all": [condition("city", "eq", "Pune", exact=True), DELHI]},
        {"all": [condition("score", "lt", {"field": "income"}), condition("income", "is_empty")]},
        {"all": [condition("born", "within_days", 3), condition("born", "is_empty")]},
        {"any": []},
    ],
)
def test_a_rule_that_can_never_be_true(tree: dict) -> None:
    assert codes_of(tree) == [("contradictory", "")]


@pytest.mark.parametrize(
    "tree",
    [
        {"any": [HIGH, LOW, condition("score", "is_empty")]},
        {"any": [PUNE, {"not": PUNE}]},
        {"not": {"all": [HIGH, LOW]}},
        {"any": [condition("city", "is_empty"), condition("city", "is_not_empty")]},
    ],
)
def test_a_rule_that_is_always_true(tree: dict) -> None:
    assert ("always_true", "") in codes_of(tree)


@pytest.mark.parametrize(
    "tree",
    [
        ALWAYS,
        {"any": [HIGH, LOW]},  # neither, where the score is missing
        {"all": [condition("city", "eq", "Pune", exact=True), condition("city", "ne", "PUNE", exact=True)]},
        {"all": [condition("city", "starts_with", "Mum"), condition("city", "ends_with", "bai")]},
        {"all": [condition("city", "contains", "a"), condition("city", "contains", "b")]},
        {"all": [condition("products", "has_any", ["a"]), condition("products", "has_any", ["b"])]},
        {"any": [PUNE, condition("city", "ne", "Pune")]},
        condition("seen", "between", ["2024-01-02T00:00", "2024-01-01T00:00"]),  # no timezone is known
    ],
)
def test_nothing_is_claimed_that_is_not_proved(tree: dict) -> None:
    assert codes_of(tree) == []


def test_with_a_timezone_naive_datetimes_are_judged() -> None:
    tree = condition("seen", "between", ["2024-01-02T00:00", "2024-01-01T00:00"])
    assert [finding.code for finding in lint_rule(named(tree), timezone=UTC)] == ["contradictory"]


def test_the_smallest_part_that_fails_is_named() -> None:
    impossible = condition("score", "between", [800, 700])
    assert codes_of({"all": [PUNE, {"all": [HIGH, impossible]}]}) == [("contradictory", "all[1].all[1]")]
    assert codes_of({"any": [PUNE, impossible]}) == [("contradictory", "any[1]")]
    finding = lint_rule(named({"all": [PUNE, impossible]}))[0]
    assert finding.message == (
        "The part all[1] can never be true. Therefore the rule never holds. Correct its values, or remove it."
    )


def test_a_part_written_twice() -> None:
    assert codes_of({"any": [PUNE, HIGH, PUNE]}) == [("duplicate", "any[2]")]


def test_a_rule_too_large_to_be_judged_is_left_alone() -> None:
    pair = [condition("score", "eq", 1), condition("income", "eq", 1)]
    assert codes_of({"all": [{"any": pair} for _ in range(40)]})[0][0] == "duplicate"


def unreachable(*trees: dict) -> list[tuple[str, ...]]:
    return [finding.rules for finding in listed(*trees) if finding.code == "unreachable"]


def test_a_rule_after_the_same_rule_is_unreachable() -> None:
    assert unreachable(PUNE, PUNE) == [("rule 2", "rule 1")]


def test_a_rule_after_a_wider_one_is_unreachable() -> None:
    narrower = {"all": [condition("score", "gte", 760), condition("city", "in", ["Pune", "Delhi"])]}
    assert unreachable(HIGH, DELHI, narrower) == [("rule 3", "rule 1")]
    assert unreachable(ALWAYS, PUNE) == [("rule 2", "rule 1")]


def test_a_rule_covered_by_several_together_names_those_that_matter() -> None:
    assert unreachable(PUNE, HIGH, LOW, condition("score", "is_not_empty")) == [
        ("rule 4", "rule 2", "rule 3")
    ]


def test_a_rule_that_still_takes_rows_is_reachable() -> None:
    assert unreachable(HIGH, LOW, ALWAYS) == []
    assert unreachable(condition("city", "eq", "Pune", exact=True), PUNE) == []
    assert unreachable(condition("city", "contains", "un"), PUNE) == []


def test_rules_that_share_rows_overlap_and_an_example_is_given() -> None:
    findings = [finding for finding in listed(HIGH, PUNE, LOW, ALWAYS) if finding.code == "overlapping"]
    assert [finding.rules for finding in findings] == [("rule 2", "rule 1"), ("rule 3", "rule 2")]
    assert "a row with city pune and score 700" in findings[0].message


def test_rules_that_share_nothing_do_not_overlap() -> None:
    assert [finding.code for finding in listed(PUNE, DELHI, ALWAYS)] == []


def test_overlap_is_not_claimed_without_an_example() -> None:
    assert [finding.code for finding in listed(condition("city", "contains", "q"), HIGH, ALWAYS)] == []


def test_a_list_that_leaves_rows_over_has_no_fallback() -> None:
    assert [finding.code for finding in listed(HIGH, LOW)] == ["missing_fallback"]
    assert [finding.code for finding in listed(HIGH, LOW, condition("score", "is_empty"))] == []
    assert [finding.code for finding in listed(HIGH, condition("score", "is_empty"))] == ["missing_fallback"]
    assert lint([]) == []


ROWS = [random_data(random.Random(seed)) for seed in range(60)]


def outcomes(node: Node) -> set[bool]:
    judge = compile_node(node)
    moments = [Moment(NOW, zone) for zone in ZONES]
    return {judge(row, moment) for row in ROWS for moment in moments}


def part_at(node: Node, path: str) -> Node:
    for step in filter(None, path.split(".")):
        node = dict(parts_of(node))[step]
    return node


@settings(max_examples=300, deadline=None)
@given(tree=trees(JSON_FIELDS))
def test_what_can_never_be_true_never_is(tree: dict) -> None:
    rule = parse_rule(tree, JSON_FIELDS)
    for finding in lint_rule(NamedRule("rule", rule)):
        part = part_at(rule.root, finding.path)
        if finding.code == "contradictory":
            assert outcomes(part) == {False}
        if finding.code == "always_true":
            assert outcomes(part) == {True}


@settings(max_examples=150, deadline=None)
@given(one=trees(JSON_FIELDS), other=trees(JSON_FIELDS))
def test_an_unreachable_rule_never_holds_first(one: dict, other: dict) -> None:
    rules = [parse_rule(tree, JSON_FIELDS) for tree in (one, other)]
    findings = lint([NamedRule("first", rules[0]), NamedRule("second", rules[1])])
    if any(finding.code == "unreachable" for finding in findings):
        first, second = (rule.compile() for rule in rules)
        moment = Moment(NOW, ZONES[0])
        assert not any(second(row, moment) and not first(row, moment) for row in ROWS)
