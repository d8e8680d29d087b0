"""The JSON Schema of a line: what it says of each type, and that calls keep to it."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from accounts.actor import Actor
from accounts.roles import Role
from core.scope import organization_scope
from leads.models import BusinessLine, Field
from leads.services.fields import add_field, retire_field
from leads.services.lines import publish_line
from tests.factories import make_actor, make_organization
from tests.leads.api.conftest import Api, errors_of, made_once, taken_back
from tests.leads.api.test_leads import EVERYTHING, KEPT
from tests.leads.lines.definitions import ONE_OF_EACH, RULE, make_line

FIELDS = [
    {"key": "full_name", "label": "Full name", "type": "text", "required": True, "min_length": 2, "max_length": 80,
     "help": "As in the passport.", "placeholder": "Asha Rao", "section": "Person", "maps_to": "name"},
    {"key": "pan", "label": "PAN", "type": "text", "regex": "[A-Z]{5}[0-9]{4}[A-Z]", "transform": "upper",
     "pii": True, "unique": True, "indexed": True, "section": "Person"},
    {"key": "kind", "label": "Kind", "type": "select", "required": True, "default": "salaried", "section": "Work",
     "choices": ["Salaried", {"value": "own", "label": "Own business"}, {"value": "old", "active": False}]},
    {"key": "income", "label": "Income", "type": "money", "min": "0.5", "max": "1000000", "section": "Work"},
    {"key": "born", "label": "Born", "type": "date", "min": "1930-01-01", "max_age": 80, "section": "Person"},
    {"key": "employer", "label": "Employer", "type": "text", "required": True, "visible_if": RULE, "required_if": RULE},
    {"key": "sum", "label": "Sum", "type": "computed", "formula": "income * 12"},
    {"key": "odd", "label": "Odd", "type": "text", "regex": r"(?i)\pL+"},
    {"key": "empty", "label": "Empty", "type": "text", "empty_values": ["Select"]},
]  # fmt: skip


@pytest.fixture(scope="module")
def operations(django_db_setup, django_db_blocker) -> Iterator[Actor]:
    """Who calls: in an organisation with two lines."""
    with made_once(django_db_blocker):
        actor = make_actor(make_organization("schemas"), Role.OPERATIONS)
        with organization_scope(actor.organization):
            make_line(actor, FIELDS, code="checked", name="Checked")
            make_line(actor, ONE_OF_EACH)
        yield actor


@pytest.fixture
def api(operations, api_for) -> Iterator[Api]:
    with taken_back(operations.organization):
        yield api_for(operations)


@pytest.fixture
def schema(api) -> dict[str, Any]:
    response = api.get("/lines/checked/schema")
    assert response.status_code == 200
    schema = response.json()
    Draft202012Validator.check_schema(schema)
    return schema


def extensions(**said: object) -> dict[str, object]:
    common = {
        "required": False,
        "unique": False,
        "personal-data": False,
        "filterable": True,
        "indexed": False,
    }
    return {f"x-{name.replace('_', '-')}": value for name, value in {**common, **said}.items()}


def test_the_schema_says_what_the_line_is(schema):
    properties = schema.pop("properties")
    assert schema == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "http://testserver/api/v1/lines/checked/schema",
        "title": "Checked",
        "type": "object",
        "required": ["full_name"],
        "additionalProperties": False,
        "x-line": "checked",
        "x-version": 1,
        "x-currency": "INR",
        "x-sections": ["Person", "Work", ""],
    }
    assert list(properties) == [field["key"] for field in FIELDS]


def test_every_setting_of_a_field_has_its_keyword(schema):
    properties = schema["properties"]
    assert properties["full_name"] == {
        "title": "Full name",
        "description": "As in the passport.",
        "examples": ["Asha Rao"],
        "type": "string",
        "minLength": 2,
        "maxLength": 80,
        **extensions(type="text", section="Person", order=1, required=True, fills="name"),
    }
    assert properties["pan"] == {
        "title": "PAN",
        "type": "string",
        "maxLength": 2000,
        "pattern": "^(?:[A-Z]{5}[0-9]{4}[A-Z])$",
        **extensions(type="text", section="Person", order=2, unique=True, personal_data=True, indexed=True),
        "x-transform": "upper",
        "x-regex": "[A-Z]{5}[0-9]{4}[A-Z]",
    }
    assert properties["kind"] == {
        "title": "Kind",
        "type": "string",
        "enum": ["Salaried", "own"],
        "default": "Salaried",
        **extensions(type="select", section="Work", order=3, required=True),
        "x-labels": {"own": "Own business"},
    }
    assert properties["income"] == {
        "title": "Income",
        "type": ["string", "number"],
        "format": "decimal",
        "pattern": "^-?[0-9]+(\\.[0-9]{1,2})?$",
        "minimum": 0.5,
        "maximum": 1000000,
        "x-decimals": 2,
        **extensions(type="money", section="Work", order=4),
    }
    assert properties["born"] == {
        "title": "Born",
        "type": "string",
        "format": "date",
        **extensions(type="date", section="Person", order=5),
        "x-minimum": "1930-01-01",
        "x-maximum-age": 80,
    }
    assert properties["employer"] == {
        "title": "Employer",
        "type": "string",
        "maxLength": 2000,
        **extensions(type="text", section="", order=6, required=True),
        "x-visible-if": RULE,
        "x-required-if": RULE,
    }
    assert properties["sum"]["readOnly"] is True
    assert "pattern" not in properties["odd"]
    assert properties["odd"]["x-regex"] == r"(?i)\pL+"
    assert properties["empty"]["x-empty-values"] == ["Select"]


def test_what_comes_back_fits_the_schema(api):
    schema = api.get("/lines/loan/schema").json()
    assert {field["x-type"] for field in schema["properties"].values()} == {
        "text", "long_text", "integer", "decimal", "money", "percent", "boolean", "date", "datetime", "time", "email",
        "phone", "url", "select", "multi_select", "computed", "json",
    }  # fmt: skip
    lead = api.create("loan", EVERYTHING)
    assert lead["data"] == KEPT
    Draft202012Validator(schema).validate(lead["data"])
    # And it may be sent as it came, to any line with this schema.
    assert (
        api.post("/leads", {"line": "loan", "data": {**lead["data"], "mobile": "9845099999"}}).status_code
        == 201
    )


@pytest.mark.parametrize(
    ("data", "fits"),
    [
        ({"full_name": "Asha"}, True),
        ({}, False),
        ({"full_name": "A"}, False),
        ({"full_name": "x" * 81}, False),
        ({"full_name": "Asha", "pan": "ABCDE1234F"}, True),
        ({"full_name": "Asha", "pan": "xABCDE1234F"}, False),
        ({"full_name": "Asha", "kind": "own"}, True),
        ({"full_name": "Asha", "kind": "old"}, False),
        ({"full_name": "Asha", "income": 0.5}, True),
        ({"full_name": "Asha", "income": "0.50"}, True),
        ({"full_name": "Asha", "income": 0.4}, False),
        ({"full_name": "Asha", "income": 1000000.5}, False),
        ({"full_name": "Asha", "income": "0.505"}, False),
        ({"full_name": "Asha", "income": "much"}, False),
        ({"full_name": "Asha", "income": [1]}, False),
        ({"full_name": "Asha", "born": 5.5}, False),
        ({"full_name": "Asha", "nothing": 1}, False),
    ],
)
def test_calls_keep_to_the_schema(api, schema, data, fits):
    data = {"kind": "own", **data}
    assert Draft202012Validator(schema).is_valid(data) is fits
    response = api.post("/leads", {"line": "checked", "data": data})
    assert response.status_code == (201 if fits else 400), response.content


def test_a_published_field_is_there_with_the_next_call_and_a_retired_one_stays_readable(api, operations):
    line = BusinessLine.objects.get(code="loan")
    before = api.get("/lines/loan/schema").json()
    lead = api.create("loan", {"full_name": "Asha", "story": "A long one"})
    add_field(actor=operations, line=line, definition={"key": "pet", "label": "Pet", "type": "text"})
    assert api.get("/lines/loan/schema").json() == before
    retire_field(actor=operations, field=Field.objects.get(key="story"))
    publish_line(actor=operations, line=line)
    after = api.get("/lines/loan/schema").json()
    assert after["x-version"] == before["x-version"] + 1
    assert set(after["properties"]) == set(before["properties"]) - {"story"} | {"pet"}
    address = f"/leads/{lead['reference']}"
    changed = api.patch(address, {"data": {"pet": "Cat"}}).json()
    assert (changed["data"]["pet"], changed["data"]["story"]) == ("Cat", "A long one")
    assert changed["version"] == after["x-version"]
    assert errors_of(api.patch(address, {"data": {"story": "B"}})) == [("unknown_field", "data.story")]
    assert errors_of(api.get("/leads", line="loan", **{"data.pet__gt": "x"})) == [
        ("operator_not_for_kind", "data.pet__gt")
    ]


def test_every_role_that_captures_leads_reads_the_schema(api, api_for, operations):
    for role in Role:
        someone = make_actor(operations.organization, role)
        assert api_for(someone).get("/lines/loan/schema").status_code == 200
