"""The writers around an intake: receive, match, check, load, correct, roll back. The long parts are jobs."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from core.errors import Conflict, FieldError, ValidationFailed
from core.intake.access import IntakeActor
from core.intake.cells import read_cell, storable
from core.intake.drift import drift_refusal
from core.intake.importer import Importer, RowOutcome, importer_for
from core.intake.judging import settle_row, waiting_rows
from core.intake.planning import (
    DRIFT,
    forget_taken,
    open_question,
    plan_intake,
    root_gone,
    taken_notice,
)
from core.intake.readers import open_table
from core.intake.reading import input_row
from core.intake.running import CHECK, LOAD, ROLL_BACK
from core.intake.storage import discard_file, local_path, store_file
from core.models import BUSY, Intake, IntakeRow, IntakeState, Job
from core.queries.intakes import get_intake
from core.scope import organization_scope
from core.services.jobs import enqueue_job, reserve_job
from core.services.saved_mappings import save_mapping

LONGEST_NAME = 255

# An import in one of these states may have leads, and nobody is at work on it.
STOPPED = (IntakeState.LOADED, IntakeState.FAILED, IntakeState.CANCELLED)

__all__ = [
    "AlreadyLoaded",
    "accept_drift",
    "check_intake",
    "correct_rows",
    "discard_intake",
    "load_intake",
    "match_intake",
    "receive_file",
    "roll_back_intake",
]


class AlreadyLoaded(Conflict):
    """The same bytes stand loaded for the same target, by `intake`."""

    def __init__(self, intake: Intake) -> None:
        super().__init__(
            "same_bytes",
            f"Exactly this file is loaded already, as {intake.filename}. Roll that import back first if it should be"
            " loaded anew.",
        )
        self.intake = intake


def receive_file(
    *,
    actor: IntakeActor,
    importer: str,
    target: str,
    filename: str,
    chunks: Iterable[bytes],
    options: Mapping[str, Any] | None = None,
    saved_mapping: str = "",
) -> Intake:
    """Store a file, read its header, and match its columns. Nothing is checked or loaded yet.

    A file with the header of a saved mapping is read by it, and so is one for which `saved_mapping` names one.
    A header that only resembles one is a question, which `match_intake` or `accept_drift` answers before
    anything is checked or loaded. Without either, columns that match by label, key or alias are mapped; the
    rest wait for `match_intake`. A file with the hidden column of an error workbook becomes a correction of
    the intake it came from.

    Raises:
        ApplicationError: the file is refused; nothing of it stays.
        Conflict: the same bytes stand loaded for this target.
    """
    filename = storable(filename)[-LONGEST_NAME:]
    intake = Intake(importer=importer, target=target, filename=filename, options=dict(options or {}))
    loader = importer_for(intake)
    actor.require(loader.area, "write")
    loader.require_open()
    intake.options |= loader.options_for(actor)
    stored = store_file(chunks)
    try:
        intake.path, intake.size, intake.sha256 = stored.path, stored.size, stored.sha256
        _refuse_standing(intake)
        with open_table(local_path(stored.path), filename=filename) as source:
            plan_intake(intake, loader, source, actor, saved_mapping)
        with transaction.atomic():
            intake.created_by = actor.user
            intake.save()
    except BaseException:
        discard_file(stored.path)
        raise
    return intake


def match_intake(
    *, actor: IntakeActor, intake_id: int, mapping: Sequence[str], remember_as: str = ""
) -> Intake:
    """Say which target each column fills ("" for none); `remember_as` saves it under that name (`save_mapping`).

    Raises ValidationFailed naming what does not fit.
    """
    with transaction.atomic():
        intake = _locked(actor, intake_id)
        known = {item.key for item in importer_for(intake).targets()}
        errors: dict[str, list[FieldError]] = {}
        if len(mapping) != len(intake.header):
            raise ValidationFailed(
                "mapping", "The file has other columns than this form. Open the page again."
            )
        for position, target in enumerate(mapping):
            if target and target not in known:
                errors[f"column_{position}"] = [
                    FieldError("choice", "This is no field of the line. Choose again.")
                ]
            elif target and target in mapping[:position]:
                errors[f"column_{position}"] = [
                    FieldError("twice", "Another column fills this field already.")
                ]
        if errors:
            raise ValidationFailed("mapping", "Some columns need another choice.", errors)
        if intake.mapping != list(mapping):
            forget_taken(intake)
        _answer(intake, list(mapping))
        if remember_as:
            intake.saved_mapping = save_mapping(actor=actor, intake_id=intake.pk, name=remember_as)
    return intake


def accept_drift(*, actor: IntakeActor, intake_id: int) -> Intake:
    """Read a file that asks whether it is read by a saved mapping as that suggests. Others stay as they are."""
    with transaction.atomic():
        intake = _locked(actor, intake_id)
        reading = open_question(intake, importer_for(intake))
        if reading is not None:
            assert intake.saved_mapping is not None
            intake.notices.append(taken_notice(intake.saved_mapping))
            _answer(intake, reading.suggested)
    return intake


def _answer(intake: Intake, mapping: list[str]) -> None:
    intake.mapping = mapping
    intake.options.pop(DRIFT, None)
    intake.check_result = None
    intake.state = IntakeState.RECEIVED
    intake.save(update_fields=["mapping", "options", "notices", "check_result", "state"])


def discard_intake(*, actor: IntakeActor, intake_id: int) -> None:
    """Drop a file of which nothing was loaded. Raises Conflict otherwise."""
    with transaction.atomic():
        intake = _locked(actor, intake_id)
        intake.deleted_at = timezone.now()
        intake.save(update_fields=["deleted_at"])
        transaction.on_commit(partial(discard_file, intake.path))


def check_intake(*, actor: IntakeActor, intake_id: int, inline: bool = False) -> Job:
    """Start a dry run; the result comes to `check_result`. `inline`: the caller runs the job itself."""
    with transaction.atomic():
        intake = _loadable(actor, intake_id)
        intake.save(update_fields=["options"])
        return _start(intake, CHECK, IntakeState.CHECKING, f"Check of {intake.filename}", actor, inline)


def load_intake(*, actor: IntakeActor, intake_id: int, inline: bool = False) -> Job:
    """Start loading. A load that was cancelled or failed goes on behind the rows that it has loaded.

    Raises Conflict while the same bytes stand, or when the intake is loaded already.
    """
    with transaction.atomic():
        intake = _loadable(actor, intake_id, going_on=True)
        _refuse_standing(intake)
        continues = intake.load_cursor
        if intake.load_job_id is not None:
            # History names the job beside what it wrote: a rollback needs them all.
            intake.options["earlier_jobs"] = [*intake.options.get("earlier_jobs", []), intake.load_job_id]
        intake.stands = True
        try:
            with transaction.atomic():
                intake.save(update_fields=["stands", "options"])
        except IntegrityError:
            raise AlreadyLoaded(intake) from None
        return _start(
            intake,
            LOAD,
            IntakeState.LOADING,
            f"Import of {intake.filename}",
            actor,
            inline,
            continues=continues,
        )


def roll_back_intake(*, actor: IntakeActor, intake_id: int, inline: bool = False) -> Job:
    """Start taking an import back. A failed or cancelled one can be rolled back too: what it wrote goes."""
    with transaction.atomic():
        intake = _intake_for_update(actor, intake_id)
        if intake.current_state is IntakeState.PAUSED:
            raise _paused()
        if intake.load_job is None or intake.current_state not in STOPPED:
            raise Conflict(
                "not_loaded",
                f"This import is {intake.current_state.label.lower()}: there is nothing to roll back.",
            )
        if any(correction.current_state in BUSY for correction in _corrections(intake)):
            raise Conflict("busy", "A correction of this import is being loaded. Wait for it, or cancel it.")
        return _start(
            intake,
            ROLL_BACK,
            IntakeState.ROLLING_BACK,
            f"Rollback of {intake.filename}",
            actor,
            inline,
            last_row=_last_row(intake),
            continues=_rollback_so_far(intake),
        )


def _corrections(intake: Intake) -> Iterable[Intake]:
    return Intake.objects.select_related("job").filter(corrects=intake)


def _last_row(intake: Intake) -> int:
    """The last row that may have been loaded; of a correction, the last that it may have settled."""
    if intake.corrects_id is None:
        return int(intake.load_cursor.get("row", 0))
    rows = IntakeRow.objects.filter(intake_id=intake.corrects_id).order_by("-number")
    return rows.values_list("number", flat=True).first() or 0


def _rollback_so_far(intake: Intake) -> dict[str, Any]:
    """How far a rollback came that ended early."""
    job = intake.job
    return dict(job.cursor) if job is not None and job.kind == ROLL_BACK else {}


def _start(
    intake: Intake,
    kind: str,
    state: IntakeState,
    title: str,
    actor: IntakeActor,
    inline: bool,
    **parameters: Any,
) -> Job:
    begin = reserve_job if inline else enqueue_job
    job = begin(kind=kind, title=title, parameters={"intake": intake.pk, **parameters}, actor=actor)
    intake.job, intake.state, intake.error = job, state, ""
    if kind == LOAD:
        intake.load_job = job
    intake.save(update_fields=["job", "load_job", "state", "error"])
    return job


@transaction.atomic
def correct_rows(
    *, actor: IntakeActor, intake_id: int, cells: Mapping[int, Mapping[int, str]]
) -> dict[int, RowOutcome]:
    """Correct rejected rows by hand: row number → column position → new text. Accepted rows become leads.

    Returns an outcome for each row that was still waiting; rows settled meanwhile are left alone, and so are
    cells that the actor may not read or fill.
    """
    intake = _intake_for_update(actor, intake_id)
    if intake.current_state is not IntakeState.LOADED or intake.corrects_id is not None:
        raise Conflict(
            "not_loaded",
            "The rows of this import cannot be corrected here any more. Open its original import.",
        )
    loader = importer_for(intake)
    loader.require_open()
    loader.corrector = actor
    kept = loader.masked_columns(actor) | loader.closed_columns(actor)
    columns = [(position, target) for position, target in enumerate(intake.mapping) if target]
    rows = list(waiting_rows(intake, cells).values())
    for row in rows:
        changes = {place: text for place, text in cells[row.number].items() if place not in kept}
        row.cells = _with_corrections(row.cells, changes, len(intake.header))
    inputs = [input_row(row.number, [read_cell(cell) for cell in row.cells], columns) for row in rows]
    # In the name of the job that loaded the file, so that its rollback takes these rows back too.
    with organization_scope(intake.organization_id, job_id=intake.load_job_id):
        outcomes = loader.write(inputs)
    for row, outcome in zip(rows, outcomes, strict=True):
        settle_row(row, outcome, row.cells, intake, intake)
        row.save()
    return {row.number: outcome for row, outcome in zip(rows, outcomes, strict=True)}


def _with_corrections(stored: list[Any], corrections: Mapping[int, str], width: int) -> list[Any]:
    cells = [*stored[:width], *[None] * (width - len(stored))]
    for position, text in corrections.items():
        if 0 <= position < width:
            cells[position] = storable(text) or None
    return cells


def _intake_for_update(actor: IntakeActor, intake_id: int) -> Intake:
    intake = get_intake(actor, intake_id, for_update=True)
    actor.require(importer_for(intake).area, "write")
    return intake


def _locked(actor: IntakeActor, intake_id: int, *, going_on: bool = False) -> Intake:
    """Return the intake for a change of what is not loaded yet; `going_on`: or for the rest of a load."""
    intake = _intake_for_update(actor, intake_id)
    state = intake.current_state
    if state is IntakeState.PAUSED:
        raise _paused()
    if state in BUSY:
        raise Conflict("busy", "Work on this import is still going on. Wait for it, or cancel it.")
    if going_on and intake.can_go_on:
        return intake
    if intake.load_job_id is not None and state in (IntakeState.FAILED, IntakeState.CANCELLED):
        raise Conflict(
            "half_loaded",
            "Part of this file was loaded before it stopped. Let it go on, or roll it back.",
        )
    if state in (IntakeState.LOADED, IntakeState.ROLLED_BACK):
        raise Conflict(
            "already_loaded",
            f"{intake.filename} was loaded already. Upload the file again to load it once more.",
        )
    return intake


def _loadable(actor: IntakeActor, intake_id: int, *, going_on: bool = False) -> Intake:
    """Return the intake to be checked or loaded, once nothing stands against it.

    Its options say what this actor may do, who need not be who received the file; the caller saves them.
    """
    intake = _locked(actor, intake_id, going_on=going_on)
    loader = importer_for(intake)
    loader.require_open()
    intake.options |= loader.options_for(actor)
    if intake.corrects_id is not None:
        # Held, so that a rollback of the corrected import begins before this or after it.
        root = Intake.objects.select_for_update(of=("self",)).select_related("job").get(pk=intake.corrects_id)
        if root.current_state is not IntakeState.LOADED:
            raise root_gone()
        intake.options["closed"] = sorted(importer_for(root).closed_columns(actor))
        return intake
    reading = open_question(intake, loader)
    if reading is not None:
        assert intake.saved_mapping is not None
        raise drift_refusal(intake.saved_mapping.name, intake.header, reading)
    _refuse_closed(actor, intake, loader)
    missing = [item.label for item in loader.targets() if item.required and item.key not in intake.mapping]
    if missing:
        raise ValidationFailed(
            "missing_columns",
            f"The file has no column for {', '.join(missing)}. Match one, or add it to the file and upload it again.",
        )
    return intake


def _refuse_closed(actor: IntakeActor, intake: Intake, loader: Importer) -> None:
    """Refuse columns that somebody with wider rights has matched; what left the forms since is ignored by the load."""
    known = {item.key for item in loader.all_targets()}
    closed = [
        intake.header[position]
        for position in sorted(loader.closed_columns(actor))
        if intake.mapping[position] in known and position < len(intake.header)
    ]
    if closed:
        columns = ", ".join(f"“{name}”" for name in closed)
        raise ValidationFailed(
            "closed_columns",
            f"You may not fill the fields of these columns: {columns}. Match the columns again without them, or let"
            " somebody load the file who may fill them.",
        )


def _paused() -> Conflict:
    return Conflict("busy", "Work on this import is paused. Resume it and wait for it, or cancel it.")


def _refuse_standing(intake: Intake) -> None:
    """Refuse bytes that stand; release those whose job ended early, which cannot say so itself."""
    same = Intake.objects.select_related("job").filter(
        importer=intake.importer, target=intake.target, sha256=intake.sha256, stands=True
    )
    for other in same.exclude(pk=intake.pk):
        # What a rollback that ended early has left, stands.
        if other.current_state in (IntakeState.FAILED, IntakeState.CANCELLED) and not _rollback_so_far(other):
            assert other.job is not None
            Intake.objects.filter(pk=other.pk).update(
                stands=False, state=other.current_state, error=other.job.error
            )
        else:
            raise AlreadyLoaded(other)
