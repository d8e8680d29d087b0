import pytest

from accounts.models import Membership
from accounts.roles import Role

pytestmark = pytest.mark.django_db


def test_an_invited_person_is_a_member(actor_for, organization):
    actor = actor_for(Role.AGENT, name="Asha  Rao")
    assert actor.membership.organization == organization
    assert actor.label == "Asha Rao"


@pytest.mark.django_db(transaction=True)
def test_flush(actor_for, in_organization):
    actor_for(Role.AGENT)
    assert Membership.objects.count() == 1
