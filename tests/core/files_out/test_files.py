"""Files for people: what goes in comes out in a spreadsheet, and nothing is a formula."""

import csv
import datetime as dt
import io
import zipfile
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.files_out import csv_chunks, workbooks, write_workbook

DANGEROUS = [
    "=1+1",
    "+919876543210",
    "-5 apples",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1+1",
    "＝1+1",
    "|x",
]
HARMLESS = ["Asha", "a=b", "1+1", "91 98", "'quoted'", 'say "hi"', "a,b;c", "two\nlines", "😀"]


def read_csv(rows, header=("A", "B")):
    content = b"".join(csv_chunks(header, rows))
    assert content.startswith("\ufeff".encode())
    return content, list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_workbook(rows, header=("A", "B")):
    target = io.BytesIO()
    assert write_workbook(target, header, rows) == len(rows)
    return target, [list(row) for row in openpyxl.load_workbook(target).active.iter_rows(values_only=True)]


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_csv_text_that_looks_like_a_formula_stays_text(text):
    _content, rows = read_csv([[text, "x"]])
    assert rows[1][0] == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS)
def test_other_csv_texts_are_as_they_were(text):
    _content, rows = read_csv([[text, None]])
    assert rows[1] == [text, ""]


def test_csv_numbers_keep_all_digits_and_their_sign():
    content, rows = read_csv([[Decimal("-12345678901234567890.10"), -7], [True, dt.date(1857, 5, 10)]])
    assert rows[1:] == [["-12345678901234567890.10", "-7"], ["true", "1857-05-10"]]
    assert b"\r\n-12345678901234567890.10,-7\r\n" in content


def test_csv_quotes_every_text_so_that_no_other_separator_splits_it():
    content, _rows = read_csv([["a;=1+1", dt.datetime.fromisoformat("2024-01-31T09:30")]])
    assert b'"a;=1+1","2024-01-31 09:30:00"' in content


def test_a_long_csv_comes_in_chunks():
    chunks = list(csv_chunks(["A"], ([number] for number in range(1_000))))
    assert len(chunks) > 4


@pytest.mark.parametrize("text", [*DANGEROUS, "http://example.com", "0012", "1e5", "{=1}"])
def test_a_workbook_text_is_a_text_cell(text):
    target, _rows = read_workbook([[text, "x"]])
    cell = openpyxl.load_workbook(target).active["A2"]
    assert (cell.data_type, cell.value.replace("_x000D_", "\r")) == ("s", text)
    sheet = zipfile.ZipFile(target).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b"hyperlink" not in sheet


def test_workbook_cells_have_their_types():
    moment = dt.datetime.fromisoformat("2024-01-31T09:30")
    given_rows = [[Decimal("12.50"), -3], [True, dt.date(2024, 1, 31)], [moment, dt.time(9, 30)], [None, ""]]
    _target, rows = read_workbook(given_rows)
    assert rows == [
        ["A", "B"],
        [12.5, -3],
        [True, dt.datetime.fromisoformat("2024-01-31")],
        [moment, dt.time(9, 30)],
    ]


def test_what_a_spreadsheet_would_spoil_is_written_as_text():
    _target, rows = read_workbook(
        [
            [Decimal("9223372036854775.807"), 10**16],
            [dt.date(1899, 12, 31), dt.datetime.fromisoformat("0001-01-01T02:03")],
        ]
    )
    assert rows[1:] == [
        ["9223372036854775.807", 10**16],
        ["1899-12-31", "0001-01-01 02:03:00"],
    ]


def test_long_texts_are_cut_where_a_cell_ends():
    _target, rows = read_workbook([["x" * 40_000, "é"]])
    assert len(rows[1][0]) == 32_767


def test_rows_beyond_a_sheet_go_on_in_another(monkeypatch):
    monkeypatch.setattr(workbooks, "MOST_ROWS", 3)
    target = io.BytesIO()
    seen = []
    write_workbook(target, ["A"], ([number] for number in range(5)), sheet="Leads", after_row=seen.append)
    book = openpyxl.load_workbook(target)
    assert book.sheetnames == ["Leads", "Leads 2", "Leads 3"]
    assert [sheet.max_row for sheet in book] == [3, 3, 2]
    assert seen == [1, 2, 3, 4, 5]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.text(max_size=20), st.decimals(allow_nan=False, allow_infinity=False)), max_size=5)
)
def test_anything_can_be_written(rows):
    try:
        encodable = [row for row in rows if row[0].encode()]
    except UnicodeEncodeError:
        return
    _content, read = read_csv(encodable)
    assert len(read) == len(encodable) + 1
    write_workbook(io.BytesIO(), ["A", "B"], encodable)
