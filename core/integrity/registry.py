"""The registry of integrity checks, and running them."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from django.utils.module_loading import autodiscover_modules

from core.models import Organization
from core.scope import system_scope

EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found: how many rows (or tables) it tried, and a line for each that breaks the rule."""

    tried: int
    breaks: list[str]


@dataclass(slots=True)
class Tally:
    """The results of one check over all the organisations it ran for; the first 20 breaks as examples."""

    tried: int = 0
    breaks: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, result: CheckResult, prefix: str = "") -> None:
        """Count `result` in; `prefix` says in its examples where they were found."""
        self.tried += result.tried
        self.breaks += len(result.breaks)
        room = EXAMPLES - len(self.examples)
        self.examples += [prefix + line for line in result.breaks[: max(room, 0)]]


OrganizationCheck = Callable[[Organization], CheckResult]
DatabaseCheck = Callable[[], CheckResult]
OneCheck = TypeVar("OneCheck", OrganizationCheck, DatabaseCheck)

_organization_checks: dict[str, OrganizationCheck] = {}
_database_checks: dict[str, DatabaseCheck] = {}


def integrity_check(name: str) -> Callable[[OrganizationCheck], OrganizationCheck]:
    """Register a check of one organisation's rows, named app first, such as leads.values.

    It runs as the owner of the tables; managers give that organisation's rows. It only reads.
    """
    return _adding(_organization_checks, name)


def database_check(name: str) -> Callable[[DatabaseCheck], DatabaseCheck]:
    """Register a check of the database as a whole, such as whether each table has its wall."""
    return _adding(_database_checks, name)


def _adding(checks: dict[str, OneCheck], name: str) -> Callable[[OneCheck], OneCheck]:
    def register(check: OneCheck) -> OneCheck:
        if name in _organization_checks or name in _database_checks:
            raise ValueError(f"The integrity check {name} is registered twice.")
        checks[name] = check
        return check

    return register


@functools.cache
def _discover() -> None:
    autodiscover_modules("integrity", "integrity.checks", "outbox.integrity")


def run_checks(organizations: Iterable[Organization]) -> dict[str, Tally]:
    """Run every check, those of rows for each organisation, and return what each found, by name."""
    _discover()
    found = {name: Tally() for name in sorted([*_database_checks, *_organization_checks])}
    with system_scope(reason="integrity"):
        for name, check in _database_checks.items():
            found[name].add(check())
    for organization in organizations:
        with system_scope(organization, reason="integrity"):
            for name, check_rows in _organization_checks.items():
                found[name].add(check_rows(organization), prefix=f"{organization.slug}: ")
    return found
