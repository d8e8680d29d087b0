"""Reading assignment rules, why a lead went to whom, and what a rule would do to the newest leads."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import Membership
from accounts.roles import Area
from leads.models import AssignmentMethod, AssignmentRule, Lead, LeadAssignment


def visible_assignment_rules(actor: Actor) -> QuerySet[AssignmentRule]:
    """Return the rules that the actor may read, with their lines."""
    rules = AssignmentRule.objects.select_related("line", "team__user")
    return rules if actor.may(Area.CONFIGURATION, "read") else rules.none()


@dataclass(frozen=True, slots=True)
class WhyAssigned:
    """The last decision of a rule about a lead, in one sentence. `is_current`: the lead is still that person's."""

    assignment: LeadAssignment
    reason: str
    is_current: bool


def why_assigned(lead: Lead) -> WhyAssigned | None:
    """Return why a lead that the actor sees went to its owner; None where no rule has decided. One query."""
    found = LeadAssignment.objects.filter(lead=lead).select_related("owner__user").order_by("-pk").first()
    if found is None:
        return None
    return WhyAssigned(found, _reason(found), found.owner_id == lead.owner_id)


def _reason(found: LeadAssignment) -> str:
    words = {
        "rule": found.rule_name,
        "owner": found.owner,
        "turn": found.turn,
        "among": found.among,
        "load": found.load,
    }
    match found.method:
        case AssignmentMethod.LEAST_LOADED:
            text = _("Rule “%(rule)s”: %(owner)s had the fewest open leads (%(load)s) of %(among)s people.")
        case AssignmentMethod.FIRST:
            text = _("Rule “%(rule)s”: always to %(owner)s.")
        case AssignmentMethod.WEIGHTED:
            text = _(
                "Rule “%(rule)s”: %(owner)s was next by weight of %(among)s people, at its lead number %(turn)s."
            )
        case _:
            text = _("Rule “%(rule)s”: %(owner)s was next of %(among)s people, at its lead number %(turn)s.")
    return text % words


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rule would do to the newest leads of its line: `by_owner` (name, leads), the most first."""

    looked_at: int
    fitting: int
    by_owner: list[tuple[str, int]]
    has_people: bool


def named_counts(owners: Counter[int]) -> list[tuple[str, int]]:
    """Return counts by membership as (name, count), the most first."""
    members = Membership.everything.select_related("user").in_bulk(list(owners))
    return [(str(members[pk]), count) for pk, count in owners.most_common()]
