"""The limit on calls over four web processes, with Redis and when it dies."""

import json
import re
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.live_stack import LiveStack, Process

pytestmark = pytest.mark.verify
RUNNING = re.compile(r"Uvicorn running on (http://127\.0\.0\.1:\d+)")
PASSWORD = "a quiet river at dawn"


def start_web(stack: LiveStack) -> Process:
    command = ["-m", "uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--port", "0"]
    return stack.start("web", *command, "--lifespan", "off", "--no-server-header")


def call(address: str, path: str, access: str = "", body: object = None) -> tuple[int, dict, dict]:
    request = urllib.request.Request(f"{address}/api/v1/{path}")
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if access:
        request.add_header("Authorization", f"Bearer {access}")
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, dict(response.headers), json.load(response)
    except urllib.error.HTTPError as refusal:
        return refusal.code, dict(refusal.headers), json.load(refusal)


@pytest.fixture
def addresses(live_stack) -> list[str]:
    """Where four web processes listen, of an organisation with one agent."""
    live_stack.manage("create_organization", "acme", "--name", "Acme")
    live_stack.manage(
        "create_user", "a@acme.example", "--organization", "acme", "--role", "agent", "--password", PASSWORD
    )
    processes = [start_web(live_stack) for _ in range(4)]

    def address_of(process: Process) -> str:
        found = RUNNING.search(process.log_text())
        return found[1] if found else ""

    return [live_stack.wait_for(lambda p=each: address_of(p), 90, "web answers") for each in processes]


def statuses(addresses: list[str], access: str, calls: int) -> Counter[int]:
    """What parallel calls are answered, spread over the processes."""
    with ThreadPoolExecutor(16) as pool:
        return Counter(pool.map(lambda number: call(addresses[number % 4], "lines", access)[0], range(calls)))


def test_exactly_a_hundred_of_four_hundred_parallel_calls_pass(addresses):
    person = {"email": "a@acme.example", "password": PASSWORD}
    access = call(addresses[0], "auth/login", body=person)[2]["access"]
    assert statuses(addresses, access, 400) == {200: 100, 429: 300}
    status, headers, body = call(addresses[1], "lines", access)
    assert (status, headers["ratelimit-remaining"], body["errors"][0]["code"]) == (429, "0", "throttled")
    assert 0 < int(headers["retry-after"]) <= 60


def test_without_redis_calls_go_on_and_each_process_has_a_limit(addresses, live_stack):
    person = {"email": "a@acme.example", "password": PASSWORD}
    access = call(addresses[0], "auth/login", body=person)[2]["access"]
    live_stack.kill_redis()
    found = statuses(addresses, access, 480)
    assert found == {200: 400, 429: 80}
    live_stack.start_redis()
    live_stack.wait_for(lambda: call(addresses[0], "lines", access)[0] == 200, 30, "Redis counts again")
