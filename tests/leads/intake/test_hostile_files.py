"""Hostile files from end to end: one clear error each and nothing left behind, or every row accounted for."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import ManagementUtility

from accounts.actor import Actor
from core.errors import ApplicationError, Conflict
from core.intake.readers import ReadLimits
from core.models import Intake, Job
from core.services.intakes import load_intake, receive_file
from core.services.jobs import cancel_job
from leads.models import Lead
from tests.core.intake.documents import cell, document, row
from tests.core.intake.documents import table as sheet
from tests.core.intake.files import raw_workbook, with_part, workbook, zip_bytes
from tests.core.intake.old_workbooks import container
from tests.leads.intake.sheets import (
    COLUMNS,
    LABELS,
    counted,
    csv_of,
    person,
    phones,
    rehearse,
    roll_back,
    table,
    workbook_of,
)
from tests.leads.loans import DATA, load, receive

pytestmark = pytest.mark.django_db

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{n} "{"&a" + (str(n - 1) if n else "") + ";" * 1}">' for n in range(1, 3))
    + ']><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    '<row r="1"><c r="A1" t="inlineStr"><is><t>&a2;</t></is></c></row></sheetData></worksheet>'
)


# Saved by a program that knows no rupee sign.
IN_WINDOWS = (
    csv_of(person(1, full_name="José"), person(2))
    .decode()
    .replace(LABELS["monthly_income"], "monthly_income")
    .replace("₹", "Rs.")
    .encode("cp1252")
)


def file_of(path: Path, kind: str) -> Path:
    """A hostile file of some kind, to be refused."""
    good = csv_of(person(1), person(2))
    match kind:
        case "empty":
            path = path / "leads.csv"
            path.write_bytes(b"")
        case "a picture called a workbook":
            path = path / "leads.xlsx"
            path.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(200))
        case "a document called a CSV":
            path = path / "leads.csv"
            path.write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(200))
        case "password":
            path = container(path / "leads.xlsx", EncryptedPackage=b"x", EncryptionInfo=b"y")
        case "a document with a password":
            path = document(path / "leads.ods", sheet(row(cell("Ana"))), encrypted=True)
        case "a row repeated a million times":
            path = document(path / "leads.ods", sheet(row(cell("Ana"), repeated=1_000_000)))
        case "a web page called a workbook":
            path = path / "leads.xls"
            path.write_bytes(b"<html><table><tr><td>Full Name</td></tr></table></html>")
        case "cut off old workbook":
            content = (DATA / "loan_leads.xls").read_bytes()
            path = path / "leads.xls"
            path.write_bytes(content[: len(content) // 2])
        case "zip bomb":
            path = path / "leads.xlsx"
            workbook(path, table([person(1)]))
            with_part(path, path.with_name("bomb.xlsx"), "xl/worksheets/sheet1.xml", b" " * 80_000_000)
            path = path.with_name("bomb.xlsx")
        case "xml bomb":
            workbook(path / "leads.xlsx", table([person(1)]))
            path = with_part(path / "leads.xlsx", path / "bomb.xlsx", "xl/worksheets/sheet1.xml", BOMB)
        case "no workbook in the archive":
            (path / "leads.xlsx").write_bytes(zip_bytes(readme="hello"))
            path = path / "leads.xlsx"
        case "broken utf-8":
            path = path / "leads.csv"
            path.write_bytes(b"\xef\xbb\xbf" + good.replace(b"Rao Textiles", b"Rao \xff\xfe Textiles"))
        case "cut off inside a row":
            path = path / "leads.csv"
            path.write_bytes(csv_of(*(person(number) for number in range(30)))[:-60])
        case "cut off workbook":
            content = workbook(path / "leads.xlsx", table([person(1)])).read_bytes()
            path = path / "leads.xlsx"
            path.write_bytes(content[: len(content) // 2])
        case "duplicate headers":
            path = path / "leads.csv"
            path.write_bytes(good.replace(b"E-mail", b"Full Name"))
        case "3,000 columns":
            extra = [f"Extra {number}" for number in range(3_000)]
            path = workbook_of(path / "leads.xlsx", [[*LABELS.values(), *extra], [*person(1).values()]])
        case "only a header":
            path = path / "leads.csv"
            path.write_bytes(csv_of())
        case "no header":
            path = path / "leads.csv"
            path.write_bytes(b"1,2,3\n4,5,6\n")
    return path


REFUSED = {
    "empty": "empty_file",
    "a picture called a workbook": "not_a_table",
    "a document called a CSV": "not_a_table",
    "password": "password_protected",
    "a document with a password": "password_protected",
    "a row repeated a million times": "repeated_rows",
    "a web page called a workbook": "not_a_workbook",
    "cut off old workbook": "cut_off",
    "zip bomb": "",
    "xml bomb": "",
    "no workbook in the archive": "",
    "broken utf-8": "",
    "cut off inside a row": "cut_off",
    "cut off workbook": "",
    "duplicate headers": "duplicate_headers",
    "3,000 columns": "too_many_columns",
    "only a header": "no_data_rows",
    "no header": "no_header",
}


def nothing_is_left(media: Path) -> bool:
    """Whether no import, no job and no file is there."""
    files = [path for path in media.rglob("*") if path.is_file()]
    return not files and not Intake.everything.exists() and not Job.objects.exists()


@pytest.mark.parametrize("kind", REFUSED)
def test_one_clear_error_and_nothing_left_behind(
    operations: Actor, tmp_path: Path, media: Path, kind: str
) -> None:
    path = file_of(tmp_path, kind)

    with pytest.raises(ApplicationError) as refused:
        receive(operations, path)

    print(refused.value.code, refused.value.message)
    assert refused.value.message.rstrip().endswith(".")
    assert REFUSED[kind] in refused.value.code
    assert nothing_is_left(media)


@pytest.fixture
def keep_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command closes its connections at the end; the test's transaction needs them."""
    monkeypatch.setattr("django.core.management.base.connections.close_all", lambda: None)


