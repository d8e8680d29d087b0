"""Rows for tests, made by the services that make them in life.

`make_organization` and `make_actor` are for any test. `row_of(Model)` registers how one row of a model comes to
be; the tests of the walls make a row of every model by it, and name the model that has none.
"""

from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar

from django.db import models

from accounts.actor import Actor
from accounts.models import AccessRule, Membership, ReportingLine, User
from accounts.roles import Area, Level, Role
from accounts.services import create_user, set_manager
from core.models import Organization
from core.scope import organization_scope
from core.services.organizations import create_organization

Row = TypeVar("Row", bound=models.Model)
PASSWORD = "correct horse battery"

_numbers = count(1)


def make_organization(slug: str = "", **settings: Any) -> Organization:
    """Return a new organisation; everything has a default."""
    slug = slug or f"organisation-{next(_numbers)}"
    return create_organization(slug=slug, **{"name": slug.title(), **settings})


def make_actor(
    organization: Organization, *roles: Role | str, email: str = "", manager: Actor | None = None, **attributes: Any
) -> Actor:
    """Return a new person with `roles` (an agent when none is said) as an actor."""
    chosen = roles or (Role.AGENT,)
    membership = create_user(
        actor=Actor.system(organization),
        email=email or f"{'-'.join(chosen)}-{next(_numbers)}@{organization.slug}.example",
        roles=chosen,
        manager=manager.membership if manager else None,
        **{"password": PASSWORD, **attributes},
    )
    return Actor.of(membership)


class World:
    """One organisation with one row of each model, each made when first asked for."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.admin = make_actor(organization, Role.ADMIN)
        self._rows: dict[type[models.Model], models.Model] = {}

    def row(self, model: type[Row]) -> Row:
        """Return this world's row of `model`; raises KeyError for a model nobody registered."""
        if model not in self._rows:
            with organization_scope(self.organization, actor_id=self.admin.user.pk, reason="test"):
                self._rows[model] = ROWS[model](self)
        return self._rows[model]


ROWS: dict[type[models.Model], Callable[[World], Any]] = {
    Organization: lambda world: world.organization,
    User: lambda world: world.admin.user,
    Membership: lambda world: world.admin.membership,
}


def row_of(model: type[Row]) -> Callable[[Callable[[World], Row]], Callable[[World], Row]]:
    """Register a function that makes a row of `model` in a world."""

    def register(make: Callable[[World], Row]) -> Callable[[World], Row]:
        ROWS[model] = make
        return make

    return register


@row_of(ReportingLine)
def _reporting_line(world: World) -> ReportingLine:
    agent = make_actor(world.organization, Role.AGENT)
    return set_manager(actor=world.admin, membership=agent.membership, manager=world.admin.membership)


@row_of(AccessRule)
def _access_rule(world: World) -> AccessRule:
    return AccessRule.objects.create(
        role=Role.AGENT, area=Area.LEADS, verb="write", level=Level.NONE, organization=world.organization
    )
