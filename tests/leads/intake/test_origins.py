"""Sources and campaigns that a file brought go with it, unless somebody has a use for them."""

from pathlib import Path
from typing import Any

import pytest

from accounts.actor import Actor
from leads.models import Campaign, Lead, Source
from leads.services.leads import update_lead
from leads.services.origins import rename_source
from tests.leads.intake.sheets import column_of, csv_of, errors_of, person, roll_back
from tests.leads.loans import load

pytestmark = pytest.mark.django_db


def names() -> tuple[list[str], list[str]]:
    """The live sources and campaigns."""
    return tuple(  # type: ignore[return-value]
        list(model.objects.order_by("name").values_list("name", flat=True)) for model in (Source, Campaign)
    )


def test_what_the_file_made_goes_and_comes_again(operations: Actor) -> None:
    content = csv_of(person(1, source="Fair", campaign="Spring"), person(2, source="Fair"))
    intake = load(operations, content)
    assert names() == (["Fair"], ["Spring"])

    roll_back(operations, intake)

    assert names() == ([], [])
    load(operations, content)
    assert names() == (["Fair"], ["Spring"])
    assert Lead.objects.filter(source__name="Fair").count() == 2


def test_what_was_there_before_stays(operations: Actor) -> None:
    load(operations, csv_of(person(1, source="Fair")))
    intake = load(operations, csv_of(person(2, source="fair", campaign="Spring")))

    roll_back(operations, intake)

    assert names() == (["Fair"], [])


def test_what_others_use_or_changed_stays(operations: Actor) -> None:
    intake = load(
        operations,
        csv_of(
            person(1, source="Used"),
            person(2, source="Renamed"),
            person(3, campaign="Kept"),
            person(4, source="Gone"),
        ),
    )
    load(operations, csv_of(person(5, source="Used")))
    rename_source(actor=operations, source=Source.objects.get(name="Renamed"), name="Own name")
    kept = Lead.objects.get(campaign__name="Kept")
    update_lead(actor=operations, reference=kept.reference, values={"employer": "Edited Mills"})

    roll_back(operations, intake)

    assert names() == (["Own name", "Used"], ["Kept"])


def test_a_correction_takes_its_own_alone(operations: Actor, tmp_path: Path) -> None:
    def mend(sheet: Any) -> None:
        sheet.cell(2, column_of(sheet, "pan")).value = "ABCDE1234F"

    root = load(operations, csv_of(person(1, source="First"), person(2, source="Second", pan="bad")))
    correction = load(operations, errors_of(operations, root, tmp_path / "errors.xlsx", mend))
    assert names() == (["First", "Second"], [])

    roll_back(operations, correction)

    assert names() == (["First"], [])
    roll_back(operations, root)
    assert names() == ([], [])
