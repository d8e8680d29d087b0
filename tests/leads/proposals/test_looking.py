"""Looking at a whole file: its header found unasked, its total rows passed over, its every row counted."""

import tracemalloc

import pytest

from core.errors import ValidationFailed
from core.intake.error_workbook import REFERENCE_HEADER
from core.intake.readers import FileRefused, open_table
from leads.proposals import looking, watching
from leads.proposals.facts import FileFacts
from leads.proposals.looking import look_at
from leads.proposals.proposal import Adjustment, propose, required_columns
from leads.proposals.written import file_notices
from tests.leads.loans import DATA
from tests.leads.proposals.columns import SURROUNDINGS, Rows, facts_of, proposal_of_rows, refusals

PEOPLE = [[f"Person {number}", str(1000 + number), "Pune"] for number in range(1, 9)]
HEADER = ["Name", "Amount", "City"]


@pytest.mark.parametrize(
    ("above", "row"),
    [
        ([], 1),
        ([["Enquiries of March"], []], 3),
        ([["Report", "March 2024"], ["Made on", "2024-03-31"], []], 4),
        ([["", "Money", ""]], 2),
    ],
)
def test_the_header_is_found_below_titles(above, row):
    facts = facts_of([*above, HEADER, *PEOPLE])

    assert facts.header_row == row
    assert [column.header for column in facts.columns] == HEADER
    assert facts.rows == 8


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([["1", "2"], ["3", "4"]], "no_header"),
        ([["Asha", "98450 12345", "1990-01-01"], ["Ravi", "98450 12346", "1991-01-01"]], "no_header"),
        ([["Name", "Amount", "name"], ["a", "1", "b"]], "duplicate_headers"),
        ([["Name", "Amount"]], "no_data_rows"),
    ],
)
def test_a_file_that_no_import_takes_is_refused_alike(rows, code):
    with pytest.raises(FileRefused) as refused:
        facts_of(rows)

    assert refused.value.code == code


def test_an_error_workbook_is_sent_back_to_its_import():
    with pytest.raises(ValidationFailed, match="error workbook"):
        facts_of([["Name", "Amount", REFERENCE_HEADER], ["Asha", "1", "3:2"]])


def test_total_rows_are_no_data():
    rows = [HEADER, *PEOPLE[:4], ["Subtotal", "4010"], *PEOPLE[4:], HEADER, ["Grand Total", "8036", ""]]
    proposal = proposal_of_rows(rows)

    assert proposal.facts.rows == 8
    assert all(item.required for item in proposal.fields)
    assert refusals(rows, proposal) == []


def test_a_row_that_reads_total_and_lacks_nothing_is_data():
    rows = [HEADER, *PEOPLE, ["Total", "17", "Pune"]]
    proposal = proposal_of_rows(rows)

    assert proposal.facts.rows == 9
    assert refusals(rows, proposal) == []


def test_a_person_called_total_where_nothing_is_required_is_data():
    rows = [
        HEADER,
        ["Total", "", ""],
        *([name, "", ""] for name, _amount, _city in PEOPLE),
        ["", "5", "Pune"],
    ]
    proposal = proposal_of_rows(rows)

    assert proposal.facts.rows == 10
    assert refusals(rows, proposal) == []


def test_columns_without_a_name_are_told_with_what_they_hold():
    rows = [["Name", "", "City", ""], *([name, amount, city, ""] for name, amount, city in PEOPLE)]
    dropped = {item.letter: (item.reason, item.filled) for item in proposal_of_rows(rows).dropped}

    assert dropped == {"B": ("no_header", 8), "D": ("no_header_no_values", 0)}


def test_rows_that_go_on_beyond_the_header_are_told():
    proposal = proposal_of_rows([HEADER, *PEOPLE, [*PEOPLE[0], "and more"]])

    assert proposal.facts.rows_beyond == 1
    assert "1 row goes on beyond the last column" in file_notices(proposal)[0]


def test_a_column_with_a_name_and_nothing_in_it_is_left_out_until_somebody_keeps_it():
    facts = facts_of([[*HEADER, "Remarks"], *([*person, ""] for person in PEOPLE)])

    assert [(item.header, item.reason) for item in propose(facts).dropped] == [("Remarks", "no_values")]
    kept = propose(facts, adjustments={3: Adjustment(keep=True), 2: Adjustment(keep=False)})
    assert [item.label for item in kept.fields] == ["Name", "Amount", "Remarks"]
    assert [(item.header, item.reason) for item in kept.dropped] == [("City", "left_out")]


