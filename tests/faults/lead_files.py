"""A long file of loan leads, loading it in a live stack, and what must be the same however often it was disturbed."""

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.live_stack import LiveStack

SAMPLE = Path(__file__).parent.parent / "data" / "loan_leads" / "loan_leads.csv"
# One row in so many repeats the phone of an earlier row.
REPEAT_EVERY = 40
# The row that kills a worker which has loaded `poisonous_files`.
POISONED_ROW = 6_000

BEGIN = """
from tests.faults.lead_files import receive_and_load
result = receive_and_load({slug!r}, {path!r})
"""

# What a run leaves behind, by row number, without ids, references and times.
LEADS = """
SELECT lead.row_number, lead.version, lead.name, lead.phone, lead.email, lead.amount, lead.amount_minor,
       lead.city, lead.region, lead.status, lead.stage, lead.score, lead.owner_id, lead.team_id,
       source.name, campaign.name, lead.data::text, lead.compare::text, lead.repeat_enquiries
  FROM leads_lead lead
  LEFT JOIN leads_source source ON source.id = lead.source_id
  LEFT JOIN leads_campaign campaign ON campaign.id = lead.campaign_id
 WHERE lead.organization_id = %s AND lead.deleted_at IS NULL
"""
VALUES = """
SELECT lead.row_number, field.key, value.position, value.text_value, value.number_value, value.date_value,
       value.created_at = lead.created_at
  FROM leads_leadvalue value
  LEFT JOIN leads_lead lead ON lead.id = value.lead_id
  LEFT JOIN leads_field field ON field.id = value.field_id
 WHERE value.organization_id = %s
"""
TOKENS = """
SELECT lead.row_number, token.token FROM leads_leadtoken token
  LEFT JOIN leads_lead lead ON lead.id = token.lead_id WHERE token.organization_id = %s
"""
KEYS = """
SELECT lead.row_number, duplicate.key FROM leads_duplicatekey duplicate
  LEFT JOIN leads_lead lead ON lead.id = duplicate.lead_id WHERE duplicate.organization_id = %s
"""
KEPT_ROWS = """
SELECT kept.number, kept.state, kept.cells::text, kept.reasons::text, kept.repeats, repeated.row_number
  FROM core_intakerow kept
  LEFT JOIN leads_lead repeated ON repeated.id = kept.repeats_id WHERE kept.organization_id = %s
"""
HISTORY = """
SELECT lead.row_number, history.history_type, history.repeat_enquiries, history.history_job_id = intake.load_job_id
  FROM leads_historicallead history
  JOIN leads_lead lead ON lead.id = history.id
  JOIN core_intake intake ON intake.id = lead.intake_id WHERE history.organization_id = %s
"""
TRACES = {
    "leads": LEADS,
    "values": VALUES,
    "tokens": TOKENS,
    "keys": KEYS,
    "kept rows": KEPT_ROWS,
    "history": HISTORY,
}
COUNTS = """
SELECT state, data_rows, accepted, updated, rejected, duplicate, held, reasons::text FROM core_intake
 WHERE organization_id = %s ORDER BY id
"""


@dataclass(frozen=True)
class Begun:
    """An import that a worker is asked for."""

    organization: int
    intake: int
    job: int


def write_file(path: Path, rows: int, *, seed: int) -> None:
    """Write a CSV of `rows` leads as messy as the sample, with other phones, some of them repeated."""
    with SAMPLE.open(encoding="utf-8-sig", newline="") as file:
        header, *sample = csv.reader(file)
    chance = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for number in range(rows):
            row = list(sample[number % len(sample)])
            if sum(character.isdecimal() for character in row[1]) >= 10:
                known = chance.randrange(number) if number and number % REPEAT_EVERY == 0 else number
                row[1] = _phone(known, style=number)
            writer.writerow(row)


def _phone(number: int, *, style: int) -> str:
    """A phone of its own for each number, written in one of several ways."""
    digits = str(9_000_000_000 + number * 7_919 % 999_999_937)
    spaced = f"{digits[:5]} {digits[5:]}"
    return (digits, f"+91-{digits}", f"0{digits}", spaced, f"+91 {spaced}")[style % 5]


def receive_and_load(slug: str, path: str) -> dict[str, int]:
    """In a process of the stack: receive a file for the organisation's loan line and ask for its load.

    Organisation and line are made where they are not there yet.
    """
    from accounts.actor import Actor
    from core.models import Organization
    from core.scope import organization_scope, system_scope
    from core.services.intakes import load_intake, receive_file
    from core.services.organizations import create_organization
    from tests.leads.loans import make_loan_line

    with system_scope(reason="test"):
        organization = Organization.objects.filter(slug=slug).first()
    is_new = organization is None
    organization = organization or create_organization(slug=slug, name=slug.title())
    actor = Actor.system(organization)
    with organization_scope(organization):
        if is_new:
            make_loan_line(actor)
        intake = receive_file(
            actor=actor,
            importer="leads",
            target="personal_loan",
            filename=Path(path).name,
            chunks=_chunks(Path(path)),
        )
        job = load_intake(actor=actor, intake_id=intake.pk)
    return {"organization": organization.pk, "intake": intake.pk, "job": job.pk}


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(2**20), b"")


def begin(stack: LiveStack, slug: str, path: Path) -> Begun:
    """Ask for the load of a file in an organisation of the stack."""
    return Begun(**stack.python(BEGIN.format(slug=slug, path=str(path))))


def fingerprint(stack: LiveStack, organization: int) -> dict[str, Any]:
    """Return, for each kind of trace, how many rows there are and one hash over all; and the counts."""
    found: dict[str, Any] = {
        name: stack.query(
            "SELECT count(*), md5(string_agg(one, '' ORDER BY one)) FROM"
            f" (SELECT md5(trace::text) AS one FROM ({statement}) AS trace) AS traces",
            organization,
        )[0]
        for name, statement in TRACES.items()
    }
    return found | {"counts": stack.query(COUNTS, organization)}


def rows_told_twice(stack: LiveStack, begun: Begun) -> list[int]:
    """Return row numbers that became more than one lead, or a lead and a kept row."""
    found = stack.query(
        "SELECT number FROM (SELECT row_number AS number FROM leads_lead WHERE intake_id = %s UNION ALL"
        " SELECT number FROM core_intakerow WHERE intake_id = %s) AS told GROUP BY number HAVING count(*) > 1",
        begun.intake,
        begun.intake,
    )
    return [row[0] for row in found]
