"""What an organisation has yet to do before leads come in by themselves."""

from dataclasses import dataclass

from accounts.actor import Actor
from accounts.models import Membership
from accounts.roles import Area
from leads.models import AssignmentRule, BusinessLine, FormLink, Lead


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """Which of the first steps of an organisation are done."""

    has_line: bool
    has_colleagues: bool
    has_leads: bool
    has_form: bool
    has_rule: bool


def first_steps(actor: Actor) -> FirstSteps | None:
    """Look which steps are done; None for who does not configure, and has none to take."""
    if not actor.may(Area.CONFIGURATION, "write"):
        return None
    return FirstSteps(
        has_line=BusinessLine.objects.filter(is_active=True, version__gt=0).exists(),
        has_colleagues=Membership.objects.filter(is_active=True)[:2].count() > 1,
        has_leads=Lead.objects.exists(),
        has_form=FormLink.objects.exists(),
        has_rule=AssignmentRule.objects.exists(),
    )
