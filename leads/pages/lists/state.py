"""The state of a list as its address carries it.

`?view=7` is a view as it was saved. What is changed of it goes into the address in full, beside `view=7&own=1`: so a
reload, the back button and a shared link show the same list.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from accounts.actor import Actor
from core.errors import NotVisible
from leads.models import BusinessLine, SavedView, ViewLayout
from leads.queries.lead_list import Catalog
from leads.queries.saved_views import default_view, get_view, offered_views, read_view

# Parameters of the page itself; every other one is a filter.
OWN_PARAMETERS = (
    "line", "search", "sort", "columns", "cursor", "format", "rule", "view", "own", "layout", "raise", "lower",
    "pick", "all", "as_of",
)  # fmt: skip
# These lead through a list; they do not say which one it is.
PASSING = ("line", "cursor", "format", "as_of", "pick", "all", "raise", "lower")
EVERY_LEAD = "all"


class ListState:
    """What an address asks for, the view that it names written out."""

    def __init__(self, given: QueryDict, actor: Actor, line: BusinessLine, catalog: Catalog) -> None:
        self.line = line
        self.offered = offered_views(actor, line)
        self.default = default_view(self.offered)
        self.notes: list[str] = []
        # What the view asks for and its reader may not: lists of more than was meant are not for files and changes.
        self.left_out: list[str] = []
        self.view = self._chosen(given, actor)
        self.parameters = given
        if self.view is not None and "own" not in given:
            self.parameters = self._written_out(self.view, given, actor, catalog)

    @property
    def is_board(self) -> bool:
        """Whether the leads stand in columns by stage."""
        return self.parameters.get("layout") == ViewLayout.BOARD

    def filters(self) -> dict[str, list[str]]:
        """The parameters that are filters by a name of the catalog, each with its values."""
        return {name: values for name, values in self.parameters.lists() if name not in OWN_PARAMETERS}

    def address(self, **changes: str | list[str] | None) -> str:
        """The parameters with some changed; None takes one away. The cursor stays only where it is given."""
        parameters = self.parameters.copy()
        parameters["line"] = self.line.code
        for name in ("raise", "lower", "pick", "all", "as_of"):
            parameters.pop(name, None)
        if self.view is not None:
            parameters["view"], parameters["own"] = str(self.view.pk), "1"
        elif self.default is not None:
            parameters["view"] = EVERY_LEAD
        for name, value in changes.items():
            parameters.pop(name, None)
            if isinstance(value, list):
                parameters.setlist(name, value)
            elif value is not None:
                parameters[name] = value
        for name in [name for name, values in parameters.lists() if not any(values)]:
            del parameters[name]
        return parameters.urlencode()

    def identity(self) -> list[tuple[str, str]]:
        """The line, and the view that is changed, as parameters."""
        kept = [("line", self.line.code)]
        if self.view is not None:
            kept += [("view", str(self.view.pk)), ("own", "1")]
        elif self.default is not None:
            kept.append(("view", EVERY_LEAD))
        return kept

    def carried(self) -> list[tuple[str, str]]:
        """What the form of search and filters keeps beside its own inputs."""
        kept = self.identity()
        for name in ("sort", "rule", "layout"):
            if value := self.parameters.get(name, ""):
                kept.append((name, value))
        return kept

    def places(self) -> list[dict[str, Any]]:
        """The pinned views, and all leads before them, as the rail and the menu of views show them."""
        every = f"?line={self.line.code}" + (f"&view={EVERY_LEAD}" if self.default is not None else "")
        entries = [(every, "", self.view is None)]
        entries += [
            (f"?line={self.line.code}&view={view.pk}", view.name, view == self.view)
            for view in self.offered
            if view.is_pinned or view == self.view
        ]
        return [
            {"url": reverse("leads:list") + url, "label": label, "active": active}
            for url, label, active in entries
        ]

    def _chosen(self, given: QueryDict, actor: Actor) -> SavedView | None:
        asked = given.get("view", "")
        if asked == EVERY_LEAD:
            return None
        if asked:
            number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 19 else 0
            view = next((each for each in self.offered if each.pk == number), None) or get_view(actor, number)
            if view.line_id != self.line.pk:
                raise NotVisible("This view is of another business line.")
            return view
        return self.default if _says_nothing(given) else None

    def _written_out(self, view: SavedView, given: QueryDict, actor: Actor, catalog: Catalog) -> QueryDict:
        read = read_view(actor, view, catalog)
        (self.notes if read.is_complete else self.left_out).extend(read.notes)
        parameters = QueryDict(mutable=True)
        for name in PASSING:
            if name in given:
                parameters.setlist(name, given.getlist(name))
        parameters.setlist("columns", read.columns)
        parameters["search"] = view.search
        parameters["sort"] = read.ordering
        parameters["rule"] = rule_text(read.conditions)
        parameters["layout"] = view.layout if view.layout == ViewLayout.BOARD else ""
        parameters["view"] = str(view.pk)
        return parameters


def rule_text(rule: Mapping[str, Any] | None) -> str:
    """A rule as the parameter `rule` holds it."""
    return json.dumps(rule, separators=(",", ":"), ensure_ascii=False) if rule else ""


def _says_nothing(given: Iterable[str]) -> bool:
    return all(name in PASSING for name in given)
