"""Derived rows and who makes them anew.

An app registers how its derived tables follow from the others, in a module `rebuilds`. A backup leaves the
rows of these tables out, and a restore calls the function for each organisation.
"""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import models
from django.utils.module_loading import autodiscover_modules

from core.models import Organization
from core.scope import system_scope

Rebuild = Callable[[Organization], None]


@dataclass(frozen=True, slots=True)
class RegisteredRebuild:
    """`rebuild` fills the tables of `models` for one organisation; they hold nothing of it before."""

    name: str
    models: tuple[type[models.Model], ...]
    rebuild: Rebuild


_rebuilds: dict[str, RegisteredRebuild] = {}


def register_rebuild(name: str, *derived: type[models.Model]) -> Callable[[Rebuild], Rebuild]:
    """Register, as a decorator, the function that fills the derived tables; the app's name comes first.

    It runs as the owner of the tables; managers give that organisation's rows.
    """

    def register(rebuild: Rebuild) -> Rebuild:
        if name in _rebuilds:
            raise ValueError(f"The rebuild {name} is registered twice.")
        _rebuilds[name] = RegisteredRebuild(name, derived, rebuild)
        return rebuild

    return register


@functools.cache
def _discover() -> None:
    autodiscover_modules("rebuilds")


def registered_rebuilds() -> list[RegisteredRebuild]:
    """Return every registered rebuild, by name."""
    _discover()
    return [_rebuilds[name] for name in sorted(_rebuilds)]


def derived_tables() -> list[str]:
    """Return the names of the tables that can be made anew from the others."""
    return sorted(model._meta.db_table for each in registered_rebuilds() for model in each.models)


def rebuild_all(organizations: Iterable[Organization]) -> None:
    """Fill every derived table for the given organisations; the tables are empty."""
    for organization in organizations:
        with system_scope(organization, reason="rebuild"):
            for each in registered_rebuilds():
                each.rebuild(organization)
