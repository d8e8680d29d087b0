"""The public pages: the same for everybody, losing nothing, telling nothing, framed by whom the link names."""

import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from core.models import Organization
from core.scope import organization_scope, system_scope
from leads.models import FormRefusals, FormSubmission, Lead
from leads.pages.public.stamps import OLDEST_SECONDS, Stamp, read_stamp
from leads.services.form_links import end_form_link, pause_form_link, rotate_form_link, update_form_link
from leads.services.leads import create_lead
from leads.services.lines import update_line
from tests.leads.form_links.conftest import PERSON, Visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]


def directives(response):
    parts = (each.strip().split(" ") for each in response["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in parts}


def test_a_visitor_fills_in_the_form_and_is_thanked(operations, link, visitor):
    update_form_link(actor=operations, link=link, introduction="Tell us.", thank_you="We will call.")
    page = visitor.open()
    html = page.content.decode()
    assert page.status_code == 200 and "Tell us." in html
    assert 'autocomplete="name"' in html and 'autocomplete="tel"' in html
    for label in ("Margin", "Verdict", "Surveyor", "Friend", "Payslip", "Photo", "Yearly", "Source"):
        assert label not in html
    answer = visitor.send()
    assert (answer.status_code, answer["Location"]) == (303, f"{visitor.path}thanks/")
    assert "We will call." in visitor.client.get(answer["Location"]).content.decode()
    assert Lead.objects.get().name == "Asha Rao"
    assert not visitor.client.cookies


def test_everybody_gets_the_same_page_whoever_is_signed_in(actor_for, client_for, link, other_organization):
    def drawn(client):
        html = client.get(f"/f/{link.token}/").content.decode()
        return re.sub(r'name="stamp" value="[^"]+"', "", html)

    pages = {drawn(Client())}
    for role in Role:
        pages.add(drawn(client_for(actor_for(role))))
    pages.add(drawn(client_for(actor_for(Role.ADMIN, organization=other_organization))))
    assert len(pages) == 1


def test_who_belongs_to_nobody_any_more_may_send_too(actor_for, client_for, link, patient):
    actor = actor_for(Role.AGENT)
    client = client_for(actor)
    with system_scope(actor.organization):
        actor.membership.is_active = False
        actor.membership.save()
    assert Visitor(link, client).send().status_code == 303
    assert Lead.history.get().history_user_id is None


@pytest.mark.usefixtures("patient")
def test_no_token_against_other_sites_is_needed(link):
    strict = Visitor(link, Client(enforce_csrf_checks=True))
    assert strict.send().status_code == 303


def test_nothing_typed_is_lost_and_what_is_wrong_stands_beside_its_field(visitor):
    answer = visitor.send({"mobile": "12", "income": "a lot", "story": "A long story.", "kind": "Salaried"})
    html = answer.content.decode()
    assert answer.status_code == 422 and not FormSubmission.objects.exists()
    for kept in ('value="12"', 'value="a lot"', "A long story.", '<option value="Salaried" selected>'):
        assert kept in html
    form = answer.context["form"]
    assert form.errors.keys() == {"field-mobile", "field-income", "field-employer"}
    assert 'id="id_field-mobile_error"' in html
    again = visitor.send({"mobile": "98765 43210", "kind": "Business"}, stamp=visitor.stamp(answer))
    assert again.status_code == 303


def test_choices_that_depend_on_others_and_fields_that_do_not_apply_are_judged_here_too(visitor):
    answer = visitor.send({"state": "Ohio", "town": "Patna"})
    assert answer.context["form"].errors.keys() == {"field-town"}
    assert visitor.send({"state": "Ohio", "town": "Dayton", "employer": "Acme"}).status_code == 303
    assert "employer" not in Lead.objects.get().data


def test_the_answer_to_a_repeat_and_to_a_machine_is_the_answer_to_anybody(operations, link, visitor):
    first = visitor.send()
    repeated = visitor.send()
    caught = visitor.send({"mobile": "98765 00001"}, homepage="https://spam.example")
    told = {(each.status_code, each["Location"], each.content) for each in (first, repeated, caught)}
    assert len(told) == 1
    assert list(FormSubmission.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "created",
        "repeat",
        "held",
    ]


def test_a_value_that_must_be_unique_is_not_told_to_be_known(operations, link, visitor):
    create_lead(actor=operations, line=link.line, values={**PERSON, "pan": "ABCDE1234F"})
    assert visitor.send({"mobile": "98765 00002", "pan": "ABCDE1234F"}).status_code == 303
    assert FormSubmission.objects.get().suspicions == ["pan:unique"]


def test_a_page_that_is_sent_twice_makes_one_lead(operations, link, visitor):
    update_line(actor=operations, line=link.line, on_duplicate="create")
    stamp = visitor.stamp()
    assert [visitor.send(stamp=stamp).status_code for _time in range(3)] == [303] * 3
    assert Lead.objects.count() == 1
    visitor.send()
    assert Lead.objects.count() == 2


# Stamps


def test_who_is_quicker_than_people_is_asked_once_and_loses_nothing(link):
    visitor = Visitor(link)
    asked = visitor.send({"story": "Quick."})
    html = asked.content.decode()
    assert asked.status_code == 422 and "press the button once more" in html and "Quick." in html
    assert "Please correct" not in html and not FormSubmission.objects.exists()
    assert visitor.send(stamp=visitor.stamp(asked)).status_code == 303
    assert Lead.objects.count() == 1


@pytest.mark.parametrize("stamp", ["", "forged", "a:b:c", "\0", "x" * 100_000])
def test_without_a_stamp_of_ours_one_is_asked(visitor, stamp):
    asked = visitor.client.post(visitor.path, {"field-full_name": "Asha", "stamp": stamp})
    assert asked.status_code == 422 and 'value="Asha"' in asked.content.decode()


def test_a_stamp_is_good_for_one_form_and_a_day(link, elsewhere, patient):
    stamp = Stamp.new(0)
    assert read_stamp(stamp.signed(link.token), link.token) == stamp
    assert read_stamp(stamp.signed(elsewhere.token), link.token) is None
    visitor = Visitor(link)
    old = visitor.stamp()
    with time_machine.travel(timezone.now().timestamp() + OLDEST_SECONDS + 5):
        asked = visitor.send(stamp=old)
        assert asked.status_code == 422
        assert visitor.send(stamp=visitor.stamp(asked)).status_code == 303


# Consent


@pytest.fixture
def agreeing(operations, link):
    update_form_link(actor=operations, link=link, consent_purpose="Calls", consent_text="You may call me.")


@pytest.mark.usefixtures("agreeing")
def test_without_agreeing_nothing_is_taken(visitor):
    answer = visitor.send()
    assert answer.status_code == 422 and answer.context["form"].errors.keys() == {"consent"}
    assert not FormSubmission.objects.exists()
    assert visitor.send(consent="on").status_code == 303
    assert FormSubmission.objects.get().consent.text == "You may call me."


@pytest.mark.usefixtures("agreeing")
def test_who_saw_earlier_words_agreed_to_those(operations, link, visitor):
    seen = visitor.stamp()
    update_form_link(actor=operations, link=link, consent_text="You may call me daily.")
    refused = visitor.send({"mobile": "1"}, stamp=seen, consent="on")
    html = refused.content.decode()
    assert "You may call me daily." in html and "checked" not in html
    assert visitor.send(stamp=seen, consent="on").status_code == 303
    assert FormSubmission.objects.get().consent.text == "You may call me."


@pytest.mark.usefixtures("agreeing")
def test_the_page_of_the_lead_tells_where_it_comes_from_and_what_was_agreed_to(
    operations, client_for, visitor
):
    visitor.send(consent="on")
    page = client_for(operations).get(reverse("leads:detail", args=[Lead.objects.get().reference]))
    html = page.content.decode()
    assert "Form “Ask for a loan”" in html and "You may call me." in html and "Calls, agreed to on" in html


# Limits


def test_one_address_sends_so_many_a_minute_and_keeps_what_it_typed(settings, visitor, link):
    settings.FORM_ENQUIRIES_PER_MINUTE_AND_ADDRESS = 2
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    visitor.client = Client(**elsewhere)
    assert [visitor.send({"story": str(number)}).status_code for number in range(2)] == [303, 303]
    refused = visitor.send({"story": "The third."})
    assert refused.status_code == 429 and int(refused["Retry-After"]) in range(1, 61)
    assert "The third." in refused.content.decode() and "wait a minute" in refused.content.decode()
    assert FormRefusals.objects.get().count == 1
    visitor.client = Client(REMOTE_ADDR="192.0.2.8")
    assert visitor.send({"story": "Another."}).status_code == 303


def test_one_form_takes_so_many_a_minute(settings, visitor):
    settings.FORM_ENQUIRIES_PER_MINUTE = 1
    assert [visitor.send({"story": str(number)}).status_code for number in range(2)] == [303, 429]


def test_without_redis_the_limit_holds_in_the_process(settings, visitor):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    settings.FORM_ENQUIRIES_PER_MINUTE_AND_ADDRESS = 1
    visitor.client = Client(REMOTE_ADDR="192.0.2.9")
    assert [visitor.send({"story": str(number)}).status_code for number in range(2)] == [303, 429]


def test_a_full_day_is_told_at_once_and_to_who_was_typing_already(operations, link, visitor):
    update_form_link(actor=operations, link=link, daily_cap=1)
    stamp = visitor.stamp()
    assert visitor.send().status_code == 303
    page = visitor.open()
    assert page.status_code == 429 and int(page["Retry-After"]) > 0 and "tomorrow" in page.content.decode()
    late = visitor.send({"story": "Late."}, stamp=stamp)
    assert late.status_code == 429 and "Late." in late.content.decode()


def test_what_is_too_large_is_refused_in_words(visitor):
    answer = visitor.send({"story": "x" * 300_000}, stamp="any")
    assert answer.status_code == 413 and "too much at once" in answer.content.decode()


@pytest.mark.parametrize(
    "values",
    [
        {"full_name": "a\0b"},
        {"mobile": "\0"},
        {"full_name": "x" * 100_000},
        {"income": "9" * 5_000},
        {"income": ["1", "2"]},
        {"kind": "no choice"},
        {"state": ["Ohio", "Bihar"]},
        {"mail": "<script>alert(1)</script>"},
        {"full_name": "\u202e\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")},
    ],
)
def test_hostile_values_are_judged_as_anywhere_and_never_break_the_page(visitor, values):
    answer = visitor.send(values)
    assert answer.status_code in (303, 422)
    assert "<script>alert" not in answer.content.decode()


def test_fields_that_are_not_asked_are_not_taken(visitor):
    visitor.send(
        {"margin": "5", "verdict": "good", "surveyor": "1", "unknown": "x", "yearly": "7"}, source="Mine"
    )
    lead = Lead.objects.get()
    assert lead.data == {"full_name": "Asha Rao", "mobile": "+919876543210"}
    assert lead.source.name == "Website"


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{}", b"%00=%00&field-full_name=%ff"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json", "text/plain"])
def test_bodies_that_are_no_form_are_asked_again(visitor, body, kind):
    answer = visitor.client.post(visitor.path, body, content_type=kind)
    assert answer.status_code == 422


