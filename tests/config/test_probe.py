"""The health checks of containers."""

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from config import probe
from core.jobs import sweeper
from core.scope import system_scope
from tests.faults.live_stack import database_url


class Healthy(http.server.BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


class Ill(Healthy):
    status = 500


@pytest.fixture
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with http.server.HTTPServer(("127.0.0.1", 0), request.param) as listening:
        monkeypatch.setenv("UVICORN_PORT", str(listening.server_port))
        thread = threading.Thread(target=listening.handle_request)
        thread.start()
        yield
        thread.join()


@pytest.mark.parametrize(("server", "status"), [(Healthy, 0), (Ill, 1)], indirect=["server"])
def test_a_web_server_works_when_it_says_so(server: None, status: int) -> None:
    assert probe.main(["web"]) == status


def test_a_web_server_that_is_gone_does_not_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UVICORN_PORT", "1")

    assert probe.main(["web"]) == 1
    assert "refused" in capsys.readouterr().err


@pytest.mark.django_db(transaction=True)
def test_a_worker_works_while_its_heartbeat_is_young(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url(connection.settings_dict["NAME"]))
    assert probe.main(["worker"]) == 1

    sweeper.beat()
    assert probe.main(["worker"]) == 0
    monkeypatch.setattr("socket.gethostname", lambda: "another-machine")
    assert probe.main(["worker"]) == 1
    monkeypatch.undo()

    monkeypatch.setenv("DATABASE_URL", database_url(connection.settings_dict["NAME"]))
    with system_scope(reason="test"), connection.cursor() as cursor:
        cursor.execute("UPDATE core_workerheartbeat SET beat_at = clock_timestamp() - interval '2 minutes'")
    assert probe.main(["worker"]) == 1


def test_a_scheduler_works_while_it_ticks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pulse = tmp_path / "beat"
    monkeypatch.setenv("BEAT_PULSE_FILE", str(pulse))
    assert probe.main(["beat"]) == 1

    pulse.touch()
    assert probe.main(["beat"]) == 0
    os.utime(pulse, (0, 0))
    assert probe.main(["beat"]) == 1


@pytest.mark.parametrize("arguments", [[], ["everything"], ["web", "worker"]])
def test_wrong_usage_is_told(arguments: list[str]) -> None:
    assert probe.main(arguments) == 2


def test_where_the_embedded_servers_are_not_installed_their_lack_is_told_in_one_line() -> None:
    code = (
        "import sys\n"
        "sys.modules['psutil'] = None\n"
        "from config import embedded\n"
        "try:\n"
        "    embedded.ensure_running()\n"
        "except embedded.EmbeddedError as error:\n"
        "    print(error)\n"
    )
    kept = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}

    done = subprocess.run([sys.executable, "-c", code], env=kept, capture_output=True, text=True, check=True)

    assert done.stdout == (
        "The embedded servers are not installed here: set DATABASE_URL and REDIS_URL,"
        " or install requirements-embedded.txt.\n"
    )
