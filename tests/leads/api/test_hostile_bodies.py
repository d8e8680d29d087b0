"""Bodies and parameters that nobody should send: each is told what is wrong, and nothing is our mistake."""

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actor import Actor
from accounts.roles import Role
from core.scope import organization_scope
from leads.models import Lead
from leads.services.lines import update_line
from tests.factories import make_actor, make_organization
from tests.leads.api.conftest import Api, errors_of, made_once, taken_back
from tests.leads.lines.definitions import ONE_OF_EACH, make_line

GOOD = {"full_name": "Asha Rao"}
KEYS = [field["key"] for field in ONE_OF_EACH]
TYPES = {field["key"]: field["type"] for field in ONE_OF_EACH}


def enquiry(**data: object) -> dict[str, object]:
    return {"line": "loan", "data": {**GOOD, **data}}


@pytest.fixture(scope="module")
def operations(django_db_setup, django_db_blocker) -> Iterator[Actor]:
    """Who calls: in an organisation with a line of every type of field."""
    with made_once(django_db_blocker):
        actor = make_actor(make_organization("hostile"), Role.OPERATIONS)
        with organization_scope(actor.organization):
            update_line(actor=actor, line=make_line(actor, ONE_OF_EACH), duplicate_match=["mobile"])
        yield actor


@pytest.fixture
def api(operations, api_for) -> Iterator[Api]:
    with taken_back(operations.organization):
        yield api_for(operations)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not JSON: Expecting property name"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8"),
        (b'{"line": "loan", "data": {"full_name": "\xe9"}}', "not UTF-8"),
        (b'{"line": "loan", "data": {}, "data": {"full_name": "A"}}', "“data” stands twice"),
        (b'{"line": "loan", "data": {"age": 20, "age": 30}}', "“age” stands twice"),
        (b'{"data": {"ratio": NaN}}', "NaN is no number"),
        (b'{"data": {"ratio": -Infinity}}', "-Infinity is no number"),
        (b'{"data": {"ratio": 1e999999999}}', "more than 400 digits"),
        (b'{"data": {"ratio": 1e-999999999999999999999}}', "more than 400 digits"),
        (b'{"data": {"age": ' + b"9" * 5000 + b"}}", "more than 400 digits"),
        (b'{"data": ' + b"[" * 200_000, "deeper than 32 levels"),
        (b'{"data": ' * 33 + b"1" + b"}" * 33, "deeper than 32 levels"),
        (b'{"line": "\\ud800", "data": {}}', "half of a surrogate pair"),
        (b'{"line": "loan", "data": {"\\udfff": 1}}', "half of a surrogate pair"),
    ],
)
def test_a_body_that_is_no_sound_json_is_refused(api, body, words):
    response = api.post("/leads", body)
    assert response.status_code == 400
    assert errors_of(response) == [("parse_error", None)]
    assert words in response.json()["errors"][0]["detail"]


@pytest.mark.parametrize("body", ["[]", "null", "1", '"text"', "true", "[[1, 2]]"])
def test_a_body_that_is_no_object_is_refused(api, body):
    response = api.post("/leads", body)
    assert response.status_code == 400
    assert [attr for _code, attr in errors_of(response)] == ["non_field_errors"]


