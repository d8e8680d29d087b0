"""Watched places and arrivals in the console and by API."""

import pytest
from django.core import mail
from django.urls import reverse

from core.admin.dashboard import queues_for
from core.configuration import export_document, import_document
from core.errors import ValidationFailed
from core.outbox.delivering import deliver_due
from leads.models import Arrival, PlaceLook, WatchedPlace
from leads.services.arriving import update_watched_place


@pytest.fixture
def operations(watch, client_for):
    return client_for(watch.desk.operations)


def typed(watch, **changes):
    return {
        "name": "Files of the website", "kind": "folder", "line": watch.desk.line.pk, "source": "",
        "on_duplicate": "", "loads_known": "on", "path": "website", "host": "", "port": "993",
        "security": "tls", "username": "", "password": "", "mailbox": "INBOX", "done_mailbox": "",
        "allowed_senders": "", **changes,
    }  # fmt: skip


def test_a_place_is_made_changed_tried_paused_and_resumed_in_the_console(watch, operations):
    refused = operations.post(reverse("admin:leads_watchedplace_add"), typed(watch, path="../theirs"))
    assert "Write a folder such as" in refused.content.decode()
    made = operations.post(reverse("admin:leads_watchedplace_add"), typed(watch))
    assert made.status_code == 302, made.context["adminform"].form.errors
    place = WatchedPlace.objects.get()
    address = reverse("admin:leads_watchedplace_change", args=[place.pk])
    look = reverse("admin:leads_watchedplace_look", args=[place.pk])
    assert "There is no folder" in operations.post(look, follow=True).content.decode()
    (watch.home / "website").mkdir()
    watch.drop(watch.people())
    assert "Waiting there: 1." in operations.post(look, follow=True).content.decode()
    assert operations.post(address, typed(watch, name="Of the web")).status_code == 302
    for action, is_paused in (("pause", True), ("resume", False)):
        operations.post(reverse(f"admin:leads_watchedplace_{action}", args=[place.pk]))
        place.refresh_from_db()
        assert (place.name, place.is_paused) == ("Of the web", is_paused)
    watch.look(place)
    page = operations.get(address).content.decode()
    assert "people.csv" in page and "Trouble" in page
    mailbox = typed(
        watch, kind="mailbox", name="By mail", host="imap.example.invalid", username="u", password="p"
    )
    unknown = operations.post(reverse("admin:leads_watchedplace_add"), mailbox).content.decode()
    assert "No machine is known as" in unknown and "Say whose files are taken" in unknown


def test_places_go_out_and_come_in_without_passwords(watch, settings):
    settings.MAILBOX_PRIVATE_HOSTS = True
    actor = watch.desk.operations
    watch.folder(loads_known=False)
    document = export_document(actor=actor, sections=["watched_places"])
    assert document["watched_places"] == [
        {
            "name": "Folder website",
            "kind": "folder",
            "business_line": "loan",
            "source": "Website",
            "path": "website",
            "loads_known": False,
        }
    ]
    mailbox = {
        "name": "By mail", "kind": "mailbox", "business_line": "loan", "host": "127.0.0.1", "username": "intake",
        "allowed_senders": ["@bank.example"],
    }  # fmt: skip
    document["watched_places"].append(mailbox)
    assert import_document(actor=actor, document=document).created == 1
    place = WatchedPlace.objects.get(name="By mail")
    assert place.is_paused and place.password == ""
    again = export_document(actor=actor, sections=["watched_places"])
    assert import_document(actor=actor, document=again).unchanged == 2
    update_watched_place(actor=actor, place=place, password="a word")
    again["watched_places"][0] |= {"host": "localhost"}
    with pytest.raises(ValidationFailed) as refused:
        import_document(actor=actor, document=again)
    assert "password" in str(refused.value.fields)
    assert "a word" not in str(export_document(actor=actor, sections=["watched_places"]))


def test_what_came_is_listed_waits_on_the_first_page_and_is_told_by_mail(watch, operations):
    place = watch.folder()
    watch.drop(watch.people())
    watch.drop(b"%PDF-1.7", "letter.pdf")
    watch.look(place)
    page = operations.get(reverse("admin:leads_arrival_changelist")).content.decode()
    assert "people.csv" in page and "Not taken" in page
    arrival = Arrival.objects.get(name="people.csv")
    detail = operations.get(reverse("admin:leads_arrival_change", args=[arrival.pk])).content.decode()
    assert reverse("leads:import_detail", args=[arrival.intake_id]) in detail
    [queue] = [each for each in queues_for(watch.desk.operations) if each.icon == "move_to_inbox"]
    assert queue.count == 1 and queue.items[0].title == "people.csv"
    PlaceLook.objects.update(error="It cannot be reached: gone.")
    [trouble] = [each for each in queues_for(watch.desk.operations) if each.icon == "cloud_off"]
    assert trouble.count == 1
    shown = operations.get(
        reverse("leads:import_detail", args=[arrival.intake_id]), follow=True
    ).content.decode()
    assert "watched place" in shown
    deliver_due(seconds=5)
    told = [each.body for each in mail.outbox]
    assert len(told) == 2 and all("Folder website" in each for each in told)
    assert not any("people.csv" in each for each in told)


def test_calls_list_places_and_arrivals(watch, operations, client_for):
    place = watch.folder()
    watch.drop(watch.people())
    watch.look(place)
    [found] = operations.get("/api/v1/watched-places").json()["results"]
    assert (found["name"], found["kind"], found["line"], found["error"]) == (
        "Folder website",
        "folder",
        "loan",
        "",
    )
    assert found["looked_at"] and found["last_arrival_at"] and "password" not in found
    [arrived] = operations.get(f"/api/v1/arrivals?place={place.pk}&state=waiting").json()["results"]
    assert (arrived["name"], arrived["outcome"], arrived["code"]) == (
        "people.csv",
        "waiting",
        "unknown_header",
    )
    assert arrived["import"].endswith(f"/api/v1/imports/{Arrival.objects.get().intake_id}")
    assert operations.get("/api/v1/arrivals?state=lost").status_code == 400
    agent = client_for(watch.desk.agent)
    assert agent.get("/api/v1/watched-places").status_code == 403
    assert agent.get("/api/v1/arrivals").status_code in (403, 200)
