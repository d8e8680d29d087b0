"""Inviting people and changing their place: who may, what is refused, what other organisations learn."""

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.db import connection

from accounts.actor import Actor
from accounts.models import Membership, User
from accounts.roles import Role
from accounts.services import change_profile, create_user, deactivate_member, reactivate_member, update_member
from core.errors import Conflict, NotPermitted, NotVisible, ValidationFailed
from core.scope import organization_scope, system_scope
from tests.factories import PASSWORD, make_actor

pytestmark = pytest.mark.django_db


def everybody() -> set[str]:
    with system_scope():
        return set(User.objects.values_list("email", flat=True))


def test_an_invited_person_gets_an_account_and_a_membership(organization):
    member = create_user(
        actor=Actor.system(organization),
        email=" Asha.Rao@Example.COM ",
        roles=["agent", "team_leader", "agent"],
        password=PASSWORD,
        name="Asha  Rao",
        phone="098765 43210",
    )
    assert member.user.email == "asha.rao@example.com"
    assert member.roles == ["team_leader", "agent"]
    assert (member.name, member.phone, str(member)) == ("Asha Rao", "+919876543210", "Asha Rao")
    assert member.user.check_password(PASSWORD)
    assert identify_hasher(member.user.password).algorithm == "argon2"


def test_without_a_password_nobody_signs_in_until_one_is_set(organization):
    member = create_user(actor=Actor.system(organization), email="a@example.com", roles=["agent"])
    assert not member.user.has_usable_password()


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"email": "nobody"}, "email", "invalid"),
        ({"roles": []}, "roles", "required"),
        ({"roles": ["king"]}, "roles", "unknown"),
        ({"password": "short"}, "password", "password_too_short"),
        ({"password": "password1234"}, "password", "password_too_common"),
        ({"phone": "12"}, "phone", "invalid"),
        ({"name": "x" * 151}, "name", "max_length"),
    ],
)
def test_what_cannot_be_accepted_is_refused_by_field(organization, change, field, code):
    values = {"email": "a@example.com", "roles": ["agent"], "password": PASSWORD, **change}
    with pytest.raises(ValidationFailed) as refusal:
        create_user(actor=Actor.system(organization), **values)
    assert code in [problem.code for problem in refusal.value.fields[field]]
    assert "a@example.com" not in everybody()


def test_a_member_cannot_be_invited_twice(actor_for):
    admin = actor_for(Role.ADMIN)
    actor_for(Role.AGENT, email="asha@example.com")
    with pytest.raises(Conflict) as refusal:
        create_user(actor=admin, email="ASHA@example.com", roles=["finance"])
    assert refusal.value.code == "member_exists"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_an_administrator_manages_people(actor_for, role):
    actor = actor_for(role)
    colleague = actor_for(Role.AGENT)
    with pytest.raises(NotPermitted):
        create_user(actor=actor, email="new@example.com", roles=["agent"])
    with pytest.raises(NotPermitted):
        update_member(actor=actor, membership=colleague.membership, roles=["admin"])
    with pytest.raises(NotPermitted):
        deactivate_member(actor=actor, membership=colleague.membership)


def test_inviting_an_address_of_another_organisation_tells_nothing(organization, other_organization):
    theirs = make_actor(
        other_organization, Role.AGENT, email="asha@example.com", name="Asha Rao", phone="9876543210"
    )
    admin = make_actor(organization, Role.ADMIN)
    known = create_user(actor=admin, email="asha@example.com", roles=["agent"], name="A")
    fresh = create_user(actor=admin, email="new@example.com", roles=["agent"], name="A")
    for invited in (known, fresh):
        assert (invited.name, invited.phone, invited.is_active) == ("A", "", True)
    with system_scope():
        user = User.objects.get(pk=known.user_id)
        assert user.check_password(PASSWORD), "the account keeps its own password"
        assert Membership.objects.get(pk=theirs.membership.pk).name == "Asha Rao"


def test_addresses_used_before_stay_with_the_person(organization, other_organization):
    theirs = make_actor(other_organization, Role.AGENT, email="old@example.com")
    with system_scope():
        User.objects.filter(pk=theirs.user.pk).update(email="new@example.com")
    admin = make_actor(organization, Role.ADMIN)
    create_user(actor=admin, email="new@example.com", roles=["agent"])
    with organization_scope(organization, actor_id=admin.user.pk):
        assert not User.history.filter(id=theirs.user.pk).exists()
    with organization_scope(other_organization, actor_id=theirs.user.pk):
        assert [row.email for row in User.history.filter(id=theirs.user.pk)] == [
            "new@example.com",
            "old@example.com",
        ]


def test_a_member_of_another_organisation_is_not_there(actor_for, other_organization):
    stranger = make_actor(other_organization, Role.AGENT)
    admin = actor_for(Role.ADMIN)
    with pytest.raises(NotVisible):
        update_member(actor=admin, membership=stranger.membership, name="Mine")
    with pytest.raises(NotVisible):
        deactivate_member(actor=admin, membership=stranger.membership)


def test_changes_of_a_member_leave_history_with_actor_and_reason(actor_for, organization):
    admin, agent = actor_for(Role.ADMIN), actor_for(Role.AGENT)
    with organization_scope(organization, actor_id=admin.user.pk, request_id="r-1"):
        update_member(actor=admin, membership=agent.membership, roles=["finance"], reason="moved to finance")
        row = Membership.history.filter(id=agent.membership.pk).first()
    assert (row.roles, row.history_user_id) == (["finance"], admin.user.pk)
    assert (row.history_change_reason, row.history_request_id) == ("moved to finance", "r-1")


def test_what_is_not_given_stays(actor_for):
    admin, agent = actor_for(Role.ADMIN), actor_for(Role.AGENT, name="Asha", phone="9876543210")
    member = update_member(actor=admin, membership=agent.membership, roles=[Role.AUDITOR])
    assert (member.name, member.phone, member.roles) == ("Asha", "+919876543210", ["auditor"])


def test_the_last_administrator_stays_one(actor_for):
    admin = actor_for(Role.ADMIN)
    with pytest.raises(Conflict):
        update_member(actor=admin, membership=admin.membership, roles=["agent"])
    with pytest.raises(Conflict):
        deactivate_member(actor=admin, membership=admin.membership)
    second = actor_for(Role.ADMIN)
    assert not deactivate_member(actor=second, membership=admin.membership).is_active
    assert reactivate_member(actor=second, membership=admin.membership).is_active


def test_everybody_changes_their_own_profile_and_nobody_elses(actor_for):
    for role in Role:
        actor = actor_for(role)
        assert change_profile(actor=actor, name=f"I, {role}", phone="").name == f"I, {role}"
    with pytest.raises(NotVisible):
        change_profile(actor=Actor.system(actor.organization), name="x", phone="")


def test_the_application_role_creates_no_accounts(actor_for, organization):
    admin = actor_for(Role.ADMIN)
    with organization_scope(organization, actor_id=admin.user.pk), connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege('accounts_user', 'INSERT'), has_table_privilege('accounts_user', 'DELETE')"
        )
        assert cursor.fetchone() == (False, False)
