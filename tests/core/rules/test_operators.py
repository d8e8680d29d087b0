"""The operators, one by one: what each says of a value, of a missing value, and of another field."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from core.rules import OPERATORS, Kind, Moment, Operator, evaluate, parse_rule

KOLKATA = ZoneInfo("Asia/Kolkata")
# 01:30 of the 11th in Kolkata, still the 10th in UTC.
NOW = datetime(2024, 3, 10, 20, 0, tzinfo=UTC)

FIELDS = {f"{kind.value}{suffix}": kind for kind in Kind for suffix in ("", "_other")}


def holds(tree: dict, values: Mapping[str, object], timezone: ZoneInfo = KOLKATA) -> bool:
    return evaluate(parse_rule(tree, FIELDS), values, now=NOW, timezone=timezone)


def condition(field: str, op: str, value: object = None, **more: object) -> dict:
    return {"field": field, "op": op, "value": value, **more}


@pytest.mark.parametrize(
    ("op", "literal", "stored", "outcome"),
    [
        ("eq", "Pune", " PUNE ", True),
        ("eq", "Straße", "STRASSE", True),
        ("eq", "Pune", "Punes", False),
        ("ne", "Pune", "Mumbai", True),
        ("ne", "Pune", "pune", False),
        ("in", ["Delhi", "PUNE"], "pune", True),
        ("in", ["Delhi"], "pune", False),
        ("not_in", ["Delhi"], "pune", True),
        ("not_in", ["Delhi", " Pune"], "pune", False),
        ("contains", "MUM", "Navi Mumbai", True),
        ("contains", "%", "Navi Mumbai", False),
        ("contains", "_", "a_b", True),
        ("starts_with", "navi", " Navi Mumbai", True),
        ("starts_with", "mumbai", "Navi Mumbai", False),
        ("ends_with", "MUMBAI", "Navi Mumbai ", True),
        ("ends_with", "navi", "Navi Mumbai", False),
        ("matches", "^Navi", "Navi Mumbai", True),
        ("matches", "Mum", "Navi Mumbai", True),
        ("matches", "^navi", "Navi Mumbai", False),
        ("matches", "(?i)^navi", "Navi Mumbai", True),
        ("matches", r" $", "trailing ", True),
        ("matches", r"\p{Devanagari}", "१२", True),
    ],
)
def test_text(op: str, literal: object, stored: str, outcome: bool) -> None:
    assert holds(condition("text", op, literal), {"text": stored}) is outcome


@pytest.mark.parametrize(
    ("op", "literal", "stored", "outcome"),
    [
        ("eq", "Pune", "Pune", True),
        ("eq", "Pune", "pune", False),
        ("eq", "Pune", "Pune ", False),
        ("ne", "Pune", "pune", True),
        ("ne", "Pune", " ", False),
        ("in", ["Pune", "Delhi"], "delhi", False),
        ("not_in", ["Pune", "Delhi"], "delhi", True),
        ("contains", "Mum", "Navi Mumbai", True),
        ("contains", "mum", "Navi Mumbai", False),
        ("starts_with", " Navi", " Navi Mumbai", True),
        ("ends_with", "e\u0301", "é", False),
    ],
)
def test_exact_text(op: str, literal: object, stored: str, outcome: bool) -> None:
    assert holds(condition("text", op, literal, exact=True), {"text": stored}) is outcome


@pytest.mark.parametrize(
    ("op", "literal", "stored", "outcome"),
    [
        ("eq", "0.3", "0.30", True),
        ("eq", 0.3, "0.3", True),
        ("eq", 760, 760, True),
        ("eq", "9223372036854775808", "9223372036854775807", False),
        ("ne", 1, "1.01", True),
        ("in", [1, "2.50"], Decimal("2.5"), True),
        ("not_in", [1, 2], "-1", True),
        ("gt", 760, "760", False),
        ("gt", "99999999999999999999999998", "99999999999999999999999999", True),
        ("gte", 760, "760.00", True),
        ("lt", -5, "-5.001", True),
        ("lte", -5, "-5", True),
        ("between", [620, 759], "620", True),
        ("between", [620, 759], "759.0", True),
        ("between", [620, 759], "759.01", False),
        ("between", [759, 620], "700", False),
    ],
)
def test_number(op: str, literal: object, stored: object, outcome: bool) -> None:
    assert holds(condition("number", op, literal), {"number": stored}) is outcome


@pytest.mark.parametrize(
    ("op", "literal", "stored", "outcome"),
    [
        ("eq", True, True, True),
        ("eq", False, True, False),
        ("ne", True, False, True),
        ("ne", True, True, False),
    ],
)
def test_boolean(op: str, literal: bool, stored: bool, outcome: bool) -> None:
    assert holds(condition("boolean", op, literal), {"boolean": stored}) is outcome


@pytest.mark.parametrize(
    ("op", "literal", "stored", "outcome"),
    [
        ("eq", "2024-02-29", "2024-02-29", True),
        ("before", "2024-02-29", "2024-02-28", True),
        ("before", "2024-02-29", "2024-02-29", False),
        ("after", "1899-12-31", "1900-01-01", True),
        ("lte", "2024-02-29", date(2024, 2, 29), True),
        ("between", ["2024-01-01", "2024-12-31"], "2024-12-31", True),
        ("in", ["2024-01-01"], "2024-01-02", False),
        ("within_days", 0, "2024-03-11", True),
        ("within_days", 0, "2024-03-10", False),
        ("within_days", 1, "2024-03-10", True),
        ("within_days", 1, "2024-03-12", True),
        ("within_days", 1, "2024-03-13", False),
        ("within_days", 1_000_000, "0001-01-01", True),
    ],
)
def test_date(op: str, literal: object, stored: object, outcome: bool) -> None:
    assert holds(condition("date", op, literal), {"date": stored}) is outcome


@pytest.mark.parametrize(
    ("op", "literal", "stored", "outcome"),
    [
        ("eq", "2024-03-11T01:30", "2024-03-10T20:00:00+00:00", True),
        ("eq", "2024-03-11T01:30+05:30", "2024-03-10T20:00:00Z", True),
        ("before", "2024-03-11T01:30", "2024-03-10T19:59:59.999999+00:00", True),
        ("after", "2024-03-11T01:30", "2024-03-10T20:00:00+00:00", False),
        ("between", ["2024-03-11T00:00", "2024-03-11T23:59"], "2024-03-10T18:30:00+00:00", True),
        ("within_days", 0, "2024-03-10T18:30:00+00:00", True),
        ("within_days", 0, "2024-03-10T18:29:59.999999+00:00", False),
        ("within_days", 0, "2024-03-11T18:29:59.999999+00:00", True),
        ("within_days", 0, "2024-03-11T18:30:00+00:00", False),
        ("within_days", 2, "2024-03-13T18:29:59+00:00", True),
    ],
)
def test_datetime_in_the_timezone_of_the_organisation(
    op: str, literal: object, stored: str, outcome: bool
) -> None:
    assert holds(condition("datetime", op, literal), {"datetime": stored}) is outcome


def test_today_is_another_day_elsewhere() -> None:
    today = condition("date", "within_days", 0)
    assert holds(today, {"date": "2024-03-11"}, KOLKATA)
    assert holds(today, {"date": "2024-03-10"}, ZoneInfo("America/New_York"))


@pytest.mark.parametrize(
    "zone",
    ["America/New_York", "Asia/Kolkata", "America/Sao_Paulo", "Africa/Cairo", "Pacific/Apia", "Asia/Beirut"],
)
def test_a_day_ends_where_the_next_begins_also_when_clocks_change(zone: str) -> None:
    timezone = ZoneInfo(zone)
    for day in range(0, 4000, 7):
        now = datetime(2009, 1, 1, 12, tzinfo=UTC) + timedelta(days=day)
        moment = Moment(now, timezone)
        first, last = moment.moments_around(0)
        assert first.astimezone(timezone).date() == last.astimezone(timezone).date() == moment.today
        assert (first - datetime.resolution).astimezone(timezone).date() < moment.today
        assert (last + datetime.resolution).astimezone(timezone).date() > moment.today


def test_now_must_be_aware() -> None:
    with pytest.raises(ValueError, match="aware"):
        Moment(datetime(2024, 1, 1), KOLKATA)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("op", "literal", "stored", "outcome"),
    [
        ("gte", "09:30", "09:30:00", True),
        ("lt", "09:30", "09:29:59.999999", True),
        ("eq", "09:30", "09:31", False),
    ],
)
def test_time(op: str, literal: object, stored: str, outcome: bool) -> None:
    assert holds(condition("time", op, literal), {"time": stored}) is outcome


@pytest.mark.parametrize(
    ("op", "literal", "stored", "outcome"),
    [
        ("has_any", ["RED", "green"], ["Red ", "Blue"], True),
        ("has_any", ["green"], ["red"], False),
        ("has_all", ["red", "blue"], ["Blue", "Red", "Green"], True),
        ("has_all", ["red", "blue"], ["red"], False),
    ],
)
def test_several_choices(op: str, literal: list[str], stored: list[str], outcome: bool) -> None:
    assert holds(condition("multi", op, literal), {"multi": stored}) is outcome


@pytest.mark.parametrize(
    ("op", "kind", "one", "other", "outcome"),
    [
        ("eq", "text", "Pune", " PUNE", True),
        ("ne", "text", "Pune", "Delhi", True),
        ("contains", "text", "Navi Mumbai", "mumbai", True),
        ("gt", "number", "2.5", 2, True),
        ("lte", "number", "2.5", "2.49", False),
        ("eq", "boolean", True, True, True),
        ("before", "date", "2024-01-01", "2024-01-02", True),
        ("after", "datetime", "2024-01-01T10:00:00+05:30", "2024-01-01T04:00:00+00:00", True),
        ("gte", "time", "09:30", "09:30:00", True),
        ("has_any", "multi", ["a", "b"], ["B", "c"], True),
        ("has_all", "multi", ["a", "b"], ["B", "c"], False),
    ],
)
def test_a_field_compares_with_another(op: str, kind: str, one: object, other: object, outcome: bool) -> None:
    tree = condition(kind, op, {"field": f"{kind}_other"})
    assert holds(tree, {kind: one, f"{kind}_other": other}) is outcome


def test_exact_comparison_of_fields() -> None:
    tree = condition("text", "eq", {"field": "text_other"}, exact=True)
    assert holds(tree, {"text": "Pune", "text_other": "Pune"})
    assert not holds(tree, {"text": "Pune", "text_other": "pune"})


LITERALS = {
    Kind.TEXT: "x",
    Kind.NUMBER: 1,
    Kind.BOOLEAN: True,
    Kind.DATE: "2024-01-01",
    Kind.DATETIME: "2024-01-01T00:00",
    Kind.TIME: "09:30",
    Kind.MULTI: "x",
    Kind.REFERENCE: "12",
    Kind.PRESENCE: {"id": 1},
}
SHAPES = {
    Operator.IN: lambda literal: [literal],
    Operator.NOT_IN: lambda literal: [literal],
    Operator.HAS_ANY: lambda literal: [literal],
    Operator.HAS_ALL: lambda literal: [literal],
    Operator.BETWEEN: lambda literal: [literal, literal],
    Operator.WITHIN_DAYS: lambda literal: 7,
}
COMPARISONS = [
    (kind, operator)
    for kind in Kind
    for operator in OPERATORS[kind]
    if operator not in (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY)
]
MISSING = [{}, {"text": None}, {"text": " \u00a0"}, {"multi": []}, {"multi": [""]}, {"number": "n/a"}]


@pytest.mark.parametrize(("kind", "operator"), COMPARISONS)
def test_a_comparison_with_a_missing_value_is_false(kind: Kind, operator: Operator) -> None:
    value = SHAPES.get(operator, lambda literal: literal)(LITERALS[kind])
    tree = condition(kind.value, operator.value, value)
    for values in MISSING:
        assert not holds(tree, values)
        assert holds({"not": tree}, values)


@pytest.mark.parametrize("op", ["eq", "ne", "gt", "lte"])
def test_a_comparison_with_a_missing_other_field_is_false(op: str) -> None:
    tree = condition("number", op, {"field": "number_other"})
    assert not holds(tree, {"number": "1"})
    assert not holds(tree, {"number_other": "1"})
    assert not holds(tree, {})


@pytest.mark.parametrize("kind", list(Kind))
def test_emptiness(kind: Kind) -> None:
    literal = LITERALS[kind]
    stored = {kind.value: [literal] if kind is Kind.MULTI else literal}
    assert holds(condition(kind.value, "is_not_empty"), stored)
    assert not holds(condition(kind.value, "is_empty"), stored)
    assert holds(condition(kind.value, "is_empty"), {})
    assert not holds(condition(kind.value, "is_not_empty"), {kind.value: ""})


def test_groups() -> None:
    yes, no = condition("text", "is_empty"), condition("text", "is_not_empty")
    assert holds({"all": [yes, yes]}, {})
    assert not holds({"all": [yes, no]}, {})
    assert holds({"any": [no, yes]}, {})
    assert not holds({"any": [no, no]}, {})
    assert holds({"not": {"any": [no, {"not": yes}]}}, {})
    assert holds({"all": []}, {})
    assert not holds({"any": []}, {})


def test_a_pattern_takes_linear_time() -> None:
    """A pattern and a text that keep a backtracking engine busy for longer than anyone lives."""
    assert not holds(condition("text", "matches", "^(a+)+$"), {"text": "a" * 5000 + "b"})
