"""The command line: which commands start servers, and what status they end with."""

import os
import subprocess
import sys

import pytest

import manage
from config import embedded
from config.embedded import EmbeddedError
from core.errors import ApplicationError, Conflict
from tests.config.checkout import SOURCE


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=SOURCE,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        ([], False),
        (["help"], False),
        (["migrate", "--help"], False),
        (["--version"], False),
        (["collectstatic", "--no-input"], False),
        (["migrate"], True),
        (["import_leads", "file.csv", "--organization", "acme"], True),
    ],
)
def test_only_work_on_the_database_starts_servers(arguments: list[str], needed: bool) -> None:
    assert manage.needs_servers(arguments) is needed


@pytest.mark.parametrize("arguments", [["no_such_command"], ["migrate", "--no-such-option"]])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    assert run(*arguments).returncode == 2


def test_a_refused_command_ends_with_1_and_one_line() -> None:
    refused = run("migrate", "no_such_app")

    assert refused.returncode == 1
    assert refused.stdout == ""
    assert len(refused.stderr.splitlines()) == 1
    assert "no_such_app" in refused.stderr


@pytest.mark.parametrize(
    "error",
    [
        Conflict("held", "The import runs already."),
        ApplicationError("x", "Give a name."),
        EmbeddedError("No Redis."),
    ],
)
def test_what_a_service_refuses_is_one_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: object) -> None:
        raise error

    monkeypatch.setattr(embedded, "ensure_running", lambda: None)
    monkeypatch.setattr(manage.CommandLine, "execute", refuse)

    assert manage.main(["manage.py", "import_leads"]) == 1
    assert capsys.readouterr().err == f"{error}\n"
