"""Step 2 of an import: which field each column fills, and what is remembered of it for the next file."""

from pathlib import PurePath
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.pages.forms import show_refusal
from accounts.roles import Area
from core.errors import ApplicationError
from core.intake.drift import Reading
from core.intake.hand_back import sample_texts
from core.intake.importer import importer_for
from core.intake.matching import fingerprint, match_columns, normalized_name
from core.intake.planning import open_question
from core.intake.readers import column_letter
from core.models import BUSY, Intake, IntakeState, SavedMapping
from core.models.saved_mapping import LONGEST_MAPPING_NAME
from core.queries.intakes import get_intake
from core.queries.saved_mappings import may_change_mapping
from core.services.intakes import check_intake, match_intake
from leads.pages.imports.forms import NEW, UPDATE, MatchForm
from leads.pages.imports.presenting import actor_of, intake_url, line_name


@require_http_methods(["GET", "HEAD", "POST"])
def import_match(request: HttpRequest, intake_id: int) -> HttpResponse:
    """Step 2: which field each column fills. Suggestions are chosen beforehand and marked as such."""
    actor = actor_of(request)
    intake = get_intake(actor, intake_id)
    actor.require(Area.LEAD_FILES, "write")
    if intake.current_state in (*BUSY, IntakeState.LOADED, IntakeState.ROLLED_BACK):
        return redirect(intake_url(intake))
    loader = importer_for(intake)
    targets = loader.targets()
    reading = open_question(intake, loader)
    suggested = {each.column: each.target for each in reading.renamed} if reading else _suggestions(intake)
    initial: dict[str, Any] = {
        f"column_{position}": target or suggested.get(position, "")
        for position, target in enumerate(intake.mapping)
    }
    form = MatchForm(
        request.POST or None,
        header=intake.header,
        targets=targets,
        remember=_ways_to_remember(request, intake),
        initial={**initial, "remember_as": _default_name(intake)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            match_intake(
                actor=actor,
                intake_id=intake.pk,
                mapping=form.mapping(),
                remember_as=form.remember_as(intake.saved_mapping),
            )
            check_intake(actor=actor, intake_id=intake.pk)
        except ApplicationError as error:
            show_refusal(form, error)
        else:
            return redirect(intake_url(intake))
    columns = form.columns()
    chosen = {column.value() for column in columns}
    context = {
        "intake": intake,
        "line": line_name(intake),
        "data_rows": intake.options.get("rows"),
        "form": form,
        "columns": _match_columns(intake, columns, suggested, sample_texts(actor, intake)),
        "missing": [target.label for target in targets if target.required and target.key not in chosen],
        "ignored": [notice["message"] for notice in intake.notices],
        "mapping": intake.saved_mapping,
        "drift": _drift_shown(intake, reading) if reading else None,
        "list_url": reverse("leads:imports"),
        "cancel_url": intake_url(intake, "discard"),
    }
    return render(request, "imports/match.html", context, status=422 if form.is_bound else 200)


def _suggestions(intake: Intake) -> dict[int, str]:
    """What columns look like that nothing is known of; a saved mapping that leaves one out has said so."""
    if intake.saved_mapping is not None:
        return {}
    found = match_columns(intake.header, importer_for(intake).targets()).suggested
    taken = set(filter(None, intake.mapping))
    return {each.column: each.target for each in found if each.target not in taken}


def _match_columns(
    intake: Intake, fields: list[Any], suggested: dict[int, str], samples: list[list[str]]
) -> list[dict[str, Any]]:
    columns = []
    pairs = intake.saved_mapping.pairs if intake.saved_mapping else []
    remembered = {normalized_name(header) for header, target in pairs if target}
    for position, name in enumerate(intake.header):
        if not intake.mapping[position]:
            state = "suggested" if position in suggested else "unmatched"
        else:
            state = "remembered" if normalized_name(name) in remembered else "matched"
        columns.append(
            {
                "letter": column_letter(position),
                "header": name,
                "samples": samples[position],
                "field": fields[position],
                "state": state,
            }
        )
    return columns


def _drift_shown(intake: Intake, reading: Reading) -> dict[str, Any]:
    """What differs from the saved mapping, by the names of columns."""
    return {
        "new": [intake.header[column] for column in reading.new],
        "gone": reading.gone,
        "renamed": [(each.was, each.header) for each in reading.renamed],
        "retired": [intake.header[column] for column in reading.retired],
    }


def _ways_to_remember(request: HttpRequest, intake: Intake) -> list[tuple[str, str]]:
    """What may be done with the choices beyond this file; nothing for an error workbook."""
    mapping = intake.saved_mapping
    if intake.corrects_id is not None:
        return []
    if mapping is None or mapping.deleted_at is not None:
        return [("", _("Only this once")), (NEW, _("Remember for files with these columns"))]
    ways = [("", _("Only this once"))]
    if may_change_mapping(actor_of(request), mapping):
        ways.append((UPDATE, _("Change “%(name)s” to these choices") % {"name": mapping.name}))
    if _differs(intake, mapping):
        ways.append((NEW, _("Save as a new mapping")))
    return ways if len(ways) > 1 else []


def _differs(intake: Intake, mapping: SavedMapping) -> bool:
    return fingerprint(intake.header) != mapping.fingerprint


def _default_name(intake: Intake) -> str:
    """The file's name, as people write names."""
    stem = PurePath(intake.filename).stem
    return " ".join(stem.replace("_", " ").replace("-", " ").split())[:LONGEST_MAPPING_NAME].capitalize()
