"""Reading assignment rules, why a lead went to whom, and what a rule would do to the newest leads."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actor import Actor
from accounts.models import Membership
from accounts.roles import Area
from leads.models import (
    AssignmentLimit,
    AssignmentMethod,
    AssignmentRule,
    Lead,
    LeadAssignment,
    WaitingLead,
    WaitingReason,
)
from leads.queries.leads import visible_leads


def visible_assignment_rules(actor: Actor) -> QuerySet[AssignmentRule]:
    """Return the rules that the actor may read, with their lines."""
    rules = AssignmentRule.objects.select_related("line", "team__user")
    return rules if actor.may(Area.CONFIGURATION, "read") else rules.none()


def visible_assignment_limits(actor: Actor) -> QuerySet[AssignmentLimit]:
    """Return the daily limits of people that the actor may read."""
    limits = AssignmentLimit.objects.select_related("membership__user")
    return limits if actor.may(Area.CONFIGURATION, "read") else limits.none()


def deserted_rules(actor: Actor) -> list[AssignmentRule]:
    """Return the rules in use that name people of whom nobody has access any more, and no team. Two queries."""
    rules = list(visible_assignment_rules(actor).filter(is_active=True, team__isnull=True))
    wanted = {person for rule in rules for person in rule.people}
    there = set(
        Membership.objects.filter(pk__in=wanted, is_active=True, user__is_active=True).values_list(
            "pk", flat=True
        )
    )
    return [rule for rule in rules if there.isdisjoint(rule.people)]


def forgotten_leads(actor: Actor) -> QuerySet[Lead]:
    """Return the leads that the actor sees, are nobody's, and wait for no rule any more."""
    waiting = WaitingLead.objects.filter(reason=WaitingReason.NO_RULE).values("lead")
    return visible_leads(actor).filter(pk__in=waiting, owner__isnull=True).order_by("pk")


@dataclass(frozen=True, slots=True)
class WhyAssigned:
    """The last decision of a rule about a lead, in one sentence. `is_current`: the lead is still that person's."""

    assignment: LeadAssignment
    reason: str
    is_current: bool


def why_assigned(lead: Lead) -> WhyAssigned | None:
    """Return why a lead that the actor sees went to its owner; None where no rule has decided. One query."""
    return told_assignment(lead, last_assignment(lead.pk))


def last_assignment(lead_id: int) -> QuerySet[LeadAssignment]:
    """The row that `told_assignment` takes of such a lead."""
    return LeadAssignment.objects.filter(lead_id=lead_id).select_related("owner__user").order_by("-pk")[:1]


def told_assignment(lead: Lead, rows: Iterable[LeadAssignment]) -> WhyAssigned | None:
    """Return what the last decision about a lead tells."""
    return next((WhyAssigned(row, _reason(row), row.owner_id == lead.owner_id) for row in rows), None)


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
    return " ".join([text % words, *_passed_over(found)])


def _passed_over(found: LeadAssignment) -> list[str]:
    """Who of the rule's people got nothing, and why."""
    said = []
    if found.absent:
        text = ngettext("%(count)s more was away.", "%(count)s more were away.", found.absent)
        said.append(text % {"count": found.absent})
    if found.off_work:
        text = ngettext("%(count)s more was not at work.", "%(count)s more were not at work.", found.off_work)
        said.append(text % {"count": found.off_work})
    if found.full:
        text = ngettext(
            "%(count)s more had as many leads as they get on a day.",
            "%(count)s more had as many leads as they get on a day.",
            found.full,
        )
        said.append(text % {"count": found.full})
    return said


@dataclass(frozen=True, slots=True)
class WhyWaiting:
    """What a lead waits for, in one sentence."""

    waiting: WaitingLead
    reason: str


def why_waiting(lead: Lead) -> WhyWaiting | None:
    """Return why a lead that the actor sees is nobody's yet; None where it waits for nothing. One query, or none."""
    return told_waiting(lead, waits_of(lead.pk), lead.organization.zone) if lead.owner_id is None else None


def waits_of(lead_id: int) -> QuerySet[WaitingLead]:
    """The row that `told_waiting` takes of such a lead."""
    return WaitingLead.objects.filter(lead_id=lead_id).select_related("rule").order_by("pk")[:1]


def told_waiting(lead: Lead, rows: Iterable[WaitingLead], zone: ZoneInfo) -> WhyWaiting | None:
    """Return what a lead waits for that is nobody's; `zone` is that of its organisation."""
    if lead.owner_id is not None:
        return None
    return next((WhyWaiting(row, _waits(row, zone)) for row in rows), None)


def _waits(found: WaitingLead, zone: ZoneInfo) -> str:
    moment = date_format(found.until.astimezone(zone), "l, j M, H:i") if found.until else ""
    words = {"rule": found.rule.name, "moment": moment}
    match found.reason:
        case WaitingReason.OFF_WORK:
            return _("Rule “%(rule)s”: nobody is at work. It waits until %(moment)s.") % words
        case WaitingReason.FULL:
            text = _(
                "Rule “%(rule)s”: everybody has as many leads as they get on a day. It waits until %(moment)s."
            )
            return text % words
    return _("No rule fits it any more. Assign it, or change the rules.")


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
