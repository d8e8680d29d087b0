"""Calls that are made again, against real web processes: with the same key at once, unheard, and cut off by kill -9."""

import json
import re
import socket
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.faults.live_stack import LiveStack, Process, connected

pytestmark = pytest.mark.verify
RUNNING = re.compile(r"Uvicorn running on (http://127\.0\.0\.1:\d+)")
PASSWORD = "a quiet river at dawn"
CLIENTS = 64
LINE = """
from accounts.actor import Actor
from core.models import Organization
from core.scope import organization_scope, system_scope
from leads.services.fields import add_field
from leads.services.lines import create_line, publish_line, update_line
with system_scope():
    organization = Organization.objects.get(slug="acme")
with organization_scope(organization):
    actor = Actor.system(organization)
    line = create_line(actor=actor, code="loan", name="Loan")
    for key, kind in (("name", "text"), ("phone", "phone")):
        add_field(actor=actor, line=line, definition={"key": key, "label": key, "type": kind, "maps_to": key})
    update_line(actor=actor, line=line, duplicate_match=["phone"])
    publish_line(actor=actor, line=line)
result = None
"""
# The next lead waits, after it is written and before anything commits, until this lock is free.
HOLD = """
CREATE FUNCTION hold_leads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NULL; END $$;
CREATE TRIGGER hold_leads AFTER INSERT ON leads_lead FOR EACH STATEMENT EXECUTE FUNCTION hold_leads();
"""
HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted"


