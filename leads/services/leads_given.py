"""What it means that a lead goes to somebody, whoever decided it: team, follow-ups, word to the new owner."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership
from accounts.queries.members import team_of, teams_of
from accounts.queries.memberships import reachable_member_ids
from accounts.roles import Area
from core.errors import NotPermitted
from core.models import Organization
from leads.models import Lead, NotificationKind, WaitingLead, WaitingReason
from leads.services.follow_ups import hand_over_follow_ups
from leads.services.notifying import notify, notify_owners
from leads.services.stalling.clocks import note_given, note_given_many

# An owner who gets more at once is told of these; the list has the others.
MOST_TOLD = 20
GIVE = """
UPDATE leads_lead AS lead SET owner_id = moved.owner, team_id = moved.team, updated_at = %s
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS moved (id, owner, team)
 WHERE lead.id = moved.id AND lead.organization_id = %s
"""
# What the old owner has open goes along; of nobody's lead, what is nobody's.
FOLLOW = """
UPDATE leads_followup AS planned SET assignee_id = moved.owner
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS moved (id, old, owner)
 WHERE planned.lead_id = moved.id AND planned.organization_id = %s
   AND planned.done_at IS NULL AND planned.deleted_at IS NULL
   AND planned.assignee_id IS NOT DISTINCT FROM moved.old
RETURNING planned.lead_id, planned.id
"""


def give_lead(actor: Actor, lead: Lead, owner: Membership | None) -> None:
    """Give a locked lead to an owner within the actor's reach (None: to nobody), in the caller's transaction."""
    reach = reachable_member_ids(actor, Area.LEADS, "assign")
    if owner is not None and reach is not None and owner.pk not in reach:
        raise NotPermitted("You can assign leads to people of your own team.")
    if owner is None and reach is not None:
        raise NotPermitted("Only operations can take a lead from everybody.")
    before = lead.owner_id
    lead.owner = owner
    lead.team_id = team_of(owner) if owner else None
    lead.updated_at = timezone.now()
    lead.save(update_fields=["owner", "team", "updated_at"])
    stop_waiting([lead.pk])
    if lead.owner_id != before:
        note_given(lead)
        hand_over_follow_ups(lead=lead, from_id=before, to_id=lead.owner_id)
        if owner is not None:
            notify(kind=NotificationKind.ASSIGNED, lead=lead, recipient_ids=[owner.pk], by=actor.membership)


@dataclass(frozen=True, slots=True)
class Move:
    """One locked lead that goes from an owner (None: nobody) to another."""

    lead_id: int
    old_id: int | None
    owner_id: int | None


@dataclass(frozen=True, slots=True)
class Moved:
    """When leads were given, to the moment that stands on them; lead → the numbers of what went along; lead → the rule
    that it waited for."""

    at: dt.datetime
    follow_ups: dict[int, list[int]] = field(default_factory=dict)
    waited: dict[int, int] = field(default_factory=dict)


def give_many(
    organization: Organization, moves: Sequence[Move], *, by: Membership | None, most_told: int = MOST_TOLD
) -> Moved:
    """Give locked leads to people, in the caller's transaction, by few statements.

    Their open follow-ups go along as with one lead, and the new owners are told: each of the first so many.
    """
    moved = Moved(timezone.now())
    if not moves:
        return moved
    teams = teams_of(organization, {move.owner_id for move in moves if move.owner_id is not None})
    ids = [move.lead_id for move in moves]
    owners = [move.owner_id for move in moves]
    with connection.cursor() as cursor:
        of_owners = [None if owner is None else teams.get(owner) for owner in owners]
        cursor.execute(GIVE, [moved.at, ids, owners, of_owners, organization.pk])
        cursor.execute(FOLLOW, [ids, [move.old_id for move in moves], owners, organization.pk])
        for lead_id, number in sorted(cursor.fetchall()):
            moved.follow_ups.setdefault(lead_id, []).append(number)
    moved.waited.update(stop_waiting(ids))
    note_given_many(ids)
    told: dict[int, list[int]] = {}
    for move in moves:
        if move.owner_id is not None:
            told.setdefault(move.owner_id, []).append(move.lead_id)
    wanted = {lead_id: owner for owner, lead_ids in told.items() for lead_id in lead_ids[:most_told]}
    notify_owners(organization_id=organization.pk, owners=wanted, by=by)
    return moved


def lock_waiting(rows: QuerySet[WaitingLead]) -> list[WaitingLead]:
    """Return these rows, locked in one order; whoever locks their leads too does that first."""
    return list(rows.select_for_update(of=("self",)).order_by("lead_id"))


def stop_waiting(lead_ids: Sequence[int]) -> dict[int, int]:
    """Leads about whose owner somebody has decided wait for no rule any more; return lead → the rule it waited for.

    One that has an owner may wait too: a merge, which can be taken back, gave it that owner.
    """
    if not lead_ids:
        return {}
    rows = lock_waiting(WaitingLead.objects.filter(lead__in=lead_ids))
    WaitingLead.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return {row.lead_id: row.rule_id for row in rows}


def wait_again(rules: Mapping[int, int], *, line_id: int) -> None:
    """Let locked leads of a line that are nobody's again wait as they did (lead → rule); the next look decides anew."""
    now = timezone.now()
    rows = [
        WaitingLead(lead_id=lead, line_id=line_id, rule_id=rule, reason=WaitingReason.OFF_WORK, until=now)
        for lead, rule in sorted(rules.items())
    ]
    WaitingLead.objects.bulk_create(rows, ignore_conflicts=True)
