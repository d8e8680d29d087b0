"""A line with every kind of field, nasty leads in it, and the ways in which a list may be read."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from accounts.roles import Role
from core.scope import Scope, entered, organization_scope
from leads.queries.lead_list import meeting, selection, trying
from tests.factories import make_actor, make_organization
from tests.leads.lines.definitions import make_line
from tests.leads.queries.kinds import CORE, FIELDS, nasty_leads

# How many matches are few and several, how many rows are tried first and at most: each way to the same leads.
FRONTIERS = [
    (2_000, 20_000, 1_000, 10_000),
    (0, 0, 1_000, 10_000),
    (5, 1_000, 5, 0),
    (5, 1_000, 5, 5),
    (5, 5, 5, 200),
    (40, 1_000, 1, 1_000),
]


class Leads(list):
    """Leads whose repr stays short in a failing example."""

    def __repr__(self):
        return f"{len(self)} leads"


def set_frontier(patch: pytest.MonkeyPatch, frontier: tuple[int, int, int, int]) -> None:
    """Let lists take another way to their leads."""
    patch.setattr(selection, "FEW", frontier[0])
    patch.setattr(selection, "SEVERAL", frontier[1])
    patch.setattr(trying, "TRIED", frontier[2])
    patch.setattr(trying, "TRIED_PER_ROW", 0)
    patch.setattr(trying, "SAMPLED", frontier[2])
    patch.setattr(trying, "MOST_TRIED", frontier[3])
    patch.setattr(trying, "MOST_TRIED_BY_VALUE", frontier[3])
    patch.setattr(meeting, "REACHING", frontier[2])
    patch.setattr(meeting, "LEAST_WINDOW", frontier[2])
    patch.setattr(meeting, "WINDOW_PER_ROW", 0)
    patch.setattr(meeting, "MOST_MET", frontier[3])
    patch.setattr(meeting, "CHECKED_PER_ROW", 1)


class NastyWorld:
    """An organisation with one line of nasty leads, which its tests only read."""

    def __init__(self) -> None:
        self.organization = make_organization("nasty")
        self.operations = make_actor(self.organization, Role.OPERATIONS)
        with organization_scope(self.organization):
            self.line = make_line(self.operations, [*FIELDS, *CORE], code="nasty")
            self.leads = Leads(nasty_leads(self.line, 90))


@pytest.fixture(scope="module")
def nasty(django_db_setup: None, django_db_blocker: object) -> Iterator[NastyWorld]:
    """Made once for a module of tests and taken back; the tests are marked with django_db."""
    with django_db_blocker.unblock(), entered(Scope()), transaction.atomic():  # type: ignore[attr-defined]
        assert connection.settings_dict["NAME"].startswith("test"), "Mark the test with django_db."
        yield NastyWorld()
        transaction.set_rollback(True)


@pytest.fixture
def in_nasty(nasty: NastyWorld, db: None) -> Iterator[None]:
    """Run the test inside the nasty organisation."""
    with organization_scope(nasty.organization):
        yield
