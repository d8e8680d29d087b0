"""The header among titles, and data rows among totals and repeats."""

import openpyxl
import pytest

from core.intake.headers import choose_header, data_rows, extra_cells, is_data_row, is_total_row
from core.intake.matching import Target
from core.intake.readers import FileRefused, open_table

TARGETS = [
    Target("full_name", "Full Name", required=True),
    Target("mobile", "Mobile No", aliases=("Phone",), required=True),
    Target("city", "City"),
]


def opened(path, text):
    path.write_text(text)
    return open_table(path, filename=path.name)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "leads.csv"


def test_the_header_is_found_below_titles_and_blank_rows(file):
    with opened(
        file, "Loan enquiries\nCity,of the branch\n\n full name ,Phone,City,\nAna,1,Pune\n"
    ) as source:
        header = choose_header(source, TARGETS).header

    assert (header.sheet, header.row_number) == ("", 4)
    assert header.texts == ("full name", "Phone", "City")
    assert [row.number for row in header.preamble] == [1, 2]


def test_a_drifted_header_is_found_by_likeness(file):
    with opened(file, "Enquiries\nFull Nmae,Moblie No,Town\nAna,1,Pune\n") as source:
        assert choose_header(source, TARGETS).header.row_number == 2


def test_a_header_with_a_required_column_missing_is_still_the_header(file):
    with opened(file, "Full Name,City\nAna,Pune\n") as source:
        assert choose_header(source, TARGETS).header.texts == ("Full Name", "City")


def test_a_file_without_the_header_is_refused_with_the_names_it_lacks(file):
    with opened(file, "a,b,c\n1,2,3\n") as source, pytest.raises(FileRefused) as refused:
        choose_header(source, TARGETS)

    assert refused.value.code == "no_header"
    assert "“Full Name” and “Mobile No”" in refused.value.message


def test_a_header_alone_is_refused(file):
    with opened(file, "Full Name,Mobile No\n\n,,\n") as source, pytest.raises(FileRefused) as refused:
        choose_header(source, TARGETS)

    assert refused.value.code == "no_data_rows"


def test_two_columns_of_one_name_are_refused_with_their_letters(file):
    text = "Full Name,Mobile No,City, mobile no,Notes,CITY\nAna,1,Pune,2,x,y\n"
    with opened(file, text) as source, pytest.raises(FileRefused) as refused:
        choose_header(source, TARGETS)

    assert refused.value.code == "duplicate_headers"
    assert "“Mobile No” in columns B and D; “City” in columns C and F" in refused.value.message


def test_the_first_sheet_with_the_header_is_read_and_the_others_are_reported(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Read me"
    book.active.append(["Internal use only"])
    hidden = book.create_sheet("Old")
    hidden.sheet_state = "hidden"
    for name in ("Old", "Leads", "More"):
        sheet = book[name] if name in book.sheetnames else book.create_sheet(name)
        sheet.append(["Full Name", "Mobile No"])
        sheet.append([name, 1])
    book.create_sheet("Empty")
    book.save(tmp_path / "leads.xlsx")

    with open_table(tmp_path / "leads.xlsx", filename="leads.xlsx") as source:
        choice = choose_header(source, TARGETS)

    assert choice.header.sheet == "Leads"
    assert choice.ignored_sheets == ("Read me", "Old", "More")
    assert choice.notices[0].message == "Sheet “Leads” was read; “Read me”, “Old” and “More” were ignored."


def test_an_empty_workbook_is_refused(tmp_path):
    openpyxl.Workbook().save(tmp_path / "leads.xlsx")

    with (
        open_table(tmp_path / "leads.xlsx", filename="leads.xlsx") as source,
        pytest.raises(FileRefused) as refused,
    ):
        choose_header(source, TARGETS)

    assert refused.value.code == "empty_file"


def test_totals_blanks_and_repeated_headers_are_no_data(file):
    text = (
        "Enquiries\nFull Name,Mobile No,City\nAna,1,Pune\n , ,\nSubtotal,,1\nFULL NAME,mobile no,city\n"
        "Zoe,2,Delhi\n,Grand  Total,\nTotal,3,Goa\nTotal,,\n"
    )
    with opened(file, text) as source:
        header = choose_header(source, TARGETS).header
        found = [(row.number, row.cells[0]) for row in data_rows(source, header, [0, 1])]
        rest = [row.number for row in data_rows(source, header, [0, 1], after=3)]

    assert found == [(3, "Ana"), (7, "Zoe"), (9, "Total")]
    assert rest == [7, 9]


@pytest.mark.parametrize("word", ["Total", " TOTAL ", "grand total", "Grand  Total", "SubTotal"])
def test_total_words_in_any_case(word):
    assert is_total_row([None, word, None], [2])
    assert is_total_row([word], [2])
    assert not is_total_row([word, None, 1.0], [2])


@pytest.mark.parametrize("first", ["Totally", "Total Gas Ltd", 5.0, None])
def test_other_words_are_data(first):
    assert not is_total_row([first, None], [1])


def test_cells_beyond_the_header_are_named(file):
    with opened(file, "Full Name,Mobile No\nAna,1,x,,y\n") as source:
        header = choose_header(source, TARGETS).header
        (row,) = data_rows(source, header, [0, 1])

    assert extra_cells(row.cells, header) == [2, 4]
    assert is_data_row(row.cells, header, [0, 1])
