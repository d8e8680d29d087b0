"""Workbooks: every value as what it is, by either way of reading, and one clear error for hostile ones."""

import datetime as dt
import os
import resource
import time
import zipfile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.intake.readers import ReadLimits, open_table
from core.intake.readers.package import open_package
from core.intake.readers.shared_strings import SharedStrings, read_shared_strings
from core.intake.readers.sheet_scan import scan_sheet
from core.intake.readers.sheet_stream import WorkbookValues, stream_sheet
from core.intake.readers.styles import NumberKind, kind_of_format
from core.values import CellError, PercentNumber
from tests.core.intake.files import ole_container, raw_workbook, read, refusal, with_part, workbook, zip_bytes

STYLES = (
    '<numFmts><numFmt numFmtId="164" formatCode="dd-mm-yyyy"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="10"/><xf numFmtId="46"/></cellXfs>'
)
PLAIN, DATE, PERCENT, DURATION = range(4)


def test_values_keep_their_types_and_places(tmp_path):
    file = workbook(
        tmp_path / "leads.xlsx",
        [
            [],
            [None, "Name", "Phone", "Born", "Seen", "At", "Yes"],
            [
                None,
                "Ana",
                9071620218,
                dt.date(1978, 10, 24),
                dt.datetime(2024, 1, 5, 10, 30),
                dt.time(9, 5),
                True,
            ],  # noqa: DTZ001
            [],
            [None, " pad ", 12.5, dt.date(9999, 12, 31), None, None, False],
        ],
    )

    assert read(file) == [
        (2, [None, "Name", "Phone", "Born", "Seen", "At", "Yes"]),
        (
            3,
            [
                None,
                "Ana",
                9071620218.0,
                dt.date(1978, 10, 24),
                dt.datetime(2024, 1, 5, 10, 30),
                dt.time(9, 5),
                True,
            ],
        ),  # noqa: DTZ001
        (5, [None, " pad ", 12.5, dt.date(9999, 12, 31), None, None, False]),
    ]


def test_a_resumed_reader_steps_over_what_was_read(tmp_path):
    file = workbook(tmp_path / "leads.xlsx", [[number] for number in range(1, 2001)])

    assert read(file, after=1500) == [(number, [float(number)]) for number in range(1501, 2001)]
    assert read(file, after=5000) == []


