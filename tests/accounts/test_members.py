"""Whom an actor sees: everybody, the team, or oneself."""

import pytest

from accounts.actor import Actor
from accounts.queries.members import assignable_members, get_member, visible_members
from accounts.roles import Role
from accounts.services import deactivate_member
from core.errors import NotVisible
from tests.factories import make_actor

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(actor_for, in_organization, other_organization) -> dict[str, Actor]:
    make_actor(other_organization, Role.AGENT)
    people = {role.value: actor_for(role) for role in Role}
    people["member"] = actor_for(Role.AGENT, manager=people["team_leader"])
    people["below"] = actor_for(Role.AGENT, manager=people["member"])
    return people


def names(people: dict[str, Actor], members) -> set[str]:
    by_id = {actor.membership.pk: name for name, actor in people.items()}
    return {by_id[member.pk] for member in members}


def test_whom_each_role_sees(people):
    expected = {
        "admin": set(people),
        "auditor": set(people),
        "team_leader": {"team_leader", "member", "below"},
        "agent": {"agent"},
        "operations": {"operations"},
        "finance": {"finance"},
        "partner": {"partner"},
    }
    assert {role: names(people, visible_members(people[role])) for role in expected} == expected


def test_whom_each_role_may_give_leads_to(people):
    working = {"admin", "operations", "team_leader", "agent", "member", "below"}
    expected = {
        "admin": working,
        "operations": working,
        "team_leader": {"team_leader", "member", "below"},
        "agent": set(),
        "auditor": set(),
        "finance": set(),
    }
    assert {role: names(people, assignable_members(people[role])) for role in expected} == expected


def test_who_has_no_access_gets_no_leads(people):
    deactivate_member(actor=people["admin"], membership=people["member"].membership)
    assert "member" not in names(people, assignable_members(people["team_leader"]))
    assert "below" in names(people, assignable_members(people["team_leader"]))


def test_a_member_out_of_reach_does_not_exist(people, other_organization):
    assert get_member(people["admin"], people["below"].membership.pk)
    for actor, member in (
        (people["agent"], people["member"].membership),
        (people["admin"], make_actor(other_organization, Role.AGENT).membership),
    ):
        with pytest.raises(NotVisible):
            get_member(actor, member.pk)
