"""Conditions in words, as chips and the builder say them."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.locale_formats import format_day
from core.rules import Kind, Operator
from leads.pages.filters import fixed_choices
from leads.presentation import LeadReader
from leads.queries.lead_list import Catalog
from leads.queries.lead_list.filters import ME

OPERATOR_WORDS = {
    Operator.EQ: gettext_lazy("is"),
    Operator.NE: gettext_lazy("is not"),
    Operator.IN: gettext_lazy("is any of"),
    Operator.NOT_IN: gettext_lazy("is none of"),
    Operator.GT: gettext_lazy("is more than"),
    Operator.GTE: gettext_lazy("is at least"),
    Operator.LT: gettext_lazy("is less than"),
    Operator.LTE: gettext_lazy("is at most"),
    Operator.BETWEEN: gettext_lazy("is between"),
    Operator.CONTAINS: gettext_lazy("contains"),
    Operator.STARTS_WITH: gettext_lazy("begins with"),
    Operator.ENDS_WITH: gettext_lazy("ends with"),
    Operator.MATCHES: gettext_lazy("matches the pattern"),
    Operator.IS_EMPTY: gettext_lazy("is empty"),
    Operator.IS_NOT_EMPTY: gettext_lazy("is filled"),
    Operator.BEFORE: gettext_lazy("is before"),
    Operator.AFTER: gettext_lazy("is after"),
    Operator.WITHIN_DAYS: gettext_lazy("is within days of today"),
    Operator.HAS_ANY: gettext_lazy("has any of"),
    Operator.HAS_ALL: gettext_lazy("has all of"),
}
# Of days and moments one says it otherwise.
CALENDAR_WORDS = {
    Operator.GT: gettext_lazy("is after"),
    Operator.GTE: gettext_lazy("is on or after"),
    Operator.LT: gettext_lazy("is before"),
    Operator.LTE: gettext_lazy("is on or before"),
}
CALENDAR_KINDS = (Kind.DATE, Kind.DATETIME, Kind.TIME)


def operator_words(operator: Operator, kind: Kind) -> str:
    """Return an operator as people read it after a field of the kind."""
    words = CALENDAR_WORDS if kind in CALENDAR_KINDS else {}
    return str(words.get(operator, OPERATOR_WORDS[operator]))


def day_in_words(text: str, locale: str) -> str:
    """Return a day as the organisation writes it; what is no day, or more than one, stays as it is."""
    try:
        return format_day(dt.date.fromisoformat(text), locale)
    except ValueError:
        return text


class Wording:
    """Says conditions of one catalog in words."""

    def __init__(self, catalog: Catalog, reader: LeadReader) -> None:
        self.catalog = catalog
        self.reader = reader
        self.fixed = dict(fixed_choices(catalog.line))

    def rule(self, tree: Mapping[str, Any]) -> str:
        """A rule (JSON) in words, its inner groups in parentheses."""
        if "field" in tree:
            return self.condition(tree)
        if "not" in tree:
            return _("not (%(rule)s)") % {"rule": self.rule(tree["not"])}
        name = "all" if "all" in tree else "any"
        joint = _(" and ") if name == "all" else _(" or ")
        inner = [self._grouped(part) for part in tree[name]]
        return joint.join(inner) if inner else (_("always") if name == "all" else _("never"))

    def condition(self, tree: Mapping[str, Any]) -> str:
        """One condition in words."""
        return f"{self.label(tree['field'])} {self.comparison(tree)}"

    def comparison(self, tree: Mapping[str, Any]) -> str:
        """What a condition asks of its field."""
        entry = self.catalog.entries.get(tree["field"])
        words = operator_words(Operator(tree["op"]), entry.kind if entry else Kind.TEXT)
        value = tree.get("value")
        if value is None:
            return words
        return f"{words} {self.value(tree['field'], tree['op'], value)}"

    def label(self, name: str) -> str:
        """What a name of the catalog is called."""
        entry = self.catalog.entries.get(name)
        return entry.label if entry else name

    def value(self, name: str, operator: str, value: Any) -> str:
        """A condition's value in words."""
        if isinstance(value, Mapping):
            return self.label(value.get("field", ""))
        if isinstance(value, list):
            joint = _(" and ") if operator == Operator.BETWEEN else ", "
            return joint.join(self.one(name, item) for item in value)
        return str(value) if operator == Operator.WITHIN_DAYS else self.one(name, value)

    def one(self, name: str, value: Any) -> str:
        """One literal in words: a choice by its label, a member by name."""
        entry = self.catalog.entries.get(name)
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        text = str(value)
        if entry is None or self.catalog.line is None:
            return text
        if entry.kind is Kind.REFERENCE and text == ME:
            return _("Me")
        if name == "owner":
            return self.fixed.get((name, text)) or self.reader.references.name(text)
        if entry.item is not None and entry.kind is not Kind.PRESENCE:
            stored = [text] if entry.kind is Kind.MULTI else text
            return self.reader.shown(self.catalog.line, entry.item, stored).text
        if entry.kind in (Kind.DATE, Kind.DATETIME):
            return day_in_words(text.removesuffix("T00:00").removesuffix("T00:00:00"), self.reader.locale)
        return self.fixed.get((name, text), text)

    def _grouped(self, part: Mapping[str, Any]) -> str:
        words = self.rule(part)
        return words if "field" in part or "not" in part else f"({words})"


def parts_of_rule(tree: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """Return what must all hold, each part a chip of its own."""
    if not tree:
        return []
    return list(tree["all"]) if "all" in tree else [tree]
