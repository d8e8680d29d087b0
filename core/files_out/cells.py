"""What a cell of an outgoing file may hold, and when a text must be kept from being read as a formula."""

import datetime as dt
import unicodedata
from decimal import Decimal

Cell = str | Decimal | int | bool | dt.date | dt.datetime | dt.time | None
"""A typed cell; None is an empty one. Datetimes are naive: local to whoever reads the file."""

FORMULA_SIGNS = frozenset("=+-@\t\r\n|%")


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet that opens a CSV might read the text as a formula.

    Full-width signs count too: some programs take them for the plain ones. So do signs after a blank, which
    some programs drop.
    """
    first = text.lstrip(" \u00a0")[:1]
    return bool(first) and not FORMULA_SIGNS.isdisjoint(unicodedata.normalize("NFKC", first))
