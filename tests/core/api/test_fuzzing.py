"""Calls made from the OpenAPI description, good and bad, as every role: no mistake of ours, no breach of the schema.

`make verify` sends many times more, in all phases.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import cycle, islice
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.pytest.lazy import get_all_tests
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from accounts.roles import Role
from leads.management.commands.demo import PASSWORD
from tests.core.api.demo import Demo
from tests.core.api.test_description import description as description
from tests.factories import make_actor, make_organization
from tests.leads.api.conftest import made_once

pytestmark = pytest.mark.django_db
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
# Half of the calls name what is there, or nearly all would end at the first door.
SHARE = 0.5
# Of the callers beside the administrator, who send each call of the long run.
AT_ONCE = 2
FEW = ("admin", "agent", "visitor")


def application_with_address(application: Any) -> Any:
    """The application as a server calls it, which says from where a call comes."""
    return lambda environ, start: application({"REMOTE_ADDR": "127.0.0.1", **environ}, start)


class Callers:
    """Everybody who may call: each role of the demo, a key, a member of another organisation, and nobody."""

    def __init__(self, demo: Demo, description: dict[str, Any]) -> None:
        self.demo = demo
        self.chance = random.Random(7)
        self.schema = schemathesis.openapi.from_dict(description)
        self.schema.app = application_with_address(get_wsgi_application())
        self.schema.config.generation.update(with_security_parameters=False)
        tokens = {role.value: self._token(actor.user.email) for role, actor in demo.by_role.items()}
        stranger = make_actor(make_organization("strangers"), Role.ADMIN, password=PASSWORD)
        self.headers: dict[str, dict[str, str]] = {
            **{role: {"Authorization": f"Bearer {token}"} for role, token in tokens.items()},
            "stranger": {"Authorization": f"Bearer {self._token(stranger.user.email)}"},
            "key": {"Authorization": f"Api-Key {demo.api_key}"},
            "visitor": {},
        }
        self.sent: Counter[str] = Counter()
        self._turns = cycle(self.headers)

    def _token(self, email: str) -> str:
        body = {"email": email, "password": PASSWORD}
        response = self.demo.send("post", "/api/v1/auth/login/", body=body, keep=True)
        assert response.status_code == 200, response.content
        return response.json()["access"]

    def some(self) -> Sequence[str]:
        """Who does all, and the next of the others: by and by, everybody."""
        return ["admin", *islice(self._turns, AT_ONCE)]

    def send(self, case: Any, callers: Iterable[str]) -> None:
        """Send a call as each caller, judge the answers, take back what was done."""
        self._make_likely(case)
        for caller in callers:
            with transaction.atomic():
                response = case.call(headers=self.headers[caller])
                transaction.set_rollback(True)
            case.validate_response(response, checks=_checks(case, response))
            self.sent[caller] += 1

    def _make_likely(self, case: Any) -> None:
        """Put what is there in place of what was invented; what was invented to be wrong stays."""
        for name, value in self.demo.places.items() if _is_sound(case, ParameterLocation.PATH) else ():
            if name in (case.path_parameters or {}) and self.chance.random() < SHARE:
                case.path_parameters[name] = str(value)
        body = case.body if _is_sound(case, ParameterLocation.BODY) else None
        for each in (
            body["leads"] if isinstance(body, dict) and isinstance(body.get("leads"), list) else [body]
        ):
            if isinstance(each, dict) and "line" in each and self.chance.random() < SHARE:
                each["line"] = "rooftop_solar"


def _checks(case: Any, response: Any) -> list[Any]:
    """What is asked of an answer. A batch is taken item by item: what is wrong within one is told in its answer."""
    if (
        case.operation.path.endswith("/leads/batch/")
        and response.status_code == 200
        and response.json()["rejected"]
    ):
        return [check for check in CHECKS if check is not negative_data_rejection]
    return CHECKS


def _is_sound(case: Any, location: ParameterLocation) -> bool:
    """Whether a part of the call was invented to fit the description."""
    part = case.meta.components.get(location) if case.meta else None
    return part is None or part.mode.is_positive


@pytest.fixture(scope="module")
def callers(
    django_db_setup: None, django_db_blocker: Any, description: dict[str, Any], tmp_path_factory: Any
) -> Iterator[Callers]:
    signals = (request_started, request_finished)
    with made_once(django_db_blocker):
        made = Callers(Demo(), description)
        # As the test client does, and undoes: the connection with its open transaction is the test's.
        for each in signals:
            each.disconnect(close_old_connections)
        yield made
        for each in signals:
            each.connect(close_old_connections)


EASY = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


def fuzz(callers: Callers, phases: list[str], chosen: settings, turn: Callable[[], Sequence[str]]) -> None:
    """Try every operation of the description; fail with all that is wrong with any of them."""
    callers.schema.config.phases.update(phases=phases)

    def send(case: Any) -> None:
        callers.send(case, turn())

    wrong = []
    for found in get_all_tests(schema=callers.schema, test_func=send, settings=chosen, given_kwargs=None):
        operation, test = found.ok()
        try:
            test()
        except BaseExceptionGroup as group:
            wrong.append(f"{operation.label}: " + "\n".join(str(each) for each in group.exceptions))
    assert not wrong, "\n\n".join(wrong)


def test_every_call_keeps_to_its_description(callers):
    fuzz(callers, ["examples", "fuzzing"], settings(EASY, max_examples=3), lambda: FEW)
    assert callers.sent.total() > 200


@pytest.mark.verify
@pytest.mark.timeout(1_200)
def test_every_call_keeps_to_its_description_as_every_role(callers):
    fuzz(callers, ["examples", "coverage", "fuzzing"], settings(EASY, max_examples=15), callers.some)
    print(f"{callers.sent.total():,} calls")
    assert set(callers.sent) == set(callers.headers)
    assert callers.sent.total() > 5_000
