"""The command that loads leads, with saved mappings: by header, by name, and where a header has drifted."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounts.actor import Actor
from core.errors import ApplicationError
from core.management.base import one_line
from core.models import Intake, Organization, SavedMapping
from core.services.intakes import match_intake
from leads.models import BusinessLine, Field, Lead
from leads.services.lines import publish_line, retire_field
from tests.leads.intake.test_saved_mappings import NAME, ODD, content, matched
from tests.leads.loans import receive

pytestmark = pytest.mark.django_db


@pytest.fixture
def saved(operations: Actor) -> SavedMapping:
    intake = receive(operations, content(1))
    match_intake(actor=operations, intake_id=intake.pk, mapping=matched(intake), remember_as=NAME)
    return SavedMapping.objects.get()


@pytest.fixture
def run(tmp_path: Path, in_organization: Organization) -> Any:
    """Return `run(content, *options)`: load it by the command; what it prints."""

    def run(file: bytes, *options: str) -> dict[str, Any]:
        path, out = tmp_path / "leads.csv", io.StringIO()
        path.write_bytes(file)
        call_command(
            "import_leads", str(path), "--json", *options,
            organization=in_organization.slug, line="personal_loan", stdout=out,
        )  # fmt: skip
        printed: dict[str, Any] = json.loads(out.getvalue())
        return printed

    return run


def test_it_takes_the_mapping_of_the_header_and_says_so(run: Any, saved: SavedMapping) -> None:
    printed = run(content(2))

    assert (printed["accepted"], printed["mapping"]) == (1, NAME)


def test_it_takes_one_by_name_and_refuses_a_name_that_is_none(run: Any, saved: SavedMapping) -> None:
    assert run(content(2), "--mapping", "weekly file")["mapping"] == NAME
    with pytest.raises(ApplicationError, match=f"There are: {NAME}") as unknown:
        run(content(3), "--mapping", "Monthly")
    assert unknown.value.code == "unknown_mapping"


def test_drift_is_refused_in_one_line_and_leaves_nothing_unless_it_is_accepted(
    run: Any, saved: SavedMapping
) -> None:
    drifted = content(2, names={**ODD, "mobile": "Where to call them"}, extra="Branch")
    before = Intake.objects.count()

    with pytest.raises(ApplicationError) as refused:
        run(drifted)
    line = one_line(refused.value)
    assert refused.value.code == "mapping_drift" and len(line.splitlines()) == 1
    assert "“Branch” is new" in line and "“Where to call” probably is “Where to call them”" in line
    assert Intake.objects.count() == before and not Lead.objects.exists()

    printed = run(drifted, "--accept-drift", "--remember-as", NAME)
    assert (printed["accepted"], printed["mapping"]) == (1, NAME)
    assert run(content(3, names={**ODD, "mobile": "Where to call them"}, extra="Branch"))["accepted"] == 1


def test_a_field_that_is_retired_since_is_told(run: Any, saved: SavedMapping, operations: Actor) -> None:
    retire_field(actor=operations, field=Field.objects.get(key="employer"))
    publish_line(actor=operations, line=BusinessLine.objects.get())

    with pytest.raises(ApplicationError) as refused:
        run(content(2))
    assert "“Employer” filled a field that is retired or gone" in one_line(refused.value)
    assert run(content(2), "--accept-drift")["accepted"] == 1


def test_without_any_mapping_nothing_is_said_of_one(run: Any, operations: Actor) -> None:
    assert run(content(2, names={}), "--accept-drift")["mapping"] is None
    assert run(content(3, names={}), "--remember-as", "By name")["mapping"] == "By name"
