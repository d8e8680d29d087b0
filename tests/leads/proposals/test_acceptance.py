"""A proposal accepts its own file: whatever is in it, no row is refused by the line that it proposed."""

import datetime as dt
import string

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from core.intake.readers import FileRefused
from core.values import CellError, PercentNumber
from tests.leads.proposals.columns import proposal_of_rows, refusals

WORDS = st.sampled_from(
    ["Pune", "pune", "Delhi ", "New York", "Select", "N/A", "-", "Other", "a;b", "b; c", "x, y", "d|e"]
)
NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.integers(0, 9999).map(lambda number: f"{number:06}"),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**6), max_value=10**6).map(
        str
    ),
    st.integers(100_000, 10**8).map(lambda number: f"₹ {number:,}"),
    st.sampled_from(
        ["1,25,000", "(1,234.50)", "12.5%", "1e5", "9.19E+11", "0", "1", "007", "0.123456789012345"]
    ),
)
DAYS = st.dates(dt.date(1930, 1, 1), dt.date(2030, 12, 31))
DATES = st.one_of(
    DAYS.map(lambda day: day.strftime("%d/%m/%Y")),
    DAYS.map(lambda day: day.strftime("%m/%d/%Y")),
    DAYS.map(dt.date.isoformat),
    DAYS.map(lambda day: day.strftime("%d-%b-%y 14:30")),
    st.sampled_from(["31/02/1990", "2024", "45306", "20240131", "14:30", "2.30 pm", "31.12.2025"]),
)
CONTACTS = st.one_of(
    st.integers(6_000_000_000, 9_999_999_999).map(str),
    st.sampled_from(
        ["+91 98765 43210", "12345", "098765-43210", "call later", "a@b.in", "mailto:x@y.com", "www.x.in"]
    ),
)
ANYTHING = st.text(st.characters(codec="utf-8"), max_size=12)
TYPED = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-5, 10**12).map(float),
    st.booleans(),
    DAYS,
    st.datetimes(dt.datetime(1930, 1, 1), dt.datetime(2030, 1, 1)),  # noqa: DTZ001 - cells know no timezone
    st.times(),
    st.timedeltas(dt.timedelta(0), dt.timedelta(days=3)),
    st.floats(0, 2).map(PercentNumber),
    st.sampled_from([CellError("#N/A", "formula_error"), CellError("=A1+1", "formula_without_value")]),
)
TRUTHS = st.sampled_from(["Yes", "No", "yes", "TRUE", "0", "1", "Y", "n"])
KINDS = [WORDS, NUMBERS, DATES, CONTACTS, TRUTHS, ANYTHING, TYPED]
COMMON_HEADERS = [
    "Name", "Full Name", "Phone", "Mobile No", "E-mail", "email", "City", "Amount", "Source", "Campaign", "Status",
    "ID", "Lead Number", "PIN", "DOB", "Date", "Rating", "Number of visits", "Remarks", "Income (₹)", "Total",
    "First_Name", "First Name", "id_given", "Score", "Website", "Rate %", "Phone Number", "if", "2024 Sales",
]  # fmt: skip
HEADERS = st.one_of(
    st.sampled_from(COMMON_HEADERS),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20),
    st.text(string.ascii_letters + " _-", min_size=1, max_size=230),
)


@st.composite
def columns(draw, rows):
    """A column of mostly one kind of value, with blanks and with strangers among them."""
    kind = draw(st.sampled_from(KINDS))
    pool = draw(st.lists(kind, min_size=1, max_size=8))
    strange = draw(st.lists(st.one_of(*KINDS), max_size=2))
    values = st.sampled_from([*pool, *pool, *strange, draw(st.sampled_from([None, "", "  ", pool[0]]))])
    return draw(st.lists(values, min_size=rows, max_size=rows))


@st.composite
def files(draw):
    """A header and rows as wide as it."""
    width, rows = draw(st.integers(2, 6)), draw(st.integers(1, 25))
    header = draw(st.lists(HEADERS, min_size=width, max_size=width))
    table = [draw(columns(rows)) for _column in range(width)]
    return [header, *([table[column][row] for column in range(width)] for row in range(rows))]


def judge(rows):
    """Propose fields from rows, and see what they refuse of them."""
    try:
        proposal = proposal_of_rows(rows)
    except FileRefused:
        reject()  # without a header, or with one that names columns twice: no import takes the file either
    if proposal.fields:
        assert refusals(rows, proposal) == []


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(files())
def test_no_row_of_a_file_is_refused_by_what_it_proposed(rows):
    judge(rows)


@pytest.mark.verify
@settings(max_examples=4_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(files())
def test_no_row_of_very_many_files_is_refused(rows):
    judge(rows)
