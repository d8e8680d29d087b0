"""The reporting tree: effective-dated, any depth, never a circle on any day."""

import datetime as dt
import threading

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actor import Actor
from accounts.models import ReportingLine
from accounts.queries.members import manager_of, team_of, teams_of
from accounts.queries.memberships import subtree_ids
from accounts.roles import Role
from accounts.services import deactivate_member, set_manager
from core.errors import ApplicationError, Conflict, NotPermitted, NotVisible, ValidationFailed
from core.scope import organization_scope
from tests.factories import make_actor, make_organization

pytestmark = pytest.mark.django_db

JANUARY, MARCH, JUNE = dt.date(2025, 1, 1), dt.date(2025, 3, 1), dt.date(2025, 6, 1)


def place(admin, member, manager, day):
    return set_manager(
        actor=admin, membership=member.membership, manager=manager and manager.membership, from_day=day
    )


def test_who_led_a_team_in_march_is_what_was_true_in_march(actor_for, in_organization):
    admin, meera, ravi, asha = (
        actor_for(role) for role in (Role.ADMIN, Role.TEAM_LEADER, Role.TEAM_LEADER, Role.AGENT)
    )
    place(admin, asha, meera, JANUARY)
    place(admin, asha, ravi, JUNE)
    assert manager_of(asha.membership, day=MARCH) == meera.membership
    assert manager_of(asha.membership, day=JUNE - dt.timedelta(days=1)) == meera.membership
    assert manager_of(asha.membership, day=JUNE) == ravi.membership
    assert manager_of(asha.membership, day=JANUARY - dt.timedelta(days=1)) is None
    assert subtree_ids(meera.membership, day=MARCH) == sorted([meera.membership.pk, asha.membership.pk])
    assert subtree_ids(meera.membership, day=JUNE) == [meera.membership.pk]


def test_a_change_from_an_earlier_day_replaces_what_was_planned(actor_for, in_organization):
    admin, meera, ravi, asha = (
        actor_for(role) for role in (Role.ADMIN, Role.TEAM_LEADER, Role.TEAM_LEADER, Role.AGENT)
    )
    place(admin, asha, meera, JANUARY)
    place(admin, asha, ravi, JUNE)
    place(admin, asha, None, MARCH)
    lines = ReportingLine.objects.filter(membership=asha.membership)
    assert [(line.valid.lower, line.valid.upper) for line in lines] == [(JANUARY, MARCH)]
    removed = ReportingLine.history.filter(history_type="-").get()
    assert removed.manager_id == ravi.membership.pk


def test_the_same_day_twice_keeps_the_last(actor_for, in_organization):
    admin, meera, ravi, asha = (
        actor_for(role) for role in (Role.ADMIN, Role.TEAM_LEADER, Role.TEAM_LEADER, Role.AGENT)
    )
    place(admin, asha, meera, MARCH)
    place(admin, asha, ravi, MARCH)
    assert [line.manager_id for line in ReportingLine.objects.all()] == [ravi.membership.pk]


def test_nobody_leads_who_they_report_to(actor_for):
    admin, one, two, three = (
        actor_for(Role.ADMIN),
        *(actor_for(Role.TEAM_LEADER, name=name) for name in ("A", "B", "C")),
    )
    place(admin, two, one, JANUARY)
    place(admin, three, two, JUNE)
    with pytest.raises(ValidationFailed):
        place(admin, one, one, JANUARY)
    # On 1 March nothing is wrong yet; from June on the three would lead one another.
    with pytest.raises(Conflict) as refusal:
        place(admin, one, three, MARCH)
    assert refusal.value.code == "reporting_circle"
    assert "C reports to A on 01 Jun 2025" in refusal.value.message


def test_a_circle_that_has_ended_is_none(actor_for):
    admin, one, two = actor_for(Role.ADMIN), actor_for(Role.TEAM_LEADER), actor_for(Role.TEAM_LEADER)
    place(admin, two, one, JANUARY)
    place(admin, two, None, MARCH)
    assert place(admin, one, two, MARCH) is not None


def test_who_has_no_access_leads_nobody_new(actor_for):
    admin, meera, asha = actor_for(Role.ADMIN), actor_for(Role.TEAM_LEADER), actor_for(Role.AGENT)
    deactivate_member(actor=admin, membership=meera.membership)
    with pytest.raises(ValidationFailed):
        place(admin, asha, meera, JANUARY)


def test_only_administrators_of_the_same_organisation_place_people(actor_for, other_organization):
    admin, meera, asha = actor_for(Role.ADMIN), actor_for(Role.TEAM_LEADER), actor_for(Role.AGENT)
    stranger = make_actor(other_organization, Role.TEAM_LEADER)
    with pytest.raises(NotPermitted):
        place(meera, asha, meera, JANUARY)
    with pytest.raises(NotVisible):
        place(admin, asha, stranger, JANUARY)
    with pytest.raises(NotVisible):
        place(admin, stranger, meera, JANUARY)


def test_a_team_is_that_of_the_nearest_leader(actor_for, organization, in_organization):
    head = actor_for(Role.TEAM_LEADER)
    leader = actor_for(Role.TEAM_LEADER, manager=head)
    senior = actor_for(Role.AGENT, manager=leader)
    junior = actor_for(Role.AGENT, manager=senior)
    alone = actor_for(Role.AGENT)
    ids = {name: actor.membership.pk for name, actor in locals().items() if isinstance(actor, Actor)}
    assert teams_of(organization, list(ids.values())) == {
        ids["head"]: ids["head"],
        ids["leader"]: ids["leader"],
        ids["senior"]: ids["leader"],
        ids["junior"]: ids["leader"],
    }
    assert team_of(alone.membership) is None


@pytest.mark.django_db(transaction=True)
def test_two_moves_at_once_make_no_circle(organization):
    admin, one, two = (
        make_actor(organization, role) for role in (Role.ADMIN, Role.TEAM_LEADER, Role.TEAM_LEADER)
    )
    gate, outcomes = threading.Barrier(2), []

    def move(member: Actor, manager: Actor) -> None:
        try:
            gate.wait()
            place(admin, member, manager, JANUARY)
            outcomes.append("moved")
        except ApplicationError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=move, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["moved", "reporting_circle"]


MOVES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 6)), max_size=14)


@given(moves=MOVES)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_the_moves_no_day_has_a_circle(moves):
    organization = make_organization()
    admin = Actor.system(organization)
    people = [make_actor(organization, Role.TEAM_LEADER) for _ in range(5)]
    for member, manager, day in moves:
        try:
            place(admin, people[member], people[manager], JANUARY + dt.timedelta(days=day))
        except ApplicationError:
            continue
    with organization_scope(organization):
        lines = list(ReportingLine.objects.all())
    for day in (JANUARY + dt.timedelta(days=count) for count in range(8)):
        above = {line.membership_id: line.manager_id for line in lines if day in line.valid}
        for start in above:
            seen, here = set(), start
            while here in above:
                assert here not in seen
                seen.add(here)
                here = above[here]
