"""Pages of the import wizard. An intake's address shows whatever its state asks for next."""

from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounts.actor import Actor
from accounts.queries.members import names_of_users
from accounts.roles import Area
from core.errors import ApplicationError, Conflict
from core.intake.hand_back import (
    Suggestion,
    root_of,
    rows_with,
    sample_rows,
    shown_rows,
    suggested_corrections,
    write_errors,
)
from core.intake.importer import importer_for
from core.jobs.access import reaches_job
from core.jobs.registry import find_kind
from core.models import BUSY, Intake, IntakeState, JobState, RowState
from core.queries.intakes import get_intake, row_state_counts, visible_intakes
from core.services.intake_work import cancel_intake, pause_intake, resume_intake
from core.services.intakes import (
    AlreadyLoaded,
    correct_rows,
    discard_intake,
    load_intake,
    receive_file,
    roll_back_intake,
)
from leads.pages.imports.forms import CorrectionForm, UploadForm
from leads.pages.imports.presenting import (
    actor_of,
    columns_shown,
    counts_so_far,
    grid_rows,
    intake_url,
    line_name,
    proposal_url,
    reasons_shown,
    sample_shown,
    whole_number,
)
from leads.queries.imports import error_file_name, kept_leads, rollback_preview
from leads.queries.lines import usable_lines

PAGE_ROWS = 50
GRID_ROWS = 25
# Leads that a rollback has kept, named on its page; the answer of the API names all.
KEPT_SHOWN = 200


