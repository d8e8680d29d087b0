"""Small files of loan leads, written by the tests, and looks at what they left."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl

from accounts.actor import Actor
from core.intake.hand_back import write_errors
from core.jobs import run_job_inline
from core.models import Intake, IntakeRow
from core.queries.intakes import get_intake
from core.services.intakes import check_intake, roll_back_intake
from leads.models import Campaign, DuplicateKey, Lead, LeadToken, LeadValue, Source
from tests.leads.loans import loan_configuration, loan_values, receive

LABELS = {item["key"]: item["label"] for item in loan_configuration()["fields"] if item["type"] != "computed"}
COLUMNS = (*LABELS, "source", "campaign")
PHONES = 9_800_000_000


def phone(number: int) -> str:
    """The phone of the `number`th person."""
    return str(PHONES + number)


def e164(number: int) -> str:
    """The same as it is stored."""
    return f"+91{phone(number)}"


def person(number: int, **changes: Any) -> dict[str, Any]:
    """A row that nothing is wrong with, with a phone of its own."""
    return loan_values(**{"full_name": f"Person {number}", "mobile": phone(number), **changes})


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = COLUMNS) -> list[list[Any]]:
    """The rows with their header, by label."""
    header = [LABELS.get(key, key.title()) for key in columns]
    return [header, *([row.get(key, "") for key in columns] for row in rows)]


def csv_of(*rows: Mapping[str, Any], columns: Sequence[str] = COLUMNS, delimiter: str = ",") -> bytes:
    """A CSV of the rows, as Excel writes it."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(table(rows, columns))
    return text.getvalue().encode()


def workbook_of(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    """A workbook of these rows."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    book.save(path)
    return path


def errors_of(actor: Actor, intake: Intake, path: Path, change: Callable[[Any], None] | None = None) -> Path:
    """The error workbook of an import, its sheet changed by `change` and saved by another program."""
    write_errors(actor, intake, path)
    if change is not None:
        book = openpyxl.load_workbook(path)
        change(book.worksheets[0])
        book.save(path)
    return path


def column_of(sheet: Any, key: str) -> int:
    """The number of a field's column in an error workbook, from 1."""
    return [cell.value for cell in sheet[1]].index(LABELS.get(key, key)) + 1


def receive_again(actor: Actor, path: Path) -> Intake:
    """Receive a file with other bytes and the same contents, as another program saves it."""
    book = openpyxl.load_workbook(path)
    book.properties.title = "saved once more"
    book.save(path)
    return receive(actor, path)


def rehearse(actor: Actor, intake: Intake) -> dict[str, Any]:
    """Make a dry run; return its counts."""
    result = run_job_inline(check_intake(actor=actor, intake_id=intake.pk, inline=True)).result
    assert result is not None
    return result


def roll_back(actor: Actor, intake: Intake) -> dict[str, Any]:
    """Take an import back; return its report."""
    report = run_job_inline(roll_back_intake(actor=actor, intake_id=intake.pk, inline=True)).result
    assert report is not None
    assert get_intake(actor, intake.pk).current_state == "rolled_back"
    return report


def counted(intake: Intake) -> tuple[int, int, int, int]:
    """Accepted, of these updated, rejected, duplicate."""
    return intake.accepted, intake.updated, intake.rejected, intake.duplicate


def state_of_leads() -> dict[str, list[Any]]:
    """Everything a user can see of leads: rows, filters, search, keys, and where leads come from."""
    return {
        "sources": list(Source.objects.order_by("pk").values()),
        "campaigns": list(Campaign.objects.order_by("pk").values()),
        "leads": list(Lead.objects.order_by("pk").values()),
        "values": sorted(LeadValue.objects.values_list()),
        "tokens": sorted(LeadToken.objects.values_list()),
        "keys": sorted(DuplicateKey.objects.values_list()),
    }


def kept_rows(intake: Intake) -> dict[int, str]:
    """State by row number of the rows that are kept."""
    return dict(IntakeRow.objects.filter(intake=intake).values_list("number", "state"))


def phones() -> set[str]:
    """The phones of the live leads."""
    return set(Lead.objects.values_list("phone", flat=True))
