"""One long import in a real worker: killed twenty times, paused, without its Redis, and with a file that is poison."""

import random
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.databases import migrated_database
from tests.faults.lead_files import POISONED_ROW, Begun, begin, fingerprint, rows_told_twice, write_file
from tests.faults.live_stack import LiveStack, Process, create_database, drop_database

pytestmark = [pytest.mark.verify, pytest.mark.timeout(600)]

ROWS = 100_000
KILLS = 20
SEED = 2_025
RESUMED_WITHIN = 60.0


LOOK_AT_PAGE = """
from django.test import Client
from accounts.models import User
from core.scope import system_scope
with system_scope(reason="test"):
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(email="operations@poisoned.example"))
response = client.get("/imports/{intake}/")
result = [response.status_code, response.content.decode()]
"""
MAKE_READER = """
from accounts.actor import Actor
from accounts.services import create_user
from core.models import Organization
from core.scope import organization_scope, system_scope
with system_scope(reason="test"):
    organization = Organization.objects.get(slug="poisoned")
with organization_scope(organization):
    create_user(actor=Actor.system(organization), email="operations@poisoned.example", roles=["operations"],
                password="a long enough password", name="Omkar")
result = None
"""
CHANGE_WORK = """
from accounts.actor import Actor
from core.models import Organization
from core.scope import organization_scope, system_scope
from core.services.intake_work import {service}
with system_scope(reason="test"):
    organization = Organization.objects.get(pk={organization})
with organization_scope(organization):
    {service}(actor=Actor.system(organization), intake_id={intake})
result = None
"""
# Longer than a lease and two sweeps: whoever would take a paused job has taken it by then.
LEFT_ALONE = 15.0


class Watch:
    """A job of a live stack, and how far it has come."""

    def __init__(self, stack: LiveStack, begun: Begun) -> None:
        self.stack = stack
        self.job = begun.job

    def done(self) -> int:
        return int(self.stack.query("SELECT done FROM core_job WHERE id = %s", self.job)[0][0])

    def state(self) -> str:
        return str(self.stack.query("SELECT state FROM core_job WHERE id = %s", self.job)[0][0])

    def wait_beyond(self, done: int, seconds: float = RESUMED_WITHIN) -> float:
        """Wait until more than `done` rows are in; return how long that took."""
        began = time.monotonic()
        self.stack.wait_for(lambda: self.done() > done, seconds, f"job {self.job} passes row {done}")
        return time.monotonic() - began

    def wait_for_pause(self) -> int:
        """Wait until the job is paused; return how far it is then."""
        self.stack.wait_for(lambda: self.state() == "paused", RESUMED_WITHIN, f"job {self.job} is paused")
        return self.done()

    def wait_for_end(self, state: str = "done", seconds: float = 240) -> None:
        self.stack.wait_for(
            lambda: self.state() in ("done", "failed", "cancelled"), seconds, f"job {self.job} ends"
        )
        assert self.state() == state


@pytest.fixture(scope="module")
def stack() -> Iterator[LiveStack]:
    """One live stack for all tests here; each loads into an organisation of its own."""
    name = create_database(migrated_database())
    stack = LiveStack(name)
    try:
        stack.start_redis()
        yield stack
    finally:
        stack.close()
        drop_database(name)


@pytest.fixture
def workers(stack: LiveStack) -> Iterator["Workers"]:
    """Workers as `make demo` runs them, ended with the test."""
    workers = Workers(stack)
    yield workers
    workers.kill()


class Workers:
    """The one worker that is alive, and its successors."""

    def __init__(self, stack: LiveStack) -> None:
        self.stack = stack
        self.current: Process | None = None

    def start(self, *include: str) -> None:
        self.current = self.stack.start_worker(*include, concurrency=2)

    def kill(self) -> None:
        """kill -9, to the worker and all its children."""
        if self.current is not None:
            self.current.kill()


@pytest.fixture(scope="module")
def long_file(stack: LiveStack) -> Path:
    path = stack.folder / "leads.csv"
    write_file(path, ROWS, seed=SEED)
    return path


@pytest.fixture(scope="module")
def undisturbed(stack: LiveStack, long_file: Path) -> dict[str, Any]:
    """What the long file leaves behind when nothing happens to its worker."""
    worker = stack.start_worker(concurrency=2)
    calm = begin(stack, "calm", long_file)
    watch = Watch(stack, calm)
    watch.wait_beyond(0)
    began, already = time.monotonic(), watch.done()
    watch.wait_for_end()
    print(f"\nundisturbed: {(ROWS - already) / (time.monotonic() - began):,.0f} rows/s")
    worker.kill()
    assert rows_told_twice(stack, calm) == []
    return fingerprint(stack, calm.organization)


