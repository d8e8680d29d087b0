"""No write without history: raw SQL and bulk statements leave actor, request and reason for good."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat

from accounts.models import ApiKey, User
from core.scope import organization_scope, system_scope
from leads.models import BusinessLine, FormSubmission, Lead, Source, WatchedPlace
from tests.walls.catalog import is_history

pytestmark = pytest.mark.django_db

DENIED = "42501"
STAMP = {"request_id": "request-7", "reason": "as told", "job_id": 5}


def tracked_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if hasattr(model, "history") and not is_history(model)]


@pytest.fixture
def stamped(walls):
    """Work in our organisation as a person, within a request, with a reason."""
    with organization_scope(walls.ours.organization, actor_id=walls.ours.admin.user.pk, **STAMP):
        yield walls.ours


def run(statement: str, *parameters: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount


def left(model: type[models.Model], kind: str) -> list[models.Model]:
    """The history rows that a statement of `stamped` left."""
    return list(
        model.history.filter(history_type=kind, history_request_id=STAMP["request_id"]).order_by("history_id")
    )


def check_stamp(row: models.Model, world) -> None:
    assert row.history_user_id == world.admin.user.pk
    assert row.history_change_reason == STAMP["reason"]
    assert row.history_job_id == STAMP["job_id"]
    assert row.history_date is not None


def test_every_domain_table_is_tracked_or_derived():
    """What has no history is a decision: derived rows are rebuilt, jobs are machinery."""
    untracked = {
        model._meta.label
        for model in apps.get_models()
        if model._meta.app_config.name in {"core", "accounts", "leads"}
        and not is_history(model)
        and not hasattr(model, "history")
    }
    assert untracked == {
        "core.DailyRun",
        "core.IdempotencyKey",
        "core.Job",
        "core.OutboxLane",
        "core.OutboxMessage",
        "core.PurgeRecord",
        "core.WorkerHeartbeat",
        "accounts.ApiKeyUse",  # when, at most once a minute
        "accounts.LoginLog",  # append-only itself
        "accounts.TokenSession",  # as Django's sessions; the login log tells of sign-ins
        "leads.AssignmentTally",  # counts
        "leads.AcceptanceCount",
        "leads.LeadAdmission",
        "leads.Arrival",  # a log itself
        "leads.PlaceLook",
        "leads.AssignmentTurn",
        "leads.HandedLead",  # the leads have one
        "leads.WaitingLead",
        "leads.LeadAssignment",
        "leads.StallClock",  # follows from the lead and what was done with it
        "leads.StallStep",  # append-only itself
        "leads.LeadValue",
        "leads.LeadToken",
        "leads.DuplicateKey",
        "leads.Notification",  # what it tells of has one
        "leads.NotificationSettings",  # how somebody wants to be told is that person's alone
        "leads.Digest",  # that a mail was owed
        "leads.BulkChange",  # what becomes of the leads is in theirs
        "leads.BulkChangedLead",
        "leads.FormRefusals",  # a count
        "leads.LeadTally",
        "leads.LeadFlaw",
        "leads.CountedFigures",
    }


def test_three_triggers_stand_on_every_tracked_table(db):
    with system_scope(), connection.cursor() as cursor:
        for model in tracked_models():
            cursor.execute(
                "SELECT array_agg(tgname::text ORDER BY tgname), bool_and(tgenabled = 'O') FROM pg_trigger"
                " WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgname LIKE 'history_%%'",
                [model._meta.db_table],
            )
            assert cursor.fetchone() == (["history_delete", "history_insert", "history_update"], True), model


SECRETS = {
    User: {"password", "last_login"},
    ApiKey: {"secret_digest"},
    # What was typed by whom nobody knows, and is removed.
    FormSubmission: {"values"},
    WatchedPlace: {"password"},
}


def test_history_keeps_every_column_except_secrets():
    for model in tracked_models():
        kept = {field.column for field in model.history.model._meta.fields}
        lost = {field.column for field in model._meta.concrete_fields} - kept
        assert lost == SECRETS.get(model, set()), model


def test_an_insert_of_any_model_leaves_history(walls):
    with organization_scope(walls.ours.organization):
        for model in tracked_models():
            if model is not User:
                assert model.history.filter(history_type="+").exists(), model


def test_a_raw_update_of_any_model_leaves_history(stamped):
    for model in tracked_models():
        with system_scope(stamped.organization):
            row = stamped.row(model)
            column = model._meta.pk.column
            assert (
                run(f"UPDATE {model._meta.db_table} SET {column} = {column} WHERE {column} = %s", row.pk) == 1
            )
            written = left(model, "~")
        assert [one.id for one in written] == [row.pk], model
        check_stamp(written[0], stamped)


def test_a_raw_delete_of_any_model_leaves_history(stamped):
    for model in tracked_models():
        with system_scope(stamped.organization), transaction.atomic():
            run("SET CONSTRAINTS ALL DEFERRED")
            row = stamped.row(model)
            table = model._meta.db_table
            try:
                with transaction.atomic():
                    run(f"DELETE FROM {table} WHERE {model._meta.pk.column} = %s", row.pk)
                    written = left(model, "-")
                    assert [one.id for one in written] == [row.pk], model
                    check_stamp(written[0], stamped)
                    raise UndoneError
            except UndoneError:
                continue


class UndoneError(Exception):
    """Takes back a savepoint."""


def test_raw_insert_and_insert_from_select(stamped):
    run(
        "INSERT INTO leads_source (organization_id, name, name_key, is_active, created_at)"
        " SELECT organization_id, name || n, name_key || n, is_active, created_at"
        "   FROM leads_source, generate_series(1, 500) n"
    )
    written = left(Source, "+")
    assert len(written) == 500
    check_stamp(written[-1], stamped)
    assert {row.organization_id for row in written} == {stamped.organization.pk}


def test_the_bulk_path(stamped):
    made = Source.objects.bulk_create(
        Source(name=f"S{n}", name_key=f"s{n}", organization=stamped.organization) for n in range(300)
    )
    for source in made:
        source.name += "!"
    Source.objects.bulk_update(made, ["name"], batch_size=100)
    Source.objects.filter(pk__in=[source.pk for source in made]).update(name=Concat(F("name"), Value("?")))
    Source.objects.filter(pk__in=[source.pk for source in made]).delete()
    counts = {
        kind: len([row for row in left(Source, kind) if row.id != stamped.row(Source).pk]) for kind in "+~-"
    }
    assert counts == {"+": 300, "~": 600, "-": 300}
    assert left(Source, "-")[0].name.endswith("!?")


def test_upsert_merge_and_copy_leave_history(stamped):
    source = stamped.row(Source)
    run(
        "INSERT INTO leads_source (id, organization_id, name, name_key, is_active, created_at)"
        " VALUES (%s, %s, 'x', 'x', true, now()) ON CONFLICT (id) DO UPDATE SET name = 'upserted'",
        source.pk,
        stamped.organization.pk,
    )
    run(
        "MERGE INTO leads_source t USING (SELECT %s::bigint AS id) s ON t.id = s.id"
        " WHEN MATCHED THEN UPDATE SET name = 'merged'",
        source.pk,
    )
    assert [row.name for row in left(Source, "~")] == ["upserted", "merged"]
    with system_scope(stamped.organization), connection.cursor() as cursor:
        columns = "organization_id, name, name_key, is_active, created_at"
        with cursor.copy(f"COPY leads_source ({columns}) FROM STDIN") as copy:
            copy.write_row([stamped.organization.pk, "copied", "copied", True, "2025-01-01"])
    assert left(Source, "+")[-1].name == "copied"


def test_what_changed_in_one_statement_is_seen_before_and_after(stamped):
    lead = stamped.row(Lead)
    Lead.objects.filter(pk=lead.pk).update(name="After")
    newest, before = Lead.history.filter(id=lead.pk)[:2]
    assert (before.name, newest.name) == ("Asha Rao", "After")


def test_each_statement_names_its_own_actor(walls):
    source = walls.ours.row(Source)
    for actor_id, request_id in ((1, "a"), (2, "b"), (None, "")):
        with organization_scope(walls.ours.organization, actor_id=actor_id, request_id=request_id):
            Source.objects.filter(pk=source.pk).update(name="x")
    with organization_scope(walls.ours.organization):
        newest = list(Source.history.filter(id=source.pk, history_type="~").order_by("history_id"))
    assert [(row.history_user_id, row.history_request_id) for row in newest] == [
        (1, "a"),
        (2, "b"),
        (None, ""),
    ]


def test_what_is_rolled_back_leaves_none(stamped):
    with pytest.raises(UndoneError), transaction.atomic():
        Source.objects.update(name="x")
        raise UndoneError
    assert left(Source, "~") == []


def test_statements_that_touch_nothing_leave_none(stamped):
    Source.objects.filter(pk=-1).update(name="x")
    assert left(Source, "~") == []


def test_history_is_read_only_for_the_application(walls, tables):
    for model in tracked_models():
        table = model.history.model._meta.db_table
        assert tables[table].privileges == {"SELECT"}, table
        for statement in (
            f"INSERT INTO {table} DEFAULT VALUES",
            f"UPDATE {table} SET history_change_reason = 'never'",
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
            f"ALTER TABLE {table} ADD COLUMN mine text",
            f"COPY {table} FROM STDIN",
        ):
            assert walls.attempt(statement)[0] == DENIED, statement


def test_history_through_the_orm_is_refused_too(stamped):
    line = stamped.row(BusinessLine)
    for write in (
        lambda: line.history.update(history_change_reason="never"),
        lambda: line.history.all().delete(),
        lambda: line.history.first().save(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            write()


def test_history_is_not_forged_through_a_table_of_ones_own(stamped):
    """The trigger function writes as the owner: who may hang it on a temporary table writes any history."""
    run("CREATE TEMPORARY TABLE forged AS SELECT * FROM leads_source")
    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        run(
            "CREATE TRIGGER forge AFTER INSERT ON forged REFERENCING NEW TABLE AS changed_rows"
            " FOR EACH STATEMENT EXECUTE FUNCTION leadledger_record_history('leads_historicalsource')"
        )
    assert refusal.value.__cause__.sqlstate == DENIED


def test_objects_of_ones_own_do_not_lead_the_trigger_astray(stamped):
    """A temporary table by the name of the transition table or of the history changes nothing."""
    run("CREATE TEMPORARY TABLE changed_rows AS SELECT * FROM leads_source WHERE false")
    run("CREATE TEMPORARY TABLE leads_historicalsource (id bigint)")
    Source.objects.update(name="renamed")
    with system_scope(stamped.organization), connection.cursor() as cursor:
        cursor.execute("SELECT name FROM public.leads_historicalsource ORDER BY history_id DESC LIMIT 1")
        assert cursor.fetchone() == ("renamed",)
