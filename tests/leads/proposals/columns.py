"""Columns and whole files for the tests of proposals: looked at, proposed, and judged as the importer would."""

import csv
import datetime as dt
import io
from zoneinfo import ZoneInfo

from core.intake.cells import storable
from core.intake.headers import data_rows, guess_header
from core.intake.matching import Target, match_columns
from core.intake.readers.sources import SheetInfo, SourceRow, TableSource
from leads.fields.capture import CaptureContext, capture
from leads.fields.checks import check_definitions
from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition
from leads.proposals.facts import FileFacts
from leads.proposals.looking import Surroundings, look_at
from leads.proposals.proposal import propose, required_columns

SURROUNDINGS = Surroundings(ZoneInfo("Asia/Kolkata"), "IN")
CONTEXT = CaptureContext(dt.datetime(2026, 11, 21, 6, tzinfo=dt.UTC), ZoneInfo("Asia/Kolkata"))


class Rows(TableSource):
    """A file of these rows of cells."""

    def __init__(self, rows):
        width = max((len(row) for row in rows), default=0)
        sheet = SheetInfo("", rows=len(rows), last_row=len(rows), columns=width, width=width)
        super().__init__(kind="csv", filename="leads.csv", sheets=(sheet,), notices=())
        self._rows = rows

    def rows(self, sheet=None, *, after=0):
        for number, cells in enumerate(self._rows, start=1):
            kept = [None if cell == "" else cell for cell in cells]
            while kept and kept[-1] is None:
                kept.pop()
            if number > after and kept:
                yield SourceRow("", number, kept)


def facts_of(rows, **options):
    """What was seen of rows, the first of which is the header; as it comes back from being stored."""
    order = options.get("usual_order", "DMY")
    facts = look_at(Rows(rows), SURROUNDINGS, lambda columns: required_columns(columns, usual_order=order))
    return FileFacts.read(facts.written())


def proposal_of_rows(rows, **options):
    """What rows propose."""
    return propose(facts_of(rows, **options), **options)


def field_of(values, header="Thing", **options):
    """The field that one column of values proposes, beside a column that makes the rows data."""
    rows = [["Row name", header], *([f"row {number}", value] for number, value in enumerate(values))]
    proposal = proposal_of_rows(rows, **options)
    return next((item for item in proposal.fields if item.label == header), None)


def refusals(rows, proposal):
    """Why rows would be refused by the line that they proposed: [(row number, reasons)]."""
    definitions = [item.definition() for item in proposal.fields]
    assert check_definitions(definitions, duplicate_match=proposal.duplicate_match) == []
    line = LineDefinition(1, 1, [FieldDefinition.read(each) for each in definitions])
    targets = [Target(item.key, item.label, item.aliases, item.required) for item in line.active]
    targets += [Target("@source", "Source"), Target("@campaign", "Campaign")]
    source = Rows(rows)
    header = guess_header(source).header
    # As an import stores its header, and matches what it has stored.
    matched = match_columns([storable(text) for text in header.texts], targets).matched
    assert set(matched) >= set(line.active_by_key)
    required = [matched[item.key] for item in line.active if item.required]
    found = []
    for row in data_rows(source, header, required):
        given = {
            key: row.cells[column] if column < len(row.cells) else None
            for key, column in matched.items()
            if not key.startswith("@")
        }
        captured = capture(line, given, CONTEXT)
        if captured.problems:
            found.append((row.number, [problem.reason for problem in captured.problems]))
    return found


def csv_bytes(rows):
    """Rows as a CSV file."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()
