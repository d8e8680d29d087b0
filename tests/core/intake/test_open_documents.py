"""OpenDocument spreadsheets: every value as what it is, and one clear error for hostile ones."""

import datetime as dt
import resource
import zipfile

import pytest

from core.intake.readers import ReadLimits, open_table
from core.values import CellError, PercentNumber
from tests.core.intake.documents import cell, content, document, row, table
from tests.core.intake.files import DATA, read, refusal

WORKBOOKS = DATA / "workbooks"
HALF_PAST_TEN = dt.datetime(2024, 1, 5, 10, 30)  # noqa: DTZ001 - cells know no timezone


@pytest.mark.parametrize("name", ["kinds", "kinds_1904"])
def test_what_libreoffice_writes_is_what_the_workbook_holds(name):
    """The same workbook, converted: dates by either epoch, percentages, durations, errors, several sheets."""
    new, document_rows = read(WORKBOOKS / "kinds.xlsx"), read(WORKBOOKS / f"{name}.ods")

    assert document_rows == new
    assert [[type(each) for each in cells] for _number, cells in document_rows] == [
        [type(each) for each in cells] for _number, cells in new
    ]
    with open_table(WORKBOOKS / f"{name}.ods", filename="leads.ods") as source:
        assert source.kind == "ods" and source.notices == ()
        assert [(sheet.name, sheet.hidden) for sheet in source.sheets] == [
            ("Leads", False), ("Lists", True), ("More", False),
        ]  # fmt: skip
        assert [each.cells for each in source.rows("More")] == [[None, "second sheet"]]


def test_every_kind_of_cell(tmp_path):
    cells = [
        cell("Ana &amp; Söhne"),
        cell("<text:span>two</text:span><text:s text:c='3'/>words<text:line-break/>and a<text:tab/>tab"),
        cell(9071620218),
        cell(office__value_type="percentage", office__value="0.125"),
        cell(office__value_type="currency", office__value="12.5", office__currency="INR"),
        cell(office__value_type="date", office__date_value="1978-10-24"),
        cell(office__value_type="date", office__date_value="2024-01-05T10:30:00"),
        cell(office__value_type="time", office__time_value="PT09H05M00S"),
        cell(office__value_type="time", office__time_value="PT30H00M00S"),
        cell(office__value_type="boolean", office__boolean_value="false"),
        cell("#DIV/0!", table__formula="of:=1/0", calcext__value_type="error"),
        cell("#REF!", table__formula="of:=[.A1]"),
        cell(table__formula="of:=NOW()"),
        cell(office__value_type="float", office__value="2", table__formula="of:=1+1"),
        cell("ab", table__formula="of:=&quot;a&quot;&amp;&quot;b&quot;"),
    ]
    file = document(tmp_path / "leads.ods", table(row(*cells)))

    ((_, values),) = read(file)

    assert values == [
        "Ana & Söhne", "two   words\nand a\ttab", 9071620218.0, PercentNumber(0.125), 12.5, dt.date(1978, 10, 24),
        HALF_PAST_TEN, dt.time(9, 5), dt.timedelta(hours=30), False, CellError("#DIV/0!", "formula_error"),
        CellError("#REF!", "formula_error"), CellError("=NOW()", "formula_without_value"), 2.0, "ab",
    ]  # fmt: skip
    assert isinstance(values[3], PercentNumber)


def test_rows_and_cells_stand_where_they_are_repeated_to(tmp_path):
    rows = [
        row(cell(repeated=2), cell("Name"), cell("x", repeated=2)),
        row(cell(repeated=16384), repeated=5),
        row(cell("Ana"), repeated=3),
        row(cell("last")),
    ]
    file = document(tmp_path / "leads.ods", table("".join(rows)))

    assert read(file) == [
        (1, [None, None, "Name", "x", "x"]), (7, ["Ana"]), (8, ["Ana"]), (9, ["Ana"]), (10, ["last"]),
    ]  # fmt: skip
    assert read(file, after=8) == [(9, ["Ana"]), (10, ["last"])]


def test_comments_pictures_and_inner_tables_are_no_values(tmp_path):
    beside = (
        "<office:annotation><text:p>check this</text:p></office:annotation><text:p>Ana</text:p>"
        "<draw:frame><draw:text-box><text:p>box</text:p></draw:text-box></draw:frame>"
    )
    inner = f"<table:table-cell>{table(row(cell('inner')), name='Inner')}</table:table-cell>"
    merged = '<table:table-cell office:value-type="string">' + beside + "</table:table-cell>"
    rows = row(merged, "<table:covered-table-cell/>", inner, cell("City"))
    shapes = "<table:shapes><draw:frame><text:p>shape</text:p></draw:frame></table:shapes>"
    file = document(tmp_path / "leads.ods", table(shapes + rows))

    assert read(file) == [(1, ["Ana", None, None, "City"])]


