"""Files for the tests of intake, good and hostile, made on the spot."""

import io
import zipfile
from pathlib import Path

import openpyxl

from core.intake.readers import FileRefused, ReadLimits, open_table

DATA = Path(__file__).parents[2] / "data"

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"


def read(path, *, filename=None, sheet=None, after=0, **limits):
    """All rows of a file, as (number, cells)."""
    with open_table(path, filename=filename or path.name, limits=ReadLimits(**limits)) as source:
        return [(row.number, row.cells) for row in source.rows(sheet, after=after)]


def refusal(path, *, filename=None, **limits):
    """The one error that a file gives, be it on opening or on reading."""
    try:
        read(path, filename=filename, **limits)
    except FileRefused as error:
        assert error.message.endswith("."), error.message
        assert (filename or path.name) in error.message
        return error
    raise AssertionError(f"{path.name} was read")


def workbook(path, rows, *, title="Leads"):
    """A workbook as openpyxl writes it, from rows of Python values."""
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def raw_workbook(path, sheet_data, *, styles="", shared="", parts=None):
    """A workbook from the XML inside `<sheetData>`, for what no library would write."""
    relations = [("worksheet", "worksheets/sheet1.xml")]
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{sheet_data}</sheetData></worksheet>'
    files = {"xl/worksheets/sheet1.xml": sheet}
    if styles:
        relations.append(("styles", "styles.xml"))
        files["xl/styles.xml"] = f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>'
    if shared:
        relations.append(("sharedStrings", "sharedStrings.xml"))
        files["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{shared}</sst>'
    related = "".join(
        f'<Relationship Id="r{number}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(relations)
    )
    files |= {
        "[Content_Types].xml": f'<Types xmlns="{TYPES}"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}">'
        f'<Relationship Id="r" Type="{RELATIONS}/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
        '<sheet name="Leads" sheetId="1" r:id="r0"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{related}</Relationships>',
        **(parts or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def with_part(source, target, name, content):
    """A copy of a zip archive with one part replaced."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, content)
    return target


def zip_bytes(**parts):
    """A zip archive in memory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()
