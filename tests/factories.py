"""Rows for tests, made by the services that make them in life.

`make_organization` and `make_actor` are for any test. `row_of(Model)` registers how one row of a model
comes to be; the tests of the walls make a row of every model by it, and name the model that has none.
"""

from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar

from django.db import models
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import AccessRule, Membership, ReportingLine, User
from accounts.roles import Area, Level, Role
from accounts.services import create_user, set_manager
from core.models import Intake, IntakeRow, Job, Organization
from core.scope import organization_scope
from core.services.organizations import create_organization
from leads.models import (
    BusinessLine,
    Campaign,
    DuplicateKey,
    Field,
    FieldKind,
    Lead,
    LeadToken,
    LeadValue,
    LineVersion,
    Source,
)

Row = TypeVar("Row", bound=models.Model)
PASSWORD = "correct horse battery"

_numbers = count(1)


def make_organization(slug: str = "", **settings: Any) -> Organization:
    """Return a new organisation; everything has a default."""
    slug = slug or f"organisation-{next(_numbers)}"
    return create_organization(slug=slug, **{"name": slug.title(), **settings})


def make_actor(
    organization: Organization,
    *roles: Role | str,
    email: str = "",
    manager: Actor | None = None,
    **attributes: Any,
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


@row_of(Job)
def _job(world: World) -> Job:
    return Job.objects.create(kind="test", title="A job", created_by_id=world.admin.user.pk)


@row_of(Intake)
def _intake(world: World) -> Intake:
    first = Intake.objects.create(
        importer="leads", target="loans", filename="first.csv", path="first", sha256="1", job=world.row(Job)
    )
    return Intake.objects.create(
        importer="leads",
        target="loans",
        filename="again.csv",
        path="again",
        sha256="2",
        corrects=first,
        job=first.job,
    )


@row_of(IntakeRow)
def _intake_row(world: World) -> IntakeRow:
    intake = world.row(Intake)
    return IntakeRow.objects.create(intake=intake, number=7, state="corrected", corrected_by=intake)


@row_of(BusinessLine)
def _line(world: World) -> BusinessLine:
    return BusinessLine.objects.create(code="loans", name="Loans")


@row_of(Field)
def _field(world: World) -> Field:
    return Field.objects.create(
        line=world.row(BusinessLine), key="pan", label="PAN", type=FieldKind.TEXT, pii=True
    )


@row_of(LineVersion)
def _line_version(world: World) -> LineVersion:
    return LineVersion.objects.create(line=world.row(BusinessLine), number=1, definition={"fields": []})


@row_of(Source)
def _source(world: World) -> Source:
    return Source.objects.create(name="Website", name_key="website")


@row_of(Campaign)
def _campaign(world: World) -> Campaign:
    return Campaign.objects.create(name="Diwali", name_key="diwali")


@row_of(Lead)
def _lead(world: World) -> Lead:
    return Lead.objects.create(
        line=world.row(BusinessLine),
        version=1,
        reference=f"L-{world.organization.slug}",
        name="Asha Rao",
        owner=world.row(Membership),
        team=world.row(Membership),
        source=world.row(Source),
        campaign=world.row(Campaign),
        data={"pan": "ABCDE1234F"},
    )


@row_of(LeadValue)
def _lead_value(world: World) -> LeadValue:
    return LeadValue.objects.create(
        lead=world.row(Lead), field_id=world.row(Field).pk, text_value="abcde1234f", created_at=timezone.now()
    )


@row_of(LeadToken)
def _lead_token(world: World) -> LeadToken:
    return LeadToken.objects.create(lead=world.row(Lead), token="asha")


@row_of(DuplicateKey)
def _duplicate_key(world: World) -> DuplicateKey:
    return DuplicateKey.objects.create(
        lead=world.row(Lead), line=world.row(BusinessLine), key="pan:abcde1234f"
    )
