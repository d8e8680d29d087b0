"""Invite a person into an organisation."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.actor import Actor
from accounts.models import Membership, email_key
from accounts.roles import Role
from accounts.services import create_user
from core.errors import FieldError, ValidationFailed
from core.management.base import OrganizationCommand, Outcome
from core.models import Organization


class Command(OrganizationCommand):
    help = "Invite a person into an organisation. Who is a member already is refused."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument(
            "--role",
            action="append",
            required=True,
            choices=[role.value for role in Role],
            help="A role; say it again for another.",
        )
        parser.add_argument("--password", help="Without one, it is set by “Forgot your password?”.")
        parser.add_argument("--manager", metavar="EMAIL", help="The member whom the person reports to.")
        parser.add_argument("--name", default="")
        parser.add_argument("--phone", default="")

    def perform(self, organization: Organization, options: dict[str, Any]) -> Outcome:
        manager = self._manager(options["manager"])
        member = create_user(
            actor=Actor.system(organization),
            email=options["email"],
            roles=options["role"],
            password=options["password"],
            name=options["name"],
            phone=options["phone"],
            manager=manager,
            reason="create_user",
        )
        return {
            "id": member.pk,
            "email": member.user.email,
            "name": member.name,
            "organization": organization.slug,
            "roles": member.roles,
            "manager": manager.user.email if manager else None,
        }

    def describe(self, outcome: Outcome) -> str:
        under = f", reporting to {outcome['manager']}" if outcome["manager"] else ""
        return f"{outcome['email']} is now {', '.join(outcome['roles'])} of {outcome['organization']}{under}."

    @staticmethod
    def _manager(email: str | None) -> Membership | None:
        if email is None:
            return None
        manager = Membership.objects.select_related("user").filter(user__email=email_key(email)).first()
        if manager is None:
            message = f"{email} is no member of this organisation. Name one who is."
            raise ValidationFailed("unknown_manager", message, {"manager": [FieldError("unknown", message)]})
        return manager
