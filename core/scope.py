"""On whose behalf the current code runs: organisation, actor, request, and whether as the system.

The scope is a context variable, so it follows a request through threads, `sync_to_async` and tasks.
The database backend reads it before each cursor (`core.database.base`), which makes it the single
source for row-level security and for the actor written into history.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TypeVar

from core.errors import ApplicationError

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Scope:
    """What the database is told. `system` works as the owner of the tables, past the policies."""

    organization_id: int | None = None
    system: bool = False
    actor_id: int | None = None
    request_id: str = ""
    reason: str = ""
    job_id: int | None = None


class NoOrganization(ApplicationError):
    """A tenant's rows were asked for while no organisation is set: refused, never guessed."""

    status = 500

    def __init__(self) -> None:
        super().__init__(
            "no_organization",
            "No organisation is set here. Enter organization_scope(…) before reading or writing its rows.",
        )


NOBODY = Scope()
_scope: ContextVar[Scope] = ContextVar("leadledger_scope", default=NOBODY)


def current_scope() -> Scope:
    """Return the scope in force."""
    return _scope.get()


def current_organization_id() -> int:
    """Return the id of the organisation in force; raise NoOrganization when there is none."""
    organization_id = _scope.get().organization_id
    if organization_id is None:
        raise NoOrganization
    return organization_id


@contextmanager
def entered(scope: Scope) -> Iterator[Scope]:
    """Run a block under `scope`, then restore what was in force before."""
    token = _scope.set(scope)
    try:
        yield scope
    finally:
        _scope.reset(token)


def _id_of(organization: object | int | None) -> int | None:
    return organization if organization is None or isinstance(organization, int) else organization.pk  # type: ignore[attr-defined]


@contextmanager
def organization_scope(
    organization: object | int,
    *,
    actor_id: int | None = None,
    request_id: str | None = None,
    reason: str | None = None,
    job_id: int | None = None,
) -> Iterator[Scope]:
    """Work as the application role inside one organisation.

    What is left out is taken from the scope around it, so a service may narrow the organisation
    or add a reason without losing the actor and the request.
    """
    outer = _scope.get()
    with entered(
        Scope(
            organization_id=_id_of(organization),
            system=False,
            actor_id=outer.actor_id if actor_id is None else actor_id,
            request_id=outer.request_id if request_id is None else request_id,
            reason=outer.reason if reason is None else reason,
            job_id=outer.job_id if job_id is None else job_id,
        )
    ) as scope:
        yield scope


@contextmanager
def system_scope(organization: object | int | None = None, *, reason: str | None = None) -> Iterator[Scope]:
    """The one door past the walls: work as the owner of the tables.

    For migrations, backup, integrity checks, sweepers and sign-in look-ups. Managers still filter by
    `organization` when one is given; without one they return every organisation's rows.
    Leaving the block executes nothing, so an aborted transaction does no harm.
    """
    outer = _scope.get()
    with entered(
        replace(
            outer,
            system=True,
            organization_id=_id_of(organization),
            reason=outer.reason if reason is None else reason,
        )
    ) as scope:
        yield scope


def keeping_scope(items: Iterable[Item]) -> Iterator[Item]:
    """Iterate `items` later under today's scope.

    A streamed response is consumed after the middleware has left the request's scope.
    """
    # Read here, not in the generator: that would begin with the first item, when the scope is left already.
    return _under(_scope.get(), iter(items))


def _under(scope: Scope, iterator: Iterator[Item]) -> Iterator[Item]:
    while True:
        with entered(scope):
            try:
                item = next(iterator)
            except StopIteration:
                return
        yield item
