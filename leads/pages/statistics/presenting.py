"""Figures as the templates show them: each with the address of the leads that it counts."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from core.api.files import file_answer
from core.files_out import csv_chunks
from leads.models import BusinessLine
from leads.queries.statistics.tables import Table


def leads_url(line: BusinessLine, filters: Mapping[str, Any] | None) -> str:
    """Return the address of the list that shows what was counted; "" where no list can."""
    if filters is None:
        return ""
    return f"{reverse('leads:list')}?{urlencode({'line': line.code, **filters}, doseq=True)}"


def shown_bars(line: BusinessLine, bars: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return bars with their addresses; an empty one leads nowhere."""
    return [
        {
            **bar,
            "url": leads_url(line, bar.get("filters")) if bar["count"] else "",
            "meter": bar["share"] or "0",
        }
        for bar in bars
    ]


def shown_quality(line: BusinessLine, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of quality with the addresses of what is wrong."""
    shown: dict[str, Any] = {
        "label": told.get("label", ""),
        "leads": told["leads"],
        "meets": told["meets_target"],
    }
    shown["good"] = {**told["good"], "url": leads_url(line, told["good"]["filters"])}
    for name in ("complete", "valid", "unduplicated"):
        part = told[name]
        shown[name] = {**part, "url": leads_url(line, part["filters"]) if part["flawed"] else ""}
    shown["parts"] = [shown[name] for name in ("complete", "valid", "unduplicated")]
    return shown


def per_cent(share: str) -> str:
    """Return a share as people read it; a dash where there is nothing to share."""
    return f"{share}\u202f%" if share else "–"


def quality_tiles(quality: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tiles above the tables: the share against its target, and what it is made of."""
    names = (
        ("complete", _("Complete"), _("incomplete")),
        ("valid", _("Valid"), _("no longer valid")),
        ("unduplicated", _("Unduplicated"), _("repeated")),
    )
    good = quality["good"]
    tiles = [
        {
            "name": _("All three"),
            "figure": per_cent(good["share"]),
            "note": _("target %(target)s %%: %(word)s")
            % {"target": quality["target"], "word": _("reached") if quality["meets"] else _("not reached")},
            "tone": "good" if quality["meets"] else "bad",
            "url": good["url"],
        }
    ]
    for name, label, flawed in names:
        part = quality[name]
        tiles.append(
            {
                "name": label,
                "figure": per_cent(part["share"]),
                "note": f"{part['flawed']} {flawed}",
                "tone": "",
                "url": part["url"],
            }
        )
    return tiles


def as_file(request: HttpRequest, name: str, table: Table) -> HttpResponseBase:
    """Return a table as a CSV file."""
    return file_answer(request, csv_chunks(*table), f"{name}.csv", "text/csv; charset=utf-8")
