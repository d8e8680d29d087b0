"""What the import pages show of an intake, in the shape their templates ask for."""

import re
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from accounts.actor import Actor
from accounts.roles import Area
from core.intake.hand_back import ShownRow, root_of
from core.intake.importer import Importer, importer_for
from core.models import Intake
from core.values import summary
from leads.models import BusinessLine


def intake_url(intake: Intake, name: str = "detail") -> str:
    """Return the address of one of an intake's pages."""
    return reverse(f"leads:import_{name}", args=[intake.pk])


def proposal_url(actor: Actor) -> str:
    """Return where a file becomes the fields of a line; "" for who may not configure lines."""
    return reverse("leads:proposal_new") if actor.may(Area.CONFIGURATION, "write") else ""


def whole_number(text: str) -> int | None:
    """Return a number from a request, or None where there is none or it has more than 18 digits."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def line_name(intake: Intake) -> str:
    """Return the name of the line an intake goes into, or its code where the line is gone."""
    line = BusinessLine.everything.filter(code=intake.target).order_by("deleted_at").first()
    return line.name if line else intake.target


def reasons_shown(counts: dict[str, Any], loader: Importer) -> list[dict[str, Any]]:
    """Return reasons by frequency, each with its share of the refused rows, in words."""
    labels = {target.key: target.label for target in loader.targets()}
    pairs = sorted(counts.get("reasons", {}).items(), key=lambda pair: -pair[1])
    most = max((number for _pair, number in pairs), default=1)
    shown = []
    for pair, number in pairs:
        field, _colon, code = pair.partition(":")
        label = labels.get(field, field)
        shown.append(
            {
                "label": label,
                "code": pair,
                "count": number,
                "share": number / most,
                "text": summary(code),
            }
        )
    return shown


def columns_shown(intake: Intake) -> list[dict[str, str]]:
    """Return the file's columns as table headings."""
    return [
        {"key": str(position), "label": name or f"#{position + 1}", "kind": ""}
        for position, name in enumerate(intake.header)
    ]


def sample_shown(row: ShownRow) -> dict[str, Any]:
    """Return a refused row of a dry run."""
    problems = [*row.problems, *(text for cell in row.cells for text in cell.problems)]
    return {"number": row.number, "cells": [cell.text for cell in row.cells], "problems": problems}


def grid_rows(
    intake: Intake, rows: list[ShownRow], typed: dict[tuple[int, int], str]
) -> list[dict[str, Any]]:
    """Return the rows of the correction grid; `typed` are cells as they were posted, kept for another try."""
    root = root_of(intake)
    loader = importer_for(root)
    choices = {position: loader.choices_of(target) for position, target in enumerate(root.mapping) if target}
    return [_grid_row(root, row, choices, typed) for row in rows]


def _grid_row(
    root: Intake, row: ShownRow, choices: dict[int, list[tuple[str, str]]], typed: dict[tuple[int, int], str]
) -> dict[str, Any]:
    cells = []
    for cell in row.cells:
        value = typed.get((row.number, cell.position), cell.text)
        offered = choices.get(cell.position) or []
        if offered and value not in {known for known, _label in offered}:
            offered = [(value, value or "—"), *offered]
        cells.append(
            {
                "key": str(cell.position),
                "label": root.header[cell.position] or f"#{cell.position + 1}",
                "name": f"cell-{row.number}-{cell.position}",
                "value": value,
                "kind": "",
                "choices": offered or None,
                "problems": cell.problems,
            }
        )
    wrong = [cell["label"] for cell in cells if cell["problems"]]
    return {"number": row.number, "id": row.number, "cells": cells, "problems": [*row.problems, *wrong]}


def counts_so_far(intake: Intake) -> dict[str, Any]:
    """Return the counts as far as the work has come: those of the job while it runs."""
    cursor = intake.job.cursor if intake.job else {}
    return cursor.get("counts") or {name: 0 for name in intake.counts if name != "reasons"}


def actor_of(request: HttpRequest) -> Actor:
    """Return who asks; the middleware has made sure that somebody does."""
    return request.actor  # type: ignore[attr-defined]