def test_other_methods_are_refused(visitor):
    assert {
        getattr(visitor.client, name)(visitor.path).status_code for name in ("put", "patch", "delete")
    } == {405}


# What is not there, or not any more


def test_an_old_address_leads_nowhere(operations, link, visitor):
    rotate_form_link(actor=operations, link=link)
    for path in (visitor.path, f"{visitor.path}thanks/", "/f/short/", f"/f/{'x' * 32}/"):
        assert visitor.client.get(path).status_code == 404
        assert "There is no form here" in visitor.client.get(path).content.decode()


@pytest.mark.parametrize("close", [pause_form_link, end_form_link])
def test_a_closed_form_says_so(operations, link, visitor, close):
    stamp = visitor.stamp()
    close(actor=operations, link=link)
    for answer in (visitor.open(), visitor.send(stamp=stamp)):
        assert answer.status_code == 410 and "does not take enquiries" in answer.content.decode()
    assert not FormSubmission.objects.exists()


def test_an_organisation_that_is_closed_has_no_forms(link, visitor, organization):
    with system_scope():
        Organization.objects.filter(pk=organization.pk).update(is_active=False)
    assert visitor.open().status_code == 404


def test_each_form_writes_into_its_own_organisation(link, elsewhere, patient, client_for, operations):
    signed_in_here = Visitor(elsewhere, client_for(operations))
    assert signed_in_here.send().status_code == 303
    assert not Lead.objects.exists()
    with organization_scope(elsewhere.organization):
        assert Lead.objects.get().line == elsewhere.line


