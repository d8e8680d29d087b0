"""One column at a time: which type its values speak for, with which settings, and why."""

import datetime as dt
import uuid

import pytest

from core.values import CellError, PercentNumber
from leads.models import FieldKind
from leads.proposals.proposal import Adjustment, propose
from leads.proposals.wording import notes, reason_of, why
from tests.leads.proposals.columns import facts_of, field_of, proposal_of_rows, refusals

NAMES = [
    "Asha Rao",
    "Ravi Nair",
    "Meera Iyer",
    "Vikram Shah",
    "Divya Menon",
    "Omkar Joshi",
    "Farah Khan",
    "Ana Lobo",
]
PHONES = [f"98450{number:05}" for number in range(1, 41)]
SPREAD = [str(number * 37 % 1000) for number in range(60)]


@pytest.mark.parametrize(
    ("header", "values", "kind"),
    [
        ("Agreed", ["Yes", "No", "yes", "NO"] * 5, "boolean"),
        ("Agreed", ["No"] * 9, "boolean"),
        ("Agreed", ["Y", "N", ""] * 5, "boolean"),
        ("Converted", ["0", "1", "1"] * 5, "boolean"),
        ("Number of children", ["0", "1", "1"] * 5, "integer"),
        ("Flag", ["1"] * 9, "integer"),
        ("Sex", ["F"] * 9, "select"),
        ("Sex", ["F", "M"] * 9, "select"),
        ("Visits", SPREAD, "integer"),
        ("Ratio", [f"{number / 8:.3f}" for number in range(60)], "decimal"),
        ("Cost", SPREAD, "money"),
        ("Thing", [f"₹ {int(number):,}" for number in SPREAD], "money"),
        ("Thing", [f"{number}%" for number in range(30)], "percent"),
        ("Thing", [PercentNumber(number / 100) for number in range(30)], "percent"),
        ("Thing", [f"ana{number}@mail.example" for number in range(20)], "email"),
        ("Thing", [f"https://example.com/{number}" for number in range(20)], "url"),
        ("Website", [f"shop{number}.example.com" for number in range(20)], "url"),
        ("Thing", [f"ana.lobo{number}" for number in range(20)], "text"),
        ("Thing", PHONES, "phone"),
        ("Mobile", ["+91 98765 43210", "080-2345 6789", "9845012345"] * 2 + PHONES, "phone"),
        ("Thing", [float(phone) for phone in PHONES], "phone"),
        ("Thing", [f"{day:02}/03/2024" for day in range(1, 29)], "date"),
        ("Thing", [dt.date(2024, 3, day) for day in range(1, 29)], "date"),
        ("Thing", [f"{day:02}/03/2024 14:30" for day in range(1, 29)], "datetime"),
        ("Thing", [f"{hour:02}:15" for hour in range(24)], "time"),
        ("Thing", [f"{hour}.15" for hour in range(24)], "decimal"),
        ("DOB", [str(45_000 + 7 * number) for number in range(30)], "date"),
        ("Thing", [str(45_000 + 7 * number) for number in range(30)], "integer"),
        ("Year", [str(1990 + number) for number in range(30)], "integer"),
        ("Lead ID", [f"L-{number}" for number in range(30)], "text"),
        ("City", ["Pune", "Delhi", "pune "] * 5, "select"),
        ("Full name", NAMES * 5, "text"),
        ("Remarks", ["call again", "not interested"] * 20, "text"),
        ("Thing", [f"{'word ' * 60}{number}" for number in range(9)], "long_text"),
        ("Thing", ["one\ntwo", "three", "four", "five"], "long_text"),
        ("Likes", ["Gold; Home", "Home", "Car;Gold", "Car; Home; Gold", "Gold", "Car"] * 4, "multi_select"),
        ("Likes", ["Gold, Home", "Home", "Car, Gold", "Car, Home, Gold", "Gold", "Car"] * 4, "multi_select"),
        ("Employer", [f"Rao, Shah and {name}" for name in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"], "text"),
        ("Grade", ["01.High", "02.Medium", "03.Low"] * 9, "select"),
        ("Version", ["1.2.3", "1.2.4", "2.0.1"] * 3, "select"),
    ],
)
def test_the_type_is_what_the_values_speak_for(header, values, kind):
    assert field_of(values, header).kind == kind


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("PIN", [str(411_001 + 13 * number) for number in range(40)]),
        ("Thing", [f"{number * 997:08}" for number in range(40)]),
        ("Account no", [f"50100{number:09}" for number in range(40)]),
        ("Thing", [str(10**17 + number) for number in range(40)]),
        ("Thing", [str(700_000 - 7 * number) for number in range(120)]),
        ("Lead Number", [str(660_000 - number) for number in range(40)]),
    ],
)
def test_digits_that_name_something_stay_text(header, values):
    field = field_of(values, header)

    assert field.kind is FieldKind.TEXT
    assert (
        "form of a PIN code" in why(field)
        if header == "PIN"
        else "identify" in why(field) or "Digits" in why(field)
    )


