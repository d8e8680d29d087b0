"""Exporting a list of leads: the same query, the same columns, the same masks, as a file.

A small list is handed over at once; a large one is written by a job and fetched when it is done. Either way a
job's row tells who exported what and when.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from django.utils import timezone

from accounts.actor import Actor
from accounts.key_scopes import names_of, permissions_named
from accounts.models import Membership
from accounts.roles import Area
from core.errors import FieldError, NotPermitted, ValidationFailed
from core.files_out import Cell, csv_chunks, write_workbook
from core.files_out.storage import local_path, new_file
from core.jobs import JobRun, job_kind
from core.models import Job, JobState, Organization
from core.scope import keeping_scope
from core.services.jobs import enqueue_job
from leads.models import BusinessLine, Lead
from leads.presentation import LeadReader, ListColumn, list_columns
from leads.queries.lead_list import LeadListQuery, count_all_leads, count_leads, iterate_leads

EXPORT = "leads.export"
# Up to so many leads are exported while the browser waits.
AT_ONCE = 5_000
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
STEP = 500
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class StreamedExport:
    """A file that is ready to be sent. `chunks` are read once, also after the request's scope is left."""

    filename: str
    content_type: str
    chunks: Iterator[bytes]


def export_leads(
    *,
    actor: Actor,
    query: LeadListQuery,
    file_type: str,
    columns: Sequence[str] | None = None,
) -> StreamedExport | Job:
    """Export the leads of a list, in its order: at once where they are few, else by a job.

    `columns` are keys of `list_columns` in the order of the file; None means all but retired fields. The
    query's cursor and page size say nothing here. A job's file is fetched by `leads.queries.exports`.

    Raises:
        NotPermitted: the actor reads no leads.
        ValidationFailed: file type, columns, or anything of the query is not understood; by parameter.
    """
    actor.require(Area.LEADS, "read")
    if file_type not in CONTENT_TYPES:
        raise _refused("format", "Choose csv or xlsx.")
    query = replace(query, cursor="", page_size=1)
    chosen = chosen_columns(actor, query.line, columns)
    count = count_leads(actor, query, limit=AT_ONCE)
    title = _title(query, file_type)
    parameters = {
        "line": query.line.pk if query.line else None,
        "search": query.search,
        "conditions": query.conditions,
        "ordering": query.ordering,
        "references": list(query.references),
        "columns": [column.key for column in chosen],
        "format": file_type,
        "scopes": names_of(actor.scopes),
    }
    if not count.is_exact:
        return enqueue_job(kind=EXPORT, title=title, parameters=parameters, actor=actor)
    _log_at_once(actor, title, parameters, count.number)
    filename = export_filename(query.line, file_type)
    rows = _rows(actor, query, chosen)
    header = [column.label for column in chosen]
    chunks = csv_chunks(header, rows) if file_type == "csv" else _workbook_chunks(header, rows)
    return StreamedExport(filename, CONTENT_TYPES[file_type], _begun(keeping_scope(chunks)))


