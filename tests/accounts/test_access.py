"""Narrowing the table of roles: it takes effect at once, never widens, and can be taken back."""

import pytest

from accounts.actor import Actor
from accounts.models import AccessRule
from accounts.queries.memberships import active_memberships
from accounts.roles import GRANTS, LEVEL_ORDER, Area, Level, Role, granted_level
from accounts.services import lift_rule, narrow_access
from core.errors import NotPermitted, NotVisible, ValidationFailed
from core.scope import organization_scope
from tests.factories import make_actor

pytestmark = pytest.mark.django_db


def fresh(actor: Actor) -> Actor:
    """The actor of the next request."""
    return next(
        Actor.of(membership)
        for membership in active_memberships(actor.user)
        if membership == actor.membership
    )


def test_operations_narrow_a_role_and_take_it_back(actor_for):
    operations, leader = actor_for(Role.OPERATIONS), actor_for(Role.TEAM_LEADER)
    rule = narrow_access(
        actor=operations, role="team_leader", area="leads", verb="write", level="own", reason="trial"
    )
    assert fresh(leader).level(Area.LEADS, "write") is Level.OWN
    assert fresh(leader).level(Area.LEADS, "read") is Level.TEAM
    lift_rule(actor=operations, rule=rule)
    assert fresh(leader).level(Area.LEADS, "write") is Level.TEAM


def test_a_rule_is_changed_in_place_with_its_reason_in_history(actor_for, in_organization):
    operations = actor_for(Role.OPERATIONS)
    for level in ("own", "none"):
        narrow_access(
            actor=operations,
            role="team_leader",
            area="leads",
            verb="read",
            level=level,
            reason=f"now {level}",
        )
    assert AccessRule.objects.get().level == "none"
    assert [row.history_change_reason for row in AccessRule.history.all()] == ["now none", "now own"]


@pytest.mark.parametrize(
    ("role", "area", "verb", "level", "field"),
    [
        ("agent", "leads", "read", "all", "level"),
        ("agent", "leads", "read", "own", "level"),
        ("auditor", "leads", "write", "own", "level"),
        ("agent", "leads", "read", "some", "level"),
        ("agent", "leads", "fly", "none", "verb"),
        ("agent", "moon", "read", "none", "verb"),
        ("king", "leads", "read", "none", "role"),
        ("admin", "leads", "read", "none", "role"),
    ],
)
def test_nothing_is_widened_and_the_administrator_stays_whole(actor_for, role, area, verb, level, field):
    with pytest.raises(ValidationFailed) as refusal:
        narrow_access(actor=actor_for(Role.OPERATIONS), role=role, area=area, verb=verb, level=level)
    assert list(refusal.value.fields) == [field]


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.ADMIN, Role.OPERATIONS)])
def test_only_the_console_narrows(actor_for, role):
    with pytest.raises(NotPermitted):
        narrow_access(actor=actor_for(role), role="agent", area="leads", verb="read", level="none")


def test_a_rule_of_one_organisation_is_nothing_to_another(actor_for, other_organization):
    operations = actor_for(Role.OPERATIONS)
    stranger = make_actor(other_organization, Role.OPERATIONS)
    rule = narrow_access(actor=operations, role="agent", area="leads", verb="read", level="none")
    assert fresh(make_actor(other_organization, Role.AGENT)).level(Area.LEADS, "read") is Level.OWN
    with pytest.raises(NotVisible):
        lift_rule(actor=stranger, rule=rule)


def test_an_actor_brings_its_narrowing_in_the_one_query_of_its_memberships(
    actor_for, django_assert_num_queries
):
    operations, agent = actor_for(Role.OPERATIONS), actor_for(Role.AGENT)
    narrow_access(actor=operations, role="agent", area="leads", verb="create", level="none")
    with django_assert_num_queries(1):
        assert not Actor.of(active_memberships(agent.user)[0]).may(Area.LEADS, "create")


def test_a_row_that_would_widen_does_not(actor_for, organization):
    agent = actor_for(Role.AGENT)
    with organization_scope(organization):
        AccessRule.objects.create(role="agent", area="leads", verb="read", level="all")
        AccessRule.objects.create(role="agent", area="gone", verb="read", level="none")
    assert fresh(agent).level(Area.LEADS, "read") is Level.OWN


def test_whatever_is_narrowed_no_level_rises():
    for (area, verb), grants in GRANTS.items():
        for role in grants:
            for level in LEVEL_ORDER:
                narrowed = granted_level(frozenset([role]), area, verb, {(role, area, verb): level})
                assert LEVEL_ORDER.index(narrowed) <= LEVEL_ORDER.index(grants[role])


def test_who_may_not_read_may_not_change():
    narrowing = {(Role.TEAM_LEADER, Area.LEADS, "read"): Level.OWN}
    assert granted_level(frozenset([Role.TEAM_LEADER]), Area.LEADS, "write", narrowing) is Level.OWN
    assert granted_level(frozenset([Role.TEAM_LEADER]), Area.LEADS, "create", narrowing) is Level.TEAM


def test_another_role_held_is_not_narrowed():
    narrowing = {(Role.AGENT, Area.LEADS, "write"): Level.NONE}
    assert (
        granted_level(frozenset([Role.AGENT, Role.TEAM_LEADER]), Area.LEADS, "write", narrowing) is Level.TEAM
    )
