"""Statistics and data quality of a line."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.actor import Actor
from accounts.roles import Area
from core.errors import NotVisible, ValidationFailed
from core.models import Job
from leads.models import BusinessLine
from leads.pages.imports.presenting import actor_of
from leads.pages.statistics.forms import AskedForm
from leads.pages.statistics.presenting import as_file, leads_url, quality_tiles, shown_bars, shown_quality
from leads.queries.lines import get_line, list_usable_lines
from leads.queries.statistics.asking import PARAMETERS, Asked, LineFigures, read_asked
from leads.queries.statistics.counted import FIELD, FILLED, QUALITY, Counted, counted_figures
from leads.queries.statistics.overview import line_overview
from leads.queries.statistics.tables import field_table, filled_table, quality_table
from leads.services.statistics.counting import count_figures
from leads.services.statistics.judging import judge_quality, judging_job


@require_safe
def statistics(request: HttpRequest) -> HttpResponse:
    """The statistics of the first line, where somebody goes who names none."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "read")
    lines = list_usable_lines(actor)
    return redirect("leads:line_statistics", lines[0].code) if lines else redirect("leads:list")


class _Page:
    """What both pages have in common: the line, which leads are meant, and the way between them."""

    def __init__(self, request: HttpRequest, code: str, here: str) -> None:
        self.request = request
        self.actor: Actor = actor_of(request)
        self.actor.require(Area.LEADS, "read")
        self.line = get_line(self.actor, code)
        self.here = here
        self.given = {name: request.GET.get(name, "") for name in PARAMETERS}
        self.form = AskedForm(self.given, actor=self.actor)
        self.figures = self._figures()

    def _figures(self) -> LineFigures:
        """Figures of what is asked for; what is not understood is told beside its field, and nothing is narrowed."""
        try:
            return LineFigures(self.actor, self.line, read_asked(self.given))
        except ValidationFailed as error:
            self.form.is_valid()
            for name, problems in error.fields.items():
                for problem in problems:
                    self.form.add_error(name if name in self.form.fields else None, problem.message)
            return LineFigures(self.actor, self.line, Asked())

    def address(self, name: str, line: BusinessLine | None = None, **more: str) -> str:
        parameters = {**(self.figures.asked.parameters() if line is None else {}), **more}
        url = reverse(name, args=[(line or self.line).code])
        return f"{url}?{urlencode(parameters)}" if parameters else url

    def context(self, counted: Counted, job: Job | None = None) -> dict[str, Any]:
        at_work = job or counted.job
        return {
            "line": self.line,
            "form": self.form,
            "line_tabs": self._tabs(),
            "list_url": leads_url(self.line, self.figures.filters),
            "statistics_url": self.address("leads:line_statistics"),
            "quality_url": self.address("leads:line_quality"),
            "here_url": reverse(self.here, args=[self.line.code]),
            "asked": self.figures.asked.parameters(),
            "is_counted": counted.figures is not None,
            "counted_at": counted.counted_at,
            "job": at_work,
            "progress_url": reverse("core:job_progress", args=[at_work.pk]) if at_work else "",
            "cancel_url": "",
        }

    def _tabs(self) -> list[dict[str, Any]]:
        lines = list_usable_lines(self.actor)
        if len(lines) < 2:
            return []
        return [
            {
                "label": line.name,
                "url": self.address(self.here, line),
                "active": line.pk == self.line.pk,
                "count": None,
            }
            for line in lines
        ]

    def wants_file(self) -> bool:
        return self.request.GET.get("format") == "csv"


@require_safe
def line_statistics(request: HttpRequest, code: str) -> HttpResponseBase:
    """How many leads a line has, what they have filled, and, of one field, with what."""
    page = _Page(request, code, "leads:line_statistics")
    name = request.GET.get("field", "")
    if name:
        return _field(page, name)
    counted = counted_figures(page.figures, FILLED)
    overview = line_overview(page.figures)
    filled = counted.figures or {"fields": [], "how": []}
    if page.wants_file() and counted.figures:
        return as_file(request, f"{page.line.code}-fields", filled_table(counted.figures))
    context = page.context(counted) | {
        "overview": overview,
        "charts": [
            {"id": part, "title": title, "bars": shown_bars(page.line, overview[part]), "shape": shape}
            for part, title, shape in (
                ("created", _("Leads by day of creation"), "histogram"),
                ("source", _("Sources"), "ranking"),
                ("status", _("Statuses"), "ranking"),
                ("stage", _("Stages"), "ranking"),
            )
            if overview[part]
        ],
        "fields": [
            {
                **field,
                "url": page.address("leads:line_statistics", field=field["name"]),
                "filled": {**field["filled"], "url": leads_url(page.line, field["filled"]["filters"])},
                "empty": {**field["empty"], "url": leads_url(page.line, field["empty"]["filters"])},
            }
            for field in filled["fields"]
        ],
        "how": [*overview["how"], *filled["how"]],
        "file_url": page.address("leads:line_statistics", format="csv") if counted.figures else "",
        "what": FILLED,
    }
    return render(request, "statistics/line.html", context)


