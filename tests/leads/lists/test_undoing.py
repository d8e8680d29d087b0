"""Taking a change of many leads back: exactly, once, without what was changed since, and as one may now."""

import datetime as dt
import threading

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import Role
from core.errors import Conflict, NotPermitted, NotVisible
from core.jobs import run_job_inline
from core.models import Job, JobState
from core.retention.registry import find_purge
from core.scope import organization_scope, system_scope
from leads.models import BulkChange, BulkChangedLead, FollowUp, Lead, LeadTag
from leads.queries.lead_list import LeadListQuery
from leads.services import bulk, undoing
from leads.services.follow_ups import plan_follow_up
from leads.services.leads import create_lead, update_lead, withdraw_lead
from leads.services.tags import set_lead_tags, withdraw_tag
from leads.services.undoing import UNDO, undo_bulk_change
from tests.factories import make_actor, make_organization
from tests.leads.lines.definitions import make_line
from tests.leads.lists.conftest import FIELDS, House
from tests.leads.lists.test_bulk import change, met


def standing() -> list[tuple]:
    """All that a change of many may write, of every lead."""
    rows = Lead.objects.order_by("pk").values_list("pk", "owner_id", "team_id", "stage", "status")
    tags = LeadTag.objects.order_by("lead_id", "tag_id").values_list("lead_id", "tag__name")
    planned = FollowUp.objects.order_by("pk").values_list("pk", "assignee_id")
    return [*rows, *tags, *planned]


def undo(actor, job: Job) -> dict[str, int]:
    return met(undo_bulk_change(actor=actor, job_id=job.pk))


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ("stage", "qualified"),
        ("status", "closed"),
        ("assign", "leader"),
        ("assign", None),
        ("tag", "Hot"),
        ("untag", "Old"),
    ],
)
def test_what_stood_there_stands_there_again(house: House, action: str, value) -> None:
    set_lead_tags(actor=house.agent, reference=house.leads[0].reference, tags=["Old", "Hot"])
    for actor in (house.agent, house.leader):
        due = timezone.now() + dt.timedelta(days=1)
        plan_follow_up(actor=actor, reference=house.leads[0].reference, what="Call", due_at=due)
    before = standing()
    job = change(house, house.operations, action, house.leader.membership.pk if value == "leader" else value)
    changed = met(job)["changed"]
    assert standing() != before

    taken = undo_bulk_change(actor=house.operations, job_id=job.pk)

    assert met(taken) == {"undone": changed}
    assert standing() == before
    if action in ("tag", "untag"):
        assert LeadTag.history.model.objects.filter(history_job_id=taken.pk).count() == changed
    else:
        history = Lead.history.model.objects.filter(history_job_id=taken.pk)
        assert history.count() == changed
        assert {row.history_user_id for row in history} == {house.operations.user.pk}


def test_what_somebody_changed_since_stays_and_is_named(house: House, client_for) -> None:
    job = change(house, house.operations, "stage", "qualified")
    mine = house.leads[0].reference
    update_lead(actor=house.agent, reference=mine, values={"town": "Goa"})
    gone = house.leads[1].reference
    withdraw_lead(actor=house.operations, reference=gone)

    client = client_for(house.operations)
    page = client.get(reverse("leads:bulk_detail", args=[job.pk]))
    done = client.post(page.context["undo_url"], follow=True)

    assert (
        "4 as they were before, 1 changed since, and left as they are, 1 not allowed."
        in done.content.decode()
    )
    assert [reference for reference, _url in done.context["left"]] == [mine]
    assert house.lead("Asha Rao").stage == "qualified"
    again = client.get(reverse("leads:bulk_detail", args=[job.pk]))
    assert again.context["undo_url"] == ""
    assert again.context["undone_url"] == done.redirect_chain[0][0]


def test_a_tag_that_was_taken_off_or_put_on_again_since_stays_so(house: House) -> None:
    job = change(house, house.operations, "tag", "Hot")
    set_lead_tags(actor=house.agent, reference=house.leads[0].reference, tags=[])
    assert undo(house.operations, job) == {"undone": 5, "changed_since": 1}
    change(house, house.operations, "tag", "Hot")
    job = change(house, house.operations, "untag", "hot")
    set_lead_tags(actor=house.agent, reference=house.leads[0].reference, tags=["Hot"])
    assert undo(house.operations, job) == {"undone": 5, "changed_since": 1}
    job = change(house, house.operations, "untag", "hot")
    withdraw_tag(actor=house.operations, tag_id=LeadTag.history.model.objects.first().tag_id)
    assert undo(house.operations, job) == {"changed_since": 6}


def test_a_follow_up_that_is_done_or_given_on_since_stays_with_whom_it_is(house: House) -> None:
    lead = house.lead("Asha Rao")
    due = timezone.now() + dt.timedelta(days=1)
    numbers = [
        plan_follow_up(actor=house.agent, reference=lead.reference, what=what, due_at=due).pk
        for what in ("one", "two", "three")
    ]
    job = change(house, house.operations, "assign", house.other.membership.pk)
    FollowUp.objects.filter(pk=numbers[0]).update(done_at=timezone.now())
    FollowUp.objects.filter(pk=numbers[1]).update(assignee=house.leader.membership)
    undo(house.operations, job)
    found = dict(FollowUp.objects.values_list("pk", "assignee_id"))
    other, leader, agent = (who.membership.pk for who in (house.other, house.leader, house.agent))
    assert [found[number] for number in numbers] == [other, leader, agent]