def test_numbers_that_repeat_are_no_names():
    assert field_of([str(100_000 + 500 * (number % 90)) for number in range(200)]).kind is FieldKind.INTEGER


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["03/04/2024", "25/04/2024"] * 4, "DMY"),
        (["03/04/2024", "04/25/2024"] * 4, "MDY"),
        (["2024/03/04", "2024-04-25"] * 4, "MDY"),
        (["03/04/2024", "05/06/2024"] * 4, "MDY"),
        (["3 Apr 2024", "25 Jun 24"] * 4, "MDY"),
    ],
)
def test_the_order_of_dates_is_read_off_them_or_is_the_usual_one(values, order):
    field = field_of(values, usual_order="MDY")

    assert (field.kind, field.settings()["date_order"]) == (FieldKind.DATE, order)
    decided = order == "DMY" or "04/25/2024" in values
    assert ("only make sense" if decided else "could be either") in why(field)


def test_a_stand_in_that_comes_again_and_again_means_empty():
    field = field_of([*PHONES, *PHONES, *PHONES, "12345", "12345", "12345", "12345", "12345"], "Mobile")

    assert field.kind is FieldKind.PHONE
    assert field.settings()["empty_values"] == ["12345"]
    assert not field.required
    assert notes(field, 125) == ["“12345” means empty (5 cells)."]


def test_a_word_for_nothing_means_empty_however_often():
    field = field_of([*SPREAD, "N/A", "not known", "-"])

    assert field.kind is FieldKind.INTEGER
    assert sorted(field.settings()["empty_values"]) == ["-", "N/A", "not known"]


def test_a_slip_of_the_hand_makes_text_and_is_told():
    field = field_of([*PHONES, *PHONES, "98450-call me"], "Mobile")

    assert field.kind is FieldKind.TEXT
    assert (field.nearly.kind, field.nearly.misfits) == (FieldKind.PHONE, 1)
    assert "98450-call me" in notes(field, 81)[0]


def test_none_and_unknown_are_choices_where_select_is_not():
    field = field_of(["Pune", "None", "Unknown", "Select", "--", "pune"] * 4, "City")

    assert field.settings()["choices"] == ["Pune", "None", "Unknown"]
    assert sorted(field.settings()["empty_values"]) == ["--", "Select"]


def test_namibia_is_a_country():
    assert "empty_values" not in field_of(["IN", "US", "NA", "DE"] * 5, "Country code").settings()


def test_spellings_of_one_value_are_one_choice_in_the_commonest_spelling():
    field = field_of(["google", "Google", "Google ", "GOOGLE", "Bing"] * 3, "Engine")

    assert field.settings()["choices"] == ["Google", "Bing"]
    assert set(field.column.spellings["Google"]) == {"google", "GOOGLE"}


def test_choices_beyond_what_a_list_shows_are_text():
    assert field_of([f"value {number}" for number in range(201)] * 5).kind is FieldKind.TEXT
    assert field_of([f"value {number}" for number in range(200)] * 5).kind is FieldKind.SELECT


def test_an_identifier_is_unique_and_tells_a_repeat():
    rows = [["Lead ID", "Name"], *([f"L{number}", NAMES[number % 8]] for number in range(30))]
    proposal = proposal_of_rows(rows)

    assert [item.key for item in proposal.identifiers] == proposal.duplicate_match == ["lead_id"]


def test_uuids_identify_under_any_name():
    assert field_of([str(uuid.UUID(int=number)) for number in range(30)]).unique


@pytest.mark.parametrize(
    "values",
    [
        [f"L{number % 29}" for number in range(30)],  # a repeat
        [f"L{number}" for number in range(29)] + [""],  # a blank
        [f"L {number}" for number in range(30)],  # words
        [str(number) for number in range(1, 31)],  # the number of the row
        ["L1", "l2", "L3", "L1 "] + [f"L{number}" for number in range(4, 30)],  # a repeat but for case
    ],
)
def test_what_repeats_or_counts_rows_identifies_nothing(values):
    assert not field_of(values, "Lead ID").unique


def test_nothing_is_claimed_of_four_rows():
    field = field_of(["L1", "L2", "L3", "L4"], "Lead ID")

    assert not field.required and not field.unique


def test_the_phone_tells_a_repeat_where_nothing_identifies():
    rows = [
        ["Name", "Mobile", "E-mail"],
        *([NAMES[n % 8], PHONES[n % 30], f"a{n}@b.example"] for n in range(40)),
    ]

    assert proposal_of_rows(rows).duplicate_match == ["mobile"]


