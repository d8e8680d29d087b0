import pytest

from leads.fields.checks import check_definitions
from leads.fields.definition import FieldDefinition
from tests.leads.lines.definitions import ONE_OF_EACH

TEXT = {"key": "note", "label": "Note", "type": "text"}
NUMBER = {"key": "count", "label": "Count", "type": "integer"}
SELECT = {"key": "kind", "label": "Kind", "type": "select", "choices": ["A", "B"]}
COMPUTED = {"key": "sum", "label": "Sum", "type": "computed", "formula": "count + 1"}


def problems(*definitions, **options):
    return {(problem.path, problem.code) for problem in check_definitions(definitions, **options)}


def test_one_field_of_each_type_is_sound():
    assert check_definitions(ONE_OF_EACH, duplicate_match=["phone", "name + born", "mail"]) == []


@pytest.mark.parametrize(
    ("definition", "path", "code"),
    [
        (TEXT | {"colour": "red"}, "colour", "unknown_setting"),
        (TEXT | {"choices_from": "city"}, "choices_from", "not_for_type"),
        (TEXT | {"type": "signature"}, "type", "wrong_value"),
        (TEXT | {"type": None}, "type", "required"),
        (TEXT | {"label": "  "}, "label", "required"),
        (TEXT | {"key": "Note"}, "key", "not_snake_case"),
        (TEXT | {"key": "a__gte"}, "key", "not_snake_case"),
        (TEXT | {"key": "note_"}, "key", "not_snake_case"),
        (TEXT | {"key": "reference"}, "key", "reserved"),
        (TEXT | {"key": "created"}, "key", "reserved"),
        (TEXT | {"key": "min"}, "key", "reserved"),
        (TEXT | {"key": "k" * 61}, "key", "wrong_value"),
        (TEXT | {"label": "Source"}, "label", "reserved"),
        (TEXT | {"aliases": ["campaign "]}, "aliases[0]", "reserved"),
        (TEXT | {"required": "yes"}, "required", "wrong_value"),
        (TEXT | {"order": -1}, "order", "wrong_value"),
        (TEXT | {"order": True}, "order", "wrong_value"),
        (TEXT | {"help": "a\0b"}, "help", "wrong_value"),
        (TEXT | {"status": "gone"}, "status", "wrong_value"),
        (TEXT | {"min": 3}, "min", "not_for_type"),
        (TEXT | {"formula": "1"}, "formula", "not_for_type"),
        (TEXT | {"decimals": 2}, "decimals", "not_for_type"),
        (TEXT | {"choices": ["A"]}, "choices", "not_for_type"),
        (TEXT | {"max_length": 0}, "max_length", "range"),
        (TEXT | {"max_length": 2_001}, "max_length", "range"),
        (TEXT | {"min_length": 9, "max_length": 8}, "max_length", "range"),
        (TEXT | {"regex": "(?<name"}, "regex", "invalid_pattern"),
        (TEXT | {"regex": r"(a)\1"}, "regex", "invalid_pattern"),
        (TEXT | {"regex": "^A", "default": "B"}, "default", "wrong_value"),
        (TEXT | {"default": "B", "unique": True}, "default", "unique"),
        (TEXT | {"default": "Select", "empty_values": ["select"]}, "default", "wrong_value"),
        (TEXT | {"transform": "reverse"}, "transform", "wrong_value"),
        (TEXT | {"visible_to": ["king"]}, "visible_to[0]", "unknown_role"),
        (TEXT | {"visible_to": ["admin"], "editable_by": ["agent"]}, "editable_by", "cannot_see"),
        (TEXT | {"maps_to": "owner"}, "maps_to", "unknown"),
        (TEXT | {"maps_to": "phone"}, "maps_to", "wrong_type"),
        (TEXT | {"visible_if": []}, "visible_if", "wrong_value"),
        (TEXT | {"visible_if": {"field": "nope", "op": "is_empty"}}, "visible_if.field", "unknown_field"),
        (TEXT | {"visible_if": {"field": "note", "op": "is_empty"}}, "visible_if", "unreadable_field"),
        (TEXT | {"required_if": {"all": [{"field": "count", "op": "gt", "value": "x"}]}},
         "required_if.all[0].field", "unknown_field"),
        (NUMBER | {"min": "1.5"}, "min", "wrong_value"),
        (NUMBER | {"min": "1e3"}, "min", "wrong_value"),
        (NUMBER | {"min": 5, "max": 4}, "max", "range"),
        (NUMBER | {"default": "12.5"}, "default", "wrong_value"),
        (NUMBER | {"min": 5, "default": 4}, "default", "wrong_value"),
        (NUMBER | {"decimals": 2}, "decimals", "not_for_type"),
        ({"key": "d", "label": "D", "type": "decimal", "decimals": 11}, "decimals", "too_many"),
        ({"key": "d", "label": "D", "type": "date", "min": "31/12/2024"}, "min", "wrong_value"),
        ({"key": "d", "label": "D", "type": "date", "min": "2024-02-30"}, "min", "wrong_value"),
        ({"key": "d", "label": "D", "type": "date", "min_age": 60, "max_age": 20}, "max_age", "range"),
        ({"key": "d", "label": "D", "type": "date", "date_order": "DYM"}, "date_order", "wrong_value"),
        ({"key": "p", "label": "P", "type": "phone", "default_region": "XX"}, "default_region", "unknown"),
        ({"key": "a", "label": "A", "type": "decimal", "maps_to": "amount"}, "maps_to", "wrong_decimals"),
        ({"key": "j", "label": "J", "type": "json", "unique": True}, "unique", "not_for_type"),
        ({"key": "j", "label": "J", "type": "json", "indexed": True}, "indexed", "not_for_type"),
        (SELECT | {"choices": []}, "choices", "required"),
        (SELECT | {"choices": [{"value": "A", "active": False}]}, "choices", "required"),
        (SELECT | {"choices": ["A", " a "]}, "choices[1]", "ambiguous"),
        (SELECT | {"choices": ["A", {"value": "x", "label": "a"}]}, "choices[1]", "ambiguous"),
        (SELECT | {"choices": ["A", {"value": "x", "colour": "red"}]}, "choices[1]", "wrong_value"),
        (SELECT | {"choices": ["A", 3]}, "choices[1]", "wrong_value"),
        (SELECT | {"default": "C"}, "default", "wrong_value"),
        (SELECT | {"empty_values": ["b"]}, "empty_values[0]", "ambiguous"),
        (SELECT | {"type": "multi_select", "choices": ["A;B", "C"]}, "choices[0]", "separator"),
        (COMPUTED | {"formula": ""}, "formula", "required"),
        (COMPUTED | {"formula": "missing + 1"}, "formula", "invalid_formula"),
        (COMPUTED | {"formula": "sum + 1"}, "formula", "unreadable_field"),
        (COMPUTED | {"formula": "1", "required": True}, "required", "not_for_type"),
        ("note", "", "not_an_object"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_field_by_itself(definition, path, code):
    assert problems(definition) >= {(f"fields[0].{path}".rstrip("."), code)}


def test_all_problems_are_told_at_once_and_say_what_to_do():
    found = check_definitions(
        [TEXT | {"min": 3, "regex": "("}, SELECT | {"choices": []}, {"key": "x"}], duplicate_match=["y"]
    )
    assert [problem.path for problem in found] == [
        "fields[0].min", "fields[0].regex", "fields[1].choices", "fields[2].label", "fields[2].type",
        "duplicate_match[0]",
    ]  # fmt: skip
    assert all(problem.message.endswith((".", "?")) for problem in found)


def test_a_column_must_not_fit_two_fields():
    other = {"key": "remark", "label": "Remark", "type": "text"}
    assert problems(TEXT, other | {"label": " NOTE "}) == {
        ("fields[0].label", "ambiguous"),
        ("fields[1].label", "ambiguous"),
    }
    assert problems(TEXT, other | {"aliases": ["Note"]}) == {
        ("fields[0].label", "ambiguous"),
        ("fields[1].aliases[0]", "ambiguous"),
    }
    assert problems(TEXT | {"maps_to": "name"}, other | {"label": "Name"}) >= {
        ("fields[1].label", "ambiguous")
    }
    assert problems(TEXT, TEXT | {"label": "Other"}) == {("fields[1].key", "repeated")}
    retired = other | {"label": "Note", "status": "retired"}
    assert problems(TEXT, retired) == set()


def test_one_field_fills_a_core_attribute():
    first = {"key": "a", "label": "A", "type": "text", "maps_to": "city"}
    assert problems(first, first | {"key": "b", "label": "B"}) == {
        ("fields[0].maps_to", "repeated"),
        ("fields[1].maps_to", "repeated"),
    }


def test_rules_read_active_fields_only():
    rule = {"field": "note", "op": "eq", "value": "x"}
    reader = NUMBER | {"visible_if": rule}
    assert problems(TEXT, reader) == set()
    for status in ("retired", "draft"):
        assert problems(TEXT | {"status": status}, reader) == {("fields[1].visible_if", "unreadable_field")}
    assert problems(TEXT | {"status": "draft"}, reader | {"status": "draft"}) == set()
    assert problems(TEXT | {"type": "json"}, reader) == {("fields[1].visible_if", "unreadable_field")}
    assert problems(NUMBER, TEXT | {"visible_if": {"field": "count", "op": "contains", "value": "1"}}) == {
        ("fields[1].visible_if.op", "operator_not_for_kind")
    }


def test_fields_may_not_wait_for_each_other():
    shown_by_sum = NUMBER | {"visible_if": {"field": "sum", "op": "gt", "value": 1}}
    found = check_definitions([shown_by_sum, COMPUTED])
    assert {(problem.path, problem.code) for problem in found} == {
        ("fields[0].visible_if", "cycle"),
        ("fields[1].formula", "cycle"),
    }
    assert "count → sum → count" in found[0].message


def test_a_long_chain_of_formulas_is_no_cycle():
    chain = [NUMBER] + [
        {
            "key": f"sum_{n}",
            "label": f"Sum {n}",
            "type": "computed",
            "formula": f"{'count' if n == 0 else f'sum_{n - 1}'} + 1",
        }
        for n in range(499)
    ]
    assert check_definitions(list(reversed(chain))) == []
    assert problems(*chain, TEXT) == {("fields", "too_many")}


def test_what_is_published_keeps_type_and_decimals():
    money = {"key": "income", "label": "Income", "type": "money"}
    published = [FieldDefinition.read(money)]
    assert problems(money | {"type": "decimal"}, published=published) == {("fields[0].type", "fixed")}
    assert problems(money | {"decimals": 3}, published=published) == {("fields[0].decimals", "fixed")}
    assert problems(money | {"decimals": 2}, published=published) == set()
    assert problems(money | {"status": "draft"}, published=published) == {("fields[0].status", "published")}
    assert problems(money | {"status": "retired"}, published=published) == set()


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (["note"], set()),
        (["name+count"], set()),
        (["phone"], {("duplicate_match[0]", "unknown_field")}),
        (["note+note"], {("duplicate_match[0]", "repeated")}),
        (["note+name"], {("duplicate_match[0]", "repeated")}),
        (["note+count", "count + name"], {("duplicate_match[1]", "repeated")}),
        (["note", ""], {("duplicate_match[1]", "wrong_value")}),
        (["note+"], {("duplicate_match[0]", "unknown_field")}),
        ([7], {("duplicate_match[0]", "wrong_value")}),
        (["data"], {("duplicate_match[0]", "unknown_field")}),
    ],
)
def test_what_tells_a_repeat_must_be_there(entries, expected):
    data = {"key": "payload", "label": "Payload", "type": "json"}
    assert problems(TEXT | {"maps_to": "name"}, NUMBER, data, duplicate_match=entries) == expected
    assert problems(data, duplicate_match=["payload"]) == {("duplicate_match[0]", "unknown_field")}
