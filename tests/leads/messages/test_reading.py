"""What is read from a message: a table of real ones and hostile ones, and what no text may bring about."""

import datetime as dt
import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.fields.behaviour import CaptureContext
from leads.fields.line import LineDefinition, read_fields
from leads.messages.lines import LONGEST_MESSAGE, clean_text
from leads.messages.reading import read_message
from leads.messages.values import NUMBERS

FIELDS = [
    {"key": "full_name", "label": "Applicant name", "type": "text", "maps_to": "name"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone", "default_region": "IN"},
    {"key": "mail", "label": "E-mail", "type": "email", "maps_to": "email"},
    {"key": "birth_date", "label": "Date of birth", "type": "date", "date_order": "DMY", "aliases": ["DOB"]},
    {"key": "pan", "label": "PAN", "type": "text", "regex": "^[A-Z]{5}[0-9]{4}[A-Z]$", "transform": "upper"},
    {"key": "pin_code", "label": "PIN", "type": "text", "regex": "^[1-9][0-9]{5}$"},
    {"key": "city", "label": "City", "type": "select", "choices": ["Mumbai", "Pune", "Navi Mumbai"]},
    {"key": "work", "label": "Occupation", "type": "select", "choices": ["Salaried", "Self employed"]},
    {"key": "also", "label": "Also wanted", "type": "multi_select", "choices": ["Insurance", "Top-up"]},
    {"key": "budget", "label": "Budget", "type": "money"},
    {"key": "income", "label": "Annual income", "type": "money"},
    {"key": "years", "label": "Years", "type": "integer"},
    {"key": "first_home", "label": "First home", "type": "boolean"},
    {"key": "notes", "label": "Remarks", "type": "long_text"},
]
CONTEXT = CaptureContext(dt.datetime(2026, 5, 12, tzinfo=dt.UTC), ZoneInfo("Asia/Kolkata"))


def line_of(fields=FIELDS):
    return LineDefinition(1, 1, read_fields({"fields": fields}))


LINE = line_of()


def read(text, writable=None, definition=LINE):
    return read_message(text, definition, definition.by_key if writable is None else writable, CONTEXT)


def raws(text, **options):
    return {key: found.raw for key, found in read(text, **options).suggested.items()}


WHATSAPP = """[12/05/2026, 10:31] Asha Rao: Hi, I need a home loan
[12/05/2026, 10:32] Asha Rao: Budget is 45 lakh
[12/05/2026, 10:33] Asha Rao: <Media omitted>
[12/05/2026, 10:33] Asha Rao: salaried, living in Pune"""
EMAIL = """From: Asha Rao <asha@example.org>
To: sales@lender.example
Date: 12/05/2026
Subject: Home loan

Dear Sir,
my annual income is Rs 18,50,000/- and my PAN is abcde1234f.
Please call before Friday.

Regards,
Asha K. Rao"""
LABELLED = """Name: Asha Rao
Mob no - 98450 12345
DOB : 14/03/1990
Occuption: self employed
City = pune, PIN: 411001
First home: yes
Also wanted: Insurance, top-up"""
MESSAGES = [
    (WHATSAPP, {"full_name": "Asha Rao", "budget": "4500000", "work": "Salaried", "city": "Pune"}),
    (
        EMAIL,
        {"full_name": "Asha K. Rao", "mail": "asha@example.org", "income": "1850000", "pan": "abcde1234f"},
    ),
    (
        LABELLED,
        {
            "full_name": "Asha Rao",
            "mobile": "98450 12345",
            "birth_date": "1990-03-14",
            "work": "Self employed",
            "city": "Pune",
            "pin_code": "411001",
            "first_home": "true",
            "also": ["Insurance", "Top-up"],
        },
    ),
    (
        "12/05/26, 9:05 pm - +91 98450 12345: I am Ravi from Navi Mumbai - 400703",
        {"full_name": "Ravi", "mobile": "+91 98450 12345", "city": "Navi Mumbai", "pin_code": "400703"},
    ),
    (
        "> On Tue, 12 May 2026 at 10:31, Asha Rao <asha@example.org> wrote:\n> budget of 1.2 cr",
        {"full_name": "Asha Rao", "mail": "asha@example.org", "budget": "12000000"},
    ),
    (
        "budget 50k, annual income about 6 lakhs, years: 20",
        {"budget": "50000", "income": "600000", "years": "20"},
    ),
    ("my name is ravi kumar and i am interested", {"full_name": "ravi kumar"}),
    ("Name:\nAsha Rao\nMobile:\n98450-12345", {"full_name": "Asha Rao", "mobile": "98450-12345"}),
    ("\u200fName: \u202bAsha\u202c Rao\u200e", {"full_name": "Asha Rao"}),
    ("I am Interested in Insurance", {"also": ["Insurance"]}),
    ("Call me on 12/05/2026", {}),  # a day, and nothing says which
    ("Need 700000", {}),  # neither an amount nor a PIN for certain
    ("not salaried", {}),
    ("budget 40-45 lakh", {}),
    ("😀😀😀\n🙏", {}),
    ("", {}),
    ("{{ 7*7 }} <script>alert(1)</script> =cmd|' /C calc'!A0", {}),
]


@pytest.mark.parametrize(("text", "expected"), MESSAGES)
def test_messages(text, expected):
    assert raws(text) == expected


def test_it_says_where_each_value_comes_from():
    assert read(WHATSAPP).suggested["budget"].words == "Budget is 45 lakh"
    assert read(LABELLED).suggested["mobile"].words == "Mob no - 98450 12345"


def test_what_may_mean_several_things_is_left_open_and_told():
    reading = read("Pune or Mumbai, 9845012345 / 9845054321, 45 lakh")
    assert reading.suggested == {}
    assert set(reading.unclear["city"]) == {"Pune", "Mumbai"}
    assert reading.unclear["mobile"] == ("9845012345", "9845054321")
    assert reading.unclear["budget"] == reading.unclear["income"] == ("45 lakh",)


def test_what_is_told_by_name_outweighs_what_stands_alone():
    text = "Alternative 98450 54321\nMobile: 98450 12345\n[12/05/2026, 10:31] +91 98450 77777: Pune\nCity: Mumbai"
    assert raws(text) == {"mobile": "98450 12345", "city": "Mumbai"}


def test_one_number_written_in_two_ways_is_one():
    assert raws("98450 12345 or +91-98450-12345") == {"mobile": "98450 12345"}


def test_a_month_first_line_reads_days_its_way():
    american = line_of([{"key": "start", "label": "Start", "type": "date", "date_order": "MDY"}])
    assert raws("Start: 03/14/2026", definition=american) == {"start": "2026-03-14"}
    assert raws("Start: 14/03/2026", definition=american) == {}


def test_fields_that_may_not_be_written_are_never_filled_nor_their_values_given_to_others():
    writable = {"budget", "full_name"}
    reading = read("Annual income: 12 lakh\nPAN ABCDE1234F\n98450 12345\nPune or Mumbai", writable)
    assert reading.suggested == {} and reading.unclear == {}
    assert "Annual income: 12 lakh" in reading.rest


def test_the_rest_holds_whole_what_was_not_understood_and_no_pleasantries():
    assert read(EMAIL).rest == "Home loan\nPlease call before Friday."
    assert read("Name: Asha Rao\nRegards").rest == ""
    assert read("Mobile: 98450 12345 (call after six)").rest == "Mobile: 98450 12345 (call after six)"


@pytest.mark.parametrize(
    "unit", ["a:\n", "@", "x", "1 ", "Name:", "a@", "Pune ", "(", "1-", "> ", "Regards, ", "is is "]
)
def test_hostile_lengths_take_no_time(unit):
    began = time.monotonic()
    read(unit * (2 * LONGEST_MESSAGE // len(unit)))
    assert time.monotonic() - began < 5


PIECES = st.sampled_from(
    [
        *(
            "Name: ",
            "Asha Rao",
            "\n",
            " ",
            "Mobile - ",
            "98450 12345",
            "Budget is ",
            "45 lakh",
            "Pune",
            "From: ",
        ),
        *(
            "[12/05/2026, 10:31] ",
            "a@b.example",
            "Subject: ",
            "Regards,\n",
            "I am ",
            "\u202e",
            "PAN ",
            "40-",
            "%",
        ),
        *("ABCDE1234F", "Years: ", "DOB: ", "1/2/1990"),
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.text(max_size=200), st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=25).map("".join)
    )
)
def test_it_never_raises_and_never_invents(text):
    reading = read(text)
    clean = clean_text(text)
    for key, found in reading.suggested.items():
        item = LINE.by_key[key]
        assert found.words and found.words in clean
        if item.choices:
            for raw in found.raw if isinstance(found.raw, list) else [found.raw]:
                assert (
                    "".join(filter(str.isalnum, raw)).casefold()
                    in "".join(filter(str.isalnum, clean)).casefold()
                )
        elif item.type in NUMBERS:
            assert any(map(str.isdigit, found.words))
        elif str(item.type) not in ("date", "boolean"):
            assert found.raw in clean
    for words in reading.unclear.values():
        assert words and all(each in clean for each in words)
    assert all(line in clean for line in reading.rest.split("\n"))
    assert not reading.suggested.keys() & reading.unclear.keys()
