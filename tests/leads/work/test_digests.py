"""The mail of the day: to whom it is owed, what it says, and how it is ended."""

import datetime as dt
import os
import re
import signal
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import Role
from core.errors import NotPermitted, NotVisible, ValidationFailed
from core.models import OutboxMessage
from core.outbox.delivering import deliver_due
from core.retention.registry import find_purge
from core.scope import organization_scope, system_scope
from core.tasks import start_daily_work
from leads.models import (
    Digest,
    FollowUp,
    Lead,
    LeadStatus,
    Notification,
    NotificationKind,
    NotificationSettings,
)
from leads.queries.digests import people_to_help
from leads.services.digests.choosing import Choice, choose_notifications, stop_mails, stop_token
from leads.services.digests.owing import owe_digests
from leads.services.follow_ups import plan_follow_up
from leads.services.leads import assign_lead
from leads.services.notes import write_note
from tests.core.outbox.conftest import let_time_pass
from tests.factories import make_actor, make_organization
from tests.leads.api.conftest import Api
from tests.leads.work.conftest import House
from tests.mail_server import MailServer

INDIA = ZoneInfo("Asia/Kolkata")


def morning(hour: int = 8, minute: int = 1) -> dt.datetime:
    """A moment of today in India."""
    return dt.datetime.combine(timezone.now().astimezone(INDIA).date(), dt.time(hour, minute), tzinfo=INDIA)


@pytest.fixture
def settled(house: House) -> House:
    """Everybody has been here since last week."""
    week_ago = timezone.now() - dt.timedelta(days=7)
    with system_scope():
        Membership.objects.update(created_at=week_ago)
    NotificationSettings.objects.update(changed_at=week_ago)
    return house


@pytest.fixture
def sends(settled: House, monkeypatch: pytest.MonkeyPatch):
    """Return `sends(now)`: owe what is due at a moment, deliver it, and return the mails by address."""

    def send(now: dt.datetime) -> dict[str, mail.EmailMultiAlternatives]:
        mail.outbox.clear()
        owe_digests(settled.operations.organization, now=now)
        monkeypatch.setattr("leads.services.digests.mailing.timezone", SimpleNamespace(now=lambda: now))
        with system_scope():
            deliver_due()
        return {message.to[0]: message for message in mail.outbox}  # type: ignore[misc]

    return send


def chooses(actor, **choice) -> NotificationSettings:
    chosen = choose_notifications(actor=actor, choice=Choice(**choice))
    NotificationSettings.objects.update(changed_at=timezone.now() - dt.timedelta(days=7))
    return chosen


def overdue(house: House, what: str = "Call her back", days: int = 2) -> FollowUp:
    found = plan_follow_up(
        actor=house.agent,
        reference=house.lead.reference,
        what=what,
        due_at=timezone.now() + dt.timedelta(days=30),
    )
    FollowUp.objects.filter(pk=found.pk).update(due_at=morning() - dt.timedelta(days=days))
    return found


def test_an_agent_reads_what_is_due_and_a_leader_whom_to_help(settled, sends):
    overdue(settled)
    settled.lead_of(settled.other, name="Gita Menon", mobile="98450 54321")
    Lead.objects.filter(owner=settled.other.membership).update(created_at=morning() - dt.timedelta(days=3))

    sent = sends(morning())

    agent, leader = (sent[who.user.email] for who in (settled.agent, settled.leader))
    assert agent.subject == "Your day: 1 overdue"
    assert f"- Asha Rao: Call her back, {morning() - dt.timedelta(days=2):%-d %b}, 08:01" in agent.body
    assert f"http://127.0.0.1:8000/leads/{settled.lead.reference}/" in agent.body
    assert leader.subject == "Your day: 2 people to help today"
    assert "- Arjun Rao: 1 follow-up overdue (the oldest by 2 days)" in leader.body
    assert "- Bina Shah: 1 new lead that nobody has begun" in leader.body
    assert f"/leads/?owner={settled.other.membership.pk}" in leader.body
    html, kind = leader.alternatives[0]
    assert kind == "text/html"
    assert "<h2>2 people to help today</h2>" in html
    assert "Asha" not in leader.body


def test_nothing_to_say_sends_nothing_and_owes_nothing_more(settled, sends):
    assert settled.leader.user.email not in sends(morning())
    with system_scope():
        assert not OutboxMessage.objects.filter(topic="leads.digest").exclude(state="delivered").exists()

    overdue(settled)

    assert sends(morning(9)) == {}


