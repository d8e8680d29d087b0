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
from leads.pages.lists.state import OWN_PARAMETERS, ListState, rule_text
from leads.pages.lists.words import Wording, day_in_words, parts_of_rule
from leads.presentation import LeadReader, ListColumn, list_columns
from leads.queries.lead_list import (
    Catalog,
    LeadListQuery,
    LeadPage,
    both_rules,
    list_leads,
    orderable,
    parse_filters,
    parse_rule_text,
)
from leads.queries.lead_list.filters import EMPTINESS, ME
from leads.queries.leads import is_reference
from leads.queries.origins import Origins
from leads.queries.stalling import stalled_since
from leads.services.bulk import seen_as

# Shown in every row, before and after the columns one may choose.
FIXED = ("name", "reference", "status", "owner", "created")
DEFAULT_COLUMNS = 4
PAGE_SIZE = 50
MOST_PICKED = 500
SOME_REFERENCE = "L00000000"
LONG = (FieldKind.LONG_TEXT, FieldKind.JSON, FieldKind.LOCATION)


class LeadListing:
    """One request for the list of one line."""

    def __init__(self, request: HttpRequest, actor: Actor, line: BusinessLine) -> None:
        self.actor = actor
        self.line = line
        self.catalog = Catalog(actor, line)
        self.reader = LeadReader(actor)
        self.state = ListState(request.GET, actor, line, self.catalog)
        self.parameters: QueryDict = self.state.parameters
        self.problems: list[str] = [*self.state.left_out]
        self.search = self.parameters.get("search", "").strip()
        # Who sees nobody's leads but their own needs no column that says so.
        self.shows_owner = actor.level(Area.LEADS, "read") is not Level.OWN

    def page(self) -> LeadPage:
        """The page of leads. What of the address is not understood is left out, and told in `problems`."""
        try:
            return list_leads(self.actor, self.query(), self.catalog)
        except ValidationFailed as error:
            self.tell(error)
            plain = LeadListQuery(self.line, self.search, page_size=PAGE_SIZE)
            return list_leads(self.actor, plain, self.catalog)

    def query(self) -> LeadListQuery:
        """What the address asks for; a filter that is not understood is left out, and told in `problems`."""
        conditions: Mapping[str, Any] | None = None
        try:
            conditions = parse_filters(self.catalog, self.state.filters())
        except ValidationFailed as error:
            self.tell(error)
        try:
            conditions = both_rules(conditions, self.rule)
        except ValidationFailed as error:
            self.tell(error)
        return LeadListQuery(
            line=self.line,
            search=self.search,
            conditions=conditions,
            ordering=self.parameters.get("sort", ""),
            cursor=self.parameters.get("cursor", ""),
            page_size=PAGE_SIZE,
            references=self.picked,
        )

    @property
    def rule(self) -> dict[str, Any] | None:
        """The rule of the address. Raises ValidationFailed."""
        return parse_rule_text(self.catalog, self.parameters.get("rule", ""))

    @cached_property
    def picked(self) -> tuple[str, ...]:
        """The references of the rows that were picked; each is sent with the version that was seen."""
        texts = (text.partition("@")[0] for text in self.parameters.getlist("pick"))
        return tuple(dict.fromkeys(text for text in texts if is_reference(text)))[:MOST_PICKED]

    def tell(self, error: ValidationFailed) -> None:
        """Keep what is not understood, to be told on the page."""
        self.problems += [problem.message for problems in error.fields.values() for problem in problems]

    def context(self, page: LeadPage) -> dict[str, Any]:
        """What the template of the table asks for."""
        self.reader.look_ahead(page.rows)
        return {
            **self.around(),
            "columns": self._headings(),
            "shows_owner": self.shows_owner,
            "rows": [self._row(lead) for lead in page.rows],
            "newer_url": f"?{self._address(cursor=page.previous_cursor)}" if page.previous_cursor else "",
            "older_url": f"?{self._address(cursor=page.next_cursor)}" if page.next_cursor else "",
            "summary": _("%(shown)s of %(all)s") % {"shown": len(page.rows), "all": page.count_estimate},
            "slow_notes": page.slow_notes,
            "summary_count": str(page.count_estimate),
            "may_write": self.may_write,
            "bulk_url": reverse("leads:bulk"),
            "export_url": reverse("leads:export"),
            "picking": [*self.state.identity(), *self._kept_for_picking()],
            "all_url": f"{reverse('leads:bulk')}?{self._address(cursor=None)}&all=1",
        }

    def around(self) -> dict[str, Any]:
        """What table and board have alike."""
        return {
            "search": self.search,
            "chips": [*self._chips(), *self._rule_chips()],
            "clear_url": self._clear_url(),
            "new_url": self._new_url(),
            "import_url": self._import_url(),
            "problems": self.problems,
            "view_notes": self.state.notes,
        }

    def _kept_for_picking(self) -> list[tuple[str, str]]:
        """What the form of picked rows carries: the columns and the order of their file."""
        columns = [("columns", column.key) for column in self.chosen]
        sort = self.parameters.get("sort", "")
        return [*columns, ("sort", sort)] if sort else columns

    def frame(self, origins: Origins) -> dict[str, Any]:
        """What the page around the table asks for beside it; `origins` may be filtered by."""
        shown = [*self.chosen, *(column for column in self.available if column not in self.chosen)]
        return {
            "list_url": reverse("leads:list"),
            "export_url": f"{reverse('leads:export')}?{self._address(cursor=None)}",
            "filters": written_filters(self.parameters, self.catalog, origins),
            "column_choices": [
                {"key": column.key, "label": column.label, "shown": column in self.chosen} for column in shown
            ],
            "carried": self.state.carried(),
            **self.views_context(),
        }

    def views_context(self) -> dict[str, Any]:
        """What the rail and the menu of views ask for."""
        view = self.state.view
        query = self._address(cursor=None)
        table, board = self._address(layout=None, cursor=None), self._address(layout="board", cursor=None)
        return {
            "saved_view": view,
            "view_places": self.state.places(),
            "rail_places": self.state.places() if self.state.offered else [],
            "views_url": f"{reverse('leads:views')}?line={self.line.code}",
            "save_view_url": f"{reverse('leads:view_new')}?{query}",
            "change_view_url": f"{reverse('leads:view', args=[view.pk])}?{query}" if view else "",
            "conditions_url": f"{reverse('leads:conditions')}?{query}",
            "is_board": self.state.is_board,
            "layouts": [
                {
                    "label": _("Table"),
                    "icon": "table",
                    "url": f"?{table}",
                    "current": not self.state.is_board,
                },
                {"label": _("Board"), "icon": "grid", "url": f"?{board}", "current": self.state.is_board},
            ],
        }

    def moved_columns(self) -> str:
        """The address with a column moved by a place, where a button without a script asks for it; else ""."""
        for name, step in (("raise", -1), ("lower", 1)):
            key = self.parameters.get(name, "")
            keys = [column.key for column in self.chosen]
            if key in keys:
                place = keys.index(key)
                other = min(max(place + step, 0), len(keys) - 1)
                keys[place], keys[other] = keys[other], keys[place]
                return f"{reverse('leads:list')}?{self._address(columns=keys, cursor=None)}"
        return ""

    def _clear_url(self) -> str:
        """The list without filters and search, in its columns, order and layout."""
        filters = dict.fromkeys(self.state.filters())
        return f"{reverse('leads:list')}?{self._address(**filters, search=None, rule=None, cursor=None)}"

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
        by_key = {column.key: column for column in self.available}
        columns = [by_key[key] for key in dict.fromkeys(asked) if key in by_key]
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
    def detail_url(self) -> str:
        """Of some lead, resolved once: fifty times takes a millisecond."""
        return reverse("leads:detail", args=[SOME_REFERENCE])

    @cached_property
    def move_url(self) -> str:
        """Of some lead, as `detail_url`."""
        return reverse("leads:move", args=[SOME_REFERENCE])

    @cached_property
    def may_write(self) -> bool:
        """Whether the actor changes any lead at all."""
        return self.actor.may(Area.LEADS, "write")

    def _row(self, lead: Lead) -> dict[str, Any]:
        return {
            "url": self.detail_url.replace(SOME_REFERENCE, lead.reference),
            "reference": lead.reference,
            "pick": f"{lead.reference}@{seen_as(lead.updated_at)}",
            "name": self.reader.attribute(lead, "name").text,
            "status_label": self.reader.attribute(lead, "status").text,
            "status_tone": tone(lead.status),
            "owner": self.reader.attribute(lead, "owner").text,
            "created": lead.created_at,
            "is_stalled": stalled_since(lead) is not None,
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
                {
                    "name": entry.label,
                    "value": words_of(operator, value),
                    "remove_url": f"?{without}",
                    "edit_url": f"{reverse('leads:conditions')}?{self._address(cursor=None)}",
                }
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
        if entry.kind in (Kind.DATE, Kind.DATETIME):
            return day_in_words(value, self.reader.locale)
        return dict(fixed_choices(self.line)).get((name, value), value)

    def _rule_chips(self) -> list[dict[str, str]]:
        """The parts of the rule, each with an address without it."""
        try:
            rule = self.rule
        except ValidationFailed:
            return []
        parts = parts_of_rule(rule)
        wording = Wording(self.catalog, self.reader)
        chips = []
        for place, part in enumerate(parts):
            rest = [*parts[:place], *parts[place + 1 :]]
            without = rule_text(rest[0] if len(rest) == 1 else {"all": rest} if rest else None)
            is_plain = "field" in part
            chips.append(
                {
                    "name": wording.label(part["field"]) if is_plain else "",
                    "value": wording.comparison(part) if is_plain else wording.rule(part),
                    "remove_url": f"?{self._address(rule=without, cursor=None)}",
                    "edit_url": f"{reverse('leads:conditions')}?{self._address(cursor=None)}",
                }
            )
        return chips

    def _address(self, **changes: str | list[str] | None) -> str:
        """The page's parameters with some changed; None takes one away."""
        return self.state.address(**changes)


def _yes_or_no(text: str) -> str:
    answer = boolean(text)
    return (
        text if isinstance(answer, Refused) or answer.value is None else _("Yes") if answer.value else _("No")
    )
