"""Raw SQL against another organisation, as the application role: nothing is seen, nothing is written.

A raw RESET ROLE or set_config passes the wall and is out of scope: the wall stops our own mistakes,
parameters stop injection.
"""

import json

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from core.scope import organization_scope, system_scope
from tests.walls.catalog import is_history, tenant_keys, tenant_models

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("untouched")]

DENIED = "42501"  # insufficient_privilege: no grant, or a policy's check
NO_SUCH_KEY = "23503"  # foreign_key_violation

COLUMNS = """
SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns
 WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'
"""


def theirs_as_json(walls, table: str, column: str) -> tuple[str, dict]:
    """The writable columns of a table and one of their rows, read as the owner."""
    with system_scope(), connection.cursor() as cursor:
        cursor.execute(COLUMNS, [table])
        columns = cursor.fetchone()[0]
        cursor.execute(
            f"SELECT to_jsonb(t) FROM {table} t WHERE {column} = %s LIMIT 1", [walls.theirs.organization.pk]
        )
        row = cursor.fetchone()
        assert row is not None, f"{table} has no row to attack"
        return columns, json.loads(row[0]) if isinstance(row[0], str) else row[0]


def test_every_table_has_rows_of_both(walls):
    with system_scope(), connection.cursor() as cursor:
        for table, column in walls.tables().items():
            cursor.execute(f"SELECT count(DISTINCT {column}) FROM {table}")
            assert cursor.fetchone()[0] >= 2, table


def test_select_sees_ours_alone(walls):
    seen, missing = {}, []
    for table, column in walls.tables().items():
        state, _count, rows = walls.attempt(f"SELECT DISTINCT {column} FROM {table}")
        found = {row[0] for row in rows}
        if found - {walls.ours.organization.pk}:
            seen[table] = found
        if state == "" and not found:
            missing.append(table)
    assert seen == {}
    assert missing == [], "the wall hides our own rows too"


def test_without_an_organisation_nothing_is_seen(walls):
    for table in (*walls.tables(), "accounts_user", "accounts_historicaluser"):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone()[0] == 0, table


def test_copy_to_gives_ours_alone(walls):
    with organization_scope(walls.ours.organization):
        for table, column in walls.tables().items():
            with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({column}) TO STDOUT") as copy:
                found = set(b"".join(map(bytes, copy)).decode().split())
            assert found <= {str(walls.ours.organization.pk)}, table


def test_copy_from_is_refused(walls):
    for table, column in walls.tables().items():
        columns, row = theirs_as_json(walls, table, column)
        with organization_scope(walls.ours.organization), pytest.raises(psycopg.Error) as refusal:
            into = f"COPY {table} ({columns}) FROM STDIN"
            with transaction.atomic(), connection.cursor() as cursor, cursor.copy(into) as copy:
                copy.write_row([row.get(name.strip('"')) for name in columns.split(", ")])
        # 0A000 says that COPY FROM is not supported under row-level security.
        assert refusal.value.sqlstate in (DENIED, "0A000"), table


@pytest.mark.parametrize("target", ["'/tmp/leak'", "PROGRAM 'cat'"])
def test_copy_reaches_no_file_and_no_program(walls, target):
    assert walls.attempt(f"COPY leads_lead TO {target}")[0] == DENIED


def test_insert_into_theirs_is_refused(walls):
    states = {}
    for table, column in walls.tables().items():
        columns, row = theirs_as_json(walls, table, column)
        if "id" in row and column != "id":
            row["id"] = 900_000_000
        if "history_id" in row:
            row["history_id"] = 900_000_000
        states[table] = walls.attempt(
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{table}, %s)",
            [json.dumps(row)],
        )[0]
    assert {table: state for table, state in states.items() if state != DENIED} == {}


def test_update_of_theirs_touches_nothing(walls):
    touched = {}
    for table, column in walls.tables().items():
        state, count, _rows = walls.attempt(
            f"UPDATE {table} SET {column} = {column} WHERE {column} = %s", [walls.theirs.organization.pk]
        )
        if not (state == DENIED or (state == "" and count == 0)):
            touched[table] = (state, count)
    assert touched == {}


def test_no_row_of_ours_moves_to_them(walls):
    states = {
        table: walls.attempt(f"UPDATE {table} SET {column} = %s", [walls.theirs.organization.pk])[0]
        for table, column in walls.tables().items()
    }
    assert {table: state for table, state in states.items() if state != DENIED} == {}


