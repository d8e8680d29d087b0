"""The figures of the real education file are those of plain Python, and each leads to just its leads."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import pytest

from core.scope import organization_scope
from leads.models import BusinessLine
from leads.queries.statistics.asking import Asked, LineFigures
from leads.queries.statistics.counted import FIELD, FILLED, compute
from leads.queries.statistics.overview import line_overview
from tests.leads.proposals.conftest import Education
from tests.leads.statistics.conftest import listed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_the_organization(education: Education) -> Iterator[None]:
    with organization_scope(education.organization):
        yield


@pytest.fixture
def figures(education: Education) -> LineFigures:
    return LineFigures(education.operations, BusinessLine.objects.get(code="education"), Asked())


def filled(education: Education, key: str) -> list[str]:
    """What the file itself has of a field: without blanks and what means empty."""
    field = education.fields[key]
    empty = {"", *field["settings"].get("empty_values", ())}
    return [text for row in education.rows if (text := row[field["label"]].strip()) not in empty]


def percentile(values: list[Decimal], share: str) -> Decimal:
    """The least value that so great a share of all does not exceed."""
    place = Decimal(share) * len(values)
    return values[max(int(place.to_integral_value("ROUND_CEILING")), 1) - 1]


def test_every_fields_fill_rate_is_that_of_the_file(education: Education, figures: LineFigures) -> None:
    told = {each["name"]: each for each in compute(figures, FILLED)["fields"]}

    for key in education.fields:
        assert told[f"data.{key}"]["filled"]["count"] == len(filled(education, key)), key
        assert told[f"data.{key}"]["empty"]["count"] == 9240 - len(filled(education, key)), key
    for key in ("city", "lead_profile", "converted", "total_visits", "prospect_id"):
        for part in ("filled", "empty"):
            each = told[f"data.{key}"][part]
            assert listed(education.operations, figures.line, each["filters"]) == each["count"], (key, part)


@pytest.mark.parametrize("key", ["city", "lead_source", "last_activity", "specialization", "converted"])
def test_the_top_values_are_those_of_the_file_and_lead_to_their_leads(
    education: Education, figures: LineFigures, key: str
) -> None:
    told = compute(figures, f"{FIELD}data.{key}")

    texts = filled(education, key)
    if education.fields[key]["type"] == "boolean":
        texts = [{"1": "yes", "0": "no"}.get(text, text.lower()) for text in texts]
    counts = Counter(text.casefold() for text in texts)
    assert told["distinct"] == len(counts)
    assert [each["count"] for each in told["bars"]] == [count for _value, count in counts.most_common(15)]
    assert all(counts[each["label"].casefold()] == each["count"] for each in told["bars"])
    assert (told["others"] or {"count": 0})["count"] == len(texts) - sum(
        count for _value, count in counts.most_common(15)
    )
    for each in [*told["bars"], told["filled"], told["empty"]]:
        assert listed(education.operations, figures.line, each["filters"]) == each["count"], each["label"]


@pytest.mark.parametrize("key", ["total_visits", "total_time_spent_on_website", "page_views_per_visit"])
def test_numbers_are_spread_as_the_file_says(education: Education, figures: LineFigures, key: str) -> None:
    told = compute(figures, f"{FIELD}data.{key}")

    numbers = sorted(Decimal(text) for text in filled(education, key))
    exact = {each["label"]: Decimal(each["exact"]) for each in told["summary"]}
    assert exact["Least"] == numbers[0]
    assert exact["Most"] == numbers[-1]
    assert exact["Median"] == percentile(numbers, "0.5")
    assert exact["Lower quarter"] == percentile(numbers, "0.25")
    assert exact["Upper tenth"] == percentile(numbers, "0.9")
    assert exact["Mean"] == (sum(numbers) / len(numbers)).quantize(Decimal("0.0001"))
    assert told["distinct"] == len(set(numbers))
    assert sum(each["count"] for each in told["bars"]) == len(numbers)
    for each in told["bars"]:
        low = Decimal(each["filters"].get(f"data.{key}__gte", "-inf"))
        after = Decimal(each["filters"].get(f"data.{key}__lt", "inf"))
        assert each["count"] == sum(low <= number < after for number in numbers)
    for each in told["bars"][:3] + told["bars"][-2:]:
        assert listed(education.operations, figures.line, each["filters"]) == each["count"]


def test_the_index_and_the_leads_say_the_same(education: Education, figures: LineFigures) -> None:
    from leads.queries.statistics.values import Values

    indexed = [name for name, entry in figures.entries.items() if Values(figures, entry).is_indexed]
    assert len(indexed) >= 8
    for name in indexed:
        by_index = compute(figures, FIELD + name)
        read = LineFigures(figures.actor, figures.line, Asked())
        read.is_everything = lambda: False  # type: ignore[method-assign]
        assert compute(read, FIELD + name) == by_index, name


def test_the_overview_adds_up(education: Education, figures: LineFigures) -> None:
    told = line_overview(figures)

    assert told["leads"] == 9240
    for part in ("status", "stage", "source", "created"):
        assert sum(each["count"] for each in told[part]) == 9240, part
        for each in told[part]:
            assert listed(education.operations, figures.line, each["filters"]) == each["count"], each