def test_all_sheets_are_listed_and_can_be_read(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Leads"
    book.active.append(["a"])
    book.create_sheet("Chart data").append(["b", "c"])
    book.create_sheet("Lists").sheet_state = "hidden"
    book.save(tmp_path / "leads.xlsx")

    with open_table(tmp_path / "leads.xlsx", filename="leads.xlsx") as source:
        found = [(sheet.name, sheet.rows, sheet.columns, sheet.hidden) for sheet in source.sheets]
        assert found == [("Leads", 1, 1, False), ("Chart data", 1, 2, False), ("Lists", 0, 0, True)]
        assert [row.cells for row in source.rows("Chart data")] == [["b", "c"]]
        with pytest.raises(KeyError):
            source.rows("Other")


def test_formula_cells_give_their_saved_value_or_say_that_there_is_none(tmp_path):
    file = raw_workbook(
        tmp_path / "leads.xlsx",
        '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>"a"</f><v>a</v></c>'
        '<c r="C1" t="str"><f>""</f><v></v></c><c r="D1"><f>NOW()</f></c><c r="E1"><f>X()</f><v/></c>'
        '<c r="F1" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="G1"><v>7</v></c></row>',
    )

    assert read(file) == [
        (1, [
            2.0, "a", None, CellError("=NOW()", "formula_without_value"), CellError("=X()", "formula_without_value"),
            CellError("#DIV/0!", "formula_error"), 7.0,
        ]),
    ]  # fmt: skip


def test_numbers_are_what_their_format_makes_of_them(tmp_path):
    numbers = [
        (DATE, "28787"), (DATE, "59"), (DATE, "60"), (DATE, "61"), (DATE, "-5"), (DATE, "45306.5"), (DATE, "0.5"),
        (PERCENT, "0.125"), (DURATION, "1.25"), (PLAIN, "0.30000000000000004"), (DATE, "99999999"),
    ]  # fmt: skip
    cells = "".join(f'<c s="{style}"><v>{number}</v></c>' for style, number in numbers)
    file = raw_workbook(tmp_path / "leads.xlsx", f'<row r="1">{cells}</row>', styles=STYLES)

    ((_, values),) = read(file)

    assert values == [
        dt.date(1978, 10, 24), dt.date(1900, 2, 28), 60.0, dt.date(1900, 3, 1), -5.0,
        dt.datetime(2024, 1, 15, 12), dt.time(12), 0.125, dt.timedelta(hours=30), 0.30000000000000004, 99999999.0,  # noqa: DTZ001
    ]  # fmt: skip
    assert isinstance(values[7], PercentNumber)


def test_days_count_from_1904_where_the_workbook_says_so(tmp_path):
    plain = raw_workbook(tmp_path / "plain.xlsx", '<row><c s="1"><v>27325</v></c></row>', styles=STYLES)
    with zipfile.ZipFile(plain) as archive:
        described = (
            archive.read("xl/workbook.xml").decode().replace("<sheets>", '<workbookPr date1904="1"/><sheets>')
        )
    file = with_part(plain, tmp_path / "mac.xlsx", "xl/workbook.xml", described)

    assert read(file) == [(1, [dt.date(1978, 10, 24)])]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("General", NumberKind.PLAIN), ("0.00", NumberKind.PLAIN), ("#,##0.00_);[Red](#,##0.00)", NumberKind.PLAIN),
        ('"Rs." #,##0', NumberKind.PLAIN), ("[$₹-4009] #,##0.00", NumberKind.PLAIN), ("@", NumberKind.PLAIN),
        ("dd-mm-yyyy", NumberKind.MOMENT), ("[$-409]d-mmm-yy;@", NumberKind.MOMENT), ("hh:mm:ss.000", NumberKind.MOMENT),
        ("h:mm AM/PM", NumberKind.MOMENT), ("[h]:mm", NumberKind.DURATION), ("0.0%", NumberKind.PERCENT),
        ('0"days"', NumberKind.PLAIN), ("yyyy\\-mm\\-dd", NumberKind.MOMENT),
    ],
)  # fmt: skip
def test_formats_tell_what_a_number_is(code, kind):
    assert kind_of_format(code) is kind


CELL_VALUES = st.one_of(
    st.none(),
    st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF), max_size=8),
    st.sampled_from(["_x000D_", "two\nlines", " pad ", "_x0041_", "a_x", "&<>\"'"]),
    st.integers(min_value=-(10**12), max_value=10**12),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.booleans(),
    st.dates(min_value=dt.date(1900, 3, 1)),
    st.datetimes(min_value=dt.datetime(1900, 3, 1), max_value=dt.datetime(2199, 1, 1)).map(  # noqa: DTZ001
        lambda moment: moment.replace(microsecond=0)
    ),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELL_VALUES, max_size=6), min_size=1, max_size=6), st.booleans())
def test_both_ways_of_reading_give_the_same_rows(tmp_path, rows, shared):
    from python_calamine import CalamineWorkbook

    file = workbook(tmp_path / "leads.xlsx", rows)
    if shared:
        file = _with_shared_strings(file, tmp_path / "shared.xlsx")
    loaded = CalamineWorkbook.from_path(file).get_sheet_by_index(0)
    leading = [None] * (loaded.start[1] if loaded.start else 0)
    quick = [leading + [None if value == "" else value for value in row] for row in loaded.iter_rows()]

    assert stream(file) == [
        (number, cells) for number, cells in enumerate(map(without_blank_end, quick), start=1) if cells
    ]


def stream(file):
    """The rows of the first sheet by the streaming reader."""
    rows = []
    with open_package(file, filename=file.name, limits=ReadLimits()) as package:
        strings = SharedStrings()
        if package.shared_strings_part:
            with package.open(package.shared_strings_part) as part:
                strings = read_shared_strings(part)
        values = WorkbookValues(strings, package.style_kinds, package.counts_from_1904, columns=512)
        with package.open(package.sheets[0].part) as part:
            stream_sheet(part, values, lambda number, cells: rows.append((number, cells)))
    return rows