def test_names_that_differ_by_underscores_alone_are_one_field():
    rows = [["First Name", "first_name", "City"], *(["Asha", "Rao", "Pune"] for _row in range(9))]
    proposal = proposal_of_rows(rows)

    assert [(item.header, item.reason) for item in proposal.dropped] == [("first_name", "same_name")]
    assert refusals(rows, proposal) == []


def test_cells_that_nothing_can_store_leave_their_column_out():
    rows = [[*HEADER, "Story"], *([*person, "x" * 20_001] for person in PEOPLE)]

    assert [(item.header, item.reason) for item in proposal_of_rows(rows).dropped] == [
        ("Story", "unreadable")
    ]


@pytest.mark.parametrize("name", ["loan_leads.csv", "loan_leads.xlsx", "loan_leads.xls", "loan_leads.ods"])
def test_the_loan_file_says_the_same_in_every_format(name):
    with open_table(DATA / name, filename=name) as source:
        facts = look_at(source, SURROUNDINGS, required_columns)
    proposal = propose(facts)

    assert facts.rows == 2000
    said = {item.label: (item.kind.value, item.required, item.maps_to) for item in proposal.fields}
    assert said == {
        "Full Name": ("text", False, "name"),
        "Mobile No": ("phone", False, "phone"),
        "E-mail": ("email", False, "email"),
        "DOB": ("date", False, ""),
        "PAN": ("text", False, ""),
        "City": ("select", True, "city"),
        "PIN": ("text", True, ""),
        "Employment": ("select", True, ""),
        "Employer": ("text", False, ""),
        "Monthly Income (₹)": ("money", False, ""),
        "Existing EMI": ("money", True, ""),
        "Loan Amt": ("money", True, "amount"),
        "Tenure (months)": ("integer", True, ""),
        "Credit Score": ("integer", False, ""),
    }
    settings = {item.label: item.settings() for item in proposal.fields}
    assert settings["DOB"]["date_order"] == "DMY"
    assert settings["PAN"]["regex"] == "^[A-Z]{5}[0-9]{4}[A-Z]$"
    assert settings["PIN"]["regex"] == "^[1-9][0-9]{5}$"
    assert {label: each["empty_values"] for label, each in settings.items() if "empty_values" in each} == {
        "Mobile No": ["12345"],
        "DOB": ["31/02/1990"],
        "PAN": ["AB123"],
        "Monthly Income (₹)": ["not known"],
    }
    assert [item.header for item in proposal.dropped] == ["Source", "Campaign"]
    assert FileFacts.read(facts.written()) == facts


def many_rows(count):
    yield ["Lead ID", "Phone", "Day", "Amount", "City"]
    for number in range(count):
        yield [
            f"L{number:09}",
            str(9_000_000_000 + number * 7),
            f"{1 + number % 28:02}/{1 + number % 12:02}/20{number % 20:02}",
            f"{number * 31 % 1_499}.50",
            f"City {number % 90}",
        ]


def test_memory_does_not_grow_with_the_rows(monkeypatch):
    """Beyond what is kept, twice the rows take hardly more: fingerprints of eight bytes where nothing repeats."""
    monkeypatch.setattr(watching, "_QUICK_HASHES", 500)
    monkeypatch.setattr(looking, "MOST_DIFFERENT", 400)

    def peak(count):
        rows = Rows([])
        rows.rows = lambda sheet=None, *, after=0: (
            row for row in _numbered(many_rows(count)) if row.number > after
        )
        rows.sheets = (rows.sheets[0],)
        tracemalloc.start()
        facts = look_at(rows, SURROUNDINGS, required_columns)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert [column.all_different for column in facts.columns] == [True, True, False, False, False]
        assert facts.columns[3].distinct_exact is False
        assert 1_350 < facts.columns[3].distinct < 1_650
        return most

    peak(4_000)  # what is made once, such as the cache of phone numbers
    assert peak(4_000) - peak(2_000) < 500_000


def _numbered(rows):
    from core.intake.readers import SourceRow

    return (SourceRow("", number, cells) for number, cells in enumerate(rows, start=1))


def test_without_room_to_be_sure_nothing_is_called_unique(monkeypatch):
    monkeypatch.setattr(watching, "_QUICK_HASHES", 10)
    monkeypatch.setattr(watching, "MOST_HASHES", 40)
    monkeypatch.setattr(watching.HashBudget.__init__, "__defaults__", (40,))
    facts = facts_of([["Lead ID", "City"], *([f"L{number}", "Pune"] for number in range(200))])

    assert facts.columns[0].all_different is None
    assert not propose(facts).identifiers
