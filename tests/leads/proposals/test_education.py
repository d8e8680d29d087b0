"""The real file of an online-course company, in one step: proposed, published, loaded, filtered."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.test import Client

from core.scope import organization_scope, system_scope
from leads.models import BusinessLine, Field, Lead, LeadValue
from leads.queries.lead_list import Catalog, LeadListQuery, list_leads, parse_filters
from tests.leads.proposals.conftest import EDUCATION, Education, run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_the_organization(education: Education) -> Iterator[None]:
    """Run each test inside the organisation of the education file."""
    with organization_scope(education.organization):
        yield


def test_thirty_seven_columns_become_fields_and_the_nameless_one_does_not(education: Education) -> None:
    assert len(education.proposed["fields"]) == 37
    assert [(item["column"], item["header"], item["code"]) for item in education.proposed["dropped"]] == [
        ("AL", "", "no_header_no_values")
    ]
    assert [field["label"] for field in education.proposed["fields"]] == list(education.rows[0])[:37]


def test_each_column_is_of_the_type_that_its_values_are(education: Education) -> None:
    kinds = {key: field["type"] for key, field in education.fields.items()}

    assert Counter(kinds.values()) == {"boolean": 15, "select": 15, "integer": 4, "text": 2, "decimal": 1}
    assert [key for key, kind in kinds.items() if kind == "text"] == ["prospect_id", "lead_number"]
    assert [key for key, kind in kinds.items() if kind == "integer"] == [
        "total_visits",
        "total_time_spent_on_website",
        "asymmetrique_activity_score",
        "asymmetrique_profile_score",
    ]
    assert kinds["page_views_per_visit"] == "decimal"
    assert kinds["converted"] == "boolean"
    assert kinds["asymmetrique_activity_index"] == "select"
    assert education.fields["asymmetrique_activity_index"]["settings"]["choices"] == [
        "01.High", "02.Medium", "03.Low",
    ]  # fmt: skip


def test_two_columns_identify_a_lead_and_tell_a_repeat(education: Education) -> None:
    unique = [key for key, field in education.fields.items() if field["settings"].get("unique")]

    assert unique == education.proposed["duplicate_match"] == ["prospect_id", "lead_number"]
    assert BusinessLine.objects.get(code="education").duplicate_match == unique
    others = Counter(
        tuple(value for name, value in row.items() if name not in ("Prospect ID", "Lead Number"))
        for row in education.rows
    )
    assert sum(count - 1 for count in others.values()) == 1281  # without the two they would be repeats


def test_select_means_empty_in_four_columns(education: Education) -> None:
    columns = {
        field["label"]: field["settings"]["empty_values"]
        for field in education.fields.values()
        if "empty_values" in field["settings"]
    }

    selects = ["Specialization", "How did you hear about X Education", "Lead Profile", "City"]
    assert columns == {name: ["Select"] for name in selects}
    assert sum(row[column] == "Select" for row in education.rows for column in columns) == 13_380
    stored = Lead.objects.values_list("data", flat=True)
    assert not any(value == "Select" for data in stored for value in data.values())


def test_google_in_two_spellings_is_one_choice(education: Education) -> None:
    choices = education.fields["lead_source"]["settings"]["choices"]

    assert choices[0] == "Google" and "google" not in choices
    assert {row["Lead Source"] for row in education.rows} >= {"Google", "google"}
    assert "“google” and “Google” are one choice." in education.fields["lead_source"]["evidence"]["notes"]


def test_what_is_blank_somewhere_is_not_required_and_everything_else_is(education: Education) -> None:
    required = {field["label"] for field in education.fields.values() if field["settings"].get("required")}

    assert required == {
        name
        for name in education.rows[0]
        if name and all(row[name].strip() and row[name] != "Select" for row in education.rows)
    }


def test_the_evidence_is_that_of_the_rows(education: Education) -> None:
    for field in education.fields.values():
        values = [row[field["label"]] for row in education.rows if row[field["label"]]]
        evidence = field["evidence"]
        assert evidence["filled"] == len(values)
        assert evidence["blank"] == 9240 - len(values)
        assert evidence["distinct"] == len({value.casefold() for value in values})
        assert evidence["distinct_is_exact"]
        assert set(evidence["examples"]) <= set(values)
        assert evidence["reason"]
    visits = education.fields["total_visits"]["evidence"]
    assert (visits["least"], visits["most"]) == ("0", "251")


def test_the_whole_file_is_accepted(education: Education) -> None:
    counts = {name: education.imported[name] for name in ("data_rows", "accepted", "rejected", "duplicate")}

    assert counts == {"data_rows": 9240, "accepted": 9240, "rejected": 0, "duplicate": 0}
    assert Lead.objects.filter(name="", phone="").count() == 9240


def test_applying_again_changes_nothing(education: Education) -> None:
    again = run("propose_fields", str(EDUCATION), "--apply", organization=education.organization)

    assert again["version"] == education.proposed["version"] == 1
    assert [field["key"] for field in again["fields"]] == list(education.fields)
    assert all(field["exists"] for field in again["fields"])


def test_as_many_fields_are_indexed_as_are_worth_a_row_of_each_lead(education: Education) -> None:
    indexed = [key for key, field in education.fields.items() if field["settings"].get("indexed")]

    assert len(indexed) == 12
    assert {education.fields[key]["type"] for key in indexed} == {
        "text", "select", "integer", "decimal", "boolean",
    }  # fmt: skip
    assert LeadValue.objects.values("lead_id").distinct().count() == 9240


class Doors:
    """The list as page, API and export give it."""

    def __init__(self, education: Education) -> None:
        self.education = education
        self.line = BusinessLine.objects.get(code="education")
        self.client = Client()
        with system_scope(reason="test"):
            self.client.force_login(education.operations.user)
        numbers = Lead.objects.values_list("reference", "row_number")
        self.row_of = dict(numbers)

    def by_page(self, parameters: str) -> list[str]:
        """Every page, one after the other, as the older link leads on."""
        found: list[str] = []
        address = f"/leads/?line=education&{parameters}"
        while address:
            context = self.client.get(address).context
            assert not context["problems"]
            found += [row["reference"] for row in context["rows"]]
            address = f"/leads/{context['older_url']}" if context["older_url"] else ""
        return found

    def by_list(self, parameters: dict[str, str]) -> list[str]:
        """The query behind the page, 500 at a time."""
        actor = self.education.operations
        conditions = parse_filters(Catalog(actor, self.line), parameters)
        found: list[str] = []
        cursor = ""
        while True:
            page = list_leads(
                actor, LeadListQuery(self.line, conditions=conditions, cursor=cursor, page_size=500)
            )
            found += [lead.reference for lead in page.rows]
            cursor = page.next_cursor
            if not cursor:
                return found

    def by_api(self, parameters: str) -> list[str]:
        found: list[str] = []
        address = f"/api/v1/leads/?line=education&page_size=500&{parameters}"
        while address:
            answer = self.client.get(address).json()
            found += [lead["reference"] for lead in answer["results"]]
            address = answer["next"]
        return found

    def by_export(self, parameters: str) -> list[str]:
        address = f"/api/v1/leads/export/?line=education&format=csv&columns=reference&{parameters}"
        content = b"".join(self.client.get(address).streaming_content)
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        return [row[0] for row in rows[1:]]


# Leads that a filter may find here: each of them is asked for three times.
MOST = 700


def conditions_on(education: Education, key: str) -> list[tuple[str, str, set[int]]]:
    """Filters on a field as (operator, value, numbers of the rows that a plain look at the file finds)."""
    field = education.fields[key]
    empty = set(field["settings"].get("empty_values", ()))
    cells = {
        number: "" if row[field["label"]] in empty else row[field["label"]].strip()
        for number, row in enumerate(education.rows, start=2)
    }

    def rows_where(holds) -> set[int]:
        return {number for number, text in cells.items() if holds(text)}

    def equal(value: str) -> tuple[str, str, set[int]]:
        return "", value, rows_where(lambda text: text.casefold() == value.casefold())

    ranked = Counter(filter(None, cells.values())).most_common()
    counted = [value for value, _count in ranked]
    frequent = [value for value, count in ranked if count <= MOST]
    filled = rows_where(bool)
    found = [("__is_empty", "true", set(cells) - filled)] if len(cells) - len(filled) < MOST else []
    match field["type"]:
        case "boolean":
            words = {"true": ("1", "yes"), "false": ("0", "no")}
            both = [
                ("", value, rows_where(lambda text, these=these: text.casefold() in these))
                for value, these in words.items()
            ]
            return [*found, *(each for each in both if len(each[2]) < 3_000)]
        case "integer" | "decimal":
            numbers = sorted(Decimal(text) for text in cells.values() if text)
            middle, most = numbers[len(numbers) * 24 // 25], numbers[-1]
            ranges = [
                ("__gte", str(most / 2), lambda number: number >= most / 2),
                ("__gt", str(middle), lambda number: number > middle),
                ("__between", f"{middle},{middle + 1}", lambda number: middle <= number <= middle + 1),
                ("", str(middle), lambda number: number == middle),
            ]
            return found + [
                (operator, value, rows_where(lambda text, holds=holds: bool(text) and holds(Decimal(text))))
                for operator, value, holds in ranges
            ]
        case "select":
            pair = f"{counted[-1]},{counted[len(counted) // 2]}"
            wanted = {value.casefold() for value in (counted[-1], counted[len(counted) // 2])}
            several = rows_where(lambda text: text.casefold() in wanted)
            return [*found, equal(counted[-1]), *map(equal, frequent[:1]), ("__in", pair, several)]
    prefix = counted[7][:2]
    return [
        *found,
        equal(counted[0]),
        equal(counted[4_000]),
        ("__starts_with", prefix, rows_where(lambda text: text.casefold().startswith(prefix.casefold()))),
    ]


def test_every_indexed_field_filters_alike_in_list_api_and_export(education: Education) -> None:
    doors = Doors(education)
    indexed = Field.objects.filter(line=doors.line, indexed=True).values_list("key", flat=True)
    tried = Counter()

    for key in indexed:
        for operator, value, expected in conditions_on(education, key):
            parameters = {f"data.{key}{operator}": value}
            address = "&".join(
                f"{name}={value.replace(' ', '+').replace('&', '%26')}" for name, value in parameters.items()
            )
            what = f"{key}{operator}={value}"
            listed = doors.by_list(parameters)
            assert {doors.row_of[reference] for reference in listed} == expected, what
            assert len(listed) == len(expected), what
            assert doors.by_api(address) == listed, what
            assert sorted(doors.by_export(address)) == sorted(listed), what
            if len(listed) <= 100:
                assert doors.by_page(address) == listed, what
            tried[education.fields[key]["type"]] += bool(expected)

    assert len(indexed) == 12
    assert set(tried) == {"text", "select", "integer", "decimal", "boolean"} and min(tried.values()) > 0
    assert tried.total() >= 30, tried