def test_a_mail_that_could_not_be_sent_on_its_day_comes_late(settled, sends):
    overdue(settled)
    owe_digests(settled.operations.organization, now=morning(20))

    late = sends(morning(7) + dt.timedelta(days=1))

    assert late[settled.agent.user.email].subject == "Your day: 1 overdue"
    assert sends(morning(7) + dt.timedelta(days=1)) == {}


def test_after_a_long_outage_one_mail_tells_all_of_it(settled, sends):
    chooses(settled.leader, kinds={"mention": "mail"})
    sends(morning() - dt.timedelta(days=1))
    write_note(actor=settled.agent, reference=settled.lead.reference, text="Look, @Leela Nair")
    owe_digests(settled.operations.organization, now=morning())
    with system_scope():
        Digest.objects.filter(day=morning().date()).update(created_at=timezone.now() + dt.timedelta(hours=1))

    sent = sends(morning() + dt.timedelta(days=1))

    told = sent[settled.leader.user.email]
    assert "1 unread" in told.subject
    days = Digest.objects.filter(membership=settled.leader.membership).order_by("day")
    assert [each.day for each in days] == [
        (morning() + dt.timedelta(days=number)).date() for number in (-1, 1)
    ]


def test_what_was_due_days_ago_is_no_news(settled, sends):
    overdue(settled)
    owe_digests(settled.operations.organization, now=morning())

    assert sends(morning(7) + dt.timedelta(days=3)) == {}


def test_each_person_once_a_day_however_often_it_is_looked(settled, sends):
    overdue(settled)
    first = sends(morning())
    assert sends(morning()) == sends(morning(23)) == {}
    assert sends(morning() + dt.timedelta(days=1)).keys() == first.keys()
    assert Digest.objects.filter(membership=settled.agent.membership).count() == 2


def test_it_comes_at_the_hour_and_in_the_timezone_that_somebody_chose(settled, sends):
    overdue(settled)
    chooses(settled.agent, hour=18)
    assert settled.agent.user.email not in sends(morning(17, 59))
    assert settled.agent.user.email in sends(morning(18, 0))
    # Tokyo is three hours and a half ahead of India.
    chooses(settled.leader, hour=22, timezone="Asia/Tokyo")
    Digest.objects.all().delete()
    assert settled.leader.user.email not in sends(morning(18, 29))
    assert settled.leader.user.email in sends(morning(18, 30))


def test_an_hour_that_struck_before_somebody_joined_or_chose_it_brings_no_mail(settled, sends):
    overdue(settled)
    choose_notifications(actor=settled.agent, choice=Choice(hour=6))
    NotificationSettings.objects.update(changed_at=morning(9))
    with system_scope():
        Membership.objects.filter(pk=settled.leader.membership.pk).update(created_at=morning(10))
    sent = sends(morning(11))
    assert settled.agent.user.email not in sent
    assert settled.leader.user.email not in sent
    assert settled.agent.user.email in sends(morning() + dt.timedelta(days=1))


def test_what_is_chosen_by_mail_comes_once_and_what_is_off_is_told_nowhere(settled, sends):
    chooses(settled.leader, kinds={"mention": "mail"}, morning=False)
    chooses(settled.other, kinds={"assigned": "off"}, morning=False)
    write_note(actor=settled.agent, reference=settled.lead.reference, text="Please look, @Leela Nair")
    assign_lead(actor=settled.operations, reference=settled.lead.reference, owner=settled.other.membership)

    assert not Notification.objects.filter(kind=NotificationKind.ASSIGNED).exists()
    sent = sends(morning())
    body = sent[settled.leader.user.email].body
    assert sent[settled.leader.user.email].subject == "Your day: 1 unread"
    assert "- Asha Rao: Please look, @Leela Nair, Arjun Rao: Mentioned you" in body
    assert settled.other.user.email not in sent
    # What was mailed is not mailed again, though nobody has read it.
    Notification.objects.update(created_at=morning() - dt.timedelta(hours=1))
    assert settled.leader.user.email not in sends(morning() + dt.timedelta(days=1))


