"""What it means that a lead goes to somebody, whoever decided it: team, follow-ups, word to the new owner."""

from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership
from accounts.queries.members import team_of
from accounts.queries.memberships import reachable_member_ids
from accounts.roles import Area
from core.errors import NotPermitted
from leads.models import Lead, NotificationKind
from leads.services.follow_ups import hand_over_follow_ups
from leads.services.notifying import notify
from leads.services.stalling.clocks import note_given


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
    if lead.owner_id != before:
        note_given(lead)
        hand_over_follow_ups(lead=lead, from_id=before, to_id=lead.owner_id)
        if owner is not None:
            notify(kind=NotificationKind.ASSIGNED, lead=lead, recipient_ids=[owner.pk], by=actor.membership)