def test_delete_of_theirs_touches_nothing(walls):
    touched = {}
    for table, column in walls.tables().items():
        state, count, _rows = walls.attempt(
            f"DELETE FROM {table} WHERE {column} = %s", [walls.theirs.organization.pk]
        )
        if not (state == DENIED or (state == "" and count == 0)):
            touched[table] = (state, count)
    assert touched == {}


def test_a_delete_of_everything_leaves_theirs(walls):
    with organization_scope(walls.ours.organization):
        for table in walls.tables():
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(f"DELETE FROM {table}")
            except DatabaseError:
                continue


def test_merge_and_upsert_reach_nothing(walls):
    line = walls.theirs.row(
        next(model for model in tenant_models() if model._meta.label == "leads.BusinessLine")
    )
    merge = (
        "MERGE INTO leads_businessline t USING (SELECT %s::bigint AS id) s ON t.id = s.id"
        " WHEN MATCHED THEN UPDATE SET name = 'x'"
    )
    assert walls.attempt(merge, [line.pk])[:2] == ("", 0)
    columns, row = theirs_as_json(walls, "leads_businessline", "organization_id")
    row["organization_id"] = walls.ours.organization.pk
    state = walls.attempt(
        f"INSERT INTO leads_businessline ({columns}) SELECT {columns}"
        " FROM jsonb_populate_record(NULL::leads_businessline, %s) ON CONFLICT (id) DO UPDATE SET name = 'x'",
        [json.dumps(row)],
    )[0]
    assert state == DENIED


def test_truncate_is_refused_everywhere(walls, tables):
    states = {name: walls.attempt(f"TRUNCATE {name} CASCADE")[0] for name in tables}
    assert {name: state for name, state in states.items() if state != DENIED} == {}


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE leads_lead DISABLE TRIGGER ALL",
        "ALTER TABLE leads_lead DISABLE TRIGGER history_update",
        "ALTER TABLE leads_lead DISABLE ROW LEVEL SECURITY",
        "DROP POLICY organization_wall ON leads_lead",
        "CREATE POLICY mine ON leads_lead USING (true)",
        "ALTER POLICY organization_wall ON leads_lead USING (true)",
        "DROP TRIGGER history_insert ON leads_lead",
        "DROP TABLE leads_lead CASCADE",
        "ALTER TABLE leads_lead ADD COLUMN mine text",
        "CREATE INDEX mine ON leads_lead (id)",
        "CREATE TABLE mine (id bigint)",
        "CREATE VIEW mine AS SELECT * FROM leads_lead",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA mine",
        "CREATE TRIGGER mine AFTER INSERT ON leads_lead EXECUTE FUNCTION leadledger_record_history()",
        "CREATE RULE mine AS ON DELETE TO leads_lead DO INSTEAD NOTHING",
        "SET session_replication_role = replica",
        "CREATE ROLE mine",
        "ALTER ROLE CURRENT_USER BYPASSRLS",
        "GRANT ALL ON leads_lead TO PUBLIC",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT setval('leads_reference', 1)",
    ],
)
def test_the_walls_cannot_be_taken_down(walls, statement):
    state = walls.attempt(statement)[0]
    # A GRANT by somebody who has nothing to give is a warning, and gives nothing.
    assert state == DENIED or (statement.startswith("GRANT") and state in (DENIED, ""))
    if statement.startswith("GRANT"):
        with system_scope(), connection.cursor() as cursor:
            cursor.execute("SELECT has_table_privilege('public', 'leads_lead', 'SELECT')")
            assert cursor.fetchone() == (False,)


