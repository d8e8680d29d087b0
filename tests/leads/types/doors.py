"""One value on its way through the doors: page form, API, export, import."""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from django.test import Client

from accounts.actor import Actor
from core.jobs import run_job_inline
from core.models import Intake
from core.queries.intakes import get_intake
from core.services.intakes import load_intake, receive_file
from leads.models import BusinessLine, Lead
from leads.services.lines import update_line
from tests.leads.lines.definitions import make_line

NAME = {"key": "name", "label": "Name", "type": "text", "maps_to": "name", "required": True}


def line_with(actor: Actor, *fields: Mapping[str, Any], **settings: Any) -> BusinessLine:
    """A published line of a name and these fields; the name tells a repeat where settings say so."""
    line = make_line(actor, [NAME, *(dict(field) for field in fields)], code="typed")
    return update_line(actor=actor, line=line, **settings) if settings else line


def posted(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a browser sends for the lead form: by field key, parts of a place as `key-lat`."""
    return {f"field-{key}": value for key, value in values.items()} | {"source": "", "campaign": ""}


def by_form(client: Client, values: Mapping[str, Any]) -> Lead:
    """Write a lead down on its page."""
    answer = client.post("/leads/new/?line=typed", posted({"name": "Asha Rao", **values}))
    assert answer.status_code == 302, answer.content.decode()
    return Lead.objects.get(reference=answer["Location"].strip("/").rpartition("/")[2])


def by_api(client: Client, data: Mapping[str, Any]) -> Any:
    """Write a lead down by the API; the answer."""
    body = json.dumps({"line": "typed", "data": {"name": "Asha Rao", **data}})
    return client.post("/api/v1/leads", body, content_type="application/json")


def patched(client: Client, lead: Lead, data: Mapping[str, Any]) -> Any:
    """Change a lead by the API; the answer."""
    address = f"/api/v1/leads/{lead.reference}"
    return client.patch(address, json.dumps({"data": data}), content_type="application/json")


def read(client: Client, lead: Lead) -> dict[str, Any]:
    """The lead as the API gives it."""
    answer = client.get(f"/api/v1/leads/{lead.reference}")
    assert answer.status_code == 200
    return dict(answer.json())


def codes(answer: Any) -> list[str]:
    """What an answer refuses, as attr:code."""
    return [f"{error['attr']}:{error['code']}" for error in answer.json()["errors"]]


def exported(client: Client, **filters: str) -> list[dict[str, str]]:
    """The list as a CSV, by label."""
    answer = client.get("/leads/export/", {"line": "typed", "format": "csv", **filters})
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def imported(actor: Actor, rows: list[dict[str, Any]], **options: Any) -> Intake:
    """Load a CSV of these rows, by label."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    intake = receive_file(
        actor=actor, importer="leads", target="typed", filename="leads.csv",
        chunks=[text.getvalue().encode()], options=options,
    )  # fmt: skip
    run_job_inline(load_intake(actor=actor, intake_id=intake.pk, inline=True))
    return get_intake(actor, intake.pk)


def found(client: Client, **filters: str) -> list[str]:
    """The names of the leads that a filter of the API finds."""
    parameters = {"line": "typed", **{f"data.{name}": value for name, value in filters.items()}}
    answer = client.get("/api/v1/leads", parameters)
    assert answer.status_code == 200, answer.content
    return sorted(lead["name"] for lead in answer.json()["results"])
