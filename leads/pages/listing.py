"""The leads list: what an address asks for, as a query, and what the query found, as the template shows it."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.roles import Area
from core.errors import ValidationFailed
from core.templatetags.components import tone
from leads.fields.access import visible_fields
from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition
from leads.fields.types import type_of
from leads.models import BusinessLine, FieldKind, Lead
from leads.pages.filters import FilterForm
from leads.presentation import LeadPresenter
from leads.queries.lead_list import Catalog, LeadListQuery, LeadPage, list_leads, orderable, parse_filters

# Parameters of the page itself; every other one is a filter.
OWN_PARAMETERS = ("line", "search", "sort", "columns", "cursor")
DEFAULT_COLUMNS = 5
PAGE_SIZE = 50
# Attributes that a column can show beside the fields.
ATTRIBUTE_COLUMNS = ("stage", "source", "campaign", "phone", "email")
SHORT = frozenset(FieldKind) - {FieldKind.LONG_TEXT, FieldKind.JSON}
OPERATOR_WORDS = {
    "gte": "≥", "lte": "≤", "gt": ">", "lt": "<", "ne": "≠", "in": "=", "starts_with": "…",
    "contains": "∋", "is_empty": "∅", "is_not_empty": "∃",
}  # fmt: skip


class LeadListing:
    """One request for the list of one line."""

    def __init__(
        self, request: HttpRequest, actor: Actor, line: BusinessLine, definition: LineDefinition
    ) -> None:
        self.request = request
        self.actor = actor
        self.line = line
        self.fields = visible_fields(actor, definition)
        self.catalog = Catalog(actor, line)
        self.presenter = LeadPresenter(actor, line)
        self.parameters: QueryDict = request.GET
        self.problems: list[str] = []
        self.search = self.parameters.get("search", "").strip()

    def query(self) -> LeadListQuery:
        """The query of the address; what is not understood is left out and told in `problems`."""
        filters = {name: values for name, values in self.parameters.lists() if name not in OWN_PARAMETERS}
        conditions: Mapping[str, Any] | None = None
        try:
            conditions = parse_filters(self.catalog, filters)
        except ValidationFailed as error:
            self.problems += [problem.message for problems in error.fields.values() for problem in problems]
        return LeadListQuery(
            line=self.line,
            search=self.search,
            conditions=conditions,
            ordering=self.parameters.get("sort", ""),
            cursor=self.parameters.get("cursor", ""),
            page_size=PAGE_SIZE,
        )

    def page(self) -> LeadPage:
        """The page of leads; an order or cursor that is not understood gives the first page, and says so."""
        query = self.query()
        try:
            return list_leads(self.actor, query)
        except ValidationFailed as error:
            self.problems += [problem.message for problems in error.fields.values() for problem in problems]
            return list_leads(
                self.actor, LeadListQuery(line=self.line, search=self.search, page_size=PAGE_SIZE)
            )

    def context(self, page: LeadPage) -> dict[str, Any]:
        """What the templates leads/list.html and leads/_table.html ask for."""
        chosen = self.chosen_columns()
        may_create = self.actor.may(Area.LEADS, "create")
        return {
            "list_url": reverse("leads:list"),
            "new_url": f"{reverse('leads:new')}?line={self.line.code}" if may_create else "",
            "import_url": f"{reverse('leads:import_new')}?line={self.line.code}"
            if self.actor.may(Area.LEAD_FILES, "write")
            else "",
            "export_url": f"{reverse('leads:export')}?{self._address(cursor=None)}",
            "search": self.search,
            "filters": FilterForm(self.parameters, catalog=self.catalog, fields=self.fields, line=self.line),
            "column_choices": [
                {"key": key, "label": label, "shown": key in chosen}
                for key, label in self.column_labels().items()
            ],
            "carried": [
                ("line", self.line.code),
                *([("sort", self.parameters["sort"])] if self.parameters.get("sort") else []),
            ],
            "chips": self.chips(),
            "clear_url": f"{reverse('leads:list')}?line={self.line.code}",
            "columns": self._headings(chosen),
            "rows": [self._row(lead, chosen) for lead in page.rows],
            "newer_url": f"?{self._address(cursor=page.previous_cursor)}" if page.previous_cursor else "",
            "older_url": f"?{self._address(cursor=page.next_cursor)}" if page.next_cursor else "",
            "summary": _("%(shown)s of %(all)s") % {"shown": len(page.rows), "all": page.count_estimate},
            "problems": [*self.problems, *page.slow_notes],
        }

    # Columns

    def column_labels(self) -> dict[str, str]:
        """Every column there can be: attributes, then fields under their catalog names."""
        attributes = {
            name: self.catalog.entries[name].label
            for name in ATTRIBUTE_COLUMNS
            if name in self.catalog.entries
        }
        named = self._fields_that_fill("name")
        return {
            **{f"data.{item.key}": item.label for item in self.fields if item.key not in named},
            **attributes,
        }

    def chosen_columns(self) -> list[str]:
        """The columns asked for, or the first short ones: fast filters first."""
        labels = self.column_labels()
        asked = [key for key in self.parameters.getlist("columns") if key in labels]
        if asked:
            return asked
        short = [item for item in self.fields if item.type in SHORT and f"data.{item.key}" in labels]
        short.sort(key=lambda item: not item.indexed)
        keep = {f"data.{item.key}" for item in short[:DEFAULT_COLUMNS]}
        return [key for key in labels if key in keep]

    def _fields_that_fill(self, attribute: str) -> set[str]:
        return {item.key for item in self.fields if item.maps_to == attribute}

    def _item(self, column: str) -> FieldDefinition | None:
        return next((item for item in self.fields if column == f"data.{item.key}"), None)

    def _is_number(self, column: str) -> bool:
        item = self._item(column)
        return item is not None and type_of(item).is_number

    def _headings(self, chosen: list[str]) -> list[dict[str, str]]:
        labels = self.column_labels()
        sortable = set(orderable(self.catalog))
        headings = [
            self._heading(_("Name"), ""),
            self._heading(_("Reference"), ""),
            self._heading(_("Status"), ""),
        ]
        for column in chosen:
            kind = "number" if self._is_number(column) else ""
            headings.append(self._heading(labels[column], column if column in sortable else "", kind))
        return [*headings, self._heading(_("Owner"), ""), self._heading(_("Created"), "created")]

    def _heading(self, label: str, name: str, kind: str = "") -> dict[str, str]:
        if not name:
            return {"label": label, "kind": kind, "sort_url": "", "sorted": ""}
        current = self.parameters.get("sort") or "-created"
        sorted_ = {name: "ascending", f"-{name}": "descending"}.get(current, "")
        turned = name if current == f"-{name}" else f"-{name}"
        return {
            "label": label,
            "kind": kind,
            "sort_url": f"?{self._address(sort=turned, cursor=None)}",
            "sorted": sorted_,
        }

    # Rows and chips

    def _row(self, lead: Lead, chosen: list[str]) -> dict[str, Any]:
        labels = self.column_labels()
        return {
            "url": reverse("leads:detail", args=[lead.reference]),
            "reference": lead.reference,
            "name": self.presenter.attribute_text(lead, "name"),
            "status_label": lead.get_status_display(),
            "status_tone": tone(lead.status),
            "owner": str(lead.owner) if lead.owner else "",
            "created": lead.created_at,
            "cells": [
                {
                    "label": labels[column],
                    "text": self._text(lead, column),
                    "kind": "number" if self._is_number(column) else "",
                }
                for column in chosen
            ],
        }

    def _text(self, lead: Lead, column: str) -> str:
        item = self._item(column)
        return self.presenter.text(lead, item) if item else self.presenter.attribute_text(lead, column)

    def chips(self) -> list[dict[str, str]]:
        """The filters in force, each with an address without it."""
        chips = []
        for name, values in self.parameters.lists():
            if name in OWN_PARAMETERS or not any(value.strip() for value in values):
                continue
            base, _separator, operator = name.partition("__")
            entry = self.catalog.entries.get(base)
            if entry is None:
                continue
            text = ", ".join(self.presenter.filter_text(entry, value) for value in values if value.strip())
            words = OPERATOR_WORDS.get(operator, "")
            chips.append(
                {
                    "name": entry.label,
                    "value": f"{words} {text}".strip(),
                    "remove_url": f"?{self._address(**{name: None}, cursor=None)}",
                }
            )
        return chips

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
