"""Calls about files of leads: loaded, watched, handed back, taken back. Services and scope are those of the pages."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.http import HttpResponseBase
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.api.callers import actor_of
from accounts.queries.members import names_of_users
from accounts.roles import Area
from core.api.calls import Call
from core.api.files import file_answer
from core.api.jobs import written_job
from core.api.paging import page_address, page_size
from core.errors import ApplicationError, FieldError, ValidationFailed
from core.intake.hand_back import write_errors
from core.intake.importer import importer_for
from core.intake.matching import Target, match_columns, normalized_name
from core.models import BUSY, Intake, IntakeState
from core.queries.intakes import get_intake, visible_intakes
from core.services.intake_work import cancel_intake, pause_intake, resume_intake
from core.services.intakes import (
    accept_drift,
    check_intake,
    discard_intake,
    load_intake,
    match_intake,
    receive_file,
    roll_back_intake,
)
from core.services.saved_mappings import save_mapping
from leads.api import import_documentation
from leads.api.exports import CHUNK, AnyFormatView
from leads.api.filters import refuse_unknown_parameters
from leads.api.import_serializers import UploadBody
from leads.api.views import usable_line
from leads.fields.access import visible_fields
from leads.fields.line import line_definition
from leads.intake import ATTRIBUTE_PREFIX
from leads.models import BusinessLine
from leads.queries.imports import error_file_name
from leads.services.exports import CONTENT_TYPES

CURSOR = re.compile(r"[0-9]{1,18}")


class ImportListView(Call):
    """The imports."""

    parser_classes = [MultiPartParser]

    @extend_schema(**import_documentation.LIST_IMPORTS)
    def get(self, request: Request) -> Response:
        """List the imports that you may see, newest first."""
        actor = actor_of(request)
        refuse_unknown_parameters(request, ("line", "cursor", "page_size"))
        intakes = visible_intakes(actor)
        if line := request.query_params.get("line"):
            intakes = intakes.filter(target=line[:60])
        if cursor := request.query_params.get("cursor"):
            intakes = intakes.filter(pk__lt=_place(cursor))
        size = page_size(request)
        rows = list(intakes[: size + 1])
        older = str(rows[size - 1].pk) if len(rows) > size else ""
        return Response(
            {
                "next": page_address(request, older),
                "previous": None,
                "results": _written(request, actor, rows[:size]),
            }
        )

    @extend_schema(**import_documentation.CREATE_IMPORT)
    def post(self, request: Request) -> Response:
        """Take a file, and load or check it by a job."""
        actor = actor_of(request)
        actor.require(Area.LEAD_FILES, "write")
        body = UploadBody(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        line = usable_line(actor, given["line"])
        chosen = {"on_duplicate": given["on_duplicate"]} if "on_duplicate" in given else {}
        mapping = given.get("mapping", {})
        intake = receive_file(
            actor=actor,
            importer="leads",
            target=line.code,
            filename=given["file"].name or "file",
            chunks=given["file"].chunks(),
            options={**chosen, **_aliases(mapping)},
            saved_mapping=given.get("saved_mapping", ""),
        )
        try:
            if given.get("accept_drift"):
                intake = accept_drift(actor=actor, intake_id=intake.pk)
            if mapping:
                match_intake(actor=actor, intake_id=intake.pk, mapping=_mapping(intake, mapping))
            if name := given.get("remember_as"):
                save_mapping(actor=actor, intake_id=intake.pk, name=name)
            begin = check_intake if given.get("dry_run") else load_intake
            begin(actor=actor, intake_id=intake.pk)
        except ApplicationError as error:
            # Nobody sits at a page to put right what keeps the file from being loaded.
            discard_intake(actor=actor, intake_id=intake.pk)
            raise _about_columns(intake, error) from error
        return _answer(request, actor, intake.pk, status.HTTP_201_CREATED)


class ImportView(Call):
    """One import."""

    @extend_schema(**import_documentation.READ_IMPORT)
    def get(self, request: Request, intake_id: str) -> Response:
        """Tell the state of an import, its counts and reasons."""
        actor = actor_of(request)
        [written] = _written(request, actor, [get_intake(actor, int(intake_id))])
        return Response(written)


class ImportErrorsView(AnyFormatView):
    """The rows of an import that stayed out."""

    @extend_schema(**import_documentation.FETCH_ERRORS)
    def get(self, request: Request, intake_id: str) -> HttpResponseBase:
        """Fetch the error workbook of what is still rejected."""
        actor = actor_of(request)
        intake = get_intake(actor, int(intake_id))
        # Gone once its pieces are sent.
        file = NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115
        try:
            write_errors(actor, intake, Path(file.name))
        except BaseException:
            file.close()
            raise
        return file_answer(request._request, _pieces(file), error_file_name(intake), CONTENT_TYPES["xlsx"])


class ImportLoadView(Call):
    """The load of a file that was checked, or that stopped."""

    @extend_schema(**import_documentation.LOAD_IMPORT)
    def post(self, request: Request, intake_id: str) -> Response:
        """Load a file that was checked, or go on with a load that stopped."""
        actor = actor_of(request)
        load_intake(actor=actor, intake_id=int(intake_id))
        return _answer(request, actor, int(intake_id))


class ImportCancelView(Call):
    """The end of work on an import."""

    @extend_schema(**import_documentation.CANCEL_IMPORT)
    def post(self, request: Request, intake_id: str) -> Response:
        """Stop the work on an import after its current batch."""
        actor = actor_of(request)
        return _answer(request, actor, cancel_intake(actor=actor, intake_id=int(intake_id)).pk)


class ImportPauseView(Call):
    """The rest of work on an import."""

    @extend_schema(**import_documentation.PAUSE_IMPORT)
    def post(self, request: Request, intake_id: str) -> Response:
        """Let the load or rollback of an import rest after its current batch."""
        actor = actor_of(request)
        return _answer(request, actor, pause_intake(actor=actor, intake_id=int(intake_id)).pk)


class ImportResumeView(Call):
    """The end of that rest."""

    @extend_schema(**import_documentation.RESUME_IMPORT)
    def post(self, request: Request, intake_id: str) -> Response:
        """Let a paused import go on where it stopped."""
        actor = actor_of(request)
        return _answer(request, actor, resume_intake(actor=actor, intake_id=int(intake_id)).pk)


class ImportRollbackView(Call):
    """The way back of an import."""

    @extend_schema(**import_documentation.ROLL_BACK_IMPORT)
    def post(self, request: Request, intake_id: str) -> Response:
        """Take an import back, by a job."""
        actor = actor_of(request)
        roll_back_intake(actor=actor, intake_id=int(intake_id))
        return _answer(request, actor, int(intake_id))


def _answer(request: Request, actor: Actor, intake_id: int, code: int = status.HTTP_202_ACCEPTED) -> Response:
    """Answer with the import as it is now."""
    [written] = _written(request, actor, [get_intake(actor, intake_id)])
    place = "Location" if code == status.HTTP_201_CREATED else "Content-Location"
    return Response(written, status=code, headers={place: written["address"]})


def _place(cursor: str) -> int:
    if CURSOR.fullmatch(cursor):
        return int(cursor)
    message = "This page of the list is gone. Start at the first page again: leave the cursor out."
    raise ValidationFailed("invalid_cursor", message, {"cursor": [FieldError("invalid_cursor", message)]})


def _aliases(given: Mapping[str, str] | Sequence[str]) -> dict[str, Any]:
    """Return what helps to find the header: the names that columns have, by field."""
    if not isinstance(given, Mapping):
        return {}
    aliases: dict[str, list[str]] = {}
    for header, key in given.items():
        if key:
            aliases.setdefault(key, []).append(header)
    return {"aliases": aliases} if aliases else {}


def _mapping(intake: Intake, given: Mapping[str, str] | Sequence[str]) -> list[str]:
    """Return the target of each column. Raises ValidationFailed, which names `mapping`."""
    if not isinstance(given, Mapping):
        if len(given) != len(intake.header):
            raise _wrong_mapping(f"The file has {len(intake.header)} columns, and the list {len(given)}.")
        return [_target(intake, key) for key in given]
    places: dict[str, list[int]] = {}
    for place, header in enumerate(intake.header):
        places.setdefault(normalized_name(header), []).append(place)
    mapping = list(intake.mapping)
    for header, key in given.items():
        found = places.get(normalized_name(header), [])
        if len(found) != 1:
            told = "no column" if not found else f"{len(found)} columns"
            raise _wrong_mapping(
                f"The file has {told} named “{header[:60]}”. Send a list, with a field for each."
            )
        target = _target(intake, key)
        # What is said here counts more than a match by name.
        mapping = ["" if target and each == target else each for each in mapping]
        mapping[found[0]] = target
    return mapping


def _target(intake: Intake, key: str) -> str:
    """Return the target that is meant: `source` and `campaign` need no sign where no field has that name."""
    known = {target.key for target in importer_for(intake).targets()}
    if key and key not in known and ATTRIBUTE_PREFIX + key in known:
        return ATTRIBUTE_PREFIX + key
    if key and key not in known:
        raise _wrong_mapping(
            f"“{key[:60]}” is no field of this line. See /api/v1/lines/{intake.target}/schema."
        )
    return key


def _wrong_mapping(message: str) -> ValidationFailed:
    return ValidationFailed("mapping", message, {"mapping": [FieldError("mapping", message)]})


def _about_columns(intake: Intake, error: ApplicationError) -> ApplicationError:
    """Return the error with its place in the body: what is wrong with a column is wrong with `mapping`.

    What has drifted is told behind the word that something has.
    """
    if error.code == "mapping_drift":
        differences = error.fields["saved_mapping"]
        told = [FieldError(error.code, error.message), *differences]
        return ValidationFailed(error.code, error.message, {"saved_mapping": told})
    places = {f"column_{place}": header for place, header in enumerate(intake.header)}
    if not error.fields.keys() & places.keys():
        return error
    problems = [
        FieldError(problem.code, f"{places.get(name, name)}: {problem.message}")
        for name, found in error.fields.items()
        for problem in found
    ]
    return ValidationFailed(error.code, error.message, {"mapping": problems})


def _pieces(file: Any) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk


class _Shown:
    """What an actor may know of the fields of some lines."""

    def __init__(self, actor: Actor, codes: set[str]) -> None:
        lines = BusinessLine.everything.filter(code__in=codes).order_by("-deleted_at")
        self._keys = {
            line.code: {item.key for item in visible_fields(actor, line_definition(line), retired=True)}
            for line in lines
            if line.version
        }
        self._targets: dict[str, Sequence[Target]] = {}

    def suggestible(self, intake: Intake) -> Sequence[Target]:
        """All targets of the line that an import goes into, looked up once for all imports into it."""
        if intake.target not in self._targets:
            plain = Intake(importer=intake.importer, target=intake.target)
            self._targets[intake.target] = importer_for(plain).all_targets()
        return self._targets[intake.target]

    def target(self, line: str, key: str) -> str | None:
        """A target, as far as it may be known."""
        return key if key.startswith(ATTRIBUTE_PREFIX) or key in self._keys.get(line, ()) else None

    def counts(self, line: str, counts: Mapping[str, Any]) -> dict[str, Any]:
        """Counts, reasons that name a hidden field together under `hidden_field`."""
        reasons: dict[str, int] = {}
        for pair, number in counts.get("reasons", {}).items():
            field, _colon, _code = pair.partition(":")
            told = pair if field == "row" or self.target(line, field) else "hidden_field"
            reasons[told] = reasons.get(told, 0) + number
        names = ("data_rows", "accepted", "updated", "rejected", "duplicate", "held")
        return {**{name: counts.get(name, 0) for name in names}, "reasons": reasons}


def _written(request: Request, actor: Actor, intakes: Sequence[Intake]) -> list[dict[str, Any]]:
    shown = _Shown(actor, {intake.target for intake in intakes})
    jobs = [intake.job for intake in intakes if intake.job is not None]
    people = names_of_users(
        {*(intake.created_by_id for intake in intakes), *(job.paused_by_id for job in jobs)}
    )
    return [_written_one(request, intake, shown, people) for intake in intakes]


def _written_one(
    request: Request, intake: Intake, shown: _Shown, people: Mapping[int | None, str]
) -> dict[str, Any]:
    state, line = intake.current_state, intake.target
    counts = intake.counts
    if state in (IntakeState.LOADING, IntakeState.PAUSED) and intake.job is not None:
        counts = intake.job.cursor.get("counts") or counts
    check = intake.check_result

    def address(name: str) -> str:
        return request.build_absolute_uri(reverse(name, kwargs={"intake_id": intake.pk}))

    return {
        "id": intake.pk,
        "line": line,
        "filename": intake.filename,
        "size": intake.size,
        "state": state,
        "error": intake.current_error,
        "columns": _columns(intake, shown),
        "saved_mapping": intake.saved_mapping.name if intake.saved_mapping else None,
        "notices": [{"code": each["code"], "message": each["message"]} for each in intake.notices],
        "counts": shown.counts(line, counts),
        "check": shown.counts(line, check) if check is not None else None,
        "corrects": intake.corrects_id,
        "job": written_job(intake.job) if intake.job else None,
        "paused": _pause(intake, people),
        "rollback": _rollback(intake),
        "created": intake.created_at.isoformat(),
        "created_by": people.get(intake.created_by_id, ""),
        "finished": intake.finished_at.isoformat() if intake.finished_at else None,
        "address": address("api:import-detail"),
        "errors": address("api:import-errors") if counts.get("rejected") and state not in BUSY else None,
    }


def _rollback(intake: Intake) -> dict[str, Any] | None:
    """What a rollback did, as the command prints it; its report is that of the job."""
    if intake.current_state is not IntakeState.ROLLED_BACK or intake.job is None:
        return None
    return intake.job.result if "kept_edited" in (intake.job.result or {}) else None


def _pause(intake: Intake, people: Mapping[int | None, str]) -> dict[str, Any] | None:
    """Tell of the pause of an import, or of one that comes with the end of its batch."""
    job = intake.job
    if job is None or job.is_finished or not (job.pause_requested or job.paused_at):
        return None
    at = job.paused_at.isoformat() if job.paused_at else None
    return {"at": at, "by": people.get(job.paused_by_id, "")}


def _columns(intake: Intake, shown: _Shown) -> list[dict[str, Any]]:
    suggested: dict[int, str] = {}
    if not all(intake.mapping) and intake.current_state in (IntakeState.RECEIVED, IntakeState.CHECKED):
        taken = set(filter(None, intake.mapping))
        locked = intake.options.get("locked", ())
        targets = [each for each in shown.suggestible(intake) if each.key not in locked]
        found = match_columns(intake.header, targets).suggested
        suggested = {each.column: each.target for each in found if each.target not in taken}
    return [
        {
            "header": header,
            "target": shown.target(intake.target, target) if target else None,
            "suggested": shown.target(intake.target, suggested.get(place, ""))
            if place in suggested
            else None,
        }
        for place, (header, target) in enumerate(zip(intake.header, intake.mapping, strict=True))
    ]
