"""One's own keys on the profile, and all of them in the console: shown once, rotated, revoked."""

import re

import pytest
from django.urls import reverse

from accounts.models import ApiKey
from accounts.roles import Role
from accounts.services.api_keys import create_api_key
from core.scope import organization_scope
from tests.accounts.api.conftest import Caller, login
from tests.accounts.api.conftest import nothing_counted as nothing_counted
from tests.console.pages import Console, refusals

pytestmark = pytest.mark.django_db
KEY = re.compile(r"ll[a-z0-9]{12}\.[\w-]{43}")


@pytest.fixture
def operations(actor_for):
    return actor_for(Role.OPERATIONS, name="Omkar Joshi")


def make(actor, **values) -> ApiKey:
    with organization_scope(actor.organization, actor_id=actor.user.pk):
        return create_api_key(actor=actor, **{"name": "Website", "scopes": ["leads:read"], **values}).key


def opens(text: str) -> bool:
    return Caller(f"Api-Key {text}").get("/leads").status_code == 200


def test_a_person_makes_a_key_and_sees_it_once(operations, client_for):
    client = client_for(operations)
    made = client.post("/profile/keys/new/", {"name": "Website", "scopes": ["leads:read"], "days": "90"})
    assert made.status_code == 200
    assert "no-store" in made["Cache-Control"]
    text = KEY.search(made.text)[0]
    assert opens(text)
    profile = client.get("/profile/").text
    assert "Website" in profile
    assert text.split(".")[0] in profile
    assert text.split(".")[1] not in profile


def test_only_what_one_may_is_offered(operations, client_for):
    form = client_for(operations).get("/profile/keys/new/").context["form"]
    offered = {name for name, _label in form.fields["scopes"].choices}
    assert {"leads:read", "leads:delete", "configuration:write"} <= offered
    assert not {"access:read", "access:write"} & offered


def test_what_is_wrong_stands_beside_the_field_and_nothing_is_lost(operations, client_for):
    typed = {"name": "Website", "scopes": ["leads:write"], "days": "90"}
    response = client_for(operations).post("/profile/keys/new/", typed)
    assert response.status_code == 422
    assert "leads:write needs leads:read beside it." in response.text
    assert 'value="Website"' in response.text


def test_a_key_is_rotated_and_revoked_from_the_profile(operations, client_for):
    client, key = client_for(operations), make(operations)
    rotated = client.post(f"/profile/keys/{key.prefix}/rotate/")
    assert opens(KEY.search(rotated.text)[0])
    assert f"The key {key.prefix} serves one more day" in rotated.text
    assert client.post(f"/profile/keys/{key.prefix}/revoke/").status_code == 302
    assert key.prefix not in client.get("/profile/").text


def test_who_may_have_no_keys_sees_nothing_of_them(actor_for, client_for):
    client = client_for(actor_for(Role.AGENT))
    assert "API keys" not in client.get("/profile/").text
    assert client.get("/profile/keys/new/").status_code == 403


def test_the_keys_of_others_are_not_on_ones_page(operations, actor_for, client_for):
    admin = actor_for(Role.ADMIN)
    theirs = make(operations)
    client = client_for(admin)
    assert theirs.prefix not in client.get("/profile/").text
    assert client_for(operations).post(f"/profile/keys/{make(admin).prefix}/revoke/").status_code == 404


def test_the_profile_shows_ones_latest_sign_ins(operations, client_for):
    login(operations.user.email)
    login(operations.user.email, "wrong")
    page = client_for(operations).get("/profile/").text
    assert "Latest sign-ins" in page
    assert "Wrong password" in page
    assert "API, by token" in page


# The console


def test_an_administrator_makes_a_key_for_a_partners_system(actor_for, client_for):
    admin, partner = actor_for(Role.ADMIN), actor_for(Role.PARTNER, name="Portal")
    actor_for(Role.PARTNER, Role.AGENT, name="Person")
    console = Console(client_for(admin))
    page = console.open("accounts_apikey_add")
    assert "Portal" in page.text
    assert "Person" not in page.text
    made = console.add(
        "accounts_apikey",
        name="Portal",
        owner=str(partner.membership.pk),
        scopes=["leads:create"],
        calls_per_minute="600",
    )
    assert made.status_code == 200
    assert "no-store" in made["Cache-Control"]
    text = KEY.search(made.text)[0]
    assert Caller(f"Api-Key {text}").post("/leads", {}).status_code == 400
    with organization_scope(admin.organization):
        key = ApiKey.objects.get()
    assert (key.owner_id, key.calls_per_minute, key.scopes) == (partner.membership.pk, 600, ["leads:create"])
    for name, arguments in (("changelist", ()), ("change", (key.pk,)), ("history", (key.pk,))):
        shown = console.open(f"accounts_apikey_{name}", *arguments).text
        assert text.split(".")[1] not in shown
        assert key.secret_digest not in shown


def test_the_console_says_what_is_wrong_beside_the_field(actor_for, client_for):
    console = Console(client_for(actor_for(Role.ADMIN)))
    response = console.add("accounts_apikey", name="A", scopes=["leads:write"])
    assert refusals(response).keys() == {"scopes"}


def test_operations_see_to_their_own_keys_in_the_console(operations, actor_for, client_for):
    theirs = make(actor_for(Role.ADMIN), name="Of the administrator")
    console = Console(client_for(operations))
    made = console.add("accounts_apikey", name="Mine", scopes=["leads:read"])
    assert opens(KEY.search(made.text)[0])
    listed = console.open("accounts_apikey_changelist").text
    assert "Mine" in listed
    assert "Of the administrator" not in listed
    assert console.act("accounts_apikey_revoke", theirs.pk).status_code in (302, 403, 404)
    with organization_scope(operations.organization):
        assert ApiKey.objects.get(pk=theirs.pk).revoked_at is None


def test_a_key_is_rotated_and_revoked_in_the_console(actor_for, client_for):
    admin = actor_for(Role.ADMIN)
    key, console = make(admin), Console(client_for(admin))
    rotated = console.act("accounts_apikey_rotate", key.pk)
    assert opens(KEY.search(rotated.text)[0])
    assert console.act("accounts_apikey_revoke", key.pk).status_code == 302
    assert console.open("accounts_apikey_revoke", key.pk).status_code == 403
    with organization_scope(admin.organization):
        assert ApiKey.objects.get(pk=key.pk).state == "revoked"


def test_the_console_lists_sign_ins(operations, actor_for, client_for):
    login(operations.user.email, "wrong")
    admin = client_for(actor_for(Role.ADMIN))
    address = reverse("admin:accounts_loginlog_changelist")
    page = admin.get(address).text
    assert "Omkar Joshi" in page
    assert "Wrong password" in page
    assert "Omkar Joshi" in admin.get(address, {"q": "omkar"}).text
    assert client_for(operations).get(address).status_code == 403
