"""Workbooks: every value as what it is, by either way of reading, and one clear error for hostile ones."""

import datetime as dt
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
from tests.core.intake.files import raw_workbook, read, with_part, workbook

STYLES = (
    '<numFmts><numFmt numFmtId="164" formatCode="dd-mm-yyyy"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="10"/><xf numFmtId="46"/></cellXfs>'
)
PLAIN, DATE, PERCENT, DURATION = range(4)
HALF_PAST_TEN = dt.datetime(2024, 1, 5, 10, 30)  # noqa: DTZ001 - cells know no timezone
NOON = dt.datetime(2024, 1, 15, 12)  # noqa: DTZ001


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
                HALF_PAST_TEN,
                dt.time(9, 5),
                True,
            ],
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
                HALF_PAST_TEN,
                dt.time(9, 5),
                True,
            ],
        ),
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
            2.0, "a", None, CellError("=NOW()", "formula_without_value"),
            CellError("=X()", "formula_without_value"), CellError("#DIV/0!", "formula_error"), 7.0,
        ]),
    ]  # fmt: skip


def test_numbers_are_what_their_format_makes_of_them(tmp_path):
    numbers = [
        (DATE, "28787"), (DATE, "59"), (DATE, "60"), (DATE, "61"), (DATE, "-5"), (DATE, "45306.5"),
        (DATE, "0.5"), (PERCENT, "0.125"), (DURATION, "1.25"), (PLAIN, "0.30000000000000004"),
        (DATE, "99999999"),
    ]  # fmt: skip
    cells = "".join(f'<c s="{style}"><v>{number}</v></c>' for style, number in numbers)
    file = raw_workbook(tmp_path / "leads.xlsx", f'<row r="1">{cells}</row>', styles=STYLES)

    ((_, values),) = read(file)

    assert values == [
        dt.date(1978, 10, 24), dt.date(1900, 2, 28), 60.0, dt.date(1900, 3, 1), -5.0,
        NOON, dt.time(12), 0.125, dt.timedelta(hours=30), 0.30000000000000004, 99999999.0,
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
        ("General", NumberKind.PLAIN), ("0.00", NumberKind.PLAIN),
        ("#,##0.00_);[Red](#,##0.00)", NumberKind.PLAIN),
        ('"Rs." #,##0', NumberKind.PLAIN), ("[$₹-4009] #,##0.00", NumberKind.PLAIN), ("@", NumberKind.PLAIN),
        ("dd-mm-yyyy", NumberKind.MOMENT), ("[$-409]d-mmm-yy;@", NumberKind.MOMENT),
        ("hh:mm:ss.000", NumberKind.MOMENT),
        ("h:mm AM/PM", NumberKind.MOMENT), ("[h]:mm", NumberKind.DURATION), ("0.0%", NumberKind.PERCENT),
        ('0"days"', NumberKind.PLAIN), ("yyyy\\-mm\\-dd", NumberKind.MOMENT),
    ],
)  # fmt: skip
def test_formats_tell_what_a_number_is(code, kind):
    assert kind_of_format(code) is kind


CELL_VALUES = st.one_of(
    st.none(),
    # openpyxl makes formulas of texts that begin with =, and errors of #N/A and its like.
    st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF), max_size=8).filter(
        lambda text: not text.startswith(("=", "#"))
    ),
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


def test_the_scan_trusts_only_plain_sheets(tmp_path):
    def is_plain(sheet_data):
        file = raw_workbook(tmp_path / "leads.xlsx", sheet_data, styles=STYLES)
        with (
            open_package(file, filename="leads.xlsx", limits=ReadLimits()) as package,
            package.open(package.sheets[0].part) as part,
        ):
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