@pytest.mark.parametrize("repeats", [1_000, 1_000_000, 10**15])
def test_blank_repeats_cost_nothing(tmp_path, repeats):
    rows = row(cell("Ana")) + row(cell(repeated=repeats), repeated=repeats)
    file = document(tmp_path / "leads.ods", table(rows))

    assert read(file) == [(1, ["Ana"])]


def test_a_filled_cell_repeated_beyond_the_last_column(tmp_path):
    wide = table(row(cell("Ana")) + row(cell(1, repeated=16384)) + row(cell("later")))
    file = document(tmp_path / "leads.ods", wide, table(row(cell("ok")), name="Small"))

    error = refusal(file)

    assert error.code == "too_many_columns" and "Leads!SS2" in error.message
    assert read(file, sheet="Small") == [(1, ["ok"])]


@pytest.mark.parametrize("repeats", [1_048_576, 10**15])
def test_a_filled_row_repeated_to_the_end(tmp_path, repeats):
    file = document(tmp_path / "leads.ods", table(row(cell("Ana")) + row(cell("No"), repeated=repeats)))

    error = refusal(file)

    assert error.code in ("repeated_rows", "cut_off")
    if error.code == "repeated_rows":
        assert "row 2 of “Leads”" in error.message


def test_too_many_cells_by_repeating(tmp_path):
    file = document(tmp_path / "leads.ods", table(row(cell("x", repeated=10), repeated=20)))

    assert refusal(file, cells=100).code == "too_many_cells"


@pytest.mark.parametrize("repeats", ["many", "-1", "9" * 5000])
def test_repeats_that_are_no_number(tmp_path, repeats):
    file = document(tmp_path / "leads.ods", table(row(cell("x", repeated=repeats))))

    assert refusal(file).code == "cut_off"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_xml_bomb(tmp_path, encoding):
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    head = f'<?xml version="1.0" encoding="{encoding}"?>{bomb}'
    written = content(table(row(cell("&b;"))), head=head).encode(encoding)
    file = document(tmp_path / "leads.ods", parts={"content.xml": written})

    error = refusal(file)

    assert error.code == "xml_bomb" and "content.xml" in error.message


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    file = document(tmp_path / "leads.ods", parts={"content.xml": b"\x20" * (60 * 1024 * 1024)})

    assert file.stat().st_size < 200_000
    assert refusal(file).code == "zip_bomb"


@pytest.mark.parametrize("way", ["manifest", "package", "archive"])
def test_a_password(tmp_path, way):
    parts = {"encrypted-package": "x"} if way == "package" else {}
    file = document(tmp_path / "leads.ods", table(row(cell("x"))), encrypted=way == "manifest", parts=parts)
    if way == "archive":
        written = bytearray(file.read_bytes())
        written[written.rfind(b"PK\x01\x02") + 8] |= 1
        file.write_bytes(written)

    error = refusal(file)

    assert error.code == "password_protected" and "without a password" in error.message


def test_another_document(tmp_path):
    file = document(tmp_path / "letter.odt", mimetype="application/vnd.oasis.opendocument.text")

    assert refusal(file).code == "not_a_table"


def test_a_document_without_a_sheet_or_without_content(tmp_path):
    assert refusal(document(tmp_path / "leads.ods")).code == "empty_file"
    empty = tmp_path / "empty.ods"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert refusal(empty).code == "cut_off"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_an_upload_that_was_cut_off(tmp_path, share):
    whole = (DATA / "loan_leads" / "loan_leads.ods").read_bytes()
    file = tmp_path / "leads.ods"
    file.write_bytes(whole[: int(len(whole) * share)])

    assert refusal(file).code == "cut_off"


def test_xml_that_ends_in_the_middle(tmp_path):
    whole = content(table(row(cell("Ana")) + row(cell("Ben"))))
    file = document(tmp_path / "leads.ods", parts={"content.xml": whole[: whole.index("Ben")]})

    assert refusal(file).code == "cut_off"


def test_a_document_called_xlsx_is_read_with_a_notice(tmp_path):
    file = document(tmp_path / "leads.xlsx", table(row(cell("Name"))))

    with open_table(file, filename="leads.xlsx") as source:
        assert source.kind == "ods"
        assert [notice.code for notice in source.notices] == ["wrong_extension"]


def test_memory_stays_flat_over_a_hundred_thousand_repeated_rows(tmp_path):
    wide = row(cell("a value of some length", repeated=40), repeated=50_000)
    file = document(tmp_path / "leads.ods", table(row(cell("Name")) + wide))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    limits = ReadLimits(child_memory_bytes=96 * 1024 * 1024)
    with open_table(file, filename="leads.ods", limits=limits) as source:
        assert source.sheets[0].rows == 50_001
        assert sum(1 for _row in source.rows()) == 50_001

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most < 20 * 1024
