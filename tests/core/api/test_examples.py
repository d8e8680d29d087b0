"""Every example of a request in the OpenAPI description works: sent to the demo, it is answered as described."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from accounts.actor import Actor
from accounts.services.api_keys import create_api_key
from core.configuration import import_document, read_document
from core.intake.storage import local_path
from core.models import Job, JobState
from core.scope import organization_scope, system_scope
from core.services.intakes import load_intake, receive_file
from leads.demo.spreadsheet import messy_workbook
from leads.management.commands.demo import CONFIGURATION, PASSWORD, PEOPLE, SLUG
from leads.models import BusinessLine
from leads.services.leads import create_lead
from leads.services.proposing import look_at_file
from leads.services.stored_proposals import receive_proposed
from tests.core.api.test_description import METHODS, Judge
from tests.core.api.test_description import description as description
from tests.factories import make_actor, make_organization
from tests.leads.api.conftest import made_once

pytestmark = pytest.mark.django_db
# What stands in an example for something that only a running installation has.
TICKETS_AND_TOKENS = {"complete_login", "refresh", "logout"}
FILE = b"Lead Source,City\nGoogle,Pune\ngoogle,Delhi\n"
SOLAR = {"owner_name": "Ravi Kumar", "mobile": "98765 43210", "roof_area": 40, "monthly_bill": 1800}


class Demo:
    """The people and lines of the demo, some leads, and one who may do all that is described."""

    def __init__(self) -> None:
        self.organization = make_organization(SLUG, name="Sunrise Home Finance")
        actors = {
            email: make_actor(self.organization, role, email=email, name=name, password=PASSWORD)
            for name, email, role, _manager in PEOPLE
        }
        self.actor = actors["admin@sunrise.example"]
        agent = actors["agent@sunrise.example"]
        assert agent.membership is not None
        self.member_id = agent.membership.pk
        with organization_scope(self.organization, actor_id=agent.user.pk):
            import_document(actor=self.actor, document=read_document(CONFIGURATION.read_bytes()))
            made = create_lead(actor=agent, line=BusinessLine.objects.get(code="rooftop_solar"), values=SOLAR)
            assert made.lead is not None
            intake = receive_file(
                actor=self.actor,
                importer="leads",
                target="home_loan",
                filename="enquiries.xlsx",
                chunks=[messy_workbook(rows=20, seed=1)],
            )
            job = load_intake(actor=self.actor, intake_id=intake.pk)
            proposal = proposed(self.actor)
            key = create_api_key(actor=self.actor, name="Website", scopes=["leads:read"]).key
        self.places = {
            "proposal_id": proposal.pk,
            "member_id": self.member_id,
            "prefix": key.prefix,
            "code": "home_loan",
            "reference": made.lead.reference,
            "intake_id": intake.pk,
            "job_id": job.pk,
        }

    def send(self, method: str, path: str, *, body: Any = None, **options: Any) -> HttpResponse:
        """Send one call as the administrator, and take back what it did."""
        client = Client(raise_request_exception=False)
        with system_scope(reason="test"):
            client.force_login(self.actor.user)
        with transaction.atomic():
            if options.pop("is_form", False):
                file = SimpleUploadedFile("enquiries.csv", body["file"].encode())
                response = client.post(path, {**body, "file": file}, **options)
            else:
                content = b"" if body is None else json.dumps(body)
                response = client.generic(
                    method.upper(), path, content, content_type="application/json", **options
                )
            if response.streaming:
                b"".join(response.streaming_content)
            transaction.set_rollback(True)
        return response


def proposed(actor: Actor) -> Job:
    """A file that a job has looked at, as if a worker had run it."""
    job = receive_proposed(actor=actor, filename="enquiries.csv", chunks=[FILE])
    place = local_path(job.parameters["path"])
    job.result = {"facts": look_at_file(actor=actor, path=place, filename="enquiries.csv").written()}
    job.state = JobState.DONE
    job.save()
    return job


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[Demo]:
    with made_once(django_db_blocker):
        yield Demo()


def bodies(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], str, Any]]:
    """Each example of a body: method, path, operation, content type, value."""
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            if method in METHODS:
                for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                    for example in content.get("examples", {}).values():
                        yield method, path, operation, kind, example["value"]


def test_every_example_of_a_body_is_answered_as_described(demo, description, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    judge, tried = Judge(description), set()
    for method, path, operation, kind, value in bodies(description):
        name = operation["operationId"]
        if name in TICKETS_AND_TOKENS:
            continue
        if name == "assign_lead":
            value = {"owner": demo.member_id}
        is_form = kind.startswith("multipart/")
        response = demo.send(method, path.format(**demo.places), body=value, is_form=is_form)
        assert response.status_code in (200, 201, 202, 204), f"{name}: {response.content.decode()}"
        judge.check(method, path, response)
        tried.add(name)
    assert tried >= {"create_lead", "create_leads", "change_lead", "assign_lead", "create_import", "login"}


def test_every_example_of_a_parameter_is_answered_as_described(demo, description):
    judge, tried = Judge(description), 0
    for path, operations in description["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", ()):
            for example in parameter.get("examples", {}).values():
                value = example["value"]
                query = value if isinstance(value, dict) else {parameter["name"]: value}
                needed = {"format": "csv"} if path.endswith("/export/") else {}
                response = demo.send("get", path.format(**demo.places), query_params={**needed, **query})
                assert response.status_code == 200, f"{path} {query}: {response.content.decode()}"
                if not response.streaming:
                    judge.check("get", path, response)
                tried += 1
    assert tried >= 6


def test_every_call_answers_the_headers_that_are_described(demo, description):
    for path, status in (("/api/v1/leads/{reference}/", "200"), ("/api/v1/leads/", "200")):
        described = description["paths"][path]["get"]["responses"][status]["headers"]
        response = demo.send("get", path.format(**demo.places))
        missing = {name for name, header in described.items() if header.get("required")} - set(
            response.headers
        )
        assert missing == set()
    changed = description["paths"]["/api/v1/leads/{reference}/"]["patch"]
    assert {"Idempotency-Key", "If-Match"} <= {each["name"] for each in changed["parameters"]}
    assert {"ETag", "Idempotency-Replayed", "RateLimit-Remaining"} <= set(
        changed["responses"]["200"]["headers"]
    )
    assert {"409", "412", "429"} <= set(changed["responses"])
    assert "Retry-After" in changed["responses"]["429"]["headers"]