def _field(page: _Page, name: str) -> HttpResponseBase:
    entry = page.figures.entry(name)
    if entry is None:
        raise NotVisible("No field of this line with this key is visible to you.")
    counted = counted_figures(page.figures, FIELD + entry.name)
    if page.wants_file() and counted.figures:
        return as_file(page.request, f"{page.line.code}-{entry.name}", field_table(counted.figures))
    figures = counted.figures
    context = page.context(counted) | {
        "field_label": entry.label,
        "field_name": entry.name,
        "file_url": page.address("leads:line_statistics", field=entry.name, format="csv") if figures else "",
        "what": FIELD + entry.name,
    }
    if figures:
        parts = [figures["filled"], figures["empty"]]
        bars = [*figures["bars"], *([figures["others"]] if figures["others"] else [])]
        context |= {
            "figures": figures,
            "filled": figures["filled"],
            "filled_and_empty": shown_bars(page.line, parts),
            "bars": shown_bars(page.line, bars),
            "how": figures["how"],
        }
    return render(page.request, "statistics/field.html", context)


@require_safe
def line_quality(request: HttpRequest, code: str) -> HttpResponseBase:
    """Which share of a line's leads is complete, valid and unduplicated, by source and month, and what is wrong."""
    page = _Page(request, code, "leads:line_quality")
    counted = counted_figures(page.figures, QUALITY)
    quality = counted.figures
    if page.wants_file() and quality and quality["judged_at"]:
        return as_file(request, f"{page.line.code}-quality", quality_table(quality))
    job = judging_job(page.line)
    may_judge = page.actor.may(Area.CONFIGURATION, "write")
    context = page.context(counted, job) | {
        "quality": quality,
        "judge_url": reverse("leads:line_judge", args=[page.line.code]) if may_judge and not job else "",
        "settings_url": reverse("admin:leads_businessline_change", args=[page.line.pk]) if may_judge else "",
        "what": QUALITY,
        "how": quality["how"] if quality else [],
    }
    if quality and quality["judged_at"]:
        whole = {**shown_quality(page.line, quality), "target": quality["target"]}
        context |= {
            "judged_at": parse_datetime(quality["judged_at"]),
            "tiles": quality_tiles(whole),
            "sources": [shown_quality(page.line, each) for each in quality["by_source"]],
            "months": [shown_quality(page.line, each) for each in quality["by_month"]],
            "reasons": [
                {**each, "url": leads_url(page.line, each["filters"])} for each in quality["reasons"]
            ],
            "imports": quality["imports"],
            "file_url": page.address("leads:line_quality", format="csv"),
        }
    return render(request, "statistics/quality.html", context)


@require_POST
def line_count(request: HttpRequest, code: str) -> HttpResponse:
    """Have figures counted that take longer than a page may; back to their page, which shows how far it is."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "read")
    line = get_line(actor, code)
    asked = read_asked({name: request.POST.get(name, "") for name in PARAMETERS})
    what = request.POST.get("what", FILLED)
    figures = LineFigures(actor, line, asked)
    parameters = asked.parameters()
    if what.startswith(FIELD):
        entry = figures.entry(what.removeprefix(FIELD))
        if entry is None:
            raise NotVisible("No field of this line with this key is visible to you.")
        parameters["field"] = entry.name
    elif what != QUALITY:
        what = FILLED
    count_figures(actor=actor, line=line, asked=asked, what=what)
    page = "leads:line_quality" if what == QUALITY else "leads:line_statistics"
    return redirect(f"{reverse(page, args=[line.code])}?{urlencode(parameters)}")


@require_POST
def line_judge(request: HttpRequest, code: str) -> HttpResponse:
    """Have the leads of a line judged again."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "read")
    line = get_line(actor, code)
    judge_quality(actor=actor, line=line)
    return redirect("leads:line_quality", line.code)
