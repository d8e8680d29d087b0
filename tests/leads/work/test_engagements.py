"""Calls and messages: logged by a tap, once; told of; in the one timeline; masked as the reader is."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from core.errors import Conflict, NotPermitted, NotVisible, ValidationFailed
from core.scope import organization_scope, system_scope
from leads.models import Engagement, FollowUp, Lead
from leads.queries.history import lead_timeline
from leads.queries.leads import get_lead
from leads.queries.today import read_today
from leads.services.engagements import DOUBLE_TAP, start_engagement, tell_outcome
from leads.services.leads import update_lead
from tests.factories import make_actor, make_organization


def start(house, channel="call", actor=None, **more):
    return start_engagement(
        actor=actor or house.agent, reference=house.lead.reference, channel=channel, **more
    )


def tell(house, engagement, outcome, actor=None, **more):
    return tell_outcome(
        actor=actor or house.agent,
        reference=house.lead.reference,
        engagement_id=engagement.pk,
        outcome=outcome,
        **more,
    )


def client_of(actor):
    client = Client()
    with system_scope(reason="test"):
        client.force_login(actor.user)
    return client


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("call", "tel:+919845012345"),
        ("whatsapp", "https://wa.me/919845012345"),
        ("sms", "sms:+919845012345"),
    ],
)
def test_a_tap_is_logged_and_leads_to_the_lead_s_own_number(house, channel, address):
    answer = client_of(house.agent).post(
        reverse("leads:engagements", args=[house.lead.reference]), {"channel": channel}
    )
    assert (answer.status_code, answer["Location"]) == (302, address)
    [made] = Engagement.objects.all()
    assert (made.channel, made.by, made.outcome) == (channel, house.agent.membership, "")
    assert [entry.kind for entry in lead_timeline(house.leader, house.lead).entries] == ["engaged", "created"]


def test_a_double_tap_is_one_and_a_later_tap_another(house):
    first = start(house)
    assert start(house).engagement == first.engagement
    assert start(house, "sms").engagement != first.engagement
    Engagement.objects.filter(pk=first.engagement.pk).update(at=timezone.now() - 2 * DOUBLE_TAP)
    assert start(house).is_new


@pytest.mark.django_db(transaction=True)
def test_two_taps_at_once_from_two_connections_log_one():
    from leads.services.leads import create_lead
    from tests.leads.lines.definitions import make_line
    from tests.leads.work.conftest import FIELDS

    organization = make_organization("taps", currency="INR", timezone="Asia/Kolkata")
    operations = make_actor(organization, Role.OPERATIONS, name="Omkar Joshi")
    with organization_scope(organization):
        line = make_line(operations, FIELDS)
        values = {"full_name": "Asha Rao", "mobile": "98450 12345"}
        lead = create_lead(actor=operations, line=line, values=values).lead

    def tap(_number):
        try:
            with organization_scope(organization):
                return start_engagement(
                    actor=operations, reference=lead.reference, channel="call"
                ).engagement.pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(tap, range(4)))
    assert len(made) == 1
    with organization_scope(organization):
        assert Engagement.objects.count() == 1
    assert connection is not None


def test_without_a_number_or_an_address_nothing_is_logged(house):
    with pytest.raises(Conflict) as refused:
        start(house, "email")
    assert refused.value.code == "not_reachable"
    Lead.objects.filter(pk=house.lead.pk).update(phone="+91'><script>")
    with pytest.raises(Conflict):
        start(house)
    with pytest.raises(ValidationFailed):
        start(house, "pigeon")
    assert not Engagement.objects.exists()


def test_what_came_in_needs_no_number(house):
    Lead.objects.filter(pk=house.lead.pk).update(phone="")
    assert start(house, direction="incoming").address == ""
    assert lead_timeline(house.agent, house.again()).entries[0].text == "was called"


def test_who_may_not_edit_calls_nobody_and_sees_no_button(house):
    with pytest.raises(NotPermitted):
        start(house, actor=house.auditor)
    with pytest.raises(NotVisible):
        start(house, actor=house.other)
    page = reverse("leads:detail", args=[house.lead.reference])
    shown = client_of(house.auditor).get(page).content.decode()
    assert 'value="whatsapp"' not in shown
    assert "98450" not in shown
    assert 'value="whatsapp"' in client_of(house.agent).get(page).content.decode()


def test_another_organisation_reaches_nothing(house):
    made = start(house).engagement
    elsewhere = make_organization("elsewhere")
    stranger = make_actor(elsewhere, Role.ADMIN)
    with organization_scope(elsewhere):
        assert not Engagement.objects.filter(pk=made.pk).exists()
        with pytest.raises(NotVisible):
            start(house, actor=stranger)
        with pytest.raises(NotVisible):
            tell(house, made, "reached", actor=stranger)


def test_only_who_called_tells_and_the_history_stays(house):
    made = start(house).engagement
    with pytest.raises(NotPermitted):
        tell(house, made, "reached", actor=house.leader)
    tell(house, made, "no_answer", remark=" Rings out ")
    tell(house, made, "reached", remark="Rang back")
    entry = lead_timeline(house.agent, house.lead).entries[0]
    assert (entry.note, [change.new for change in entry.changes]) == ("Rang back", ["Reached"])
    assert [row.outcome for row in Engagement.history.order_by("history_id")] == ["", "no_answer", "reached"]


def test_an_outcome_plans_the_next_call_once(house, soon):
    made = start(house).engagement
    at = soon(days=1)
    told = tell(house, made, "call_back", remark="After six", follow_up_at=at)
    assert (told.follow_up.what, told.follow_up.due_at) == ("After six", at)
    assert tell(house, made, "call_back", remark="After six", follow_up_at=at).follow_up is None
    assert FollowUp.objects.count() == 1


def test_a_wrong_time_stands_beside_its_field_and_tells_nothing(house, soon):
    made = start(house).engagement
    with pytest.raises(ValidationFailed) as refused:
        tell(house, made, "call_back", follow_up_at=soon(days=-1))
    assert list(refused.value.fields) == ["follow_up_at"]
    assert Engagement.objects.get().outcome == ""
    with pytest.raises(ValidationFailed):
        tell(house, made, "")


def test_a_remark_is_masked_for_who_may_not_edit(house):
    tell(house, start(house).engagement, "wrong_number", remark="Try 98765 43210")
    lead = get_lead(house.auditor, house.lead.reference)
    assert lead_timeline(house.auditor, lead).entries[0].note == "Try ••••"


def test_a_called_lead_is_not_untouched_any_more(house):
    assert read_today(house.agent).untouched.total == 1
    start(house)
    assert read_today(house.agent).untouched.total == 0


def test_the_page_asks_how_it_went_and_takes_it_with_the_next_step(house):
    client = client_of(house.agent)
    page = reverse("leads:detail", args=[house.lead.reference])
    made = start(house).engagement
    assert 'id="outcome"' in client.get(page).content.decode()
    where = reverse("leads:engagement", args=[house.lead.reference, made.pk])
    assert client.post(where, {"outcome": ""}).status_code == 422
    tomorrow = (timezone.now() + dt.timedelta(days=1)).strftime("%Y-%m-%dT10:00")
    sent = client.post(where, {"outcome": "call_back", "remark": "", "follow_up_at": tomorrow})
    assert sent.status_code == 302
    assert FollowUp.objects.get().what == "Call again"
    assert 'id="outcome"' not in client.get(page).content.decode()
    assert "tel:" in client.get(page)["Content-Security-Policy"]


def test_calls_of_the_api_log_list_and_tell(house):
    client = client_of(house.agent)
    where = f"/api/v1/leads/{house.lead.reference}/engagements/"
    made = client.post(where, {"channel": "call"}, content_type="application/json")
    assert made.status_code == 201, made.content
    told = client.patch(
        made["Location"], {"outcome": "reached", "remark": "Well"}, content_type="application/json"
    )
    assert (told.status_code, told.json()["outcome"]) == (200, "reached")
    assert [row["remark"] for row in client.get(where).json()["results"]] == ["Well"]
    refused = client.post(where, {"channel": "email"}, content_type="application/json")
    assert refused.status_code == 409


def test_pages_of_the_timeline_hold_calls_in_their_order(house, soon):
    tell(house, start(house).engagement, "call_back", follow_up_at=soon(hours=3))
    update_lead(actor=house.agent, reference=house.lead.reference, values={"full_name": "A. Rao"})
    whole = lead_timeline(house.agent, house.again()).entries
    assert [entry.kind for entry in whole] == ["changed", "planned", "engaged", "created"]
    pages, cursor = [], ""
    while True:
        page = lead_timeline(house.agent, house.again(), older_than=cursor, limit=1)
        pages += page.entries
        cursor = page.older
        if not cursor:
            break
    assert pages == whole
