"""The loan line and its messy spreadsheet, as the tests of leads use them."""

import json
from pathlib import Path
from typing import Any

from accounts.actor import Actor
from core.jobs import run_job_inline
from core.models import Intake
from core.queries.intakes import get_intake
from core.services.intakes import load_intake, receive_file
from leads.models import BusinessLine
from leads.services.configuring import configure_line

DATA = Path(__file__).parent.parent / "data" / "loan_leads"


def loan_configuration() -> dict[str, Any]:
    """Return the loan line of the configuration file."""
    line: dict[str, Any] = json.loads((DATA / "configuration.json").read_text())["business_lines"][0]
    return line


def expected() -> dict[str, Any]:
    """Return what an independent calculation says of the spreadsheet."""
    counts: dict[str, Any] = json.loads((DATA / "expected.json").read_text())
    return counts


def make_loan_line(actor: Actor, **settings: Any) -> BusinessLine:
    """Return the published loan line, with some of the line's settings changed."""
    written = loan_configuration()
    told = {name: written[name] for name in ("name", "duplicate_match", "on_duplicate")}
    line = configure_line(
        actor=actor, code=written["code"], settings={**told, **settings}, definitions=written["fields"]
    ).line
    line.refresh_from_db()
    return line


def loan_values(**changes: Any) -> dict[str, Any]:
    """Return the values of a loan enquiry that nothing is wrong with, with some of them changed."""
    values = {
        "full_name": "Asha Rao",
        "mobile": "98450 12345",
        "email": "asha.rao@example.org",
        "date_of_birth": "14/03/1990",
        "pan": "abcde1234f",
        "city": "pune",
        "pin_code": "411001",
        "employment_type": "Salaried",
        "employer": "Rao Textiles",
        "monthly_income": "85,000",
        "loan_amount": "₹ 7,00,000",
        "tenure_months": "48",
        "credit_score": "742",
    }
    return {**values, **changes}


def receive(actor: Actor, content: bytes | Path, filename: str = "leads.csv", **options: Any) -> Intake:
    """Receive a file for the loan line."""
    data = content if isinstance(content, bytes) else content.read_bytes()
    name = filename if isinstance(content, bytes) else content.name
    return receive_file(
        actor=actor, importer="leads", target="personal_loan", filename=name, chunks=[data], options=options
    )


def load(actor: Actor, content: bytes | Path, filename: str = "leads.csv", **options: Any) -> Intake:
    """Receive a file for the loan line and load it; return the finished intake."""
    intake = receive(actor, content, filename, **options)
    run_job_inline(load_intake(actor=actor, intake_id=intake.pk, inline=True))
    return get_intake(actor, intake.pk)