def test_twenty_kills_within_one_import_change_nothing(
    stack: LiveStack, workers: Workers, long_file: Path, undisturbed: dict[str, Any]
) -> None:
    chance = random.Random(SEED)
    moments = sorted(chance.sample(range(int(ROWS * 0.95)), KILLS))
    workers.start()
    begun = begin(stack, "killed", long_file)
    watch = Watch(stack, begun)
    watch.wait_beyond(0)
    resumed = []
    for moment in moments:
        watch.wait_beyond(moment)
        time.sleep(chance.random() * 0.3)
        workers.kill()
        reached = watch.done()
        assert watch.state() == "running", "the import ended before its last kill"
        workers.start()
        resumed.append(watch.wait_beyond(reached))
    watch.wait_for_end()

    print(
        f"\n{KILLS} kills: resumed after min {min(resumed):.1f} s,"
        f" median {statistics.median(resumed):.1f} s, max {max(resumed):.1f} s"
    )
    assert len(resumed) == KILLS and max(resumed) < RESUMED_WITHIN
    assert rows_told_twice(stack, begun) == []
    assert fingerprint(stack, begun.organization) == undisturbed


def test_a_pause_outlives_its_workers_and_changes_nothing(
    stack: LiveStack, workers: Workers, long_file: Path, undisturbed: dict[str, Any]
) -> None:
    def change(service: str) -> None:
        stack.python(
            CHANGE_WORK.format(service=service, organization=begun.organization, intake=begun.intake)
        )

    workers.start()
    begun = begin(stack, "paused", long_file)
    watch = Watch(stack, begun)
    watch.wait_beyond(ROWS // 5)
    change("pause_intake")
    reached = watch.wait_for_pause()
    assert 0 < reached < ROWS
    lease, paused_at = stack.query("SELECT lease_until, paused_at FROM core_job WHERE id = %s", begun.job)[0]
    assert lease is None and paused_at is not None

    workers.kill()
    workers.start()
    time.sleep(LEFT_ALONE)
    assert (watch.state(), watch.done()) == ("paused", reached)
    change("resume_intake")
    watch.wait_beyond(reached)
    # The pause is asked for, and the worker dies before its batch has ended.
    change("pause_intake")
    workers.kill()
    workers.start()
    again = watch.wait_for_pause()
    change("resume_intake")
    watch.wait_beyond(again)
    watch.wait_for_end()

    assert rows_told_twice(stack, begun) == []
    assert fingerprint(stack, begun.organization) == undisturbed


def test_losing_redis_in_the_middle_changes_nothing(
    stack: LiveStack, workers: Workers, long_file: Path, undisturbed: dict[str, Any]
) -> None:
    workers.start()
    begun = begin(stack, "without-redis", long_file)
    watch = Watch(stack, begun)
    watch.wait_beyond(ROWS // 5)

    stack.kill_redis()
    watch.wait_beyond(watch.done() + ROWS // 10)
    stack.start_redis()
    watch.wait_beyond(ROWS // 2)
    # Redis and the worker at once: the wake-ups and who held the job are both gone.
    stack.kill_redis()
    workers.kill()
    reached = watch.done()
    assert watch.state() == "running"
    stack.start_redis()
    workers.start()
    resumed = watch.wait_beyond(reached)
    watch.wait_for_end()

    print(f"\nRedis and worker killed together: resumed after {resumed:.1f} s")
    assert rows_told_twice(stack, begun) == []
    assert fingerprint(stack, begun.organization) == undisturbed


def test_a_file_that_kills_its_worker_fails_and_may_be_loaded_again(
    stack: LiveStack, workers: Workers, tmp_path: Path
) -> None:
    path = tmp_path / "leads.csv"
    write_file(path, 2 * POISONED_ROW, seed=SEED)
    workers.start("tests.faults.poisonous_files")
    poisoned = begin(stack, "poisoned", path)
    watch = Watch(stack, poisoned)

    watch.wait_for_end("failed")

    error, log = stack.query("SELECT error, log FROM core_job WHERE id = %s", poisoned.job)[0]
    assert "lost 3 times at the same place" in error
    assert any("3 of 3 workers were lost" in line["text"] or "begins" in line["text"] for line in log)
    loaded = stack.query("SELECT count(*) FROM leads_lead WHERE intake_id = %s", poisoned.intake)[0][0]
    assert 0 <= loaded < POISONED_ROW

    stack.python(MAKE_READER)
    status, page = stack.python(LOOK_AT_PAGE.format(intake=poisoned.intake))
    assert status == 200
    assert "Failed" in page and "lost 3 times at the same place" in page

    workers.kill()
    workers.start()
    again = begin(stack, "poisoned", path)
    Watch(stack, again).wait_for_end()
    ((accepted, duplicate),) = stack.query(
        "SELECT accepted, duplicate FROM core_intake WHERE id = %s", again.intake
    )
    assert accepted + duplicate > POISONED_ROW
    assert duplicate >= loaded
