"""Pages about oneself, and who is turned away from them."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actor import Actor
from accounts.models import Membership
from accounts.roles import Role
from accounts.services import create_user, deactivate_member
from core.models import Organization
from core.scope import organization_scope, system_scope
from tests.factories import make_actor

pytestmark = pytest.mark.django_db


def test_a_visitor_is_sent_to_sign_in_and_back(client):
    response = client.get("/profile/?tab=1")
    assert response.status_code == 302
    assert response["Location"] == "/account/login/?next=/profile/%3Ftab%3D1"


def test_a_part_of_a_page_sends_the_whole_page_to_sign_in(client):
    response = client.get(
        "/profile/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/leads/?q=1"}
    )
    assert response["HX-Redirect"] == "/account/login/?next=/leads/%3Fq%3D1"


@pytest.mark.parametrize(
    ("page", "next_page"),
    [
        ("http://testserver/leads/L00000001/", "/leads/L00000001/"),
        ("http://elsewhere.example/leads/", "/"),
        ("http://testserver//elsewhere.example/", "/"),
        ("http://[half", "/"),
        ("", "/"),
    ],
)
def test_what_was_sent_after_the_sign_in_ended_leads_back_to_its_page(client, page, next_page):
    response = client.post("/notifications/read/", headers={"Referer": page} if page else {})
    assert response["Location"] == f"/account/login/?next={next_page}"


def test_a_visitor_without_organisation_is_told_what_to_do(actor_for, client_for):
    actor = actor_for(Role.AGENT)
    client = client_for(actor)
    admin = actor_for(Role.ADMIN)
    deactivate_member(actor=admin, membership=actor.membership)
    response = client.get("/profile/")
    assert response.status_code == 403
    assert "You belong to no organisation" in response.text


def test_a_closed_organisation_lets_nobody_in(actor_for, client_for, organization):
    client = client_for(actor_for(Role.ADMIN))
    assert client.get("/profile/").status_code == 200
    with system_scope():
        Organization.objects.filter(pk=organization.pk).update(is_active=False)
    assert client.get("/profile/").status_code == 403


def test_the_profile_shows_and_changes_ones_own_name_and_phone(actor_for, client_for):
    actor = actor_for(Role.AGENT, name="Asha", manager=actor_for(Role.TEAM_LEADER, name="Meera"))
    client = client_for(actor)
    page = client.get(reverse("accounts:profile"))
    assert page.status_code == 200
    assert "Asha" in page.text and "Meera" in page.text and actor.user.email in page.text
    response = client.post(reverse("accounts:profile"), {"name": " Asha  Rao ", "phone": "98765 43210"})
    assert response.status_code == 302
    with organization_scope(actor.organization):
        member = Membership.objects.get(pk=actor.membership.pk)
        assert (member.name, member.phone) == ("Asha Rao", "+919876543210")
        assert member.history.first().history_user_id == actor.user.pk


def test_a_wrong_phone_is_explained_beside_the_field(actor_for, client_for):
    response = client_for(actor_for(Role.AGENT)).post(
        reverse("accounts:profile"), {"name": "A", "phone": "12"}
    )
    assert response.status_code == 422
    assert "Write a phone number such as" in response.text


def test_a_person_of_two_organisations_switches_between_them(actor_for, client_for, other_organization):
    actor = actor_for(Role.AGENT, email="asha@example.com")
    create_user(actor=Actor.system(other_organization), email="asha@example.com", roles=[Role.FINANCE])
    client = client_for(actor)
    assert client.get("/profile/").context["organization"] == actor.organization
    assert client.post("/organization/", {"organization": "rival"}).status_code == 302
    assert client.get("/profile/").context["organization"] == other_organization


def test_an_organisation_that_is_not_ones_own_cannot_be_chosen(actor_for, client_for, other_organization):
    client = client_for(actor_for(Role.ADMIN))
    assert client.post("/organization/", {"organization": "rival"}).status_code == 404
    session = client.session
    session["organization"] = "rival"
    with system_scope():
        session.save()
    assert client.get("/profile/").context["organization"].slug == "acme"


def test_losing_one_organisation_falls_back_to_the_other(
    actor_for, client_for, organization, other_organization
):
    actor = actor_for(Role.AGENT, email="asha@example.com")
    create_user(actor=Actor.system(other_organization), email="asha@example.com", roles=[Role.FINANCE])
    client = client_for(actor)
    deactivate_member(actor=make_actor(organization, Role.ADMIN), membership=actor.membership)
    assert client.get("/profile/").context["organization"] == other_organization


def test_home_leads_to_work(actor_for, client_for):
    response = client_for(actor_for(Role.AGENT)).get("/", follow=True)
    assert response.status_code == 200


def test_posts_need_a_csrf_token(actor_for, client_for):
    client = client_for(actor_for(Role.AGENT), enforce_csrf_checks=True)
    assert client.post("/profile/", {"name": "x"}).status_code == 403


def test_visitors_see_the_sign_in_page():
    assert Client().get("/account/login/").status_code == 200


def test_a_form_of_the_organisation_left_is_refused(organization, other_organization, actor_for, client_for):
    here = actor_for(Role.AGENT, email="both@acme.example")
    actor_for(Role.AGENT, email="both@acme.example", organization=other_organization)
    client = client_for(here, enforce_csrf_checks=True)
    token = client.get("/profile/").context["csrf_token"]

    switched = client.post(
        "/organization/", {"organization": other_organization.slug, "csrfmiddlewaretoken": str(token)}
    )
    stale = client.post("/profile/", {"name": "Typed before", "csrfmiddlewaretoken": str(token)})

    assert switched.status_code == 302
    assert stale.status_code == 403


def test_nothing_is_written_elsewhere_when_a_membership_ended(
    organization, other_organization, actor_for, client_for
):
    here = actor_for(Role.AGENT, email="both@acme.example")
    there = actor_for(Role.AGENT, email="both@acme.example", organization=other_organization)
    client = client_for(there)
    deactivate_member(actor=Actor.system(other_organization), membership=there.membership)

    answer = client.post("/profile/", {"name": "Meant for the other"})

    assert (answer.status_code, answer["Location"]) == (302, "/")
    with organization_scope(organization):
        assert Membership.objects.get(pk=here.membership.pk).name != "Meant for the other"
