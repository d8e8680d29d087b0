"""What holds for every cell: coercion never raises, and its own result reads back as itself."""

from datetime import UTC, date, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from core.values import (
    Coerced,
    Refused,
    boolean,
    clock,
    day,
    decimal_number,
    email_address,
    integer,
    message,
    moment,
    money,
    percent,
    phone,
    plain_text,
    text,
    web_address,
)

KOLKATA = ZoneInfo("Asia/Kolkata")
NEW_YORK = ZoneInfo("America/New_York")

COERCIONS = [
    text, integer, money, decimal_number, percent, boolean, clock, phone, email_address, web_address,
    lambda cell: decimal_number(cell, 0),
    lambda cell: day(cell, "DMY"),
    lambda cell: day(cell, "MDY"),
    lambda cell: day(cell, "YMD"),
    lambda cell: moment(cell, "DMY", KOLKATA),
    lambda cell: moment(cell, "YMD", NEW_YORK),
]  # fmt: skip

NEARLY_VALUES = st.text(alphabet="0123456789+-.,:/()% ₹eERsTZapm@xw\u00a0\u0665\u200b", max_size=30)
CELLS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=st.characters(exclude_categories=())),
    NEARLY_VALUES,
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.times(),
    st.timedeltas(),
    st.lists(st.integers(), max_size=2),
)


@settings(max_examples=400, deadline=None)
@given(CELLS)
def test_no_cell_makes_a_coercion_raise(cell):
    for coerce in COERCIONS:
        result = coerce(cell)
        assert isinstance(result, Coerced | Refused)
        if isinstance(result, Refused):
            assert message(result.code, value=str(cell)[:80])


@settings(max_examples=300, deadline=None)
@given(CELLS)
def test_what_was_coerced_reads_back_as_itself(cell):
    for coerce in COERCIONS:
        result = coerce(cell)
        if isinstance(result, Coerced) and result.value is not None:
            value = result.value
            written = plain_text(value) if isinstance(value, Decimal) else str(value)
            assert coerce(written).value == value, (coerce, written)


@given(st.integers(min_value=-(10**30), max_value=10**30))
def test_any_integer_in_indian_or_western_grouping_reads_back(number):
    digits = str(abs(number))
    sign = "-" if number < 0 else ""
    for written in (indian(digits), f"{abs(number):,}", digits):
        assert integer(sign + written) == Coerced(number)
        assert money(f"₹ {sign}{written}.50").value == Decimal(f"{sign}{digits}.50")
        assert integer(f"({written})") == Coerced(-abs(number))


@given(st.dates(min_value=date(1000, 1, 1)))
def test_any_day_reads_back_from_every_order(moment_of_life):
    year, month, number = moment_of_life.year, moment_of_life.month, moment_of_life.day

    assert day(f"{number:02}/{month:02}/{year}", "DMY").value == moment_of_life
    assert day(f"{month}-{number}-{year}", "MDY").value == moment_of_life
    assert day(f"{year}.{month:02}.{number:02}", "YMD").value == moment_of_life
    assert day(moment_of_life.strftime("%d-%b-") + str(year), "DMY").value == moment_of_life


@given(st.times())
def test_any_time_reads_back(moment_of_day):
    assert clock(moment_of_day.isoformat()).value == moment_of_day
    assert clock(moment_of_day.strftime("%I:%M %p")).value == time(moment_of_day.hour, moment_of_day.minute)


def indian(digits):
    """Digits with commas as in India: the last three, then pairs."""
    head, tail = digits[:-3], digits[-3:]
    pairs = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*pairs, tail])
