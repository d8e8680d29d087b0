"""The workbook of rejected rows: same layout, same types, nothing executed, loaded back."""

import datetime as dt
from decimal import Decimal

import openpyxl
import pytest

from core.intake.error_workbook import (
    DUPLICATES_SHEET,
    MOST_COMMENTS,
    REFERENCE_HEADER,
    ROWS_SHEET,
    DuplicateRow,
    ErrorRow,
    write_error_workbook,
)
from core.values import CellError, PercentNumber
from tests.core.intake.files import read

HEADER = ["Full Name", "Mobile No", "DOB"]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "errors.xlsx"


def write(file, *rows, header=HEADER, **options):
    return write_error_workbook(file, header=header, rows=rows, **options)


def test_the_layout_is_the_files_own_with_reason_and_hidden_reference_behind(file):
    write(file, ErrorRow(["Ana", "12345", None], [(1, "Not a phone."), (2, "Fill in DOB.")], "7:12"))

    sheet = openpyxl.load_workbook(file)[ROWS_SHEET]
    assert [cell.value for cell in sheet[1]] == [*HEADER, "Reason", REFERENCE_HEADER]
    assert [cell.value for cell in sheet[2]] == ["Ana", "12345", None, "Not a phone.\nFill in DOB.", "7:12"]
    assert sheet.column_dimensions["E"].hidden and not sheet.column_dimensions["D"].hidden


def test_bad_cells_are_marked_and_commented(file):
    write(
        file, ErrorRow(["Ana", "12345"], [(1, "Not a phone."), (2, "Fill in DOB."), (None, "A row.")], "7:12")
    )

    sheet = openpyxl.load_workbook(file)[ROWS_SHEET]
    good, bad, blank = sheet["A2"], sheet["B2"], sheet["C2"]
    assert good.fill.fgColor.rgb != bad.fill.fgColor.rgb == blank.fill.fgColor.rgb == "FFFBE3E4"
    assert good.comment is None
    assert "Not a phone." in bad.comment.text and "Fill in DOB." in blank.comment.text


def test_types_survive_the_way_out_and_back(file):
    cells = [
        "Ana", 9071620218.0, dt.date(1978, 10, 24), dt.datetime(2024, 1, 5, 10, 30), dt.time(9, 5), True, 0.5,  # noqa: DTZ001
        PercentNumber(0.125), dt.timedelta(hours=30), None, " pad ", 12, "two\nlines", "_x000D_", "last",
    ]  # fmt: skip
    header = [f"c{number}" for number in range(len(cells))]

    write(file, ErrorRow(cells, [(0, "Reason.")], "1:2"), header=header)

    back = read(file)[1][1][: len(cells)]
    assert back == cells
    assert isinstance(back[7], PercentNumber)


def test_what_a_workbook_cannot_hold_is_kept_as_text(file):
    cells = [
        dt.date(1857, 8, 15), 9876543210123456789, Decimal("12.50"), float("nan"),
        CellError("#REF!", "formula_error"), dt.datetime(2024, 1, 5, tzinfo=dt.UTC),
    ]  # fmt: skip

    write(file, ErrorRow(cells, [], "1:2"), header=[f"c{number}" for number in range(len(cells))])

    assert read(file)[1][1][:6] == [
        "1857-08-15", "9876543210123456789", "12.50", "nan", "#REF!", "2024-01-05 00:00:00+00:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["=1+1", "+919876543210", "-5+3", "@SUM(A1)", '=HYPERLINK("http://a.b")', "https://a.b"]
)
def test_no_text_becomes_a_formula_or_a_link(file, text):
    write(file, ErrorRow([text], [(0, text)], text), header=[text])

    sheet = openpyxl.load_workbook(file)[ROWS_SHEET]
    assert all(cell.data_type == "s" and cell.hyperlink is None for row in sheet.iter_rows() for cell in row)
    assert {cell.value for row in sheet.iter_rows() for cell in row} == {text, "Reason", REFERENCE_HEADER}


def test_dates_are_shown_in_the_order_of_the_field(file):
    write(file, ErrorRow([dt.date(1978, 10, 24)], [], "1:2"), header=["DOB"], date_order="MDY")

    assert openpyxl.load_workbook(file)[ROWS_SHEET]["A2"].number_format == "mm/dd/yyyy"


def test_cells_beyond_the_header_are_told_in_words(file):
    write(file, ErrorRow(["Ana", "1", "2", "extra", None, 5.0], [(None, "Too long.")], "1:2"))

    assert read(file)[1][1][3] == "Too long.\nBeyond the last column stood: extra, 5"


def test_a_text_too_long_for_a_cell_is_cut_and_said_so(file):
    write(file, ErrorRow(["x" * 40_000], [(0, "Too long.")], "1:2"))

    cells = read(file)[1][1]
    assert len(cells[0]) == 32_767
    assert "Column “Full Name” holds more text than a workbook cell can, and was cut" in cells[3]


def test_a_reason_column_of_the_file_itself_is_left_alone(file):
    write(file, ErrorRow(["x"], [(0, "Bad.")], "1:2"), header=["reason"])

    assert read(file)[0][1] == ["reason", "Reason (LeadLedger)", REFERENCE_HEADER]


def test_duplicates_are_listed_apart(file):
    written = write(
        file,
        ErrorRow(["Ana"], [(0, "Bad.")], "1:2"),
        duplicates=[DuplicateRow(["Zoe", "1"], "Row 5 of this file")],
    )

    book = openpyxl.load_workbook(file)
    assert book.sheetnames == [ROWS_SHEET, DUPLICATES_SHEET]
    assert [cell.value for cell in book[DUPLICATES_SHEET][1]] == [*HEADER, "Repeats"]
    assert [cell.value for cell in book[DUPLICATES_SHEET][2]] == ["Zoe", "1", None, "Row 5 of this file"]
    assert (written.rows, written.duplicates, written.left_out) == (1, 1, 0)


def test_many_rows_are_marked_though_not_all_commented(file):
    rows = (ErrorRow(["Ana"], [(0, "Bad.")], f"1:{number}") for number in range(MOST_COMMENTS + 50))

    assert write_error_workbook(file, header=["Name"], rows=rows).rows == MOST_COMMENTS + 50
    assert read(file)[-1] == (MOST_COMMENTS + 51, ["Ana", "Bad.", f"1:{MOST_COMMENTS + 49}"])
