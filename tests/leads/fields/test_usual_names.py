"""Columns that are called as everybody calls them find the field, unless another field goes by that name."""

from types import SimpleNamespace

import pytest

from accounts.actor import Actor
from core.intake.matching import match_columns
from core.scope import organization_scope
from leads.intake import LeadImporter
from tests.leads.lines.definitions import make_line

FIELDS = [
    {"key": "applicant", "label": "Applicant name", "type": "text", "maps_to": "name"},
    {"key": "phone_number", "label": "Phone number", "type": "phone", "maps_to": "phone"},
    {"key": "office", "label": "Contact", "type": "phone"},
]


@pytest.fixture
def importer(actor_for) -> LeadImporter:
    """Reads files for a line whose fields have no other names."""
    operations: Actor = actor_for("operations")
    with organization_scope(operations.organization):
        line = make_line(operations, FIELDS)
        intake = SimpleNamespace(corrects=None, pk=1, options={}, target=line.code, job=None)
        yield LeadImporter(intake)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Phone", "phone_number"),
        ("Mobile", "phone_number"),
        ("Customer Name", "applicant"),
        ("Contact", "office"),
    ],
)
def test_a_usual_name_is_matched(importer: LeadImporter, header: str, field: str) -> None:
    assert match_columns([header], importer.targets()).matched == {field: 0}


def test_what_the_line_calls_it_goes_first(importer: LeadImporter) -> None:
    found = match_columns(["Mobile", "Phone number"], importer.targets())
    assert (found.matched, found.unmatched) == ({"phone_number": 1}, [0])
