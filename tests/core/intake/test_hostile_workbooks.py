"""Hostile workbooks: each gives the right rows or one clear error, in flat memory, leaving nothing behind."""

import resource
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest

from core.intake.readers import FileRefused, ReadLimits, open_table
from tests.core.intake.files import raw_workbook, read, refusal, with_part, workbook, zip_bytes

STYLES = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'


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
                    f'<row r="{row}" spans="1:16384" s="1" customFormat="1" ht="15" customHeight="1"></row>'
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
        pytest.raises(FileRefused, match="512"),
    ):
        source.rows("Wide")


def test_too_many_cells(tmp_path):
    file = workbook(tmp_path / "leads.xlsx", [[1] * 10] * 20)

    assert refusal(file, cells=100).code == "too_many_cells"


def test_a_password_on_the_archive(tmp_path):
    file = workbook(tmp_path / "leads.xlsx", [["a"]])
    content = bytearray(file.read_bytes())
    position = content.find(b"PK\x01\x02")
    while position >= 0:
        content[position + 8] |= 1
        position = content.find(b"PK\x01\x02", position + 4)
    file.write_bytes(content)

    assert refusal(file).code == "password_protected"


def test_foreign_formats_say_what_to_save_as(tmp_path):
    for name, parts, expected in [
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


def test_a_part_in_an_unknown_encoding(tmp_path):
    plain = raw_workbook(tmp_path / "plain.xlsx", '<row r="1"><c r="A1"><v>1</v></c></row>')
    content = '<?xml version="1.0" encoding="utf-9"?><worksheet/>'

    assert read(with_part(plain, tmp_path / "leads.xlsx", "docProps/core.xml", content)) == [(1, [1.0])]
    sheet = with_part(plain, tmp_path / "leads.xlsx", "xl/worksheets/sheet1.xml", content)
    assert refusal(sheet).code == "cut_off"


def test_an_archive_whose_directory_points_nowhere(tmp_path):
    file = workbook(tmp_path / "leads.xlsx", [["a"]])
    content = file.read_bytes()
    file.write_bytes(content[:40] + content[60:])

    assert refusal(file).code == "cut_off"


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
    before = set(Path("/proc/self/fd").iterdir())
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with open_table(
        formatted_to_the_end, filename="leads.xlsx", limits=ReadLimits(spool_directory=str(tmp_path))
    ):
        assert list(tmp_path.iterdir()) == []

    assert set(Path("/proc/self/fd").iterdir()) == before
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most < 20 * 1024