def test_core_attributes_are_filled_by_what_names_them_best():
    rows = [
        ["Customer Name", "Phone (home)", "Mobile", "E-mail", "Loan Amt", "Monthly Income", "Town", "State"],
        *(
            [NAMES[n % 8], "", PHONES[n], f"a{n}@b.example", f"{n}00000", f"{n}0000", "Pune", "MH"]
            for n in range(1, 31)
        ),
    ]
    mapped = {item.maps_to: item.label for item in proposal_of_rows(rows).fields if item.maps_to}

    assert mapped == {
        "name": "Customer Name", "phone": "Mobile", "email": "E-mail", "amount": "Loan Amt", "city": "Town",
        "region": "State",
    }  # fmt: skip


def test_a_column_named_phone_that_holds_none_keeps_its_name_from_the_attribute():
    rows = [["Name", "Phone", "Mobile"], *([NAMES[n % 8], f"ask {n}", PHONES[n]] for n in range(30))]
    proposal = proposal_of_rows(rows)

    assert [(item.key, item.kind.value, item.maps_to) for item in proposal.fields] == [
        ("name", "text", "name"), ("phone", "text", ""), ("mobile", "phone", ""),
    ]  # fmt: skip
    assert refusals(rows, proposal) == []


def test_columns_that_fill_the_lead_itself_are_no_fields():
    rows = [
        ["Name", "Source", "campaign", "Lead Source"],
        *([name, "Web", "Diwali", "Web"] for name in NAMES),
    ]
    proposal = proposal_of_rows(rows)

    assert [item.label for item in proposal.fields] == ["Name", "Lead Source"]
    assert [(item.header, item.reason, item.attribute) for item in proposal.dropped] == [
        ("Source", "attribute", "source"), ("campaign", "attribute", "campaign"),
    ]  # fmt: skip


def test_bounds_come_of_the_nature_of_the_thing_not_of_the_file():
    visits = field_of(SPREAD, "Visits")
    assert visits.settings()["min"] == "0" and "max" not in visits.settings()
    scores = field_of([str(580 + number) for number in range(60)], "Credit score")
    assert not {"min", "max"} & set(scores.settings())
    assert (scores.column.numbers.least, scores.column.numbers.most) == ("580", "639")
    stars = field_of([str(1 + number % 5) for number in range(60)], "Rating")
    assert (stars.settings()["min"], stars.settings()["max"]) == ("1", "5")


def test_personal_data_is_marked():
    days = [f"{1 + n % 28:02}/03/19{60 + n}" for n in range(30)]
    assert field_of(days, "DOB").pii and not field_of(days, "Joined on").pii
    pans = [f"ABCPE{n:04}k" for n in range(30)]
    field = field_of(pans, "Tax no")
    assert field.pii
    assert (field.settings()["regex"], field.settings()["transform"]) == ("^[A-Z]{5}[0-9]{4}[A-Z]$", "upper")


def test_error_cells_are_read_as_empty_and_told():
    errors = [CellError("#N/A", "formula_error"), CellError("#REF!", "formula_error")]
    rows = [
        ["Name", "Sum"],
        *([NAMES[n % 8], float(n)] for n in range(30)),
        ["Zoe", errors[0]],
        ["Yan", errors[1]],
    ]
    proposal = proposal_of_rows(rows)

    assert proposal.fields[1].settings()["empty_values"] == ["#N/A", "#REF!"]
    assert "show an error" in notes(proposal.fields[1], 32)[0]
    assert refusals(rows, proposal) == []


def test_a_number_cell_that_stands_for_nothing_means_empty_like_its_text():
    values = [*map(float, PHONES), *map(float, PHONES), *map(float, PHONES), *[12345.0] * 5]
    rows = [["Name", "Mobile"], *([f"n{n}", value] for n, value in enumerate(values))]
    proposal = proposal_of_rows(rows)

    assert proposal.fields[1].settings()["empty_values"] == ["12345"]
    assert refusals(rows, proposal) == []


@pytest.mark.parametrize("chosen", [kind for kind in FieldKind if kind not in ("computed", "json")])
def test_any_type_can_be_chosen_and_says_what_it_would_refuse(chosen):
    rows = [["Name", "Visits"], *([NAMES[n % 8], SPREAD[n]] for n in range(60))]
    offered = {"file", "image", "user", "lead", "location"}
    if chosen.value in offered:
        pytest.skip("no column of a file is one")
    facts = facts_of(rows)
    proposal = propose(facts, adjustments={1: Adjustment(kind=chosen)})
    field = proposal.fields[1]

    assert field.kind is chosen
    assert reason_of(field.column, field.reading)
    refused = (
        refusals(rows, proposal)
        if field.kind not in ("select", "multi_select") or field.settings().get("choices")
        else []
    )
    assert bool(refused) == (not field.reading.fit.is_whole and field.kind not in ("select", "multi_select"))


def test_a_text_that_means_empty_does_so_with_control_characters_too():
    rows = [["Name", "Plan"], *([NAMES[n % 8], "Gold"] for n in range(24)), ["Zoe", "?\x1b"]]
    proposal = proposal_of_rows(rows)

    assert proposal.fields[1].settings()["empty_values"] == ["?"]
    assert refusals(rows, proposal) == []
