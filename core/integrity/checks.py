"""The foundation's own checks: tenant keys, walls, history triggers, jobs."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.files.storage import default_storage
from django.db import connection, models
from psycopg import sql

from core.database.history import HistoryRow
from core.integrity.registry import CheckResult, database_check, integrity_check
from core.models import Organization, StoredFile

WALLS = """
SELECT class.relname FROM pg_class AS class
 WHERE class.relrowsecurity AND class.relnamespace = 'public'::regnamespace
   AND EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = class.oid AND polname = 'organization_wall')
"""
TRIGGERS = """
SELECT class.relname, trigger.tgname
  FROM pg_trigger AS trigger JOIN pg_class AS class ON class.oid = trigger.tgrelid
 WHERE trigger.tgenabled <> 'D' AND class.relnamespace = 'public'::regnamespace
   AND trigger.tgname IN ('history_insert', 'history_update', 'history_delete')
"""
HISTORY_TRIGGERS = ("history_insert", "history_update", "history_delete")
KEYS_TRIED = sql.SQL("SELECT count({column}) FROM {child} WHERE organization_id = %s")
# Joined by the key alone: the planner, not knowing how many rows a new organisation has, would otherwise look
# each of them up among all rows of the organisation.
KEYS_BROKEN = sql.SQL("""
SELECT child.{column} FROM {child} AS child
  LEFT JOIN {parent} AS parent ON parent.{key} = child.{column}
 WHERE child.organization_id = %s AND child.{column} IS NOT NULL
   AND parent.organization_id IS DISTINCT FROM child.organization_id
""")
WITHOUT_ORGANIZATION = sql.SQL("""
SELECT count(*), count(*) FILTER (WHERE tenant.organization_id IS NOT NULL AND organization.id IS NULL)
  FROM {table} AS tenant
  LEFT JOIN core_organization AS organization ON organization.id = tenant.organization_id
""")
# Each condition must be true of every job.
JOB_CONDITIONS = {
    "state": "state IN ('queued', 'running', 'done', 'failed', 'cancelled')",
    "end": "(finished_at IS NOT NULL) = (state IN ('done', 'failed', 'cancelled'))",
    "lease": "CASE WHEN state = 'running' THEN lease_until IS NOT NULL AND token > 0"
    " WHEN state <> 'queued' THEN lease_until IS NULL ELSE true END",
    "error": "(error <> '') = (state = 'failed')",
    "progress": "done >= 0 AND (total IS NULL OR total >= 0) AND losses >= 0 AND token >= 0",
    "log": "jsonb_typeof(log) = 'array'",
}


@integrity_check("core.kept_files")
def check_kept_files(organization: Organization) -> CheckResult:
    """Every kept file lies where its row says, with as many bytes; one that is attached belongs to a row."""
    files = StoredFile.everything.filter(organization=organization).order_by("pk")
    tried, breaks = 0, []
    for file in files.iterator():
        tried += 1
        if problem := _problem_of(file):
            breaks.append(f"file {file.pk} {problem}")
    return CheckResult(tried, breaks)


def _problem_of(file: StoredFile) -> str:
    if (file.attached_at is None) != (file.subject_id is None):
        return "is attached to nothing"
    try:
        size = default_storage.size(file.path)
    except FileNotFoundError:
        return "is not in the storage"
    return "" if size == file.size else f"has {size} bytes instead of {file.size}"


def has_organization(model: type[models.Model]) -> bool:
    """Whether the model's rows belong to an organisation."""
    return any(field.name == "organization" for field in model._meta.concrete_fields)


def tenant_models() -> list[type[models.Model]]:
    """Return the models with a table of their own whose rows belong to an organisation, history included."""
    return [model for model in apps.get_models() if model._meta.managed and has_organization(model)]


def tenant_keys() -> Iterator[tuple[type[models.Model], "models.ForeignKey[Any, Any]"]]:
    """Yield each column that names a row of the same organisation, whether or not the database holds the key.

    History keeps what once was, also where the row it named is gone: it is left out.
    """
    for model in tenant_models():
        if issubclass(model, HistoryRow):
            continue
        for column in model._meta.concrete_fields:
            if isinstance(column, models.ForeignKey) and has_organization(column.related_model):
                yield model, column


@integrity_check("core.tenant_keys")
def check_tenant_keys(organization: Organization) -> CheckResult:
    """Every reference between rows stays within the organisation and finds its row."""
    tried = 0
    breaks: list[str] = []
    with connection.cursor() as cursor:
        for model, column in tenant_keys():
            table, parent = model._meta.db_table, column.remote_field.model._meta.db_table
            names = {
                "child": sql.Identifier(table),
                "column": sql.Identifier(column.attname),
                "parent": sql.Identifier(parent),
                "key": sql.Identifier(column.target_field.attname),
            }
            cursor.execute(KEYS_TRIED.format(**names), [organization.pk])
            tried += cursor.fetchone()[0]
            cursor.execute(KEYS_BROKEN.format(**names), [organization.pk])
            breaks += [
                f"{table}.{column.attname} = {row[0]} names no row of {parent}" for row in cursor.fetchall()
            ]
    return CheckResult(tried, breaks)


@database_check("core.organizations")
def check_organizations() -> CheckResult:
    """Every row belongs to an organisation that is there, also in tables without a foreign key."""
    tried = 0
    breaks: list[str] = []
    with connection.cursor() as cursor:
        for model in tenant_models():
            table = model._meta.db_table
            cursor.execute(WITHOUT_ORGANIZATION.format(table=sql.Identifier(table)))
            rows, lost = cursor.fetchone()
            tried += rows
            breaks += [f"{table} has rows of no organisation"] * lost
    return CheckResult(tried, breaks)


@database_check("core.walls")
def check_walls() -> CheckResult:
    """Every table of an organisation's rows has row-level security and its policy."""
    with connection.cursor() as cursor:
        cursor.execute(WALLS)
        walled = {row[0] for row in cursor.fetchall()}
    tables = sorted({Organization._meta.db_table, *(model._meta.db_table for model in tenant_models())})
    return CheckResult(len(tables), [f"{table} has no wall" for table in tables if table not in walled])


@database_check("core.history")
def check_history() -> CheckResult:
    """Every model with history has its three triggers, and none is switched off."""
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS)
        found = set(cursor.fetchall())
    wanted = [
        (model._meta.db_table, trigger)
        for model in apps.get_models()
        if hasattr(model, "history") and not issubclass(model, HistoryRow)
        for trigger in HISTORY_TRIGGERS
    ]
    return CheckResult(
        len(wanted),
        [f"{table} has no trigger {name}" for table, name in wanted if (table, name) not in found],
    )


@integrity_check("core.jobs")
def check_jobs(organization: Organization) -> CheckResult:
    """Every job is in a state that its other columns agree with."""
    conditions = ", ".join(f"({condition})" for condition in JOB_CONDITIONS.values())
    breaks = []
    tried = 0
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {conditions} FROM core_job WHERE organization_id = %s", [organization.pk])
        for job_id, *kept in cursor.fetchall():
            tried += 1
            broken = [name for name, holds in zip(JOB_CONDITIONS, kept, strict=True) if not holds]
            if broken:
                breaks.append(f"job {job_id}: {', '.join(broken)}")
    return CheckResult(tried, breaks)