def _begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks with the first one read: what goes wrong is told before a response has begun."""
    return chain([next(chunks)], chunks)


def chosen_columns(actor: Actor, line: BusinessLine | None, keys: Sequence[str] | None) -> list[ListColumn]:
    """Return the columns by their keys, or all that forms still have. Raises ValidationFailed for others."""
    known = {column.key: column for column in list_columns(actor, line)}
    if keys is None:
        return [column for column in known.values() if not column.is_retired]
    unknown = [key for key in keys if key not in known]
    if unknown:
        raise _refused("columns", f"There is no column “{unknown[0]}”. Use {', '.join(known)}.")
    if not keys:
        raise _refused("columns", "Choose at least one column.")
    return [known[key] for key in dict.fromkeys(keys)]


def export_filename(line: BusinessLine | None, file_type: str) -> str:
    """Return the name under which a browser saves the file."""
    return f"leads-{line.code if line else 'all'}-{timezone.now():%Y-%m-%d}.{file_type}"


@job_kind(EXPORT, area="audit")
def write_export(run: JobRun) -> dict[str, Any]:
    """Write the file of a large export, as who asked for it sees the leads now.

    A run that was interrupted begins again: a file that is half of one list and half of a later one would be
    neither.
    """
    actor = asker_of(run.job)
    asked = run.parameters
    line = BusinessLine.everything.get(pk=asked["line"]) if asked["line"] else None
    query = LeadListQuery(line, asked["search"], asked["conditions"], asked["ordering"])
    query = replace(query, references=tuple(asked.get("references", ())))
    columns = chosen_columns(actor, line, asked["columns"])
    run.advance(done=0, total=count_all_leads(actor, query))
    rows = _reported(run, _rows(actor, query, columns))
    with new_file() as (name, place):
        _write(place, asked["format"], [column.label for column in columns], rows)
    filename = export_filename(line, asked["format"])
    size = local_path(name).stat().st_size
    return {"rows": run.done, "file": name, "filename": filename, "bytes": size}


def _write(place: Path, file_type: str, header: Sequence[str], rows: Iterator[list[Cell]]) -> None:
    if file_type == "xlsx":
        write_workbook(place, header, rows, sheet="Leads", folder=place.parent)
        return
    with place.open("wb") as file:
        for chunk in csv_chunks(header, rows):
            file.write(chunk)


def _rows(actor: Actor, query: LeadListQuery, columns: Sequence[ListColumn]) -> Iterator[list[Cell]]:
    reader = LeadReader(actor)
    leads = iterate_leads(actor, query)
    while some := list(islice(leads, STEP)):
        reader.look_ahead(some)
        for lead in some:
            yield _row(reader, lead, columns)


def _row(reader: LeadReader, lead: Lead, columns: Sequence[ListColumn]) -> list[Cell]:
    return [reader.cell(lead, column) for column in columns]


def _reported(run: JobRun, rows: Iterator[list[Cell]]) -> Iterator[list[Cell]]:
    """The rows, with progress told and the job's lease looked at every so many of them."""
    number = 0
    for number, row in enumerate(rows, start=1):
        yield row
        if number % STEP == 0:
            run.check()
            run.advance(done=number)
    run.advance(done=number, total=number)


def _workbook_chunks(header: Sequence[str], rows: Iterator[list[Cell]]) -> Iterator[bytes]:
    with tempfile.TemporaryFile() as file:
        write_workbook(file, header, rows, sheet="Leads")
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


def _log_at_once(actor: Actor, title: str, parameters: Mapping[str, Any], rows: int) -> None:
    """Leave the row that tells of an export which needed no job."""
    now = timezone.now()
    Job.objects.create(
        kind=EXPORT,
        title=title,
        parameters=dict(parameters),
        state=JobState.DONE,
        done=rows,
        total=rows,
        result={"rows": rows},
        created_by=actor.user,
        started_at=now,
        finished_at=now,
    )


def asker_of(job: Job) -> Actor:
    """Return who asked for a job, with the roles of today and within what the credential allowed."""
    if job.created_by_id is None:
        return Actor.system(Organization.objects.get(pk=job.organization_id))
    member = (
        Membership.objects.filter(user_id=job.created_by_id, is_active=True)
        .select_related("user", "organization")
        .first()
    )
    if member is None:
        raise NotPermitted("Who asked for this is no longer a member.")
    return Actor.of(member, permissions_named(job.parameters.get("scopes")))


def _title(query: LeadListQuery, file_type: str) -> str:
    which = query.line.name if query.line else "all lines"
    narrowed = ", picked" if query.references else ", filtered" if query.conditions or query.search else ""
    return f"Export of leads: {which}{narrowed} ({file_type})"


def _refused(parameter: str, message: str) -> ValidationFailed:
    return ValidationFailed("invalid_export", message, {parameter: [FieldError("invalid", message)]})
