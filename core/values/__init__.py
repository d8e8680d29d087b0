"""Coercion primitives: one raw cell (text or typed) to one typed value, or the reason why not.

One function per concept; each takes a cell and gives `Coerced(value, warning)` or `Refused(code)`, and
never raises for anything a file, a form or an API call can hold. An empty cell is `Coerced(None)`: whether
it may be empty is for the field to say. Nothing here knows Django or the database.
"""

from core.values.addresses import email_address, web_address
from core.values.booleans import boolean
from core.values.calendar_text import DateOrder
from core.values.cells import Cell, CellError, PercentNumber, cell_text, is_blank, plain_text, strip_text
from core.values.dates import clock, day, moment
from core.values.numbers import MONEY_DECIMALS, decimal_number, integer, money, percent
from core.values.phones import phone
from core.values.places import Place, place, written_place
from core.values.reasons import message, summary
from core.values.results import EMPTY, Coerced, Refused
from core.values.texts import text

__all__ = [
    "EMPTY",
    "MONEY_DECIMALS",
    "Cell",
    "CellError",
    "Coerced",
    "DateOrder",
    "PercentNumber",
    "Place",
    "Refused",
    "boolean",
    "cell_text",
    "clock",
    "day",
    "decimal_number",
    "email_address",
    "integer",
    "is_blank",
    "message",
    "moment",
    "money",
    "percent",
    "phone",
    "place",
    "plain_text",
    "strip_text",
    "summary",
    "text",
    "web_address",
    "written_place",
]
