"""The leads list: what an address asks for, as a query, and what the query found, as the template shows it."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.roles import Area, Level
from core.errors import ValidationFailed
from core.rules import Kind
from core.templatetags.components import tone
from core.values import Refused, boolean
from leads.models import BusinessLine, FieldKind, Lead
from leads.pages.filters import fixed_choices, words_of, written_filters
from leads.presentation import LeadReader, ListColumn, list_columns
from leads.queries.lead_list import Catalog, LeadListQuery, LeadPage, list_leads, orderable, parse_filters
from leads.queries.lead_list.filters import EMPTINESS, ME

# Parameters of the page itself; every other one is a filter.
OWN_PARAMETERS = ("line", "search", "sort", "columns", "cursor", "format")
# Shown in every row, before and after the columns one may choose.
FIXED = ("name", "reference", "status", "owner", "created")
DEFAULT_COLUMNS = 4
PAGE_SIZE = 50
SOME_REFERENCE = "L00000000"
LONG = (FieldKind.LONG_TEXT, FieldKind.JSON, FieldKind.LOCATION)


class LeadListing:
    """One request for the list of one line."""

    def __init__(self, request: HttpRequest, actor: Actor, line: BusinessLine) -> None:
        self.actor = actor
        self.line = line
        self.catalog = Catalog(actor, line)
        self.reader = LeadReader(actor)
        self.parameters: QueryDict = request.GET
        self.problems: list[str] = []
        self.search = self.parameters.get("search", "").strip()
        # Who sees nobody's leads but their own needs no column that says so.
        self.shows_owner = actor.level(Area.LEADS, "read") is not Level.OWN

    def page(self) -> LeadPage:
        """The page of leads. What of the address is not understood is left out, and told in `problems`."""
        try:
            return list_leads(self.actor, self.query(), self.catalog)
        except ValidationFailed as error:
            self._tell(error)
            plain = LeadListQuery(self.line, self.search, page_size=PAGE_SIZE)
            return list_leads(self.actor, plain, self.catalog)

    def query(self) -> LeadListQuery:
        """What the address asks for; a filter that is not understood is left out, and told in `problems`."""
        filters = {name: values for name, values in self.parameters.lists() if name not in OWN_PARAMETERS}
        conditions: Mapping[str, Any] | None = None
        try:
            conditions = parse_filters(self.catalog, filters)
        except ValidationFailed as error:
            self._tell(error)
        return LeadListQuery(
            line=self.line,
            search=self.search,
            conditions=conditions,
            ordering=self.parameters.get("sort", ""),
            cursor=self.parameters.get("cursor", ""),
            page_size=PAGE_SIZE,
        )

    def _tell(self, error: ValidationFailed) -> None:
        self.problems += [problem.message for problems in error.fields.values() for problem in problems]

    def context(self, page: LeadPage) -> dict[str, Any]:
        """What the template of the table asks for."""
        self.reader.look_ahead(page.rows)
        return {
            "search": self.search,
            "chips": self._chips(),
            "clear_url": self._line_address(),
            "new_url": self._new_url(),
            "import_url": self._import_url(),
            "columns": self._headings(),
            "shows_owner": self.shows_owner,
            "rows": [self._row(lead) for lead in page.rows],
            "newer_url": f"?{self._address(cursor=page.previous_cursor)}" if page.previous_cursor else "",
            "older_url": f"?{self._address(cursor=page.next_cursor)}" if page.next_cursor else "",
            "summary": _("%(shown)s of %(all)s") % {"shown": len(page.rows), "all": page.count_estimate},
            "problems": self.problems,
            "slow_notes": page.slow_notes,
        }

    def frame(self) -> dict[str, Any]:
        """What the page around the table asks for beside it."""
        sort = self.parameters.get("sort")
        return {
            "list_url": reverse("leads:list"),
            "export_url": f"{reverse('leads:export')}?{self._address(cursor=None)}",
            "filters": written_filters(self.parameters, self.catalog),
            "column_choices": [
                {"key": column.key, "label": column.label, "shown": column in self.chosen}
                for column in self.available
            ],
            "carried": [("line", self.line.code), *([("sort", sort)] if sort else [])],
        }

    def _line_address(self) -> str:
        return f"{reverse('leads:list')}?line={self.line.code}"

    def _new_url(self) -> str:
        return f"{reverse('leads:new')}?line={self.line.code}" if self.actor.may(Area.LEADS, "create") else ""

    def _import_url(self) -> str:
        may_load = self.actor.may(Area.LEAD_FILES, "write")
        return f"{reverse('leads:import_new')}?line={self.line.code}" if may_load else ""

    # Columns

    @cached_property
    def available(self) -> list[ListColumn]:
        """The columns one may choose; the name stands in every row already."""
        columns = list_columns(self.actor, self.line)
        return [
            column
            for column in columns
            if column.key not in FIXED
            and not column.is_retired
            and (column.item is None or column.item.maps_to != "name")
        ]

    @cached_property
    def chosen(self) -> list[ListColumn]:
        """The columns asked for, or the first short fields: those with fast filters before others."""
        asked = self.parameters.getlist("columns")
        columns = [column for column in self.available if column.key in asked]
        if columns:
            return columns
        short = [column for column in self.available if column.item and column.item.type not in LONG]
        short.sort(key=lambda column: not (column.item and column.item.indexed))
        kept = short[:DEFAULT_COLUMNS]
        return [column for column in self.available if column in kept]

    def file_columns(self) -> list[str]:
        """The keys of the columns shown, for a file of the list: the name is that of the field that fills it."""
        columns = list_columns(self.actor, self.line)
        names = [column.key for column in columns if column.item and column.item.maps_to == "name"]
        owner = ["owner"] if self.shows_owner else []
        return [*names, "reference", "status", *(column.key for column in self.chosen), *owner, "created"]

    def _headings(self) -> list[dict[str, str]]:
        sortable = set(orderable(self.catalog))
        middle = [
            self._heading(
                column.label,
                column.key if column.key in sortable else "",
                "number" if column.is_figure else "",
            )
            for column in self.chosen
        ]
        first = [self._heading(label, "") for label in (_("Name"), _("Reference"), _("Status"))]
        owner = [self._heading(_("Owner"), "")] if self.shows_owner else []
        return [*first, *middle, *owner, self._heading(_("Created"), "created")]

    def _heading(self, label: str, name: str, kind: str = "") -> dict[str, str]:
        if not name:
            return {"label": label, "kind": kind, "sort_url": "", "sorted": ""}
        current = self.parameters.get("sort") or "-created"
        sorted_ = {name: "ascending", f"-{name}": "descending"}.get(current, "")
        turned = name if current == f"-{name}" else f"-{name}"
        url = f"?{self._address(sort=turned, cursor=None)}"
        return {"label": label, "kind": kind, "sort_url": url, "sorted": sorted_}

    # Rows and chips

    @cached_property
    def _detail_url(self) -> str:
        """Resolved once: fifty times takes a millisecond."""
        return reverse("leads:detail", args=[SOME_REFERENCE])

    def _row(self, lead: Lead) -> dict[str, Any]:
        return {
            "url": self._detail_url.replace(SOME_REFERENCE, lead.reference),
            "reference": lead.reference,
            "name": self.reader.attribute(lead, "name").text,
            "status_label": self.reader.attribute(lead, "status").text,
            "status_tone": tone(lead.status),
            "owner": self.reader.attribute(lead, "owner").text,
            "created": lead.created_at,
            "cells": [
                {
                    "label": column.label,
                    "text": self.reader.column(lead, column).text,
                    "kind": "number" if column.is_figure else "",
                }
                for column in self.chosen
            ],
        }

    def _chips(self) -> list[dict[str, str]]:
        """The filters in force, each with an address without it."""
        chips = []
        for name, values in self.parameters.lists():
            base, _separator, operator = name.partition("__")
            entry = self.catalog.entries.get(base)
            texts = [value for value in values if value.strip()]
            if name in OWN_PARAMETERS or entry is None or not texts:
                continue
            is_asked = operator in EMPTINESS
            value = ", ".join(
                _yes_or_no(text) if is_asked else self._filter_text(base, text) for text in texts
            )
            without = self._address(**{name: None}, cursor=None)
            chips.append(
                {"name": entry.label, "value": words_of(operator, value), "remove_url": f"?{without}"}
            )
        return chips

    def _filter_text(self, name: str, value: str) -> str:
        """A filter's value as people read it; one that is no value of its field stays as it was typed."""
        entry = self.catalog.entries[name]
        if entry.kind is Kind.REFERENCE and value == ME:
            return _("Me")
        if entry.item is not None and entry.kind is not Kind.PRESENCE:
            stored: Any = value == "true" if entry.kind is Kind.BOOLEAN else value
            stored = [value] if entry.kind is Kind.MULTI else stored
            return self.reader.shown(self.line, entry.item, stored).text
        return dict(fixed_choices(self.line)).get((name, value), value)

    def _address(self, **changes: str | None) -> str:
        """The page's parameters with some changed; None takes one away."""
        parameters = self.parameters.copy()
        parameters["line"] = self.line.code
        for name, value in changes.items():
            parameters.pop(name, None)
            if value is not None:
                parameters[name] = value
        for name in [name for name, values in parameters.lists() if not any(values)]:
            del parameters[name]
        return parameters.urlencode()


def _yes_or_no(text: str) -> str:
    answer = boolean(text)
    return (
        text if isinstance(answer, Refused) or answer.value is None else _("Yes") if answer.value else _("No")
    )
