"""Rules go through the form and come back saying the same, whatever they are; deep ones are carried."""

import datetime as dt
import json
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from core.rules import Kind, evaluate, parse_rule
from leads.admin.building.rule_field import BuiltRuleField, rule_text
from leads.admin.building.rule_tree import (
    Condition,
    Group,
    Kept,
    RuleField,
    act,
    comparable,
    draft_of_rule,
    each_part,
    problems_in,
    read_tree,
    rule_of,
)

FIELDS = {
    "job": RuleField("job", "Job", Kind.TEXT, choices=(("Salaried", "Salaried"), ("a, b", "Both"))),
    "note": RuleField("note", "Note", Kind.TEXT),
    "pay": RuleField("pay", "Pay", Kind.NUMBER),
    "rent": RuleField("rent", "Rent", Kind.NUMBER),
    "due": RuleField("due", "Due", Kind.DATE),
    "met": RuleField("met", "Met", Kind.DATETIME),
    "vip": RuleField("vip", "Vip", Kind.BOOLEAN),
    "tags": RuleField("tags", "Tags", Kind.MULTI, choices=(("x", "X"), ("y", "Y"))),
    "more": RuleField("more", "More tags", Kind.MULTI, choices=(("x", "X"), ("y", "Y"))),
}
KINDS = {name: entry.kind for name, entry in FIELDS.items()}
MOMENT = {"now": dt.datetime(2025, 5, 1, 9, tzinfo=dt.UTC), "timezone": ZoneInfo("Asia/Kolkata")}
LEAVES = [
    {"field": "job", "op": "in", "value": ["Salaried", "a, b"]},
    {"field": "job", "op": "eq", "value": "salaried", "exact": True},
    {"field": "note", "op": "in", "value": ["one, two", "three"]},
    {"field": "note", "op": "not_in", "value": ["one", "three"]},
    {"field": "note", "op": "is_empty"},
    {"field": "pay", "op": "gt", "value": {"field": "rent"}},
    {"field": "pay", "op": "between", "value": [1, "20.5"]},
    {"field": "due", "op": "within_days", "value": 30},
    {"field": "met", "op": "after", "value": "2025-04-30T10:00:00+00:00"},
    {"field": "met", "op": "lte", "value": "2025-05-01T14:30:00"},
    {"field": "vip", "op": "eq", "value": True},
    {"field": "tags", "op": "has_any", "value": ["x"]},
    {"field": "tags", "op": "has_all", "value": {"field": "more"}},
    {"field": "note", "op": "eq", "value": "one\ntwo"},
]
VALUES = [
    {},
    {"job": "Salaried", "note": "three", "pay": "20", "rent": "10", "due": "2025-05-20", "vip": True},
    {"job": "SALARIED", "note": "one, two", "pay": "5", "rent": "10", "met": "2025-05-01T09:00:00Z", "tags": ["x"]},
    {"job": "a, b", "note": "one", "due": "2026-01-01", "met": "2025-04-30T10:30:00Z", "vip": False, "tags": ["y"]},
]  # fmt: skip
TREES = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=12,
).filter(lambda tree: depth(tree) <= 8)


def depth(tree) -> int:
    if "not" in tree:
        return 1 + depth(tree["not"])
    parts = tree.get("all", tree.get("any"))
    return 1 + max(map(depth, parts), default=0) if parts is not None else 1


def sent(root: Group) -> QueryDict:
    """The form as a browser sends it."""
    data = QueryDict(mutable=True)
    for part in [root, *each_part(root)]:
        name = f"r-{part.place}"
        if isinstance(part, Group):
            data[f"{name}-match"] = part.match
        elif isinstance(part, Kept):
            data[f"{name}-kept"] = json.dumps(part.tree)
        else:
            data[f"{name}-field"], data[f"{name}-op"], data[f"{name}-other"] = (
                part.name,
                part.operator,
                part.other if comparable(part, FIELDS) else "",
            )
            data.setlist(f"{name}-value", _as_shown(part))
    return data


def _as_shown(row: Condition) -> list[str]:
    is_one_input = row.operator in ("in", "not_in", "has_any", "has_all") and not FIELDS[row.name].choices
    typed = [", ".join(row.values)] if is_one_input else [value[:16] for value in row.values]
    # An input has one line.
    return ["".join(value.splitlines()) for value in typed]


