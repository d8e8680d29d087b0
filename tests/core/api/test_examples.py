"""Every example of a request in the OpenAPI description works: sent to the demo, it is answered as described."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.core.api.demo import Demo
from tests.core.api.test_description import METHODS, Judge
from tests.core.api.test_description import description as description
from tests.leads.api.conftest import made_once

pytestmark = pytest.mark.django_db
# What stands in an example for something that only a running installation has.
TICKETS_AND_TOKENS = {"complete_login", "refresh", "logout"}


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
        if name == "hand_over":
            named = {"member": demo.member_id, "target": demo.colleague_id}
            value |= {key: named[key] for key in named.keys() & value.keys()}
        if name == "merge_leads":
            value = {**value, "lose": demo.twin}
        for due in ("due_at", "follow_up_at"):  # an example says a day, which passes
            if due in value:
                value = {**value, due: (timezone.now() + timedelta(days=1)).isoformat()}
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