# Frames, and where it leads


def test_nobody_frames_a_form_unless_the_link_names_them(operations, link, visitor):
    for page in (visitor.open(), visitor.open(embed="1")):
        assert directives(page)["frame-ancestors"] == ["'none'"] and page["X-Frame-Options"] == "DENY"
    update_form_link(actor=operations, link=link, embed_origins=["https://www.example.com"])
    framed = visitor.open(embed="1")
    assert directives(framed)["frame-ancestors"] == ["https://www.example.com"]
    assert "X-Frame-Options" not in framed
    assert visitor.open()["X-Frame-Options"] == "DENY"
    wrong = visitor.send({"mobile": "1"}, embed="1")
    assert directives(wrong)["frame-ancestors"] == ["https://www.example.com"]
    sent = visitor.send(embed="1")
    thanks = visitor.client.get(sent["Location"])
    assert sent["Location"].endswith("/thanks/?embed=1")
    assert directives(thanks)["frame-ancestors"] == ["https://www.example.com"]
    pause_form_link(actor=operations, link=link)
    assert directives(visitor.open(embed="1"))["frame-ancestors"] == ["https://www.example.com"]


def test_a_form_leads_on_to_where_the_link_says(operations, link, visitor):
    update_form_link(
        actor=operations,
        link=link,
        redirect_url="https://www.example.com/thanks?a=1",
        embed_origins=["https://www.example.com"],
    )
    assert directives(visitor.open())["form-action"] == ["'self'", "https://www.example.com"]
    assert visitor.send()["Location"] == "https://www.example.com/thanks?a=1"
    # A frame stays a frame: a button leads on, in the whole window.
    within = visitor.client.get(visitor.send({"story": "b"}, embed="1")["Location"])
    assert 'target="_top"' in within.content.decode()


def test_nobody_keeps_a_copy_and_nobody_lists_it(visitor):
    page = visitor.open()
    assert "no-store" in page["Cache-Control"] and 'content="noindex"' in page.content.decode()


def test_a_form_is_drawn_and_taken_in_few_queries(visitor, django_assert_max_num_queries):
    visitor.open()
    with django_assert_max_num_queries(4):
        page = visitor.open()
    with django_assert_max_num_queries(24):
        visitor.send(stamp=visitor.stamp(page))