@pytest.mark.parametrize(
    ("length", "announced"), [(6 * 1024 * 1024, {}), (10, {"CONTENT_LENGTH": "10000000000"})]
)
def test_a_huge_body_is_refused(api, length, announced):
    response = api.post("/leads", b" " * length, **announced)
    assert response.status_code == 413
    assert errors_of(response) == [("too_large", None)]


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "text/plain",
    ],
)
def test_other_types_of_body_are_refused(api, kind):
    response = api.post("/leads", b"line=loan", content_type=kind)
    assert response.status_code == 415
    assert errors_of(response) == [("unsupported_media_type", None)]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {("required", "line"), ("required", "data")}),
        (b"", {("required", "line"), ("required", "data")}),
        ({"line": None, "data": None}, {("null", "line"), ("null", "data")}),
        ({"line": 7, "data": []}, {("invalid", "line"), ("not_a_dict", "data")}),
        ({**enquiry(), "owner": 7, "id": 1}, {("unknown_field", "owner"), ("unknown_field", "id")}),
        ({**enquiry(), "line": "nowhere"}, {("choice", "line")}),
        ({**enquiry(), "line": "lo\0an"}, {("null_characters_not_allowed", "line")}),
        ({**enquiry(), "status": "done"}, {("invalid_choice", "status")}),
        ({**enquiry(), "stage": "nowhere"}, {("choice", "stage")}),
        ({**enquiry(), "source": ["Web"]}, {("invalid", "source")}),
        ({**enquiry(), "source": "x" * 201, "campaign": "\0"},
         {("max_length", "source"), ("null_characters_not_allowed", "campaign")}),
        (enquiry(nothing=1, **{"": 2, "a.b": 3}),
         {("unknown_field", "data.nothing"), ("unknown_field", "data."), ("unknown_field", "data.a.b")}),
    ],
)  # fmt: skip
def test_every_wrong_key_and_type_is_named(api, body, errors):
    response = api.post("/leads", body)
    assert response.status_code == 400
    assert set(errors_of(response)) == errors
    assert response.json()["type"] == "validation_error"
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    "value", [{}, {"a": 1}, [[]], [{}], [None, 1], True, 1e9, -1, 0, "\0", "", " ", None]
)
@pytest.mark.parametrize("key", [key for key in KEYS if key != "payload"])
def test_a_value_of_another_type_is_a_problem_of_its_field_or_read_as_its_text(api, key, value):
    response = api.post("/leads", enquiry(**{key: value}))
    if response.status_code == 400:
        assert {attr for _code, attr in errors_of(response)} == {f"data.{key}"}
    else:
        assert response.status_code == 201
        stored = response.json()["data"].get(key)
        expected = {"boolean": bool, "multi_select": list}.get(TYPES[key], str)
        assert stored is None or isinstance(stored, expected)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("0.1", "0.10"),
        ("1e3", "1000.00"),
        ("12345678901234567", "12345678901234567.00"),
        ("92233720368547758.07", "92233720368547758.07"),
        ("0.070", "0.07"),
    ],
)
def test_numbers_are_read_exactly(api, sent, kept):
    response = api.post("/leads", json.dumps(enquiry(income="SENT")).replace('"SENT"', sent))
    assert response.status_code == 201
    assert response.json()["data"]["income"] == kept


@pytest.mark.parametrize(
    ("sent", "code"),
    [("0.001", "too_many_decimals"), ("1e300", "max"), ("-1", "min"), ('"1e3"', "not_a_number")],
)
def test_numbers_beyond_a_field_are_its_problem(api, sent, code):
    response = api.post("/leads", json.dumps(enquiry(income="SENT")).replace('"SENT"', sent))
    assert response.status_code == 400
    assert errors_of(response) == [(code, "data.income")]


def test_structured_data_comes_back_as_it_was_sent(api):
    payload = {"a": [1, 2.5, None, True, {"": "é\u2028"}], "n": 10**30, "deep": [[[[1]]]]}
    lead = api.create("loan", {**GOOD, "payload": payload})
    assert api.get(f"/leads/{lead['reference']}").json()["data"]["payload"] == payload


@pytest.mark.parametrize(
    "text", ['"\\ud800"', "1e999", "[-1e999]", "NaN", "[" * 25 + "]" * 25, '{"\\u0000": 1}']
)
def test_structured_data_that_cannot_be_kept_is_refused(api, text):
    response = api.post("/leads", enquiry(payload=text))
    assert response.status_code == 400
    assert errors_of(response) == [("not_json", "data.payload")]


HOSTILE_PARAMETERS = [
    {"line": "\0"}, {"line": "nowhere"}, {"line": "x" * 5000}, {"line": "loan", "data.full_name": "\0"},
    {"line": "loan", "data.income": "1e999999999"}, {"line": "loan", "data.age__in": "1" * 5000},
    {"line": "loan", "data.full_name__matches": "("}, {"line": "loan", "data.full_name__nearly": "x"},
    {"line": "loan", "data.born__within_days": "999999999"}, {"line": "loan", "data.payload": "1"},
    {"line": "loan", "data.products__has_all": "\0"}, {"data.full_name": "Asha"}, {"colour": "red"},
    {"format": "xml"}, {"status": "\0"}, {"stage": "\0"}, {"source": "\0"}, {"owner": "²"}, {"owner": "x"},
    {"score": "1e400"}, {"created__gte": "0000-00-00"}, {"created__between": "2024-01-01"},
    {"ordering": "\0"}, {"ordering": "data.full_name"}, {"line": "loan", "ordering": "data.payload"},
    {"ordering": "--created"}, {"cursor": "\0"}, {"cursor": "AAAA"}, {"cursor": "e30"}, {"cursor": "x" * 9000},
    {"page_size": "٥"}, {"page_size": "0"}, {"page_size": "501"}, {"page_size": "-1"}, {"page_size": "1.0"},
    {"page_size": "9" * 5000},
]  # fmt: skip


