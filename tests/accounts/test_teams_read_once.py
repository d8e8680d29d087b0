"""A team is read once for a request that changes nothing, and anew for all else."""

import pytest

from accounts.queries.memberships import subtree_ids, teams_read_once
from accounts.roles import Role
from core.scope import organization_scope
from tests.factories import make_actor, make_organization

pytestmark = pytest.mark.django_db


def test_a_team_is_read_once_in_the_block_and_as_it_is_after_it(django_assert_num_queries):
    organization = make_organization("teams")
    leader = make_actor(organization, Role.TEAM_LEADER)
    with organization_scope(organization):
        assert leader.membership is not None
        with teams_read_once(), django_assert_num_queries(1):
            first = subtree_ids(leader.membership)
            first.append(0)
            assert subtree_ids(leader.membership) == [leader.membership.pk]
        agent = make_actor(organization, Role.AGENT, manager=leader)
        assert agent.membership is not None
        assert subtree_ids(leader.membership) == sorted([leader.membership.pk, agent.membership.pk])


def test_the_blocks_of_two_people_know_nothing_of_each_other(django_assert_num_queries):
    organization = make_organization("teams")
    leaders = [make_actor(organization, Role.TEAM_LEADER) for _ in range(2)]
    with organization_scope(organization), teams_read_once(), django_assert_num_queries(2):
        for leader in leaders * 2:
            assert leader.membership is not None
            assert subtree_ids(leader.membership) == [leader.membership.pk]
