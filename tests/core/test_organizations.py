"""Opening and changing an organisation."""

import pytest

from core.errors import Conflict, NotVisible, ValidationFailed
from core.models import Organization
from core.scope import NoOrganization, organization_scope, system_scope
from core.services.organizations import change_organization, create_organization

pytestmark = pytest.mark.django_db


def test_an_organisation_has_defaults_and_leaves_history():
    organization = create_organization(slug="acme", name=" Acme Loans ")
    assert (organization.name, organization.currency, organization.timezone) == (
        "Acme Loans",
        "INR",
        "Asia/Kolkata",
    )
    with system_scope():
        assert [row.history_type for row in Organization.history.filter(id=organization.pk)] == ["+"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slug": "no slug"}, "slug"),
        ({"slug": ""}, "slug"),
        ({"name": " "}, "name"),
        ({"currency": "XXX"}, "currency"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"locale": "xx"}, "locale"),
    ],
)
def test_what_cannot_be_opened_is_refused_by_field(change, field):
    with pytest.raises(ValidationFailed) as refusal:
        create_organization(**{"slug": "acme", "name": "Acme", **change})
    assert list(refusal.value.fields) == [field]


def test_a_short_name_is_taken_once(organization):
    with pytest.raises(Conflict) as refusal:
        create_organization(slug=organization.slug, name="Another")
    assert list(refusal.value.fields) == ["slug"]


def test_settings_are_changed_within_the_organisation(organization):
    with organization_scope(organization, actor_id=1):
        change_organization(organization=organization, name="New name", timezone="Europe/Berlin")
        stored = Organization.objects.get()
        assert (stored.name, stored.zone.key) == ("New name", "Europe/Berlin")
        assert stored.history.first().history_user_id == 1


@pytest.mark.parametrize(("change", "field"), [({"slug": "x"}, "slug"), ({"is_active": False}, "is_active")])
def test_what_never_changes_is_refused(organization, change, field):
    with organization_scope(organization), pytest.raises(ValidationFailed) as refusal:
        change_organization(organization=organization, **change)
    assert list(refusal.value.fields) == [field]


def test_another_organisation_is_not_there_to_be_changed(organization, other_organization):
    with organization_scope(organization), pytest.raises(NotVisible):
        change_organization(organization=other_organization, name="Mine")
    with pytest.raises(NoOrganization):
        change_organization(organization=organization, name="Mine")
