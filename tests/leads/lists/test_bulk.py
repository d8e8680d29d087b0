"""Changing many leads: only those that may be, only as they were seen, once for each press, and told what happened."""

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from core.errors import Conflict, NotPermitted, ValidationFailed
from core.jobs import run_job_inline
from core.models import Job, JobState
from core.services.jobs import pause_job, resume_job
from leads.models import FollowUp, Lead, LeadTag, Notification
from leads.queries.lead_list import LeadListQuery
from leads.services import bulk
from leads.services.bulk import Change, change_many_leads
from leads.services.follow_ups import plan_follow_up
from leads.services.leads import update_lead
from tests.leads.lists.conftest import House


def change(house: House, actor, action: str, value, **options) -> Job:
    query = options.pop("query", LeadListQuery(house.line))
    press = options.pop("press", uuid.uuid4().hex)
    as_of = options.pop("as_of", timezone.now())
    return change_many_leads(
        actor=actor, query=query, change=Change(action, value), press=press, as_of=as_of, **options
    )


def met(job: Job) -> dict[str, int]:
    """What became of leads, without the fates that no lead met."""
    job.refresh_from_db()
    return {name: number for name, number in (job.result or {}).items() if number and name != "leads"}


def test_all_of_a_list_are_moved_once_with_history_that_names_the_job(house: House) -> None:
    job = change(house, house.operations, "stage", "qualified")
    assert met(job) == {"changed": 6}
    assert set(Lead.objects.values_list("stage", flat=True)) == {"qualified"}
    history = Lead.history.model.objects.filter(history_job_id=job.pk)
    assert history.count() == 6
    assert {row.history_user_id for row in history} == {house.operations.user.pk}
    assert met(change(house, house.operations, "stage", "qualified")) == {"unchanged": 6}


def test_the_list_that_is_changed_may_be_filtered_by_what_changes(house: House, monkeypatch) -> None:
    monkeypatch.setattr(bulk, "BATCH", 2)
    query = LeadListQuery(house.line, conditions={"field": "stage", "op": "eq", "value": "fresh"})
    assert met(change(house, house.operations, "stage", "contacted", query=query)) == {"changed": 4}


def test_only_what_the_actor_may_change_is_changed(house: House) -> None:
    with pytest.raises(NotPermitted):
        change(house, house.agent, "assign", house.other.membership.pk)
    with pytest.raises(NotPermitted):
        change(house, house.leader, "assign", house.other.membership.pk)
    with pytest.raises(NotPermitted):
        change(house, house.auditor, "stage", "qualified")
    assert met(change(house, house.agent, "stage", "qualified")) == {"changed": 3}, "The agent sees three."
    references = tuple(lead.reference for lead in house.leads)
    query = LeadListQuery(house.line, references=references)
    assert met(change(house, house.agent, "stage", "documents", query=query)) == {"changed": 3, "gone": 3}
    assert Lead.objects.filter(stage="documents").count() == 3


def test_who_reads_more_than_they_write_is_told_what_was_not_allowed(house: House) -> None:
    from accounts.roles import Role
    from tests.factories import make_actor

    both = make_actor(house.operations.organization, Role.AUDITOR, Role.AGENT, name="Both")
    assert met(change(house, both, "status", "closed")) == {"not_allowed": 6}


def test_a_lead_that_changed_meanwhile_stays_as_it_is(house: House) -> None:
    seen = {lead.reference: house.lead(lead.name).updated_at.isoformat() for lead in house.leads}
    as_of = timezone.now()
    update_lead(
        actor=house.agent, reference=house.leads[0].reference, values={}, attributes={"stage": "documents"}
    )
    assert met(change(house, house.operations, "stage", "qualified", as_of=as_of)) == {
        "changed": 5,
        "changed_meanwhile": 1,
    }
    query = LeadListQuery(house.line, references=tuple(seen))
    job = change(house, house.operations, "status", "closed", query=query, seen=seen)
    assert met(job) == {"changed_meanwhile": 6}
    assert house.lead("Asha Rao").stage == "documents"


def test_a_press_is_one_change_however_often_it_is_sent(house: House) -> None:
    as_of = timezone.now()
    first = change(house, house.operations, "stage", "qualified", press="p", as_of=as_of)
    second = change(house, house.operations, "stage", "qualified", press="p", as_of=as_of)
    assert first.pk == second.pk
    assert Job.objects.filter(kind=bulk.BULK).count() == 1
    with pytest.raises(Conflict):
        change(house, house.operations, "stage", "documents", press="p", as_of=as_of)


def test_a_new_owner_gets_leads_follow_ups_and_word_of_it(house: House) -> None:
    lead = house.lead("Asha Rao")
    due = timezone.now() + dt.timedelta(days=1)
    for actor in (house.agent, house.leader):
        plan_follow_up(actor=actor, reference=lead.reference, what="Call", due_at=due)
    job = change(house, house.operations, "assign", house.other.membership.pk)
    assert met(job) == {"changed": 3, "unchanged": 3}
    assert set(Lead.objects.values_list("owner_id", flat=True)) == {house.other.membership.pk}
    theirs = FollowUp.objects.order_by("pk").values_list("assignee_id", flat=True)
    assert list(theirs) == [house.other.membership.pk, house.leader.membership.pk], "The leader's stays hers."
    assert Notification.objects.filter(recipient=house.other.membership, kind="assigned").count() == 3