def test_rights_and_reach_are_those_of_now(house: House) -> None:
    job = change(house, house.leader, "assign", house.leader.membership.pk)
    assert met(job) == {"changed": 3}
    with system_scope():
        Membership.objects.filter(pk=house.agent.membership.pk).update(is_active=False)
    assert undo(house.leader, job) == {"not_allowed": 3}, "The former owner has left."

    job = change(house, house.leader, "stage", "documents")
    Lead.objects.filter(owner=house.leader.membership).update(owner=house.other.membership)
    assert undo(house.leader, job) == {"not_allowed": 3}, "The leads are out of reach by now."

    auditor = make_actor(house.operations.organization, Role.AUDITOR, name="Turned")
    job = change(house, house.operations, "stage", "fresh")
    for stranger in (house.agent, auditor):
        with pytest.raises((NotVisible, NotPermitted)):
            undo_bulk_change(actor=stranger, job_id=job.pk)


def test_a_second_press_undoes_nothing_more(house: House) -> None:
    job = change(house, house.operations, "stage", "qualified")
    first = undo_bulk_change(actor=house.operations, job_id=job.pk)
    update_lead(
        actor=house.operations,
        reference=house.leads[0].reference,
        values={},
        attributes={"stage": "qualified"},
    )
    assert undo_bulk_change(actor=house.operations, job_id=job.pk).pk == first.pk
    assert house.lead("Asha Rao").stage == "qualified"
    with pytest.raises(NotVisible):
        undo_bulk_change(actor=house.operations, job_id=first.pk)


def test_nothing_changed_too_late_or_not_ended_is_refused_in_words(
    house: House, monkeypatch, settings
) -> None:
    change(house, house.operations, "stage", "qualified")
    with pytest.raises(Conflict, match="left every lead"):
        undo_bulk_change(
            actor=house.operations, job_id=change(house, house.operations, "stage", "qualified").pk
        )
    job = change(house, house.operations, "stage", "documents")
    Job.objects.filter(pk=job.pk).update(finished_at=timezone.now() - dt.timedelta(days=8))
    with pytest.raises(Conflict, match="7 days"):
        undo_bulk_change(actor=house.operations, job_id=job.pk)
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    job = change(house, house.operations, "stage", "fresh")
    with pytest.raises(Conflict, match="still going on"):
        undo_bulk_change(actor=house.operations, job_id=job.pk)


def test_many_are_taken_back_by_a_job_that_goes_on_where_it_was(house: House, monkeypatch) -> None:
    monkeypatch.setattr(undoing, "AT_ONCE", 1)
    monkeypatch.setattr(undoing, "BATCH", 2)
    before = standing()
    job = change(house, house.operations, "stage", "qualified")
    taken = undo_bulk_change(actor=house.operations, job_id=job.pk)
    assert (taken.state, taken.kind) == (JobState.QUEUED, UNDO)
    real, calls = undoing._Batch.fates, []

    def interrupted(self, rows):
        calls.append(len(rows))
        if len(calls) == 2:
            raise RuntimeError("The worker falls over.")
        return real(self, rows)

    monkeypatch.setattr(undoing._Batch, "fates", interrupted)
    with pytest.raises(Exception, match="not your doing"):
        run_job_inline(taken)
    assert BulkChangedLead.objects.filter(undone="undone").count() == 2

    second = undo_bulk_change(actor=house.operations, job_id=job.pk)
    assert second.pk != taken.pk
    run_job_inline(second)
    assert met(second) == {"undone": 4}
    assert standing() == before


def test_what_was_kept_goes_when_it_can_be_taken_back_no_more(house: House) -> None:
    old, young = (change(house, house.operations, "stage", stage) for stage in ("qualified", "documents"))
    BulkChange.objects.filter(job=old.pk).update(created_at=timezone.now() - dt.timedelta(days=8))
    for name in ("leads.bulk_changed_leads", "leads.bulk_changes"):
        purge = find_purge(name)
        assert purge is not None
        assert purge.before is not None
        assert purge.delete(purge.before, 100) == (6 if name.endswith("leads") else 1)
    assert set(BulkChangedLead.objects.values_list("job", flat=True)) == {young.pk}
    assert set(BulkChange.objects.values_list("job", flat=True)) == {young.pk}
    with pytest.raises(Conflict, match="7 days"):
        undo_bulk_change(actor=house.operations, job_id=old.pk)


def test_two_presses_at_once_make_one_job(transactional_db: None) -> None:
    organization = make_organization("pressed", currency="INR", timezone="Asia/Kolkata")
    operations = make_actor(organization, Role.OPERATIONS)
    with organization_scope(organization):
        line = make_line(operations, FIELDS, stages=["fresh", "qualified"])
        for name in ("Asha", "Bina", "Chitra"):
            create_lead(actor=operations, line=line, values={"full_name": name})
        house = House(operations, operations, operations, operations, operations, line)
        job = change(house, operations, "stage", "qualified", query=LeadListQuery(line))
    together, jobs = threading.Barrier(3), []

    def press() -> None:
        try:
            together.wait(10)
            with organization_scope(organization):
                jobs.append(undo_bulk_change(actor=operations, job_id=job.pk).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _press in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with organization_scope(organization):
        assert len(jobs) == 3
        assert len(set(jobs)) == 1
        assert Job.objects.filter(kind=UNDO).count() == 1
        assert Lead.history.model.objects.filter(history_job_id=jobs[0]).count() == 3
        assert set(Lead.objects.values_list("stage", flat=True)) == {"fresh"}