@given(TREES)
def test_a_rule_comes_back_from_the_form_saying_the_same(tree) -> None:
    root = read_tree(sent(draft_of_rule(tree, FIELDS)), "r", FIELDS)
    back = rule_of(root, FIELDS)
    assert not problems_in(root)
    outcomes = [
        [evaluate(parse_rule(rule, KINDS), values, **MOMENT) for values in VALUES]
        for rule in (tree, back.tree)
    ]
    assert outcomes[0] == outcomes[1]
    # Where each row stands in the rule is known by its path.
    for path, part in back.parts.items():
        node = back.tree
        for step in path.replace("[", ".").replace("]", "").split(".") if path else ():
            node = node[int(step)] if step.isdecimal() else node[step]
        assert isinstance(part, Kept) or node["field"] == part.name


@given(TREES)
def test_a_stored_rule_comes_back_from_its_form_as_it_was_written(tree) -> None:
    field = BuiltRuleField(label="Rule", nothing="Always.")
    field.surround(FIELDS, {})
    data = sent(draft_of_rule(tree, FIELDS))
    data["r"] = data["r-was"] = rule_text(tree)
    assert field.clean(field.widget.value_from_datadict(data, {}, "r")) == tree


def test_two_levels_of_groups_and_not_are_rows_and_deeper_ones_are_carried() -> None:
    pay, vip = LEAVES[6], LEAVES[10]
    inner = {"not": {"any": [pay, {"all": [vip, pay]}]}}
    root = draft_of_rule({"all": [vip, inner]}, FIELDS)
    assert [type(part).__name__ for part in each_part(root)] == [
        "Condition", "Group", "Condition", "Group", "Condition", "Condition",
    ]  # fmt: skip
    assert [part.match for part in each_part(root) if isinstance(part, Group)] == ["not_any", "all"]
    deep = {"all": [vip, {"any": [pay, {"all": [vip, {"any": [pay, vip]}]}]}]}
    kept = [part for part in each_part(draft_of_rule(deep, FIELDS)) if isinstance(part, Kept)]
    assert [part.tree for part in kept] == [{"any": [pay, vip]}]


@pytest.mark.parametrize(
    ("tree", "why"),
    [
        ({"field": "gone", "op": "eq", "value": 1}, "a field that is not there"),
        ({"field": "pay", "op": "contains", "value": "x"}, "an operator that does not suit"),
        ({"all": []}, "a group that says always"),
        ("nonsense", "no rule"),
    ],
)
def test_what_rows_cannot_say_is_carried_as_it_is(tree, why) -> None:
    root = draft_of_rule(tree, FIELDS)
    assert [type(part) for part in root.parts] == [Kept], why
    assert rule_of(read_tree(sent(root), "r", FIELDS), FIELDS).tree == tree


def test_buttons_add_rows_and_groups_and_take_them_away() -> None:
    root = act(Group(), "add-0")
    root = act(root, "group-0")
    root = act(root, "group-0.1")
    assert act(root, "group-0.1.1").parts[1].parts[1].place == "0.1.1", "no deeper than the form shows"
    assert len(root.parts[1].parts[1].parts) == 1
    root = act(root, "remove-0.0")
    assert [part.place for part in each_part(root)] == ["0.0", "0.0.0", "0.0.1", "0.0.1.0"]
    assert act(root, "remove-nowhere").parts
    assert not act(root, "clear").parts


def test_a_wrong_row_is_told_and_the_others_stand() -> None:
    data = QueryDict(
        "r-0-match=all&r-0.0-field=pay&r-0.0-op=gt&r-0.0-value=much&r-0.1-field=vip&r-0.1-op=eq&r-0.1-value=true"
        "&r-0.2-field=note&r-0.2-op=eq&r-0.3-field=&r-0.4-field=gone&r-0.4-op=eq&r-0.4-value=1&r-9.9-field=pay"
    )
    root = read_tree(data, "r", FIELDS)
    assert rule_of(root, FIELDS).tree == {"field": "vip", "op": "eq", "value": True}
    told = [part.problem for part in root.parts]
    assert [bool(text) for text in told] == [True, False, True, False, True]
    assert "There is no field" in told[4]