def test_an_owner_of_many_is_not_drowned(house: House, monkeypatch) -> None:
    monkeypatch.setattr(bulk, "MOST_TOLD", 2)
    change(house, house.operations, "assign", house.leader.membership.pk)
    assert Notification.objects.filter(recipient=house.leader.membership).count() == 2


def test_tags_are_put_on_and_taken_away(house: House) -> None:
    assert met(change(house, house.operations, "tag", " Hot  lead ")) == {"changed": 6}
    assert met(change(house, house.operations, "tag", "hot LEAD")) == {"unchanged": 6}
    assert LeadTag.history.model.objects.filter(history_type="+").count() == 6
    assert met(change(house, house.agent, "untag", "HOT lead")) == {"changed": 3}
    assert LeadTag.objects.count() == 3


@pytest.mark.parametrize(
    ("action", "value"),
    [("stage", "nowhere"), ("status", ""), ("tag", " "), ("tag", "x" * 41), ("assign", 0), ("burn", "1")],
)
def test_wrong_values_change_nothing(house: House, action: str, value) -> None:
    with pytest.raises(ValidationFailed):
        change(house, house.operations, action, value)
    assert not Job.objects.filter(kind=bulk.BULK).exists()


def test_many_are_changed_by_a_job_that_pauses_and_goes_on_at_its_cursor(house: House, monkeypatch) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    monkeypatch.setattr(bulk, "BATCH", 2)
    job = change(house, house.operations, "stage", "qualified")
    assert job.state == JobState.QUEUED
    assert not Lead.objects.filter(stage="qualified").exists()
    pause_job(job=job, actor=house.operations)
    resume_job(job=job, actor=house.operations)
    calls = []
    real = bulk._Batch.apply

    def interrupted(self, rows):
        calls.append(len(rows))
        if len(calls) == 2:
            raise RuntimeError("The worker falls over.")
        return real(self, rows)

    monkeypatch.setattr(bulk._Batch, "apply", interrupted)
    with pytest.raises(Exception, match="not your doing"):
        run_job_inline(job)
    assert Lead.objects.filter(stage="qualified").count() == 2, (
        "What was finished stays, half a batch does not."
    )
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, finished_at=None, error="")
    job.refresh_from_db()
    run_job_inline(job)
    assert met(job) == {"changed": 6}


def test_pages_pick_change_tell_and_export(house: House, client_for) -> None:
    client = client_for(house.agent)
    page = client.get(reverse("leads:list"), {"line": "loan"})
    picks = [row["pick"] for row in page.context["rows"]][:2]
    ask = client.get(reverse("leads:bulk"), {"line": "loan", "pick": picks})
    assert ask.context["number"] == 2
    assert not ask.context["members"], "An agent assigns nothing."
    url = f"{reverse('leads:bulk')}?{ask.wsgi_request.GET.urlencode()}"
    body = {
        "press": ask.context["press"],
        "as_of": ask.context["as_of"],
        "action": "stage",
        "value": "documents",
    }
    done = client.post(url, body, follow=True)
    assert "2 changed." in done.content.decode()
    assert client.post(url, body)["Location"] == done.redirect_chain[0][0]
    late = client.post(url, {**body, "press": "other", "value": "qualified"}, follow=True)
    assert "2 changed meanwhile by somebody else" in late.content.decode()
    wrong = client.post(url, {**body, "press": "third", "value": "nowhere"})
    assert wrong.status_code == 422
    file = client.get(reverse("leads:export"), {"line": "loan", "pick": picks, "format": "csv"})
    rows = b"".join(file.streaming_content).decode("utf-8-sig").splitlines()
    assert len(rows) == 3
    job = Job.objects.filter(kind=bulk.BULK).first()
    for other in (house.operations, house.other):
        assert client_for(other).get(reverse("leads:bulk_detail", args=[job.pk])).status_code == 404
    assert client.get(reverse("leads:bulk"), {"line": "loan"}).status_code == 302


def test_all_that_match_is_what_the_list_shows(house: House, client_for) -> None:
    client = client_for(house.operations)
    page = client.get(reverse("leads:list"), {"line": "loan", "data.town": "Pune", "search": "a"})
    ask = client.get(page.context["all_url"])
    shown = {row["reference"] for row in page.context["rows"]}
    assert ask.context["number"] == len(shown)
    body = {"press": ask.context["press"], "as_of": ask.context["as_of"], "action": "tag", "value": "Pune"}
    client.post(page.context["all_url"], body)
    tagged = LeadTag.objects.values_list("lead__reference", flat=True)
    assert set(tagged) == shown