def test_a_mail_tells_nothing_that_is_hidden_or_masked(settled, sends):
    line = settled.line
    line.fields.filter(key="full_name").update(pii=True)
    organization = settled.operations.organization
    Lead.objects.filter(pk=settled.lead.pk).update(data={**settled.lead.data, "income": "87654321"})
    overdue(settled, "Ask about her income of 87654321")
    body = sends(morning())[settled.agent.user.email].body
    assert "87654321" not in body
    assert settled.lead.reference in body
    assert "98450" not in body
    assert organization.name in body


def test_three_people_at_most_and_only_of_ones_own_team(settled):
    organization = settled.operations.organization
    stranger = make_actor(organization, Role.AGENT, name="Somebody Else")
    for number in range(5):
        agent = make_actor(organization, Role.AGENT, name=f"Agent {number}", manager=settled.leader)
        for lead in range(number):
            settled.lead_of(agent, mobile=f"9845{number}{lead}1234")
    settled.lead_of(stranger, mobile="98454 99999")
    Lead.objects.update(created_at=timezone.now() - dt.timedelta(days=3))
    begun = Lead.objects.filter(owner__name="Agent 4").first()
    assert begun is not None
    Lead.objects.filter(pk=begun.pk).update(
        status=LeadStatus.IN_PROGRESS, updated_at=timezone.now() - dt.timedelta(days=8)
    )
    found = people_to_help(settled.leader)
    assert [(str(each.member), each.untouched, each.stalled) for each in found] == [
        ("Agent 4", 3, 1),
        ("Agent 3", 3, 0),
        ("Agent 2", 2, 0),
    ]
    assert people_to_help(settled.agent) == people_to_help(settled.operations) == []


def test_whom_to_help_takes_the_same_queries_for_many(settled, django_assert_num_queries):
    organization = settled.operations.organization
    for number in range(4):
        agent = make_actor(organization, Role.AGENT, name=f"Agent {number}", manager=settled.leader)
        settled.lead_of(agent, mobile=f"9845{number}11234")
    with django_assert_num_queries(5):
        people_to_help(settled.leader)


def test_the_link_of_a_mail_ends_mails_and_nothing_else(settled, sends):
    overdue(settled)
    sent = sends(morning())[settled.agent.user.email]
    (link,) = re.findall(r"http://127\.0\.0\.1:8000(/mails/stop/\S+/)", sent.body)
    assert sent.extra_headers["List-Unsubscribe"] == f"<http://127.0.0.1:8000{link}>"
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    client = Client(enforce_csrf_checks=True)

    assert client.get(link).status_code == 200
    assert not NotificationSettings.objects.filter(morning=False).exists()
    assert client.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert client.post(link).status_code == 200
    chosen = NotificationSettings.objects.get(membership=settled.agent.membership)
    assert (chosen.morning, chosen.mailed) == (False, [])
    assert client.get(link.replace("/mails/stop/", "/mails/stop/x")).status_code == 404
    Digest.objects.all().delete()
    assert settled.agent.user.email not in sends(morning())


def test_a_link_of_who_has_left_ends_nothing(settled):
    token = stop_token(settled.agent.membership)
    with system_scope():
        Membership.objects.filter(pk=settled.agent.membership.pk).update(is_active=False)
    with pytest.raises(NotVisible):
        stop_mails(token)


def test_who_left_meanwhile_gets_no_mail(settled, sends):
    overdue(settled)
    owe_digests(settled.operations.organization, now=morning())
    with system_scope():
        Membership.objects.filter(pk=settled.agent.membership.pk).update(is_active=False)
    assert settled.agent.user.email not in sends(morning())


def test_what_makes_no_sense_is_refused_by_name(settled):
    for choice, name in (
        (Choice(kinds={"gossip": "app"}), "kinds"),
        (Choice(kinds={"mention": "pigeon"}), "mention"),
        (Choice(hour=24), "hour"),
        (Choice(timezone="Asia/Atlantis"), "timezone"),
    ):
        with pytest.raises(ValidationFailed) as refusal:
            choose_notifications(actor=settled.agent, choice=choice)
        assert list(refusal.value.fields) == [name]
    with pytest.raises(NotPermitted):
        choose_notifications(actor=_system(settled), choice=Choice(hour=9))


def _system(house: House):
    from accounts.actor import Actor

    return Actor.system(house.operations.organization)