@dataclass
class Answer:
    """What a call was answered."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


class Web:
    """Web processes of one stack, and a person who calls them."""

    def __init__(self, stack: LiveStack, processes: int) -> None:
        self.stack = stack
        stack.environment["API_CALLS_PER_MINUTE"] = "1000000"
        stack.manage("create_organization", "acme", "--name", "Acme")
        person = ["create_user", "a@acme.example", "--organization", "acme", "--role", "agent"]
        stack.manage(*person, "--password", PASSWORD)
        stack.python(LINE)
        self.processes = [self.start() for _ in range(processes)]
        self.addresses = [self.address(process) for process in self.processes]
        body = {"email": "a@acme.example", "password": PASSWORD}
        self.access = self.call("auth/login", body).body["access"]

    def start(self) -> Process:
        command = ["-m", "uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--port", "0"]
        return self.stack.start("web", *command, "--lifespan", "off", "--no-server-header")

    def address(self, process: Process) -> str:
        def found() -> str:
            match = RUNNING.search(process.log_text())
            return match[1] if match else ""

        return self.stack.wait_for(found, 90, "web answers")

    def call(self, path: str, body: object, key: str = "", process: int = 0) -> Answer:
        """Make one call and wait for its answer."""
        request = urllib.request.Request(
            f"{self.addresses[process]}/api/v1/{path}", json.dumps(body).encode(), self.headers(key)
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return Answer(response.status, json.load(response), dict(response.headers))
        except urllib.error.HTTPError as refusal:
            return Answer(refusal.code, json.load(refusal), dict(refusal.headers))

    def headers(self, key: str) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if key:
            headers |= {"Authorization": f"Bearer {self.access}", "Idempotency-Key": key}
        return headers

    def call_and_leave(self, path: str, body: object, key: str) -> socket.socket:
        """Send a call and return the open connection, from which nobody reads."""
        content = json.dumps(body).encode()
        address = urlsplit(self.addresses[0])
        lines = [
            f"POST /api/v1/{path} HTTP/1.1",
            f"Host: {address.netloc}",
            f"Content-Length: {len(content)}",
        ]
        lines += [f"{name}: {value}" for name, value in self.headers(key).items()]
        connection = socket.create_connection((address.hostname or "", address.port or 0), timeout=30)
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + content)
        return connection

    def until_answered(self, path: str, body: object, key: str, process: int = 0) -> list[Answer]:
        """Call as a careful client does: again with the same key while the first call is still running."""
        answers = [self.call(path, body, key, process)]
        while answers[-1].body.get("errors", [{}])[0].get("code") == "idempotency_key_in_use":
            assert answers[-1].status == 409
            time.sleep(float(answers[-1].headers["retry-after"]) / 5)
            answers.append(self.call(path, body, key, process))
        return answers

    def count(self, table: str) -> int:
        return self.stack.query(f"SELECT count(*) FROM {table}")[0][0]


@contextmanager
def held(stack: LiveStack) -> Iterator[Callable[[], None]]:
    """Keep leads from being committed until the function that is given is called."""
    with connected(stack.database) as connection:
        connection.execute("SELECT pg_advisory_lock(4711)")
        yield lambda: connection.execute("SELECT pg_advisory_unlock(4711)") and None


def enquiry(number: int = 1) -> dict[str, Any]:
    return {"line": "loan", "data": {"name": f"Person {number}", "phone": f"98450 {number:05d}"}}


def test_of_64_clients_with_one_key_one_writes_and_all_are_answered_alike(live_stack):
    web = Web(live_stack, processes=3)

    def one(number: int) -> list[Answer]:
        return web.until_answered("leads", enquiry(), "the-same", number % 3)

    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(one, range(CLIENTS)))
    last = [each[-1] for each in answers]
    assert {answer.status for answer in last} == {201}
    assert len({answer.body["reference"] for answer in last}) == 1
    assert Counter("idempotency-replayed" in answer.headers for answer in last) == {True: 63, False: 1}
    assert web.count("leads_lead") == 1
    assert live_stack.query("SELECT repeat_enquiries FROM leads_lead") == [(0,)]


def test_of_64_clients_with_one_phone_one_brings_a_lead_and_the_others_repeat_it(live_stack):
    web = Web(live_stack, processes=3)

    def one(number: int) -> Answer:
        return web.call("leads", enquiry(), f"own-{number}", number % 3)

    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(one, range(CLIENTS)))
    assert Counter(answer.status for answer in answers) == {201: 1, 409: 63}
    assert len({answer.body["reference"] for answer in answers}) == 1
    assert live_stack.query("SELECT repeat_enquiries FROM leads_lead") == [(63,)]


def test_of_64_clients_with_one_batch_each_lead_is_written_once(live_stack):
    web = Web(live_stack, processes=3)
    batch = {"leads": [{**enquiry(number), "idempotency_key": f"item-{number}"} for number in range(20)]}

    def one(number: int) -> Answer:
        # Half of them send the same call again, half the same items in calls of their own.
        return web.until_answered(
            "leads/batch", batch, "batch" if number % 2 else f"own-{number}", number % 3
        )[-1]

    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(one, range(CLIENTS)))
    assert {answer.status for answer in answers} == {200}
    assert {(answer.body["accepted"], answer.body["rejected"]) for answer in answers} == {(20, 0)}
    references = {tuple(each["reference"] for each in answer.body["results"]) for answer in answers}
    assert len(references) == 1
    assert web.count("leads_lead") == 20


def test_a_client_that_left_before_the_answer_is_answered_when_it_comes_again(live_stack):
    web = Web(live_stack, processes=1)
    live_stack.query(HOLD)
    with held(live_stack) as release:
        connection = web.call_and_leave("leads", enquiry(), "left")
        live_stack.wait_for(lambda: live_stack.query(HELD)[0][0], 30, "the lead is being written")
        connection.close()
        while_running = web.call("leads", enquiry(), "left")
        assert (while_running.status, while_running.headers["retry-after"]) == (409, "1")
        release()
    [*_waiting, answer] = web.until_answered("leads", enquiry(), "left")
    assert answer.status == 201
    assert web.count("leads_lead") == 1
    assert live_stack.query("SELECT repeat_enquiries FROM leads_lead") == [(0,)]


def test_a_web_process_killed_in_the_middle_of_a_call_leaves_nothing_and_the_key_free(live_stack):
    web = Web(live_stack, processes=2)
    live_stack.query(HOLD)
    with held(live_stack) as release:
        connection = web.call_and_leave("leads", enquiry(), "killed")
        live_stack.wait_for(lambda: live_stack.query(HELD)[0][0], 30, "the lead is being written")
        web.processes[0].kill()
        assert connection.recv(1) == b""
        connection.close()
        # The server notices that its client is gone when it next looks, which is once it may go on.
        release()
        live_stack.wait_for(lambda: not live_stack.query(HELD)[0][0], 30, "the transaction has ended")
    [*_waiting, answer] = web.until_answered("leads", enquiry(), "killed", process=1)
    assert answer.status == 201
    assert "idempotency-replayed" not in answer.headers
    assert web.count("leads_lead") == 1
    assert web.count("core_idempotencykey") == 1
