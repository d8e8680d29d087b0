"""What every command has in common."""

import json
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest

from core.errors import FieldError, ValidationFailed
from core.management.base import OrganizationCommand, Outcome
from core.management.progress import ProgressBar, progress_line
from core.models import Organization
from core.scope import current_scope


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


class Example(OrganizationCommand):
    def perform(self, organization: Organization, options: dict[str, Any]) -> Outcome:
        scope = current_scope()
        assert (scope.organization_id, scope.system) == (organization.pk, False)
        if trouble := self.trouble:
            raise trouble
        return {
            "name": organization.name,
            "amount": Decimal("1.50"),
            "reasons": {"pan:pattern": 2},
            "none": None,
        }

    trouble: Exception | None = None


class Failing(Example):
    trouble = ValidationFailed("no", "Not\nso.", {"pan": [FieldError("pattern", "Write it as ABCDE1234F.")]})


class Crashing(Example):
    trouble = ZeroDivisionError("secret")


def run(command: type[OrganizationCommand], *arguments: str) -> tuple[int, str, str]:
    """Run a command as from a command line; return exit status, standard output and error."""
    out, err = StringIO(), StringIO()
    instance = command(stdout=out, stderr=err)  # type: ignore[arg-type]
    try:
        instance.run_from_argv(["manage.py", "example", *arguments])
    except SystemExit as end:
        return int(str(end.code or 0)), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


@pytest.fixture(autouse=True)
def keep_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command closes its connections at the end; the test's transaction needs them."""
    monkeypatch.setattr("django.core.management.base.connections.close_all", lambda: None)


@pytest.mark.django_db
def test_json_is_one_object_and_nothing_else(organization: Organization) -> None:
    status, out, err = run(Example, "--organization", "acme", "--json")

    assert (status, err) == (0, "")
    assert json.loads(out) == {
        "name": "Acme Loans",
        "amount": "1.50",
        "reasons": {"pan:pattern": 2},
        "none": None,
    }


@pytest.mark.django_db
def test_people_read_lines(organization: Organization) -> None:
    _status, out, _err = run(Example, "--organization", "acme")

    assert out.splitlines() == ["name: Acme Loans", "amount: 1.50", "reasons: pan:pattern 2", "none: none"]


@pytest.mark.django_db
def test_a_refusal_is_one_line_on_standard_error(organization: Organization) -> None:
    status, out, err = run(Failing, "--organization", "acme", "--json")

    assert (status, out, err) == (1, "", "Not so.; pan: Write it as ABCDE1234F.\n")


@pytest.mark.django_db
def test_a_crash_is_named_by_an_id_and_tells_nothing_else(organization: Organization) -> None:
    status, out, err = run(Crashing, "--organization", "acme")

    assert (status, out) == (1, "")
    assert "error id" in err
    assert "secret" not in err
    with pytest.raises(ZeroDivisionError):
        run(Crashing, "--organization", "acme", "--traceback")


@pytest.mark.django_db
def test_an_unknown_organisation_is_refused_and_those_there_are_named(organization: Organization) -> None:
    status, _out, err = run(Example, "--organization", "nobody")

    assert (status, err) == (1, "There is no organisation “nobody”. There are: acme.\n")


@pytest.mark.parametrize("arguments", [(), ("--organization",), ("--organization", "a", "--wrong")])
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    status, _out, _err = run(Example, *arguments)

    assert status == 2


def test_progress_is_drawn_on_a_terminal_and_taken_away() -> None:
    terminal = Terminal()
    with ProgressBar("Loading", terminal) as progress:
        progress(50, 200)
        progress(51, 200)

    assert terminal.getvalue().count("Loading") == 1
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_progress_is_silent_elsewhere() -> None:
    file = StringIO()
    with ProgressBar("Loading", file) as progress:
        progress(50, 200)

    assert file.getvalue() == ""


@pytest.mark.parametrize(
    ("done", "total", "seconds", "line"),
    [
        (0, None, 0.0, "Loading  0  0/s"),
        (1500, None, 1.0, "Loading  1,500  1,500/s"),
        (50, 200, 10.0, f"Loading  {'█' * 6}{'░' * 18}  25%  50 / 200  5/s  0:30 left"),
        (200, 200, 10.0, f"Loading  {'█' * 24} 100%  200 / 200  20/s"),
        (1, 36001, 1.0, f"Loading  {'░' * 24}   0%  1 / 36,001  1/s  10:00:00 left"),
    ],
)
def test_a_line_says_how_far_the_work_is(done: int, total: int | None, seconds: float, line: str) -> None:
    assert progress_line("Loading", done, total, seconds) == line