def test_a_real_server_takes_it_once_after_it_was_down(settled, settings, monkeypatch):
    overdue(settled)
    monkeypatch.setattr("leads.services.digests.mailing.timezone", SimpleNamespace(now=morning))
    with MailServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
        owe_digests(settled.operations.organization, now=morning())
        with system_scope():
            deliver_due()
        server.start()
        with system_scope():
            let_time_pass()
            deliver_due()
            deliver_due()
        owe_digests(settled.operations.organization, now=morning())
        with system_scope():
            deliver_due()
    assert server.recipients.count(settled.agent.user.email) == 1
    kinds = [part.get_content_type() for part in server.received[0].walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]


def test_old_notifications_and_records_go_by_the_setting(settled, settings):
    write_note(actor=settled.agent, reference=settled.lead.reference, text="Look, @Leela Nair")
    owe_digests(settled.operations.organization, now=morning())
    kept = Notification.objects.get()
    old = timezone.now() - dt.timedelta(days=181)
    gone = Notification.objects.create(
        recipient=kept.recipient,
        kind=kept.kind,
        lead=kept.lead,
        note=kept.note,
        actor=kept.actor,
        created_at=old,
    )
    Digest.objects.update(created_at=old)
    settings.RETENTION_NOTIFICATIONS_DAYS = 180

    for name in ("leads.notifications", "leads.digests"):
        old_rows = find_purge(name)
        assert old_rows is not None
        assert old_rows.before is not None
        assert old_rows.delete(old_rows.before, 100) > 0

    assert set(Notification.objects.values_list("pk", flat=True)) == {kept.pk}
    assert gone.pk != kept.pk
    assert not Digest.objects.exists()


@pytest.fixture
def company(transactional_db: None) -> Iterator[House]:
    """An organisation that other connections see."""
    organization = make_organization("company", currency="INR", timezone="Asia/Kolkata")
    agents = [make_actor(organization, Role.AGENT, name=f"Agent {number}") for number in range(12)]
    with system_scope():
        Membership.objects.update(created_at=timezone.now() - dt.timedelta(days=7))
    yield agents  # type: ignore[misc]


def test_two_workers_owe_each_person_one_mail(company):
    organization = company[0].organization
    together = threading.Barrier(4)
    owed: list[int] = []

    def look() -> None:
        try:
            together.wait(10)
            with organization_scope(organization):
                owed.append(owe_digests(organization, now=morning()))
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    with system_scope():
        messages = OutboxMessage.objects.filter(topic="leads.digest")
        whom = [message.payload["membership"] for message in messages]
    assert sum(owed) == len(whom) == len(set(whom)) == 12


def test_a_process_that_is_killed_before_it_commits_has_owed_nothing(company):
    organization = company[0].organization
    # The child must not end the conversation that its parent has with the database.
    connection.close()
    child = os.fork()
    if child == 0:
        try:
            with organization_scope(organization), transaction.atomic():
                owe_digests(organization, now=morning())
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    _child, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    with organization_scope(organization):
        assert not Digest.objects.exists()
        assert owe_digests(organization, now=morning()) == 12
    start_daily_work()
    with system_scope():
        assert OutboxMessage.objects.filter(topic="leads.digest").count() == 12


def test_calls_read_and_change_what_is_chosen(settled, client_for):
    calls = Api(client_for(settled.agent))
    first = calls.get("/notifications/settings")
    assert first.json() == {
        "kinds": {"mention": "app", "follow_up": "app", "assigned": "app", "stalled": "app"},
        "morning": True,
        "hour": 8,
        "timezone": "",
    }
    given = {"kinds": {"mention": "mail"}, "hour": 7, "timezone": "Asia/Kolkata"}
    changed = calls.patch("/notifications/settings", given, HTTP_IF_MATCH=first["ETag"])
    assert changed.json()["kinds"] == {
        "mention": "mail",
        "follow_up": "app",
        "assigned": "app",
        "stalled": "app",
    }
    late = calls.patch("/notifications/settings", {"hour": 9}, HTTP_IF_MATCH=first["ETag"])
    assert late.status_code == 412
    wrong = calls.patch("/notifications/settings", {"timezone": "Asia/Atlantis", "hour": 24})
    assert (wrong.status_code, wrong.json()["errors"][0]["attr"]) == (400, "hour")
    assert calls.get("/notifications/settings").json() == changed.json()
    assert Api(client_for(settled.other)).get("/notifications/settings").json()["hour"] == 8
