"""XLS workbooks: every value as what it is, and one clear error for hostile ones."""

import datetime as dt
import struct

import pytest

from core.intake.readers import FileRefused, ReadLimits, open_table
from core.values import CellError, PercentNumber
from tests.core.intake.files import DATA, read, refusal
from tests.core.intake.old_workbooks import (
    BIFF5,
    container,
    error,
    formula,
    label,
    number,
    old_workbook,
    packed,
    record,
    stream,
    text,
    truth,
)

WORKBOOKS = DATA / "workbooks"
EMPTY_TEXT = b"\x03\x00\x00\x00\x00\x00\xff\xff"
TEXT_FOLLOWS = b"\x00\x00\x00\x00\x00\x00\xff\xff"


def styles(*formats):
    """Formats by their codes, and one style for each: 1 is the first."""
    written = [
        record(0x041E, struct.pack("<H", 164 + place) + text(code)) for place, code in enumerate(formats)
    ]
    used = [0, *(164 + place for place in range(len(formats)))]
    written += [record(0x00E0, struct.pack("<HH16x", 0, code)) for code in used]
    return b"".join(written)


@pytest.mark.parametrize("name", ["kinds", "kinds_1904"])
def test_what_libreoffice_writes_is_what_the_workbook_holds(name):
    """The same workbook, converted: dates by either epoch, percentages, durations, errors, several sheets."""
    new, old = read(WORKBOOKS / "kinds.xlsx"), read(WORKBOOKS / f"{name}.xls")

    # The one formula whose text LibreOffice saved as a zero.
    assert new[4][1][9] == "ab" and old[4][1][9] == 0.0
    old[4][1][9] = "ab"
    assert old == new
    assert [[type(cell) for cell in cells] for _number, cells in old] == [
        [type(cell) for cell in cells] for _number, cells in new
    ]
    with open_table(WORKBOOKS / f"{name}.xls", filename="leads.xls") as source:
        assert source.kind == "xls" and source.notices == ()
        assert [(sheet.name, sheet.hidden) for sheet in source.sheets] == [
            ("Leads", False), ("Lists", True), ("More", False),
        ]  # fmt: skip
        assert [row.cells for row in source.rows("More")] == [[None, "second sheet"]]


def test_texts_that_go_on_in_the_next_record_are_whole():
    assert read(WORKBOOKS / "texts.xls") == read(WORKBOOKS / "texts.xlsx")


def test_every_kind_of_cell(tmp_path):
    cells = [
        label(0, 0, "Ana"), label(0, 1, "Zoë €"), packed(0, 2, -7), packed(0, 3, 1234, hundredths=True),
        record(0x00BD, struct.pack("<HHHiHiH", 0, 4, 0, 9 << 2 | 2, 1, 30 << 2 | 2, 5)),
        truth(0, 6, 1), error(0, 7, 0x2A), formula(0, 8, 2.5), formula(0, 9, b"\x01\x00\x01\x00\x00\x00\xff\xff"),
        formula(0, 10, b"\x02\x00\x07\x00\x00\x00\xff\xff"), formula(0, 11, EMPTY_TEXT),
        formula(0, 12, EMPTY_TEXT, flags=2), formula(0, 13, TEXT_FOLLOWS), record(0x0207, text("said")),
        number(0, 14, 0.125, style=1), number(0, 15, 28787.0, style=2), number(0, 16, 1.25, style=3),
    ]  # fmt: skip
    file = old_workbook(tmp_path / "leads.xls", *cells, before=styles("0.0%", "dd-mm-yyyy", "[h]:mm"))

    ((_, values),) = read(file)

    assert values == [
        "Ana", "Zoë €", -7.0, 12.34, 9.0, PercentNumber(30), True, CellError("#N/A", "formula_error"), 2.5, True,
        CellError("#DIV/0!", "formula_error"), None, CellError("=…", "formula_without_value"), "said",
        PercentNumber(0.125), dt.date(1978, 10, 24), dt.timedelta(hours=30),
    ]  # fmt: skip
    assert isinstance(values[5], PercentNumber) and isinstance(values[14], PercentNumber)


