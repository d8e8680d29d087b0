"""A lead as the row that is about to be written: a file of a million rows makes no million model instances."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any

from leads.fields.line import LineDefinition
from leads.models import Lead, LeadStatus

PAISA = Decimal("0.01")
MINOR_UNITS = 2


@dataclass(slots=True)
class LeadRow:
    """The columns of a new lead. Reads like a `Lead` to whatever derives index rows from leads."""

    id: int
    organization_id: int
    line_id: int
    version: int
    reference: str
    data: dict[str, Any]
    compare: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    name: str = ""
    phone: str = ""
    email: str = ""
    amount: Decimal | None = None
    amount_minor: int | None = None
    city: str = ""
    region: str = ""
    status: str = LeadStatus.NEW.value
    stage: str = ""
    score: int | None = None
    owner_id: int | None = None
    team_id: int | None = None
    source_id: int | None = None
    campaign_id: int | None = None
    repeat_enquiries: int = 0
    intake_id: int | None = None
    row_number: int | None = None

    def as_lead(self) -> Lead:
        """Return the model instance of the row, once it is written."""
        lead = Lead(**{name: getattr(self, name) for name in LEAD_COLUMNS})
        lead._state.adding = False
        return lead


LEAD_COLUMNS = tuple(item.name for item in fields(LeadRow))
_columns = attrgetter(*LEAD_COLUMNS)
# What is written was read from text, so it holds no circles to look for.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_JSON_AT = tuple(LEAD_COLUMNS.index(name) for name in ("data", "compare"))
_MOMENTS_AT = tuple(LEAD_COLUMNS.index(name) for name in ("created_at", "updated_at"))


def written_row(lead: LeadRow) -> list[Any]:
    """Return the lead's columns in the order of LEAD_COLUMNS, JSON and moments as text."""
    row = list(_columns(lead))
    for place in _JSON_AT:
        row[place] = _encode(row[place])
    for place in _MOMENTS_AT:
        row[place] = written_moment(row[place])
    return row


@lru_cache(maxsize=64)
def written_moment(moment: datetime) -> str:
    """Return a moment as it is copied: one of a batch is that of thousands of rows, and slow to write out."""
    return moment.isoformat()


def written_json(value: Any) -> Any:
    """Return a column's value as it is copied: JSON as text."""
    return _encode(value) if isinstance(value, dict) else value


def fill_core_attributes(lead: Lead | LeadRow, definition: LineDefinition) -> None:
    """Copy what fields say about core attributes (`maps_to`) into the lead's columns."""
    data: Mapping[str, Any] = lead.data
    for attribute, item in definition.core_fields.items():
        value = data.get(item.key)
        if attribute == "amount":
            lead.amount = None if value is None else Decimal(value).quantize(PAISA)
            lead.amount_minor = None if lead.amount is None else int(lead.amount.scaleb(MINOR_UNITS))
        else:
            setattr(lead, attribute, "" if value is None else str(value))
