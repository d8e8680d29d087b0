"""The daily tallies follow every write of leads, whoever writes, and add up after folding."""

import datetime as dt
import random

import pytest
from django.db import connection
from django.db.models import Sum

from accounts.actor import Actor
from accounts.roles import Role
from core.integrity import run_checks
from core.models import Organization
from core.scope import system_scope
from leads.integrity import check_tallies
from leads.models import BusinessLine, Lead, LeadTally
from leads.rebuilds import rebuild_figures
from leads.services.leads import assign_lead, create_lead, restore_lead, update_lead, withdraw_lead
from leads.services.statistics.folding import count_foldable, fold_tallies
from tests.factories import make_actor
from tests.leads.lines.definitions import make_line

pytestmark = pytest.mark.usefixtures("in_organization")
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def line(operations: Actor) -> BusinessLine:
    return make_line(operations)


def agrees(organization: Organization) -> bool:
    with system_scope(organization, reason="test"):
        return check_tallies(organization).breaks == []


def test_whatever_is_done_to_leads_the_tallies_agree(organization, operations, line):
    agent = make_actor(organization, Role.AGENT)
    chance = random.Random(7)
    references = []
    for number in range(12):
        values = {"full_name": f"Asha {number}", "mobile": f"98450{number:05}"}
        source = chance.choice(["Website", "Branch"])
        references.append(
            create_lead(
                actor=operations, line=line, values=values, attributes={"source": source}
            ).lead.reference
        )
    withdrawn = []
    for _step in range(40):
        reference = chance.choice(references)
        if reference in withdrawn:
            restore_lead(actor=make_actor(organization, Role.ADMIN), reference=reference)
            withdrawn.remove(reference)
            continue
        match chance.randrange(4):
            case 0:
                status = chance.choice(["new", "approved"])
                update_lead(actor=operations, reference=reference, values={}, attributes={"status": status})
            case 1:
                owner = chance.choice([None, agent.membership])
                assign_lead(actor=operations, reference=reference, owner=owner)
            case 2:
                update_lead(actor=operations, reference=reference, values={"full_name": "Other"})
            case 3:
                withdraw_lead(actor=operations, reference=reference)
                withdrawn.append(reference)
    assert agrees(organization)
    saved, before = count_foldable(NOW), LeadTally.objects.count()
    assert fold_tallies(NOW, 100) == before - LeadTally.objects.count() >= saved > 0
    assert fold_tallies(NOW, 100) == 0
    assert agrees(organization)
    assert LeadTally.objects.aggregate(all=Sum("leads"))["all"] == Lead.objects.count()


def test_a_change_of_what_is_not_tallied_leaves_no_row(operations, line):
    lead = create_lead(actor=operations, line=line, values={"full_name": "Asha", "mobile": "9845012345"}).lead
    before = LeadTally.objects.count()
    update_lead(actor=operations, reference=lead.reference, values={"full_name": "Asha Rao"})
    assert LeadTally.objects.count() == before


def test_another_timezone_moves_the_days(organization, operations, line):
    lead = create_lead(actor=operations, line=line, values={"full_name": "Asha", "mobile": "9845012345"}).lead
    with system_scope(organization, reason="test"), connection.cursor() as cursor:
        cursor.execute("UPDATE leads_lead SET created_at = '2026-01-31T20:00Z' WHERE id = %s", [lead.pk])
    assert LeadTally.objects.filter(day=dt.date(2026, 2, 1), leads=1).exists()

    with system_scope(reason="test"):
        Organization.objects.filter(pk=organization.pk).update(timezone="America/New_York")

    assert list(LeadTally.objects.values_list("day", "leads")) == [(dt.date(2026, 1, 31), 1)]


def test_tallies_are_made_anew_and_what_is_wrong_is_found(organization, operations, line):
    create_lead(actor=operations, line=line, values={"full_name": "Asha", "mobile": "9845012345"})
    LeadTally.objects.update(leads=5)
    assert not agrees(organization)
    with system_scope(organization, reason="rebuild"):
        rebuild_figures(organization)
    assert agrees(organization)
    assert run_checks([organization])["leads.tallies"].tried == 1