def test_days_count_from_1904_where_the_workbook_says_so(tmp_path):
    before = record(0x0022, b"\x01\x00") + styles("dd-mm-yyyy")
    file = old_workbook(tmp_path / "leads.xls", number(0, 0, 27325.0, style=1), before=before)

    assert read(file) == [(1, [dt.date(1978, 10, 24)])]


def test_a_workbook_of_excel_95_is_read_in_its_code_page(tmp_path):
    cells = label(0, 0, "Чехов", encoding="cp1251") + formula(1, 0, TEXT_FOLLOWS)
    cells += record(0x0207, struct.pack("<H", 3) + "Лев".encode("cp1251"))
    before = record(0x0042, struct.pack("<H", 1251))
    written = stream(("Leads", cells), before=before, version=BIFF5)
    file = container(tmp_path / "leads.xls", Book=written)

    assert read(file) == [(1, ["Чехов"]), (2, ["Лев"])]


def test_rows_in_any_order_come_in_theirs(tmp_path):
    by_column = [number(row, column, float(10 * row + column)) for column in range(3) for row in range(4)]
    file = old_workbook(tmp_path / "leads.xls", *by_column)

    assert read(file) == [(row + 1, [10.0 * row + column for column in range(3)]) for row in range(4)]


def test_a_chart_within_the_sheet_is_no_part_of_it(tmp_path):
    chart = record(0x0809, b"\x00\x06\x20\x00" + bytes(12)) + number(0, 0, 99.0) + record(0x000A)
    file = old_workbook(tmp_path / "leads.xls", number(0, 0, 1.0), chart, number(1, 0, 2.0))

    assert read(file) == [(1, [1.0]), (2, [2.0])]


def test_a_used_range_that_claims_all_cells_costs_nothing(tmp_path):
    """The far corner, and dimensions to match: a reader that makes room for all of it asks for half a gigabyte."""
    dimensions = record(0x0200, struct.pack("<IIHHH", 0, 65536, 0, 256, 0))
    many = [(f"S{place}", dimensions + number(0, 0, 1.0) + number(65535, 255, 2.0)) for place in range(40)]
    file = container(tmp_path / "leads.xls", Workbook=stream(*many))

    first, last = read(file, child_memory_bytes=128 * 1024 * 1024)

    assert first == (1, [1.0])
    assert last[0] == 65536 and last[1][255] == 2.0


def test_a_value_beyond_the_last_column_is_refused_by_its_name(tmp_path):
    sheets = [("Leads", number(3, 20, 1.0)), ("Small", number(0, 0, 1.0))]
    file = container(tmp_path / "leads.xls", Workbook=stream(*sheets))

    error_ = refusal(file, columns=20)

    assert error_.code == "too_many_columns" and "Leads!U4" in error_.message
    assert read(file, sheet="Small", columns=20) == [(1, [1.0])]


def test_too_many_cells(tmp_path):
    file = old_workbook(tmp_path / "leads.xls", *(number(row, 0, 1.0) for row in range(200)))

    assert refusal(file, cells=100).code == "too_many_cells"


@pytest.mark.parametrize(
    "file",
    [
        lambda path: container(path, EncryptedPackage=b"x", EncryptionInfo=b"y"),
        lambda path: old_workbook(path, number(0, 0, 1.0), before=record(0x002F, bytes(54))),
    ],
    ids=["new", "old"],
)
def test_a_password(tmp_path, file):
    error_ = refusal(file(tmp_path / "leads.xls"))

    assert error_.code == "password_protected"
    assert "without a password" in error_.message


def test_another_document_of_the_time(tmp_path):
    assert refusal(container(tmp_path / "letter.doc", WordDocument=b"x")).code == "not_a_table"


def test_a_workbook_without_worksheets(tmp_path):
    assert refusal(container(tmp_path / "leads.xls", Workbook=stream())).code == "empty_file"


