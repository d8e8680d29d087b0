"""Rows of one file, read one after the other in one context: what was read before changes nothing."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from leads.fields.capture import CaptureContext, capture
from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition
from tests.leads.lines.definitions import ONE_OF_EACH

NOW = dt.datetime(2025, 3, 1, 20, 0, tzinfo=dt.UTC)
ZONE = ZoneInfo("Asia/Kolkata")
LINE = LineDefinition(
    1, 1, [FieldDefinition.read({**each, "id": n + 1, "order": n}) for n, each in enumerate(ONE_OF_EACH)]
)
# Few texts, so that columns repeat themselves: good ones of some type, wrong ones, blank ones.
TEXTS = ("", "  ", "Salaried", "business", "25", "17", "1,25,000", "yes", "Car loan", "gold", "31/12/1990",
         "02/03/2007", "98765 43210", "+1 212 555 0100", "12345", "a@b.example", "9.19E+11", "{}")  # fmt: skip
CELLS = st.one_of(st.sampled_from(TEXTS), st.none(), st.floats(-10, 100), st.booleans())
ROWS = st.lists(st.dictionaries(st.sampled_from(sorted(LINE.by_key)), CELLS), min_size=2, max_size=8)


@given(ROWS)
def test_a_row_is_read_as_if_it_stood_alone(rows: list[dict[str, Any]]) -> None:
    together = CaptureContext(NOW, ZONE, memory={})
    for row in [*rows, *rows]:
        assert capture(LINE, row, together) == capture(LINE, row, CaptureContext(NOW, ZONE))
