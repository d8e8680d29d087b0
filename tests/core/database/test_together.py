"""Several querysets in one statement: each part is what the queryset itself would have found."""

import pytest
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Value
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership
from accounts.roles import Role
from core.database.together import CompiledReading, read_together
from core.models import Organization
from core.scope import NoOrganization, organization_scope
from leads.models import Campaign, Source
from leads.services.origins import resolve_campaigns, resolve_sources
from tests.factories import make_actor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def houses(organization: Organization, other_organization: Organization) -> None:
    """Two organisations with sources, campaigns and people of the same names."""
    for house, more in ((organization, "Referral"), (other_organization, "Fair")):
        with organization_scope(house):
            resolve_sources(["Website", more])
            resolve_campaigns([f"{more} 2026"])
        make_actor(house, Role.AGENT, name=f"{more} Agent")


def names(found: list[list[object]]) -> list[list[str]]:
    return [[str(each) for each in part] for part in found]


def test_each_part_is_what_its_queryset_finds_in_its_order(
    organization: Organization, django_assert_num_queries
) -> None:
    with organization_scope(organization):
        same = Source.objects.filter(name=OuterRef("name"))
        querysets = [
            Source.objects.order_by("-name"),
            Membership.objects.select_related("user").annotate(lines=Count("report_lines")).order_by("pk"),
            Source.objects.filter(pk__in=[]),
            Campaign.objects.annotate(told=Value("so"), is_source=Exists(same)).order_by(F("name").desc())[
                :1
            ],
            Source.objects.only("name").filter(name="100%")[:3],
        ]
        with django_assert_num_queries(1):
            found = read_together(*querysets)
        assert found == [list(rows) for rows in querysets]
        [[member, *_others], [campaign]] = found[1], found[3]
        with django_assert_num_queries(0):
            assert (str(member), member.user.is_active, member.lines) == ("Referral Agent", True, 0)
            assert (campaign.told, campaign.is_source) == ("so", False)
        assert found[0][0].__dict__.keys() == Source.objects.first().__dict__.keys()
        with django_assert_num_queries(0):
            assert read_together(Source.objects.none()) == [[]]


def test_values_are_those_of_the_queryset(organization: Organization) -> None:
    with organization_scope(organization):
        alone, beside = Membership.objects.order_by("pk"), Source.objects.order_by("pk")
        [people, sources] = read_together(alone, beside)
        for found, rows in ((people, alone), (sources, beside)):
            for one, other in zip(found, rows, strict=True):
                values = {key: value for key, value in vars(one).items() if key != "_state"}
                assert values == {key: value for key, value in vars(other).items() if key != "_state"}
                assert all(type(value) is type(getattr(other, key)) for key, value in values.items())


def test_it_is_composed_once_and_each_organisation_gets_its_own(
    organization: Organization, other_organization: Organization
) -> None:
    times = []

    def build(key: str) -> list[object]:
        times.append(key)
        return [Source.objects.filter(name_key=key), Campaign.objects.order_by("name")]

    reading = CompiledReading(build, key=str)
    for house, more in ((organization, "Referral"), (other_organization, "Fair"), (organization, "Referral")):
        with organization_scope(house):
            assert names(reading(key="website")) == [["Website"], [f"{more} 2026"]]
            assert names(reading(key="' OR true --")) == [[], [f"{more} 2026"]]
            assert [each[0].organization_id for each in reading(key="website")] == [house.pk, house.pk]
    assert len(times) == 1
    with pytest.raises(NoOrganization):
        reading(key="website")


def test_the_walls_stand_in_every_part(organization: Organization, other_organization: Organization) -> None:
    with organization_scope(organization), CaptureQueriesContext(connection) as queries:
        found = read_together(Source._base_manager.all(), Campaign._base_manager.all())
    assert {each.organization_id for part in found for each in part} == {organization.pk}, queries
    assert other_organization.pk != organization.pk
