"""`make demo` and `make run`: one group of real processes, with a web server that only says it is well."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config import supervisor
from tests.config.checkout import Checkout, eventually

WEB = """
async def application(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"well"})
"""
SLEEP = "import time\nprint('at work', flush=True)\nwhile True:\n    time.sleep(60)\n"
MANAGE = """
import json, sys, time
if sys.argv[1:] == ["demo", "--prepare"]:
    print("filling", file=sys.stderr)
    account = {"email": "ann@demo.test", "password": "a long secret", "role": "admin"}
    print(json.dumps({"accounts": [account]}))
"""


class Group:
    """A checkout with a small project, and its supervisor."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.path = checkout.path
        self.supervisor: subprocess.Popen[str] | None = None
        (self.path / "manage.py").write_text(MANAGE)
        (self.path / "config" / "asgi.py").write_text(WEB)
        # Found before the installed package of that name: worker and beat that do nothing.
        (self.path / "celery").mkdir()
        (self.path / "celery" / "__init__.py").touch()
        (self.path / "celery" / "__main__.py").write_text(SLEEP)

    def start(self, group: str = "demo", **changes: str) -> str:
        """Start the supervisor and wait for its last line; returns what it said."""
        self.begin(group, **changes)
        said = ""
        while "Stop with Ctrl-C" not in said:
            assert self.supervisor and self.supervisor.stdout
            line = self.supervisor.stdout.readline()
            assert line, said
            said += line
        return said

    def begin(self, group: str = "demo", **changes: str) -> subprocess.Popen[str]:
        """Start the supervisor, in a process group of its own as a terminal would."""
        self.supervisor = subprocess.Popen(
            self.checkout.command("-m", "config.supervisor", group),
            cwd=self.path,
            env=self.checkout.environment({"PORT": str(quiet_port())} | changes),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return self.supervisor

    def children(self) -> list[psutil.Process]:
        """The living web server, worker and beat."""
        return [process for process in psutil.process_iter() if self._is_child(process)]

    def _is_child(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            return process.cwd() == str(self.path) and {"uvicorn", "celery"} & set(process.cmdline()) != set()
        return False

    def end(self, by: signal.Signals = signal.SIGINT) -> int:
        """End the supervisor as a terminal does; returns its exit status."""
        assert self.supervisor
        os.killpg(self.supervisor.pid, by)
        self.supervisor.communicate(timeout=30)
        return self.supervisor.returncode


@pytest.fixture
def group(checkout: Checkout) -> Iterator[Group]:
    """A small project that is not running yet."""
    made = Group(checkout)
    yield made
    if made.supervisor and made.supervisor.poll() is None:
        made.end(signal.SIGKILL)
    eventually(lambda: not made.children())


def quiet_port() -> int:
    """A port that nobody listens on, out of the way of other tests."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(address: str) -> int:
    """The status of a page, or 0 where nobody answers."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=5)
    with contextlib.closing(connection), contextlib.suppress(OSError):
        connection.request("GET", "/")
        return connection.getresponse().status
    return 0


def test_the_demo_says_last_where_it_is_and_who_may_sign_in(group: Group) -> None:
    port = quiet_port()

    said = group.start(PORT=str(port))

    last = said[said.index("LeadLedger is running") :].splitlines()
    assert last[0] == f"LeadLedger is running at http://127.0.0.1:{port}"
    assert last[4] == "  admin  ann@demo.test  a long secret"
    assert get(f"127.0.0.1:{port}") == 200
    assert len(group.children()) == 3
    assert (group.path / "var" / "log" / "worker.log").read_text() == "at work\n"

    assert group.end() == 0
    assert not group.children()
    assert not group.checkout.processes()


@pytest.mark.verify
def test_without_the_demo_no_accounts_are_shown(group: Group) -> None:
    assert "Sign in" not in group.start("run")
    assert group.end(signal.SIGTERM) == 0


def test_a_second_one_in_the_same_checkout_is_refused_in_one_line(group: Group) -> None:
    port = quiet_port()
    group.start(PORT=str(port))

    refused = group.checkout.run("-m", "config.supervisor", "demo")

    assert refused.returncode == 1
    assert refused.stderr == f"LeadLedger is running from this folder already: http://127.0.0.1:{port}\n"
    assert get(f"127.0.0.1:{port}") == 200


def test_a_taken_port_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("PORT", str(taken.getsockname()[1]))

        assert supervisor.free_port() > taken.getsockname()[1]


def test_a_port_taken_on_every_address_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        monkeypatch.setenv("PORT", str(taken.getsockname()[1]))

        assert supervisor.free_port() > taken.getsockname()[1]


@pytest.mark.parametrize("port", ["0", "65536", "web", "-1"])
def test_a_wrong_port_is_refused(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(supervisor.SupervisorError, match="from 1 to 65535"):
        supervisor.free_port()


def test_a_step_that_fails_ends_the_start_with_its_words(group: Group) -> None:
    (group.path / "manage.py").write_text("import sys; sys.exit('the disk is full')")

    starting = group.begin()
    said, _ = starting.communicate(timeout=60)

    assert starting.returncode == 1
    assert said.splitlines()[-3:-1] == ["the disk is full", "Stopped."]
    assert said.splitlines()[-1] == "`manage.py migrate --no-input --verbosity 0` failed, see above."


@pytest.mark.verify
def test_asked_to_stop_while_preparing_it_stops(group: Group) -> None:
    (group.path / "manage.py").write_text(SLEEP)
    starting = group.begin()
    assert starting.stdout
    while "Preparing" not in starting.stdout.readline():
        pass

    assert group.end() == 0
    assert not group.checkout.processes()


@pytest.mark.verify
def test_a_web_server_that_cannot_start_is_given_up_with_its_last_words(group: Group) -> None:
    (group.path / "config" / "asgi.py").write_text("raise SystemExit('no such setting')")

    starting = group.begin()
    said, _ = starting.communicate(timeout=60)

    assert starting.returncode == 1
    assert "web does not start; the end of" in said
    assert "no such setting" in said
    assert not group.children()


@pytest.mark.verify
def test_a_scheduler_that_fails_a_moment_after_its_start_is_not_overlooked(group: Group) -> None:
    (group.path / "celery" / "__main__.py").write_text(
        "import sys, time\nif 'beat' in sys.argv:\n    time.sleep(0.5); sys.exit('no such table')\n" + SLEEP
    )

    starting = group.begin()
    said, _ = starting.communicate(timeout=60)

    assert starting.returncode == 1
    assert "is running at" not in said
    assert "beat does not start; the end of" in said


@pytest.mark.verify
@pytest.mark.parametrize("name", ["uvicorn", "worker", "beat"])
def test_a_killed_child_is_started_again(group: Group, name: str) -> None:
    group.start()
    (killed,) = [child for child in group.children() if name in child.cmdline()]

    killed.kill()

    eventually(lambda: any(name in child.cmdline() for child in group.children() if child != killed))
    assert len(group.children()) == 3
    assert group.end() == 0


@pytest.mark.verify
def test_a_killed_supervisor_takes_all_with_it_and_the_next_one_starts(group: Group) -> None:
    for _ in range(3):
        group.start()
        assert group.supervisor
        group.supervisor.kill()
        group.supervisor.communicate()

        eventually(lambda: not group.children(), seconds=3)
    eventually(lambda: not group.checkout.processes())


@pytest.mark.verify
def test_everything_killed_and_started_again(group: Group) -> None:
    port = quiet_port()
    for _ in range(3):
        group.start(PORT=str(port))
        assert get(f"127.0.0.1:{port}") == 200
        everything = [*group.children(), *group.checkout.processes()]
        assert group.supervisor
        group.supervisor.kill()
        for process in everything:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        group.supervisor.communicate()
        eventually(lambda: not group.children())


@pytest.mark.verify
def test_a_worker_that_does_not_end_is_ended(group: Group) -> None:
    (group.path / "celery" / "__main__.py").write_text(
        "import signal, subprocess, sys\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', 'celery'])\n" + SLEEP
    )
    group.start()
    eventually(lambda: len(group.children()) == 5)

    assert group.end() == 0
    assert not group.children()


@pytest.mark.verify
def test_with_its_parent_dies_what_was_told_so(group: Group) -> None:
    code = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-m', 'config.supervisor', 'run', '--end-with-parent'])\n"
        "time.sleep(600)"
    )
    with subprocess.Popen(
        group.checkout.command("-c", code), cwd=group.path, env=group.checkout.environment({})
    ) as parent:
        eventually(lambda: len(group.children()) == 3, seconds=60)
        parent.kill()

    eventually(lambda: not group.children())
    eventually(lambda: not group.checkout.processes())


def test_a_child_dies_with_its_parent_even_if_that_was_quicker() -> None:
    code = (
        "import os, time\nfrom config.parent_process import end_with_parent\n"
        "read, write = os.pipe()\n"
        "if os.fork():\n    os._exit(0)\n"
        "while os.getppid() == {parent}: time.sleep(0.01)\n"
    )
    began = time.monotonic()
    script = (
        "import os\nparent = os.getpid()\n"
        + code.replace("{parent}", "parent")
        + ("end_with_parent(parent)\nprint('outlived it')")
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[2], capture_output=True, text=True
    )

    assert done.stdout == ""
    assert time.monotonic() - began < 10


def test_accounts_in_the_banner_stand_in_columns() -> None:
    accounts = [
        supervisor.Account("a@demo.test", "secret", "administrator"),
        supervisor.Account("longer@demo.test", "s", "agent"),
    ]
    lines = supervisor.banner("http://127.0.0.1:8000", accounts).splitlines()

    assert "  administrator  a@demo.test       secret" in lines
    assert "  agent          longer@demo.test  s" in lines
    assert json.dumps(lines[-1]) == '"Logs are in var/log. Stop with Ctrl-C."'