@require_safe
def imports(request: HttpRequest) -> HttpResponse:
    """Every import the actor may see, newest first, in pages by number."""
    actor = actor_of(request)
    before = whole_number(request.GET.get("before", ""))
    found = visible_intakes(actor)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found[: PAGE_ROWS + 1])
    names = {line.code: line.name for line in usable_lines(actor)}
    people = names_of_users({intake.created_by_id for intake in rows})
    shown = [
        {
            "url": intake_url(intake),
            "intake": intake,
            "line": names.get(intake.target, intake.target),
            "person": people.get(intake.created_by_id, ""),
            "job": intake.job if intake.current_state in BUSY else None,
        }
        for intake in rows[:PAGE_ROWS]
    ]
    older = f"?before={rows[PAGE_ROWS - 1].pk}" if len(rows) > PAGE_ROWS else ""
    context = {
        "imports": shown,
        "new_url": reverse("leads:import_new") if actor.may(Area.LEAD_FILES, "write") else "",
        "proposal_url": proposal_url(actor),
        "mappings_url": reverse("leads:import_mappings"),
        "newer_url": reverse("leads:imports") if before is not None else "",
        "older_url": older,
        "summary": "",
    }
    return render(request, "imports/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def import_new(request: HttpRequest) -> HttpResponse:
    """Step 1: a file and its line. A file that is refused says why beside the field."""
    actor = actor_of(request)
    actor.require(Area.LEAD_FILES, "write")
    form = UploadForm(
        request.POST or None,
        request.FILES or None,
        lines=usable_lines(actor),
        initial={"line": request.GET.get("line", "")},
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        options = {"on_duplicate": given["on_duplicate"]} if given["on_duplicate"] else {}
        intake = _received(request, form, given["line"], options)
        if intake is not None:
            return redirect(intake_url(intake))
    context = {
        "form": form,
        "list_url": reverse("leads:imports"),
        "proposal_url": proposal_url(actor),
        "has_lines": bool(form.fields["line"].choices),
    }
    return render(request, "imports/upload.html", context, status=422 if form.is_bound else 200)


def _received(request: HttpRequest, form: Any, line: str, options: dict[str, Any]) -> Intake | None:
    upload: UploadedFile = form.cleaned_data["file"]
    try:
        return receive_file(
            actor=actor_of(request),
            importer="leads",
            target=line,
            filename=upload.name or "file",
            chunks=upload.chunks(),
            options=options,
        )
    except ApplicationError as error:
        form.add_error("file", _refused(actor_of(request), error))
        return None


def _refused(actor: Actor, error: ApplicationError) -> str:
    """What is wrong with a file; where it is loaded already, with the way there."""
    if not isinstance(error, AlreadyLoaded) or not visible_intakes(actor).filter(pk=error.intake.pk).exists():
        return error.message
    there = reverse("leads:import_detail", args=[error.intake.pk])
    return format_html('{} <a href="{}">{}</a>', error.message, there, _("Open that import"))


@require_safe
def import_detail(request: HttpRequest, intake_id: int) -> HttpResponse:
    """What the import's state asks for: match, wait, look at the check, or look at the result."""
    intake = get_intake(actor_of(request), intake_id)
    state = intake.current_state
    if state is IntakeState.RECEIVED:
        return redirect(intake_url(intake, "match"))
    if state in BUSY:
        return render(request, "imports/progress.html", {"intake": intake, **_progress(request, intake)})
    if state is IntakeState.CHECKED:
        return _check_page(request, intake)
    return _result_page(request, intake)


def _progress(request: HttpRequest, intake: Intake) -> dict[str, Any]:
    job = intake.job
    finished = job is None or job.is_finished
    may_stop = job is not None and not finished and reaches_job(actor_of(request), job, "write")
    paused = job is not None and (job.state == JobState.PAUSED or job.pause_requested)
    can_pause = may_stop and job is not None and find_kind(job.kind).can_pause
    return {
        "job": job,
        "counts": counts_so_far(intake),
        "progress_url": intake_url(intake, "progress"),
        "cancel_url": intake_url(intake, "cancel") if may_stop else "",
        "pause_url": intake_url(intake, "pause") if can_pause and not paused else "",
        "resume_url": intake_url(intake, "resume") if may_stop and paused else "",
        "paused_by": names_of_users({job.paused_by_id}).get(job.paused_by_id, "") if job and paused else "",
        "result_url": intake_url(intake) if finished else "",
        "list_url": reverse("leads:imports"),
    }


@require_safe
def import_progress(request: HttpRequest, intake_id: int) -> HttpResponse:
    """The live part of the progress page; once the job has ended, the way to what it made."""
    intake = get_intake(actor_of(request), intake_id)
    if intake.job is None or intake.job.is_finished:
        return HttpResponseClientRedirect(intake_url(intake))
    response = render(request, "imports/_progress.html", _progress(request, intake))
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def import_cancel(request: HttpRequest, intake_id: int) -> HttpResponse:
    """Stop the work after its current batch."""
    return _at_work(request, intake_id, cancel_intake)


@require_POST
def import_pause(request: HttpRequest, intake_id: int) -> HttpResponse:
    """Let the work rest after its current batch."""
    return _at_work(request, intake_id, pause_intake)


@require_POST
def import_resume(request: HttpRequest, intake_id: int) -> HttpResponse:
    """Let paused work go on."""
    return _at_work(request, intake_id, resume_intake)


def _at_work(request: HttpRequest, intake_id: int, change: Callable[..., Intake]) -> HttpResponse:
    """Do something to the work on an import. Who comes too late is told so, and shown how it is now."""
    try:
        change(actor=actor_of(request), intake_id=intake_id)
    except Conflict as conflict:
        messages.info(request, conflict.message)
    return redirect("leads:import_detail", intake_id)


@require_POST
def import_discard(request: HttpRequest, intake_id: int) -> HttpResponse:
    """Drop a file that was not loaded."""
    discard_intake(actor=actor_of(request), intake_id=intake_id)
    messages.success(request, _("The file was discarded."))
    return redirect("leads:imports")


def _check_page(request: HttpRequest, intake: Intake) -> HttpResponse:
    counts = intake.check_result or {}
    context = {
        "intake": intake,
        "counts": counts,
        "reasons": reasons_shown(counts, importer_for(intake)),
        "columns": columns_shown(intake),
        "rows": [sample_shown(row) for row in sample_rows(actor_of(request), intake)],
        "load_url": intake_url(intake, "load") if counts.get("data_rows") else "",
        "list_url": reverse("leads:imports"),
        "match_url": intake_url(intake, "match"),
    }
    return render(request, "imports/check.html", context)


@require_POST
def import_load(request: HttpRequest, intake_id: int) -> HttpResponse:
    """Step 4: load. A second click finds the work begun and shows it."""
    actor = actor_of(request)
    intake = get_intake(actor, intake_id)
    if intake.current_state not in (IntakeState.LOADING, IntakeState.PAUSED, IntakeState.LOADED):
        load_intake(actor=actor, intake_id=intake_id)
    return redirect(intake_url(intake))


def _result_page(request: HttpRequest, intake: Intake) -> HttpResponse:
    actor = actor_of(request)
    root = root_of(intake)
    may_write = actor.may(Area.LEAD_FILES, "write")
    waiting = row_state_counts(actor, root).get(RowState.REJECTED, 0)
    rolled_back = intake.current_state is IntakeState.ROLLED_BACK
    loaded = intake.current_state is IntakeState.LOADED
    can_roll_back = may_write and not rolled_back and intake.load_job_id is not None
    context: dict[str, Any] = {
        "intake": intake,
        "line": line_name(intake),
        "person": names_of_users({intake.created_by_id}).get(intake.created_by_id, ""),
        "counts": {**intake.counts, "rejected": waiting} if loaded else intake.counts,
        "reasons": reasons_shown(intake.counts, importer_for(intake)),
        "rolled_back": rolled_back,
        "list_url": reverse("leads:imports"),
        "new_url": reverse("leads:import_new") if may_write else "",
    }
    if loaded:
        context["leads_url"] = f"{reverse('leads:list')}?line={intake.target}"
    if waiting and not rolled_back:
        context["error_file_url"] = intake_url(root, "errors")
        if may_write and root.current_state is IntakeState.LOADED:
            context["grid_url"] = intake_url(root, "grid")
            context["correction_form"] = CorrectionForm()
            context["correction_url"] = intake_url(root, "correct")
    if may_write and intake.can_go_on:
        context["continue_url"] = intake_url(intake, "load")
    if can_roll_back:
        context["rollback_url"] = intake_url(intake, "rollback")
        context["rollback"] = rollback_preview(actor, intake)
    if rolled_back and intake.job is not None:
        report = intake.job.result or {"withdrawn": 0, "restored": 0, "kept_edited": []}
        context["rollback"] = {**report, "kept_edited": len(report["kept_edited"])}
        context["kept_leads"] = [
            {"reference": reference, "url": reverse("leads:detail", args=[reference])}
            for reference in kept_leads(actor, report["kept_edited"][:KEPT_SHOWN])
        ]
    return render(request, "imports/result.html", context)


@require_POST
def import_rollback(request: HttpRequest, intake_id: int) -> HttpResponse:
    """Take the import back, as a job."""
    roll_back_intake(actor=actor_of(request), intake_id=intake_id)
    return redirect("leads:import_detail", intake_id)


@require_safe
def import_errors(request: HttpRequest, intake_id: int) -> FileResponse:
    """The error workbook of what is still rejected."""
    actor = actor_of(request)
    intake = get_intake(actor, intake_id)
    # Gone once the response has closed it.
    file = NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115
    try:
        write_errors(actor, intake, Path(file.name))
        return FileResponse(file, as_attachment=True, filename=error_file_name(intake))
    except BaseException:
        file.close()
        raise


@require_POST
def import_correct(request: HttpRequest, intake_id: int) -> HttpResponse:
    """The corrected workbook comes back: received and loaded in one step, for its columns are known."""
    actor = actor_of(request)
    root = get_intake(actor, intake_id)
    actor.require(Area.LEAD_FILES, "write")
    form = CorrectionForm(request.POST, request.FILES)
    if form.is_valid():
        correction = _received(request, form, root.target, {})
        if correction is not None and correction.corrects_id != root.pk:
            discard_intake(actor=actor, intake_id=correction.pk)
            form.add_error(
                "file",
                _("This is not the error workbook of this import. Download it here and correct that copy."),
            )
        elif correction is not None:
            load_intake(actor=actor, intake_id=correction.pk)
            return redirect(intake_url(correction))
    for errors in form.errors.values():
        for error in errors:
            messages.error(request, str(error))
    return redirect(intake_url(root))


@require_http_methods(["GET", "HEAD", "POST"])
def import_grid(request: HttpRequest, intake_id: int) -> HttpResponse:
    """Rejected rows as a grid: what is right after a change is loaded, the rest stays with what was typed."""
    actor = actor_of(request)
    intake = root_of(get_intake(actor, intake_id))
    start = whole_number(request.GET.get("after", "")) or 0
    typed: dict[tuple[int, int], str] = {}
    if request.method == "POST":
        typed = _posted_cells(request)
        chosen = whole_number(request.POST.get("apply", ""))
        if chosen is not None:
            _apply_suggestion(request, intake, chosen)
        else:
            _correct(request, intake, typed, start)
    rows = shown_rows(actor, intake, after=start, limit=GRID_ROWS)
    if not rows and start:
        return redirect(intake_url(intake, "grid"))
    remaining = row_state_counts(actor, intake).get(RowState.REJECTED, 0)
    context = {
        "intake": intake,
        "line": line_name(intake),
        "intake_url": intake_url(intake),
        "columns": columns_shown(intake),
        "rows": grid_rows(intake, rows, typed),
        "suggestions": [
            {
                "text": _suggestion_text(each),
                "value": str(index),
                "right": each.right,
                "choices": each.choices,
            }
            for index, each in enumerate(suggested_corrections(actor, intake))
        ],
        "remaining": remaining,
        "save_url": request.get_full_path(),
        "newer_url": intake_url(intake, "grid") if start else "",
        "older_url": f"?after={rows[-1].number}" if len(rows) == GRID_ROWS and remaining > GRID_ROWS else "",
        "summary": "",
        "list_url": reverse("leads:imports"),
        "error_file_url": intake_url(intake, "errors"),
    }
    return render(request, "imports/grid.html", context)


def _suggestion_text(suggestion: Suggestion) -> str:
    words = ngettext(
        "%(rows)s row: %(wrong)s in %(header)s", "%(rows)s rows: %(wrong)s in %(header)s", suggestion.rows
    )
    return words % {"rows": suggestion.rows, "wrong": f"“{suggestion.wrong}”", "header": suggestion.header}


def _posted_cells(request: HttpRequest) -> dict[tuple[int, int], str]:
    cells = {}
    for name, value in request.POST.items():
        prefix, _dash, place = name.partition("-")
        row, _dash, column = place.partition("-")
        number, position = whole_number(row), whole_number(column)
        if prefix == "cell" and number is not None and position is not None:
            cells[number, position] = str(value)
    return cells


def _correct(request: HttpRequest, intake: Intake, typed: dict[tuple[int, int], str], start: int) -> None:
    """Correct the rows of the page in which something was changed."""
    shown = {row.number: row for row in shown_rows(actor_of(request), intake, after=start, limit=GRID_ROWS)}
    changes: dict[int, dict[int, str]] = {}
    for (number, position), text in typed.items():
        row = shown.get(number)
        if (
            row
            and position < len(row.cells)
            and not row.cells[position].masked
            and row.cells[position].text != text
        ):
            changes.setdefault(number, {})[position] = text
    _report(
        request, correct_rows(actor=actor_of(request), intake_id=intake.pk, cells=changes) if changes else {}
    )


def _apply_suggestion(request: HttpRequest, intake: Intake, index: int) -> None:
    actor = actor_of(request)
    suggestions = suggested_corrections(actor, intake)
    if index >= len(suggestions):
        messages.info(request, _("That suggestion has been dealt with meanwhile."))
        return
    chosen = suggestions[index]
    right = request.POST.get(f"right-{index}", "")
    if right not in {value for value, _label in chosen.choices}:
        messages.warning(request, _("Choose what %(wrong)s should become.") % {"wrong": chosen.wrong})
        return
    cells = {number: {chosen.position: right} for number in rows_with(actor, intake, chosen)}
    _report(request, correct_rows(actor=actor, intake_id=intake.pk, cells=cells))


def _report(request: HttpRequest, outcomes: dict[int, Any]) -> None:
    loaded = sum(outcome.result in ("accepted", "updated") for outcome in outcomes.values())
    repeats = sum(outcome.result == "duplicate" for outcome in outcomes.values())
    wrong = len(outcomes) - loaded - repeats
    if not outcomes:
        messages.info(request, _("Nothing was changed. Correct a marked cell first."))
    if loaded:
        messages.success(request, ngettext("%(n)s row is in.", "%(n)s rows are in.", loaded) % {"n": loaded})
    if repeats:
        messages.info(
            request,
            ngettext("%(n)s row repeats a lead.", "%(n)s rows repeat a lead.", repeats) % {"n": repeats},
        )
    if wrong:
        messages.warning(
            request,
            ngettext("%(n)s row is still wrong.", "%(n)s rows are still wrong.", wrong) % {"n": wrong},
        )