def run_command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run a command as from a shell: exit status, standard output, standard error."""
    capsys.readouterr()
    status = 0
    try:
        ManagementUtility(["manage.py", *arguments]).execute()
    except SystemExit as ended:
        status = int(ended.code or 0)
    printed = capsys.readouterr()
    return status, printed.out, printed.err


@pytest.mark.usefixtures("keep_connections")
@pytest.mark.parametrize("kind", ["empty", "password", "duplicate headers", "cut off inside a row"])
def test_the_command_says_it_in_one_line(
    operations: Actor, tmp_path: Path, media: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    path = file_of(tmp_path, kind)

    status, out, err = run_command(
        capsys, "import_leads", str(path), "--line", "personal_loan", "--organization", "acme", "--json"
    )

    assert status == 1 and out == ""
    assert len(err.splitlines()) == 1 and err.rstrip().endswith(".")
    assert nothing_is_left(media)


@pytest.mark.usefixtures("keep_connections")
def test_the_command_prints_one_object(
    operations: Actor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "leads.csv"
    path.write_bytes(csv_of(person(1), person(2, pan="x"), person(1)))

    status, out, err = run_command(
        capsys, "import_leads", str(path), "--line", "personal_loan", "--organization", "acme", "--json"
    )

    printed = json.loads(out)
    assert status == 0 and "Traceback" not in err
    assert (printed["accepted"], printed["rejected"], printed["duplicate"]) == (1, 1, 1)
    assert printed["reasons"] == {"pan:pattern": 1}
    assert openpyxl.load_workbook(printed["error_file"]).worksheets[0].max_row == 2

    status, out, _err = run_command(capsys, "rollback_import", str(printed["job"]), "--json")
    assert status == 0 and json.loads(out)["withdrawn"] == 1
    status, out, err = run_command(capsys, "rollback_import", str(printed["job"]))
    assert (status, out) == (1, "") and len(err.splitlines()) == 1


@pytest.mark.usefixtures("keep_connections")
def test_a_missing_required_column_stops_the_load_and_leaves_nothing_by_the_command(
    operations: Actor,
    tmp_path: Path,
    media: Path,
    capsys: pytest.CaptureFixture[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    columns = [key for key in COLUMNS if key != "pan"]
    path = tmp_path / "leads.csv"
    path.write_bytes(csv_of(person(1), columns=columns))

    intake = receive(operations, path)
    with pytest.raises(ApplicationError, match="no column for PAN") as refused:
        load_intake(actor=operations, intake_id=intake.pk)
    assert refused.value.code == "missing_columns"

    before = Intake.everything.count()
    with django_capture_on_commit_callbacks(execute=True):
        status, out, err = run_command(
            capsys, "import_leads", str(path), "--line", "personal_loan", "--organization", "acme"
        )
    assert (status, out) == (1, "") and len(err.splitlines()) == 1 and "PAN" in err
    assert Intake.objects.count() == before
    assert len([path for path in media.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("utf-16.csv", csv_of(person(1), person(2)).decode().encode("utf-16")),
        ("semicolons.csv", csv_of(person(1), person(2), delimiter=";")),
        ("tabs.tsv", csv_of(person(1), person(2), delimiter="\t")),
        ("called a workbook.xlsx", csv_of(person(1), person(2))),
        ("windows.csv", IN_WINDOWS),
    ],
)
def test_other_ways_of_writing_the_same_are_read(operations: Actor, name: str, content: bytes) -> None:
    intake = load(operations, content, filename=name)

    assert counted(intake) == (2, 0, 0, 0)


def test_a_used_range_to_the_last_cell_with_ten_rows(operations: Actor, tmp_path: Path) -> None:
    assert counted(load(operations, far_workbook(tmp_path, blank_rows=0))) == (10, 0, 0, 0)


@pytest.mark.verify
def test_two_hundred_megabytes_of_used_range_with_ten_rows(operations: Actor, tmp_path: Path) -> None:
    assert counted(load(operations, far_workbook(tmp_path, blank_rows=1_000_000))) == (10, 0, 0, 0)


def far_workbook(folder: Path, *, blank_rows: int) -> Path:
    """Ten leads, and formats without values down to the last cell a sheet has."""

    def cells(number: int, row: list[Any]) -> str:
        return (
            f'<row r="{number}">'
            + "".join(
                f'<c r="{openpyxl.utils.get_column_letter(place)}{number}" t="inlineStr"><is><t>{text}</t></is></c>'
                for place, text in enumerate(row, start=1)
            )
            + "</row>"
        )

    rows = table([person(number) for number in range(10)])
    written = "".join(cells(number, row) for number, row in enumerate(rows, start=1))
    blank = "".join(
        f'<row r="{number}" spans="1:16384" s="1" customFormat="1" ht="15" customHeight="1">'
        f'<c r="XFD{number}" s="1"/></row>'
        for number in range(20, 20 + blank_rows)
    )
    last = '<row r="1048576"><c r="A1048576" s="1"/><c r="XFD1048576" s="1"/></row>'
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
    return raw_workbook(folder / "far.xlsx", written + blank + last, styles=styles)


def test_formulas_early_dates_and_long_rows_are_reasons_of_their_rows(
    operations: Actor, tmp_path: Path
) -> None:
    rows = table([person(number) for number in range(1, 7)])
    place = {key: column for column, key in enumerate(COLUMNS)}
    rows[1][place["monthly_income"]] = "=40000+45000"
    rows[2][place["loan_amount"]] = "#REF!"
    rows[3][place["date_of_birth"]] = "14/03/1890"
    rows[4] += ["beyond", "the header"]
    rows[5][place["date_of_birth"]] = dt.datetime(1990, 3, 14)  # noqa: DTZ001 - a cell knows no timezone
    path = workbook_of(tmp_path / "leads.xlsx", rows)

    intake = load(operations, path)

    assert intake.reasons == {
        "monthly_income:formula_without_value": 1,
        "loan_amount:formula_error": 1,
        "date_of_birth:max_age": 1,
        "row:extra_cells": 1,
    }
    assert counted(intake) == (2, 0, 4, 0)


def test_texts_that_the_database_cannot_hold_are_handed_back_and_break_nothing(
    operations: Actor, tmp_path: Path
) -> None:
    cells = "".join(
        f'<c r="{openpyxl.utils.get_column_letter(place)}2" t="inlineStr"><is><t>{text}_xD800_</t></is></c>'
        for place, text in enumerate(table([person(1, pan="bad")])[1], start=1)
    )
    header = "".join(
        f'<c r="{openpyxl.utils.get_column_letter(place)}1" t="inlineStr"><is><t>{text}</t></is></c>'
        for place, text in enumerate(table([])[0], start=1)
    )
    path = raw_workbook(tmp_path / "leads.xlsx", f'<row r="1">{header}</row><row r="2">{cells}</row>')

    intake = load(operations, path, filename="na\x00me.xlsx")

    assert (intake.rejected == 1 and "pan:pattern" in intake.reasons) or "pan:not_text" in intake.reasons


class TestSameBytes:
    """The same bytes are refused while an import of them stands, and no longer."""

    content = csv_of(person(1), person(2))

    def refused(self, actor: Actor, media: Path) -> bool:
        files = len(list(media.rglob("*")))
        with pytest.raises(Conflict) as refused:
            receive(actor, self.content)
        return refused.value.code == "same_bytes" and len(list(media.rglob("*"))) == files

    def test_while_it_stands(self, operations: Actor, media: Path) -> None:
        load(operations, self.content)

        assert self.refused(operations, media)

    def test_not_after_a_dry_run(self, operations: Actor) -> None:
        rehearse(operations, receive(operations, self.content))

        assert counted(load(operations, self.content)) == (2, 0, 0, 0)

    def test_not_after_a_rollback(self, operations: Actor) -> None:
        roll_back(operations, load(operations, self.content))

        assert counted(load(operations, self.content)) == (2, 0, 0, 0)

    def test_two_that_wait_are_loaded_once(self, operations: Actor) -> None:
        first, second = receive(operations, self.content), receive(operations, self.content)
        load_intake(actor=operations, intake_id=first.pk)

        with pytest.raises(Conflict, match="loaded already"):
            load_intake(actor=operations, intake_id=second.pk)

    def test_not_after_a_cancellation_and_into_another_line_at_once(self, operations: Actor) -> None:
        intake = receive(operations, self.content)
        job = load_intake(actor=operations, intake_id=intake.pk)
        cancel_job(job=job, actor=operations)

        assert counted(load(operations, self.content)) == (2, 0, 0, 0)


def test_an_upload_that_breaks_off_leaves_nothing(operations: Actor, media: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield csv_of(person(1))
        raise OSError("the connection was reset")

    with pytest.raises(OSError, match="reset"):
        receive_file(
            actor=operations, importer="leads", target="personal_loan", filename="leads.csv", chunks=chunks()
        )

    assert nothing_is_left(media)


def test_an_upload_beyond_the_limit_leaves_nothing(operations: Actor, media: Path, settings: Any) -> None:
    settings.INTAKE_MAX_BYTES = 1_000

    with pytest.raises(ApplicationError, match="larger than") as refused:
        receive(operations, csv_of(*(person(number) for number in range(50))))

    assert refused.value.status == 413
    assert nothing_is_left(media)


def test_limits_are_those_of_the_readers() -> None:
    assert ReadLimits().columns < 3_000


def test_a_source_that_is_too_long_rejects_its_row_only(operations: Actor) -> None:
    intake = load(operations, csv_of(person(1, source="x" * 300), person(2, source="Website")))

    assert intake.reasons == {"@source:too_long": 1}
    assert phones() == {f"+91{person(2)['mobile']}"}
    assert Lead.objects.get().source.name == "Website"