@pytest.mark.parametrize("parameters", HOSTILE_PARAMETERS, ids=lambda each: str(each)[:60])
def test_a_parameter_that_is_not_understood_is_named(api, parameters):
    response = api.get("/leads", **parameters)
    assert response.status_code == 400
    assert [attr for _code, attr in errors_of(response)] == [[*parameters][-1]]


@pytest.mark.parametrize(
    "parameters",
    [{"search": "\0"}, {"search": b"\xed\xa0\x80"}, {"search": "x" * 9000}, {"owner": "9" * 50}, {"import": "9" * 50},
     {"created": "9999-12-31"}, {"created__lte": "0001-01-01"}, {"line": "loan", "data.income__gte": "9" * 150}],
)  # fmt: skip
def test_a_parameter_that_nothing_can_equal_finds_nothing(api, parameters):
    api.create("loan", GOOD)
    response = api.get("/leads", **parameters)
    assert response.status_code == 200
    assert response.json()["results"] == []


@pytest.mark.parametrize(
    "path",
    ["/leads/%00", "/leads/é", "/leads/L1/nothing", "/leads/L1/timeline/x", "/lines/%2e%2e/schema",
     "/lines/nowhere/schema", "/leads/L00000001", "/leads/L00000001/timeline", "/nothing", "/leads//", "/leads/%ff"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(api, path):
    response = api.get(path)
    assert response.status_code == 404
    assert errors_of(response) == [("not_found", None)]


# Any JSON, and bodies that look right at first.
TEXTS = st.text(max_size=20) | st.sampled_from(
    ["\0", "İ\u0307", "1,25,000", "(5)", "5 %", "9" * 60, "2024-02-30", "=1+1"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**60), 10**60)
    | st.floats(allow_nan=False)
    | TEXTS
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
DATA = st.dictionaries(st.sampled_from(KEYS) | TEXTS, ANY_JSON, max_size=8) | st.fixed_dictionaries(
    {"full_name": st.just("Asha")},
    optional=dict.fromkeys([key for key in KEYS if key != "full_name"], ANY_JSON),
)
BODIES = ANY_JSON | st.fixed_dictionaries(
    {"line": st.just("loan") | ANY_JSON, "data": DATA | ANY_JSON},
    optional=dict.fromkeys(("status", "stage", "source", "campaign"), ANY_JSON),
)
AS_SENT = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def answered(response) -> int:
    """The status; what refuses has the shape of errors."""
    if response.status_code >= 400:
        errors_of(response)
    return response.status_code


@AS_SENT
@given(body=BODIES)
def test_any_json_is_answered(api, body):
    assert answered(api.post("/leads", json.dumps(body))) in (201, 400, 409)


@AS_SENT
@given(data=DATA)
def test_any_change_is_answered(api, data):
    lead = Lead.objects.first()
    reference = lead.reference if lead else api.create("loan", GOOD)["reference"]
    assert answered(api.patch(f"/leads/{reference}", json.dumps({"data": data}))) in (200, 400, 409)
    read = api.get(f"/leads/{reference}")
    assert read.status_code == 200
    assert json.loads(read.content, parse_float=Decimal)["reference"] == reference


@AS_SENT
@given(
    body=st.binary(max_size=60) | st.text('{}[]",:0123456789eE+-.\\u truefalsn', max_size=60).map(str.encode)
)
def test_any_bytes_are_answered(api, body):
    assert answered(api.post("/leads", body)) == 400


OPERATORS = ("", "__gte", "__in", "__matches", "__is_empty", "__between")
NAMES = st.sampled_from(
    ["line", "search", "ordering", "cursor", "page_size", "status", "owner", "created__gte", "import", "source",
     *(f"data.{key}{operator}" for key in KEYS for operator in OPERATORS)]
)  # fmt: skip


@AS_SENT
@given(parameters=st.dictionaries(NAMES, TEXTS | st.integers().map(str), max_size=3))
def test_any_parameters_are_answered(api, parameters):
    assert answered(api.get("/leads", **{"line": "loan", **parameters})) in (200, 400)
