"""Figures as tables, for files and for commands."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

Table = tuple[list[str], list[list[Any]]]


def filled_table(figures: Mapping[str, Any]) -> Table:
    """A row per field."""
    header = [_("Field"), _("Key"), _("Filled"), _("Filled, %"), _("Empty"), _("Empty, %")]
    return header, [
        [
            field["label"],
            field["name"],
            field["filled"]["count"],
            _share(field["filled"]["share"]),
            field["empty"]["count"],
            _share(field["empty"]["share"]),
        ]
        for field in figures["fields"]
    ]


def field_table(figures: Mapping[str, Any]) -> Table:
    """A row per value or bar, then those that are not among them and those that are empty."""
    rows = [*figures["bars"], *([figures["others"]] if figures["others"] else []), figures["empty"]]
    return [figures["label"], _("Leads"), _("Share, %")], [
        [each["label"], each["count"], _share(each["share"])] for each in rows
    ]


def quality_table(quality: Mapping[str, Any]) -> Table:
    """A row per source, then one per month, then one per reason."""
    header = [
        _("By"),
        _("Which"),
        _("Leads"),
        _("Good"),
        _("Good, %"),
        _("Incomplete"),
        _("Invalid"),
        _("Duplicated"),
    ]
    rows = [
        [
            by,
            each["label"],
            each["leads"],
            each["good"]["count"],
            _share(each["good"]["share"]),
            *_flawed(each),
        ]
        for by, group in ((_("source"), quality["by_source"]), (_("month"), quality["by_month"]))
        for each in group
    ]
    rows += [
        [_("reason"), each["reason"], each["count"], None, None, None, None, None]
        for each in quality["reasons"]
    ]
    return header, rows


def _flawed(told: Mapping[str, Any]) -> list[int]:
    return [told[name]["flawed"] for name in ("complete", "valid", "unduplicated")]


def _share(share: str) -> Decimal | None:
    return Decimal(share) if share else None


def as_text(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a table as a command prints it."""
    texts = [[str("" if cell is None else cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[place]) for row in texts) for place in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in texts
    )
