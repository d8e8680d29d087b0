"""What becomes of what is sent: a lead, a repeat that nobody is told of, or an enquiry that is held."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import Role
from core.errors import Conflict, NotPermitted, NotVisible, ValidationFailed
from core.integrity import run_checks
from core.retention.registry import registered_purges
from core.scope import Scope, entered, organization_scope, system_scope
from leads.models import ConsentText, Field, FormLink, FormRefusals, FormSubmission, Lead
from leads.queries.form_links import form_link_scope, visible_form_links, visible_submissions, with_counts
from leads.queries.history import lead_timeline
from leads.services.fields import retire_field, update_field
from leads.services.form_links import pause_form_link, update_form_link
from leads.services.form_submissions import (
    DayIsFull,
    FilledForm,
    FormClosed,
    accept_submission,
    count_refusal,
    discard_submission,
    submit_form,
)
from leads.services.leads import create_lead, update_lead
from leads.services.lines import publish_line, update_line
from tests.leads.form_links.conftest import PERSON, form_of

pytestmark = pytest.mark.django_db
inside = pytest.mark.usefixtures("in_organization")


def sent(values=None, press="a-press", **more):
    return FilledForm({**PERSON, **(values or {})}, press, **more)


def send(link, values=None, press="a-press", **more):
    """Fill in a form as nobody, and return what became of it."""
    with entered(Scope(request_id="r")), form_link_scope(link):
        return submit_form(link=link, sent=sent(values, press, **more))


@inside
def test_an_enquiry_becomes_a_lead_of_its_line_that_names_the_form(operations, actor_for, link):
    leader = actor_for(Role.TEAM_LEADER)
    agent = actor_for(Role.AGENT, manager=leader)
    update_form_link(actor=operations, link=link, owner=agent.membership)
    row = send(link, {"income": "1,25,000", "kind": "Salaried", "employer": "Acme"}, address="192.0.2.1")
    lead = Lead.objects.get()
    assert lead.data == {
        "full_name": "Asha Rao",
        "mobile": "+919876543210",
        "income": "125000.00",
        "kind": "Salaried",
        "employer": "Acme",
        "yearly": lead.data["yearly"],
    }
    assert (lead.line, lead.source.name, lead.owner, lead.team) == (
        link.line,
        "Website",
        agent.membership,
        leader.membership,
    )
    assert (row.outcome, row.lead_id, row.values) == ("created", lead.pk, None)
    assert len(row.address_digest) == 64 and "192.0" not in row.address_digest
    entry = lead_timeline(operations, lead).entries[0]
    assert (entry.actor, entry.kind) == ("Form “Ask for a loan”", "created")
    written = Lead.history.get(id=lead.pk)
    assert (written.history_user_id, written.history_request_id) == (None, "r")


@inside
def test_who_is_signed_in_is_not_who_wrote_it(operations, link):
    with organization_scope(operations.organization, actor_id=operations.user.pk), form_link_scope(link):
        submit_form(link=link, sent=sent())
    assert Lead.history.get().history_user_id is None


@inside
def test_an_owner_who_has_left_gets_no_leads(operations, actor_for, link):
    agent = actor_for(Role.AGENT)
    update_form_link(actor=operations, link=link, owner=agent.membership)
    with system_scope(operations.organization):
        Membership.objects.filter(pk=agent.membership.pk).update(is_active=False)
    send(link)
    assert Lead.objects.get().owner is None


@inside
@pytest.mark.parametrize("on_duplicate", ["skip", "update"])
def test_a_repeat_is_counted_and_changes_nothing(operations, link, on_duplicate):
    update_line(actor=operations, line=link.line, on_duplicate=on_duplicate)
    lead = create_lead(actor=operations, line=link.line, values=PERSON).lead
    row = send(link, {"full_name": "Somebody Else", "mail": "other@example.com"})
    lead.refresh_from_db()
    assert (lead.repeat_enquiries, lead.name, lead.email) == (1, "Asha Rao", "")
    assert (row.outcome, row.lead_id) == ("repeat", lead.pk)
    assert row.values["mail"] == "other@example.com"
    assert Lead.objects.count() == 1


@inside
def test_a_value_that_another_lead_has_is_told_to_operations_alone(operations, link):
    create_lead(actor=operations, line=link.line, values={**PERSON, "pan": "ABCDE1234F"})
    row = send(link, {"mobile": "98765 00000", "pan": "ABCDE1234F"})
    assert (row.outcome, row.suspicions, row.values["pan"]) == ("held", ["pan:unique"], "ABCDE1234F")
    again = send(link, {"pan": "ABCDE1234F"}, press="b")
    assert again.outcome == "repeat"
    assert Lead.objects.get().repeat_enquiries == 1


@inside
def test_the_same_press_counts_once_and_changed_values_are_another_enquiry(operations, link):
    update_line(actor=operations, line=link.line, on_duplicate="create")
    rows = [send(link), send(link), send(link, {"full_name": "Asha R"}), send(link, press="b")]
    assert rows[0].pk == rows[1].pk
    assert len({row.pk for row in rows}) == Lead.objects.count() == 3


@inside
@pytest.mark.parametrize(
    ("values", "trapped", "why"),
    [
        ({}, True, ["trap"]),
        ({"story": "http://a.example www.b.example https://c.example"}, False, ["links"]),
    ],
)
def test_what_looks_like_a_machines_is_held_and_not_dropped(operations, link, values, trapped, why):
    row = send(link, values, is_trapped=trapped)
    assert (row.outcome, row.suspicions, row.lead_id) == ("held", why, None)
    assert row.values == {**PERSON, **values}
    assert not Lead.objects.exists()
    assert (
        not FormSubmission.history.model.objects.filter(press=row.press)
        .values("id")
        .filter(lead_id__isnull=False)
    )
    accept_submission(actor=operations, submission=row)
    row.refresh_from_db()
    lead = Lead.objects.get()
    assert (row.outcome, row.lead_id, row.values) == ("created", lead.pk, None)
    with pytest.raises(Conflict):
        accept_submission(actor=operations, submission=row)


@inside
def test_what_does_not_apply_is_not_kept(link):
    row = send(link, {"kind": "Business", "employer": "nul \0"}, is_trapped=True)
    assert row.values == {**PERSON, "kind": "Business"}


@inside
def test_a_line_that_requires_more_since_then_keeps_what_comes_in(operations, link):
    surveyor = Field.objects.get(line=link.line, key="surveyor")
    update_field(actor=operations, field=surveyor, changes={"required": True})
    publish_line(actor=operations, line=link.line)
    row = send(link)
    assert (row.outcome, row.suspicions) == ("held", ["unasked:surveyor"])
    with pytest.raises(ValidationFailed):
        accept_submission(actor=operations, submission=row)
    with pytest.raises(ValidationFailed) as refused:
        send(link, {"mobile": "12"}, press="b")
    assert refused.value.fields.keys() == {"mobile"}


@inside
def test_what_was_typed_for_a_field_that_is_gone_stays_with_the_enquiry(operations, link):
    row = send(link, {"mail": "asha@example.com"}, is_trapped=True)
    retire_field(actor=operations, field=Field.objects.get(line=link.line, key="mail"))
    publish_line(actor=operations, line=link.line)
    row = accept_submission(actor=operations, submission=row)
    assert (row.outcome, row.values) == ("created", {"mail": "asha@example.com"})


@inside
def test_only_who_writes_all_leads_decides(actor_for, operations, link, elsewhere):
    row = send(link, is_trapped=True)
    for role in (Role.AGENT, Role.TEAM_LEADER, Role.FINANCE, Role.AUDITOR, Role.PARTNER):
        for decide in (accept_submission, discard_submission):
            with pytest.raises(NotPermitted):
                decide(actor=actor_for(role), submission=row)
    theirs = send(elsewhere, is_trapped=True)
    with pytest.raises(NotVisible):
        accept_submission(actor=operations, submission=theirs)
    assert list(visible_submissions(operations)) == [row]
    assert not visible_submissions(actor_for(Role.AGENT)).exists()


@inside
def test_what_is_discarded_goes_when_it_is_old(operations, link):
    kept, gone = send(link, is_trapped=True), send(link, press="b", is_trapped=True)
    discard_submission(actor=operations, submission=gone)
    [purge] = [each for each in registered_purges() if each.name == "leads.discarded_enquiries"]
    assert purge.count(timezone.now() - dt.timedelta(days=1)) == 0
    assert purge.delete(timezone.now(), 10) == 1
    assert FormSubmission.objects.get() == kept
    assert "98765" not in str(FormSubmission.history.model.objects.values())


@inside
def test_what_was_agreed_to_is_what_was_seen(operations, link):
    for text in ("Call me.", "Call me now."):
        update_form_link(actor=operations, link=link, consent_purpose="Calls", consent_text=text)
    row = send(link, consent_number=1)
    assert (row.consent.text, row.consent.purpose) == ("Call me.", "Calls")
    assert send(link, press="b", consent_number=7).consent is None
    assert ConsentText.objects.count() == 2


@inside
def test_a_closed_form_takes_nothing(operations, link):
    pause_form_link(actor=operations, link=link)
    with pytest.raises(FormClosed):
        send(link)
    assert not FormSubmission.objects.exists()


@inside
def test_a_day_takes_as_many_as_the_form_says(operations, link, organization):
    update_form_link(actor=operations, link=link, daily_cap=2)
    link.refresh_from_db()
    evening = dt.datetime(2026, 3, 1, 22, 0, tzinfo=organization.zone)
    with time_machine.travel(evening, tick=False):
        send(link, press="a")
        send(link, press="b", is_trapped=True)
        with pytest.raises(DayIsFull) as full:
            send(link, press="c")
        assert full.value.wait == 2 * 3_600
        assert send(link, press="a").outcome == "created"
    with time_machine.travel(evening + dt.timedelta(hours=2), tick=False):
        send(link, press="c")
    assert FormSubmission.objects.count() == 3


@inside
def test_counts_tell_what_came_in_and_what_was_turned_away(operations, link, django_assert_num_queries):
    send(link)
    send(link, press="b")
    send(link, press="c", is_trapped=True)
    with form_link_scope(link):
        for _time in range(3):
            count_refusal(link=link)
    with django_assert_num_queries(1):
        [found] = with_counts(visible_form_links(operations))
    assert (
        found.submissions_count,
        found.repeats_count,
        found.held_count,
        found.refused_count,
    ) == (3, 1, 1, 3)
    assert FormRefusals.objects.get().count == 3


@inside
def test_an_enquiry_refers_to_a_lead_of_its_line(operations, link, organization):
    row = send(link)
    update_lead(actor=operations, reference=Lead.objects.get().reference, values={"income": "5"})
    assert row.lead_id == Lead.objects.get().pk
    FormSubmission.objects.update(lead_id=987_654)
    [told] = run_checks([organization])["leads.references"].examples
    assert "leads_formsubmission.lead_id names no lead" in told


# At the same time


def at_once(number, work):
    """Do some work in as many threads, each with a connection of its own, all beginning together."""
    ready = Barrier(number)

    def run(index):
        ready.wait(30)
        try:
            return work(index)
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as threads:
        return [each.result(60) for each in [threads.submit(run, index) for index in range(number)]]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("on_duplicate", ["skip", "create"])
def test_a_press_that_is_sent_four_times_at_once_makes_one_lead(operations, organization, on_duplicate):
    with organization_scope(organization):
        link = form_of(operations, line={"on_duplicate": on_duplicate})
    rows = at_once(4, lambda _index: send(link))
    with organization_scope(organization):
        assert len({row.pk for row in rows}) == FormSubmission.objects.count() == 1
        assert Lead.objects.get().repeat_enquiries == 0


@pytest.mark.django_db(transaction=True)
def test_no_more_than_the_cap_get_in_at_once(operations, organization):
    with organization_scope(organization):
        link = form_of(operations, line={"on_duplicate": "create"}, daily_cap=3)

    def try_to_send(index):
        try:
            return send(link, press=f"press-{index}").outcome
        except DayIsFull:
            return "full"

    assert sorted(at_once(6, try_to_send)) == ["created"] * 3 + ["full"] * 3
    with organization_scope(organization):
        assert FormLink.objects.get().submissions.count() == Lead.objects.count() == 3
