"""Queries that are composed once: they answer as the queryset would, whoever asks and however often."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.db.models import QuerySet

from core.database.compiled import CompiledQuery
from core.models import Organization
from core.scope import NoOrganization, organization_scope, system_scope
from leads.models import Source
from leads.services.origins import resolve_sources

pytestmark = pytest.mark.django_db


class Counted:
    """A queryset's builder that counts how often it is asked."""

    def __init__(self, build: Callable[..., QuerySet[Source]]) -> None:
        self.build = build
        self.times = 0

    def __call__(self, **marks: object) -> QuerySet[Source]:
        self.times += 1
        return self.build(**marks)


@pytest.fixture
def origins(organization: Organization, other_organization: Organization) -> None:
    """Sources of two organisations; both have one of the same name."""
    for house, names in ((organization, ["Website", "Referral"]), (other_organization, ["Website", "Fair"])):
        with organization_scope(house):
            resolve_sources(names)


def names(found: list[Source]) -> list[str]:
    return [source.name for source in found]


def test_it_is_composed_once_and_answers_anew(origins: None, organization: Organization) -> None:
    build = Counted(lambda key: Source.objects.filter(name_key=key).select_related("organization"))
    by_key = CompiledQuery(build, key=str)
    with organization_scope(organization):
        assert names(by_key(key="website")) == ["Website"]
        assert by_key.first(key="referral").organization == organization
        assert by_key.first(key="nobody's") is None
        Source.objects.filter(name_key="website").update(name="WEBSITE")
        assert names(by_key(key="website")) == ["WEBSITE"]
    assert build.times == 1


def test_each_organisation_gets_its_own(
    origins: None, organization: Organization, other_organization: Organization
) -> None:
    all_of_them = CompiledQuery(lambda: Source.objects.order_by("name"))
    for house, expected in (
        (organization, ["Referral", "Website"]),
        (other_organization, ["Fair", "Website"]),
        (organization, ["Referral", "Website"]),
    ):
        with organization_scope(house):
            assert names(all_of_them()) == expected
    with system_scope():
        assert names(all_of_them()) == ["Fair", "Referral", "Website", "Website"]
    with organization_scope(other_organization):
        assert names(all_of_them()) == ["Fair", "Website"]


def test_without_an_organisation_it_refuses(origins: None, organization: Organization) -> None:
    all_of_them = CompiledQuery(lambda: Source.objects.all())
    with pytest.raises(NoOrganization):
        all_of_them()
    with organization_scope(organization):
        all_of_them()
    with system_scope():
        assert len(all_of_them()) == 4
    with pytest.raises(NoOrganization):
        all_of_them()


def test_any_of_takes_a_list_of_any_length(origins: None, organization: Organization) -> None:
    some = CompiledQuery(lambda ids: Source.objects.filter(pk__any=ids).order_by("name"), ids=str)
    with organization_scope(organization):
        both = list(Source.objects.order_by("name").values_list("pk", flat=True))
        assert names(some(ids=both)) == ["Referral", "Website"]
        assert names(some(ids=both[:1])) == ["Referral"]
        assert some(ids=[]) == []


def test_what_is_given_is_a_value_and_never_part_of_the_statement(
    origins: None, organization: Organization
) -> None:
    by_key = CompiledQuery(lambda key: Source.objects.filter(name_key=key), key=str)
    with organization_scope(organization):
        for hostile in ("' OR true --", "%s", "website' --", "$1", "\\"):
            assert by_key(key=hostile) == []


def test_a_parameter_that_nothing_is_compared_with_is_a_mistake(organization: Organization) -> None:
    lost = CompiledQuery(lambda key: Source.objects.all(), key=str)
    with organization_scope(organization), pytest.raises(ValueError, match="key"):
        lost(key="website")


def test_the_server_plans_it_once(origins: None, organization: Organization) -> None:
    by_key = CompiledQuery(lambda key: Source.objects.filter(name_key=key).order_by("-name", "-pk"), key=str)
    with organization_scope(organization):
        for key in ("website", "referral", "website"):
            by_key(key=key)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans + custom_plans FROM pg_prepared_statements"
            """ WHERE statement LIKE '%leads_source%' AND statement LIKE '%"name" DESC, "leads_source"."id" DESC'"""
        )
        assert cursor.fetchall() == [(3,)]


@pytest.mark.django_db(transaction=True)
def test_a_migration_under_running_processes_ends_the_plans_and_nothing_else(
    organization: Organization,
) -> None:
    by_key = CompiledQuery(lambda key: Source.objects.filter(name_key=key), key=str)
    with organization_scope(organization):
        resolve_sources(["Website"])
        assert names(by_key(key="website")) == ["Website"]
    alter = "ALTER TABLE leads_source ALTER COLUMN name TYPE {}"
    try:
        change_elsewhere(alter.format("text"))
        with organization_scope(organization):
            for _call in range(2):
                assert names(by_key(key="website")) == ["Website"]
    finally:
        change_elsewhere(alter.format("varchar(200)"))
        connection.close()


def change_elsewhere(statement: str) -> None:
    """Execute a statement as a migration does: over another connection, as the owner."""
    other = connection.copy()
    try:
        with system_scope(), other.cursor() as cursor:
            cursor.execute(statement)
    finally:
        other.close()