@pytest.mark.parametrize("share", [0.005, 0.1, 0.5, 0.9, 0.995])
def test_an_upload_that_was_cut_off(tmp_path, share):
    whole = (DATA / "loan_leads" / "loan_leads.xls").read_bytes()
    file = tmp_path / "leads.xls"
    file.write_bytes(whole[: int(len(whole) * share)])

    error_ = refusal(file)

    assert error_.code == "cut_off" and "Upload it again" in error_.message


def test_a_header_with_nothing_behind_it(tmp_path):
    file = tmp_path / "leads.xls"
    file.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))

    assert refusal(file).code == "cut_off"


@pytest.mark.parametrize(
    ("place", "written"),
    [
        (44, b"\xff\xff\xff\x7f"),  # two thousand million tables
        (48, b"\x00\x00\x00\x10"),  # a directory beyond the end
        (68, b"\x00\x00\x00\x00"),  # a list of tables that is a part of the workbook
        (76, b"\xff\xff\xff\x00"),  # a table beyond the end
        (30, b"\x20\x00"),  # sectors of four gigabytes
    ],
)
def test_a_header_that_points_elsewhere(tmp_path, place, written):
    file = old_workbook(tmp_path / "leads.xls", number(0, 0, 1.0))
    content = bytearray(file.read_bytes())
    content[place : place + len(written)] = written
    file.write_bytes(content)

    assert refusal(file).code == "cut_off"


def test_a_chain_of_sectors_in_a_circle(tmp_path):
    file = old_workbook(tmp_path / "leads.xls", *(number(row, 0, 1.0) for row in range(600)))
    content = bytearray(file.read_bytes())
    table = len(content) - 512
    # The second sector of the workbook leads back to itself.
    content[table + 4 : table + 8] = struct.pack("<I", 1)
    file.write_bytes(content)

    try:
        rows = read(file)
    except FileRefused as refused:
        assert refused.code == "cut_off"
    else:
        raise AssertionError(f"{len(rows)} rows out of a circle")


@pytest.mark.parametrize(
    "cells",
    [
        record(0x00FD, struct.pack("<HHHI", 0, 0, 0, 7)),  # a shared text that is not there
        record(0x0203, b"\x00\x00\x00"),  # half a number
        record(0x0204, struct.pack("<HHHH", 0, 0, 0, 500) + b"\x00ab"),  # a text longer than its record
    ],
)
def test_records_that_do_not_hold_what_they_say(tmp_path, cells):
    assert refusal(old_workbook(tmp_path / "leads.xls", cells)).code == "cut_off"


def test_a_table_of_texts_that_claims_too_many(tmp_path):
    texts = record(0x00FC, struct.pack("<II", 1, 2**31) + text("one"))

    assert refusal(old_workbook(tmp_path / "leads.xls", number(0, 0, 1.0), before=texts)).code == "cut_off"


def test_a_sheet_that_begins_nowhere(tmp_path):
    lost = record(0x0085, struct.pack("<IBB", 2**30, 0, 0) + text("Lost", length="<B"))

    assert refusal(old_workbook(tmp_path / "leads.xls", number(0, 0, 1.0), before=lost)).code == "cut_off"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<html><body><table><tr><td>Name</td></tr></table></body></html>", "a web page"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n", "a web page"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "an XML spreadsheet"),
        (b"\x09\x04\x06\x00\x00\x00\x10\x00" + bytes(40), "a workbook of Excel 4 or before"),
    ],
)
def test_what_programs_export_under_the_name_of_a_workbook(tmp_path, content, what):
    file = tmp_path / "leads.xls"
    file.write_bytes(content)

    error_ = refusal(file)

    assert error_.code == "not_a_workbook"
    assert what in error_.message and "save it as XLSX" in error_.message


def test_a_text_file_under_the_name_of_a_workbook_is_read_as_one(tmp_path):
    file = tmp_path / "leads.xls"
    file.write_text("Name\tCity\nAna\tPune\n")

    with open_table(file, filename="leads.xls", limits=ReadLimits()) as source:
        assert source.kind == "csv"
        assert [notice.code for notice in source.notices] == ["wrong_extension"]
        assert [row.cells for row in source.rows()] == [["Name", "City"], ["Ana", "Pune"]]