def without_blank_end(cells):
    while cells and cells[-1] is None:
        cells = cells[:-1]
    return cells


def _with_shared_strings(source, target):
    """The same workbook with its texts in a table of shared strings, as Excel writes them."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(target), {"strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet()
    styles = {dt.date: book.add_format({"num_format": 14}), dt.datetime: book.add_format({"num_format": 22})}
    for number, row in enumerate(openpyxl.load_workbook(source).active.iter_rows(values_only=True)):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(number, column, value)
            elif value is not None:
                sheet.write(number, column, value, styles.get(type(value)))
    book.close()
    return target


def test_a_far_cell_with_few_rows_is_read_right(tmp_path):
    blank = '<row r="1048576"><c r="A1048576" s="1"/><c r="XFD1048576" s="1"/></row>'
    rows = "".join(f'<row r="{number}"><c r="A{number}"><v>{number}</v></c></row>' for number in range(1, 11))
    file = raw_workbook(tmp_path / "leads.xlsx", rows + blank, styles=STYLES)

    assert read(file) == [(number, [float(number)]) for number in range(1, 11)]


def test_a_far_value_is_refused_by_its_name(tmp_path):
    file = raw_workbook(
        tmp_path / "leads.xlsx",
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
    )

    error = refusal(file)

    assert error.code == "too_many_columns"
    assert "Leads!XFD1048576" in error.message


def test_a_far_row_is_read_where_it_stands(tmp_path):
    file = raw_workbook(
        tmp_path / "leads.xlsx",
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="SR1048576"><v>2</v></c></row>',
    )

    first, last = read(file)

    assert first == (1, [1.0])
    assert last[0] == 1048576
    assert last[1][511] == 2.0


@pytest.fixture(scope="module")
def formatted_to_the_end(tmp_path_factory):
    """Ten real rows, and formats down to where 200 MB of XML end."""
    real = "".join(f'<row r="{number}"><c r="A{number}"><v>{number}</v></c></row>' for number in range(1, 11))
    file = tmp_path_factory.mktemp("far") / "leads.xlsx"
    raw_workbook(file, "", styles=STYLES)
    start = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>' + real
    with zipfile.ZipFile(file) as old:
        kept = {entry.filename: old.read(entry) for entry in old.infolist() if "sheet1" not in entry.filename}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in kept.items():
            archive.writestr(name, content)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(start.encode())
            written, number = len(start), 11
            while written < 200 * 1024 * 1024:
                block = "".join(
                    f'<row r="{row}" spans="1:16384" s="1" customFormat="1" ht="15.75" customHeight="1"></row>'
                    for row in range(number, number + 10_000)
                ).encode()
                part.write(block)
                written += len(block)
                number += 10_000
            part.write(b"</sheetData></worksheet>")
    return file


def test_two_hundred_megabytes_of_used_range_with_ten_rows(formatted_to_the_end):
    with zipfile.ZipFile(formatted_to_the_end) as archive:
        assert archive.getinfo("xl/worksheets/sheet1.xml").file_size > 200 * 1024 * 1024

    assert read(formatted_to_the_end) == [(number, [float(number)]) for number in range(1, 11)]


def test_too_many_columns(tmp_path):
    file = workbook(tmp_path / "leads.xlsx", [[f"c{number}" for number in range(3000)], [1] * 3000])

    error = refusal(file)

    assert error.code == "too_many_columns"
    assert "Leads!SS1" in error.message


def test_too_many_columns_on_another_sheet_do_not_matter(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["a"])
    book.create_sheet("Wide").append([1] * 600)
    book.save(tmp_path / "leads.xlsx")

    assert read(tmp_path / "leads.xlsx") == [(1, ["a"])]
    with (
        open_table(tmp_path / "leads.xlsx", filename="leads.xlsx") as source,
        pytest.raises(Exception, match="512"),
    ):
        source.rows("Wide")


def test_too_many_cells(tmp_path):
    file = workbook(tmp_path / "leads.xlsx", [[1] * 10] * 20)

    assert refusal(file, cells=100).code == "too_many_cells"


@pytest.mark.parametrize(
    "streams", [["EncryptedPackage", "EncryptionInfo"], ["EncryptionInfo", "EncryptedPackage"]]
)
def test_a_password(tmp_path, streams):
    file = ole_container(tmp_path / "leads.xlsx", *streams)

    error = refusal(file)

    assert error.code == "password_protected"
    assert "without a password" in error.message


def test_a_password_on_the_archive(tmp_path):
    file = workbook(tmp_path / "leads.xlsx", [["a"]])
    content = bytearray(file.read_bytes())
    position = content.find(b"PK\x01\x02")
    while position >= 0:
        content[position + 8] |= 1
        position = content.find(b"PK\x01\x02", position + 4)
    file.write_bytes(content)

    assert refusal(file).code == "password_protected"


def test_old_and_foreign_formats_say_what_to_save_as(tmp_path):
    old = refusal(ole_container(tmp_path / "leads.xls", "Workbook"))
    assert old.code == "old_workbook" and "XLSX" in old.message

    document = refusal(ole_container(tmp_path / "letter.doc", "WordDocument"))
    assert document.code == "not_a_table"

    for name, parts, expected in [
        ("leads.ods", {"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}, "OpenDocument"),
        ("leads.xlsb", {"xl/workbook.bin": "x"}, "XLSB"),
        ("letter.docx", {"word/document.xml": "<a/>"}, "document"),
        ("leads.zip", {"leads.csv": "a,b"}, "zip archive"),
    ]:
        (tmp_path / name).write_bytes(zip_bytes(**parts))
        error = refusal(tmp_path / name)
        assert error.code == "not_a_table" and expected in error.message


def test_a_workbook_called_csv_is_read_with_a_notice(tmp_path):
    file = workbook(tmp_path / "leads.csv", [["a", "b"], [1, 2]])

    with open_table(file, filename="leads.csv") as source:
        assert source.kind == "xlsx"
        assert [notice.code for notice in source.notices] == ["wrong_extension"]
        assert [row.cells for row in source.rows()] == [["a", "b"], [1.0, 2.0]]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_an_upload_that_was_cut_off(tmp_path, loan_leads_xlsx, share):
    file = tmp_path / "leads.xlsx"
    file.write_bytes(loan_leads_xlsx[: int(len(loan_leads_xlsx) * share)])

    error = refusal(file)

    assert error.code == "cut_off"
    assert "Upload it again" in error.message


def test_damage_inside_the_archive(tmp_path, loan_leads_xlsx):
    file = tmp_path / "leads.xlsx"
    damaged = bytearray(loan_leads_xlsx)
    middle = len(damaged) // 2
    damaged[middle : middle + 50] = b"\x00" * 50
    file.write_bytes(damaged)

    assert refusal(file).code == "cut_off"


@pytest.mark.parametrize(
    "sheet_data",
    [
        "<row r='1'><c r='A1'><v>1</v>",
        '<row r="1"><c r="A1" t="s"><v>7</v></c></row>',
        '<row r="x"><c/></row>',
    ],
)
def test_broken_xml_and_loose_ends(tmp_path, sheet_data):
    assert refusal(raw_workbook(tmp_path / "leads.xlsx", sheet_data)).code == "cut_off"


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    file = raw_workbook(
        tmp_path / "leads.xlsx", "", parts={"xl/media/image1.bin": b"\x00" * (60 * 1024 * 1024)}
    )
    assert file.stat().st_size < 200_000

    began = time.monotonic()
    error = refusal(file)

    assert error.code == "zip_bomb"
    assert time.monotonic() - began < 5


def test_limits_of_unpacked_size_and_of_parts(tmp_path):
    file = workbook(tmp_path / "leads.xlsx", [["a"] * 10] * 100)

    assert refusal(file, uncompressed_bytes=5_000).code == "zip_bomb"
    assert refusal(file, archive_entries=3).code == "zip_bomb"


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "docProps/core.xml"])
def test_an_xml_bomb_in_any_part_and_encoding(tmp_path, part, encoding):
    plain = raw_workbook(tmp_path / "plain.xlsx", '<row r="1"><c r="A1"><v>1</v></c></row>')
    content = f'<?xml version="1.0" encoding="{encoding}"?>{BOMB}<worksheet>&b;</worksheet>'.encode(encoding)
    file = with_part(plain, tmp_path / "leads.xlsx", part, content)

    error = refusal(file)

    assert error.code == "xml_bomb"
    assert part in error.message


def test_a_sheet_in_utf16_is_read_by_the_streaming_reader(tmp_path):
    plain = raw_workbook(tmp_path / "plain.xlsx", "")
    content = (
        '<?xml version="1.0" encoding="utf-16"?><x:worksheet '
        'xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData><x:row r="3">'
        '<x:c r="B3" t="inlineStr"><x:is><x:t>Ana</x:t><x:rPh><x:t>no</x:t></x:rPh></x:is></x:c></x:row>'
        "</x:sheetData></x:worksheet>"
    ).encode("utf-16")
    file = with_part(plain, tmp_path / "leads.xlsx", "xl/worksheets/sheet1.xml", content)

    assert read(file) == [(3, [None, "Ana"])]


LITTLE_MEMORY = 64 * 1024 * 1024


def test_a_workbook_that_needs_too_much_memory_fails_alone(tmp_path):
    strings = "".join(f"<si><t>{number:0400}</t></si>" for number in range(130_000))
    file = raw_workbook(
        tmp_path / "leads.xlsx", '<row r="1"><c r="A1" t="s"><v>1</v></c></row>', shared=strings
    )

    assert refusal(file, child_memory_bytes=LITTLE_MEMORY).code == "too_much_memory"


def test_a_sheet_too_large_for_calamine_is_streamed_instead(tmp_path):
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="7500"><c r="SR7500"><v>2</v></c></row>'
    file = raw_workbook(tmp_path / "leads.xlsx", cells)

    assert [number for number, _ in read(file, child_memory_bytes=LITTLE_MEMORY)] == [1, 7500]


def test_a_workbook_that_takes_too_long_is_given_up(tmp_path, loan_leads_xlsx):
    file = tmp_path / "leads.xlsx"
    file.write_bytes(loan_leads_xlsx)

    assert refusal(file, child_seconds=0.01).code == "too_slow"


def test_memory_of_this_process_stays_flat_and_nothing_stays_behind(tmp_path, formatted_to_the_end):
    before = set(os.listdir("/proc/self/fd"))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with open_table(
        formatted_to_the_end, filename="leads.xlsx", limits=ReadLimits(spool_directory=str(tmp_path))
    ):
        assert list(tmp_path.iterdir()) == []

    assert set(os.listdir("/proc/self/fd")) == before
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most < 20 * 1024


def test_the_scan_trusts_only_plain_sheets(tmp_path):
    def is_plain(sheet_data):
        file = raw_workbook(tmp_path / "leads.xlsx", sheet_data, styles=STYLES)
        with open_package(file, filename="leads.xlsx", limits=ReadLimits()) as package:
            with package.open(package.sheets[0].part) as part:
                return scan_sheet(part, package.style_kinds, last_column=512).plain

    assert is_plain('<row r="1"><c r="A1" s="1"><v>28787</v></c><c r="B1" t="s"><v>0</v></c></row>')
    assert is_plain('<row r="1"><c r="A1"><f>1+1</f><v>2</v></c></row>')
    for unusual in [
        '<row r="1"><c r="A1" t="e"><v>#N/A</v></c></row>',
        '<row r="1"><c r="A1"><f>1+1</f></c></row>',
        '<row r="1"><c r="A1"><f t="shared" si="0"/><v/></c></row>',
        '<row r="1"><c r="A1" s="2"><v>0.1</v></c></row>',
        '<row r="1"><c r="A1" s="1"><v>-5</v></c></row>',
        '<row r="1"><c r="A1" s="1"><v>60</v></c></row>',
        "<row><c><v>1</v></c></row>",
        '<row r="1"><c r="A1"><v>1</v></c><c r="XFD9000"><v>1</v></c></row>',
        '<row r="1"><!-- --><c r="A1"><v>1</v></c></row>',
    ]:
        assert not is_plain(unusual), unusual
