"""First of all: the tests of the walls are only worth something if the application works as its own role."""

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from accounts.roles import Role
from core.scope import organization_scope, system_scope
from tests.walls.catalog import SHARED

pytestmark = pytest.mark.django_db

APPLICATION = settings.DATABASE_APPLICATION_ROLE


def ask(statement: str, *parameters: object) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone()[0]


def who_am_i(request: HttpRequest) -> HttpResponse:
    return HttpResponse(
        f"{ask('SELECT current_user')} {ask('SELECT current_setting(%s)', 'app.organization_id')}"
    )


urlpatterns = [path("who/", who_am_i), path("account/", include("allauth.urls"))]


def test_the_role_is_no_superuser_owns_nothing_and_passes_no_policy(in_organization):
    assert ask("SELECT current_user") == APPLICATION
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication"
            "  FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (False,) * 6
    assert ask("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole") == 0
    assert ask("SELECT count(*) FROM pg_proc WHERE proowner = current_user::regrole") == 0
    # It is a member of no role that owns something or may do more.
    assert ask("SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole") == 0
    assert ask("SELECT row_security_active('leads_lead')")


def test_outside_every_scope_it_is_the_same_role():
    assert ask("SELECT current_user") == APPLICATION
    with system_scope():
        assert ask("SELECT current_user") != APPLICATION
    assert ask("SELECT current_user") == APPLICATION


@pytest.mark.urls("tests.walls.test_role")
def test_the_role_is_in_force_in_a_request(actor_for, client_for):
    actor = actor_for(Role.ADMIN)
    assert client_for(actor).get("/who/").text == f"{APPLICATION} {actor.organization.pk}"


@pytest.mark.urls("tests.walls.test_role")
def test_a_visitor_reaches_no_view_of_ours():
    assert Client().get("/who/").status_code == 302


def test_the_role_survives_a_failed_statement_and_its_rollback(in_organization):
    with pytest.raises(DatabaseError), transaction.atomic():
        ask("SELECT 1 / 0")
    assert ask("SELECT current_user") == APPLICATION
    assert ask("SELECT current_setting('app.organization_id')") == str(in_organization.pk)


def test_a_table_nobody_decided_about_is_named(tables):
    undecided = [
        table.name
        for table in tables.values()
        if table.is_open and not table.has_row_security and table.name not in SHARED
    ]
    assert undecided == [], "open to the application without a policy; protect them or list them as SHARED"
    without_policy = [
        table.name for table in tables.values() if table.has_organization and not table.has_row_security
    ]
    assert without_policy == [], "rows with an organisation and no policy: add tenant_walls(…) to a migration"


def test_shared_tables_are_only_read(tables):
    assert {name: tables[name].privileges for name in SHARED if tables[name].privileges - {"SELECT"}} == {}


def test_nothing_is_a_view_or_a_foreign_table(tables):
    # A view works with its owner's rights unless it is security_invoker: the first needs a test of its own.
    assert [table.name for table in tables.values() if table.kind not in "rp"] == []


def test_no_table_may_be_emptied_referenced_or_given_triggers(tables):
    more = {
        table.name: table.privileges & {"TRUNCATE", "REFERENCES", "TRIGGER"}
        for table in tables.values()
        if table.privileges & {"TRUNCATE", "REFERENCES", "TRIGGER"}
    }
    assert more == {}


def test_policies_hold_for_every_command_and_are_not_widened_by_a_second(tables):
    with system_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT tablename, cmd, permissive FROM pg_policies WHERE schemaname = 'public'")
        policies = cursor.fetchall()
    assert {command for _table, command, _permissive in policies} == {"ALL"}
    names = [table for table, _command, _permissive in policies]
    assert sorted(names) == sorted(table.name for table in tables.values() if table.has_row_security)


def test_sequences_are_drawn_from_and_never_set(in_organization):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sequencename FROM pg_sequences"
            " WHERE has_sequence_privilege(format('%I.%I', schemaname, sequencename), 'UPDATE')"
        )
        assert cursor.fetchall() == []


def test_two_organisations_one_after_the_other_on_one_connection(organization, other_organization):
    for where in (organization, other_organization, organization):
        with organization_scope(where):
            assert ask("SELECT count(*) FROM core_organization") == 1
            assert ask("SELECT slug FROM core_organization") == where.slug
    assert ask("SELECT count(*) FROM core_organization") == 0


@override_settings(DATABASE_APPLICATION_ROLE="not_made_yet")
def test_checks_learn_the_servers_version_before_the_role_is_made() -> None:
    fresh = connections.create_connection("default")
    try:
        assert fresh.pg_version >= 150000
    finally:
        fresh.close()
