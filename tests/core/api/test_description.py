"""The OpenAPI description: valid, whole, and true to what calls answer."""

import io
import json
import re
from functools import cache
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import URLPattern, URLResolver
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from accounts.roles import Role
from config.api_urls import urlpatterns
from tests.leads.api.conftest import Api
from tests.leads.api.test_leads import EVERYTHING
from tests.leads.lines.definitions import ONE_OF_EACH, make_line

OPEN_CALLS = {f"POST /api/v1/auth/{name}/" for name in ("login", "mfa", "refresh")}
METHODS = ("get", "post", "put", "patch", "delete")


@cache
def written_description(*options: str) -> str:
    """As the command writes it, with these options."""
    written = io.StringIO()
    call_command("spectacular", "--format", "openapi-json", *options, stdout=written)
    return written.getvalue()


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    """The description that other tests hold answers against."""
    return json.loads(written_description())


def test_it_is_valid_and_written_without_a_warning() -> None:
    assert written_description("--validate", "--fail-on-warn") == written_description()


def calls(description: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every operation with its name."""
    return [
        (f"{method.upper()} {path}", operation)
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
        if method in METHODS
    ]


class Judge:
    """Checks answers against the schema that the description gives for them."""

    def __init__(self, description: dict[str, Any]) -> None:
        self.description = description
        resource = Resource(contents=description, specification=DRAFT202012)
        self.registry = Registry().with_resource("openapi", resource)

    def schema(self, pointer: str) -> Draft202012Validator:
        return Draft202012Validator({"$ref": f"openapi#{pointer}"}, registry=self.registry)

    def check(self, method: str, path: str, response: Any) -> None:
        """Raise unless the description names this status and the body fits."""
        answers = self.description["paths"][path][method]["responses"]
        assert str(response.status_code) in answers, f"{method} {path} answers {response.status_code}"
        if response.content:
            escaped = path.replace("~", "~0").replace("/", "~1")
            place = (
                f"/paths/{escaped}/{method}/responses/{response.status_code}/content/application~1json/schema"
            )
            self.schema(place).validate(response.json())


def test_it_is_openapi_3_1_and_names_every_call(description):
    assert description["openapi"] == "3.1.0"

    def routes(patterns: list[URLPattern | URLResolver], before: str = "") -> list[str]:
        found = []
        for each in patterns:
            here = before + str(each.pattern)
            found += routes(each.url_patterns, here) if isinstance(each, URLResolver) else [here]
        return found

    def plain(route: str) -> str:
        named = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", route)
        return "/api/" + named.replace("^", "").replace("/?$", "/")

    versioned = {plain(route) for route in routes(urlpatterns) if route.startswith("v1/")}
    assert set(description["paths"]) == versioned


def test_every_call_says_what_it_takes_and_answers(description):
    names = [operation["operationId"] for _call, operation in calls(description)]
    assert len(names) == len(set(names))
    for call, operation in calls(description):
        assert operation["summary"], call
        assert operation["tags"], call
        answers = operation["responses"]
        is_open = operation.get("security", []) == []
        assert {"400", "401", "429", "500"} | (set() if is_open else {"403"}) <= set(answers), call
        assert ("404" in answers) is ("{" in call), call
        assert all(answer["description"] for answer in answers.values()), call
        if "requestBody" in operation:
            assert {"413", "415"} <= set(answers), call
            [content] = operation["requestBody"]["content"].values()
            assert content["examples"], call
        for status, answer in answers.items():
            for kind, content in answer.get("content", {}).items():
                assert kind != "application/json" or content["examples"], f"{call} {status}"
        assert is_open is (call in OPEN_CALLS), call
        assert is_open or operation["security"] == [{"token": []}, {"key": []}, {"session": []}], call
        headers = {each["name"] for each in operation.get("parameters", [])}
        assert ("X-Tenant-ID" in headers) is ("/auth/" not in call or "/auth/me/" in call), call


def test_every_example_fits_its_schema(description):
    judge = Judge(description)
    tried = 0
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            places = {"requestBody": operation.get("requestBody", {})}
            places |= {f"responses/{status}": answer for status, answer in operation["responses"].items()}
            for place, said in places.items():
                content = said.get("content", {}).get("application/json", {})
                escaped = path.replace("/", "~1")
                schema = judge.schema(f"/paths/{escaped}/{method}/{place}/content/application~1json/schema")
                for example in content.get("examples", {}).values():
                    schema.validate(example["value"])
                    tried += 1
    assert tried > 50


def test_calls_answer_what_the_description_says(description, api_for, actor_for, in_organization):
    actor = actor_for(Role.OPERATIONS)
    make_line(actor, ONE_OF_EACH)
    api: Api = api_for(actor)
    judge = Judge(description)
    leads, one = "/api/v1/leads/", "/api/v1/leads/{reference}/"
    created = api.post("/leads", {"line": "loan", "data": EVERYTHING, "source": "Web"})
    reference = created.json()["reference"]
    judge.check("post", leads, created)
    judge.check("post", leads, api.post("/leads", {}))
    judge.check("post", leads, api.post("/leads", b"{"))
    judge.check("post", leads, api.post("/leads", b"a=1", content_type="text/plain"))
    judge.check("post", leads, api.post("/leads", b"{}", CONTENT_LENGTH="99999999999"))
    judge.check("get", leads, api.get("/leads"))
    judge.check("get", leads, api.get("/leads", colour="red"))
    judge.check("get", one, api.get(f"/leads/{reference}"))
    judge.check("get", one, api.get("/leads/L9"))
    judge.check("patch", one, api.patch(f"/leads/{reference}", {"status": "closed"}))
    judge.check("get", "/api/v1/leads/{reference}/timeline/", api.get(f"/leads/{reference}/timeline"))
    judge.check("get", "/api/v1/lines/", api.get("/lines"))
    judge.check("get", "/api/v1/lines/{code}/schema/", api.get("/lines/loan/schema"))
    judge.check("delete", one, api_for(actor_for(Role.AUDITOR)).delete(f"/leads/{reference}"))
    judge.check("delete", one, api.delete(f"/leads/{reference}"))


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("application/json", "application/json"),
        ("application/vnd.oai.openapi", "application/vnd.oai.openapi"),
    ],
)
def test_it_is_served_to_members_as_json_or_yaml(client_for, actor_for, accept, kind):
    response = client_for(actor_for(Role.PARTNER)).get(
        "/api/schema/", headers={"Accept": accept} if accept else {}
    )
    assert response.status_code == 200
    assert response["Content-Type"].startswith(kind)
    assert b"3.1.0" in response.content