def test_row_security_off_is_an_error_and_not_a_way_in(walls):
    with (
        organization_scope(walls.ours.organization),
        pytest.raises(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET LOCAL row_security = off")
        cursor.execute("SELECT count(*) FROM leads_lead")


def test_users_of_others_are_not_there(walls):
    state, _count, rows = walls.attempt("SELECT id FROM accounts_user")
    members = {row[0] for row in rows}
    with system_scope():
        ours = set(
            User.objects.filter(memberships__organization=walls.ours.organization).values_list(
                "pk", flat=True
            )
        )
    assert (state, members) == ("", ours)
    assert {row[0] for row in walls.attempt("SELECT id FROM accounts_historicaluser")[2]} <= {
        walls.ours.admin.user.pk
    }


def test_no_user_is_made_readable_by_naming_it(walls):
    """A membership that names a stranger would open that stranger's row."""
    stranger = walls.theirs.admin.user.pk
    insert = (
        "INSERT INTO accounts_membership"
        " (organization_id, user_id, roles, name, phone, is_active, created_at)"
        " VALUES (%s, %s, '{admin}', '', '', true, now())"
    )
    assert walls.attempt(insert, [walls.ours.organization.pk, stranger])[0] == DENIED
    assert walls.attempt("UPDATE accounts_membership SET user_id = %s", [stranger])[0] == DENIED


def test_users_are_changed_by_nobody_here(walls):
    assert walls.attempt("UPDATE accounts_user SET email = 'x@example.com'")[0] == DENIED
    assert walls.attempt("DELETE FROM accounts_user")[0] == DENIED


@pytest.mark.parametrize(
    "table",
    [
        "django_session",
        "account_emailaddress",
        "account_emailconfirmation",
        "mfa_authenticator",
        "django_admin_log",
        "django_migrations",
        "django_celery_beat_periodictask",
        "django_celery_beat_periodictasks",
        "django_celery_beat_crontabschedule",
    ],
)
def test_secrets_and_machinery_are_closed(walls, tables, table):
    assert tables[table].privileges == frozenset()
    assert walls.attempt(f"SELECT * FROM {table}")[0] == DENIED


def test_every_key_to_another_row_carries_the_organisation():
    with system_scope(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, array_agg(a.attname ORDER BY a.attname)"
            "  FROM pg_constraint c"
            "  JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)"
            " WHERE contype = 'f' AND condeferrable AND NOT condeferred GROUP BY c.oid, conrelid"
        )
        composite = {(table, frozenset(columns)) for table, columns in cursor.fetchall()}
    missing = [
        f"{model._meta.label}.{field.name}"
        for model, field in tenant_keys()
        if (model._meta.db_table, frozenset({"organization_id", field.column})) not in composite
    ]
    assert missing == [], "add the field to keys=… of tenant_walls in a migration"


def test_a_plain_foreign_key_to_a_tenants_row_is_a_decision():
    """Django's own constraint would pass the policy; derived rows have none at all."""
    tenants = {model for model in tenant_models() if not is_history(model)}
    plain = [
        f"{model._meta.label}.{field.name}"
        for model in tenants
        for field in model._meta.fields
        if field.is_relation and field.related_model in tenants and field.db_constraint
    ]
    assert plain == []


def test_what_must_be_unique_is_unique_within_an_organisation(tables):
    """A conflict with a row of theirs would tell that the row exists."""
    with system_scope(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid)"
            "  FROM pg_index WHERE (indisunique OR indisexclusion) AND NOT indisprimary"
        )
        across = [
            name
            for table, name, definition in cursor.fetchall()
            if table in tables and tables[table].has_organization and "organization_id" not in definition
        ]
    assert across == []


def test_no_row_of_ours_points_at_theirs_and_nobody_learns_whether_it_exists(walls):
    told = {}
    for model, field in tenant_keys():
        table, column = model._meta.db_table, field.column
        target = walls.theirs.row(field.related_model)
        answers = []
        for key in (target.pk, 987_654_321):
            with organization_scope(walls.ours.organization):
                try:
                    with transaction.atomic(), connection.cursor() as cursor:
                        cursor.execute(f"UPDATE {table} SET {column} = %s", [key])
                        transaction.set_rollback(True)
                        answers.append(("", cursor.rowcount))
                except DatabaseError as error:
                    answers.append((error.__cause__.sqlstate, str(error).replace(str(key), "#")))
        if answers[0] != answers[1] or answers[0][0] not in (NO_SUCH_KEY, DENIED):
            told[f"{table}.{column}"] = answers
    assert told == {}


def test_no_row_of_theirs_can_be_pinned_by_ours(walls):
    """A reference from outside would keep a row from being deleted: with composite keys there is none."""
    with system_scope(), connection.cursor() as cursor:
        for model, field in tenant_keys():
            parent = field.related_model._meta.db_table
            cursor.execute(
                f"SELECT count(*) FROM {model._meta.db_table} child"
                f"  JOIN {parent} parent ON parent.id = child.{field.column}"
                " WHERE parent.organization_id <> child.organization_id"
            )
            assert cursor.fetchone() == (0,)


def test_other_sessions_keep_their_queries_to_themselves(walls):
    state, _count, rows = walls.attempt(
        "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert (state, {row[0] for row in rows} - {"<insufficient privilege>", ""}) == ("", set())
