"""The writers of calls and messages: logged as they start, and how they went."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from core.errors import Conflict, FieldError, NotPermitted, ValidationFailed
from leads.models import Channel, Direction, Engagement, EngagementOutcome, FollowUp, Lead
from leads.presentation import LeadReader
from leads.queries.consent import is_do_not_call
from leads.queries.engagements import get_engagement, ways_to_reach
from leads.services.follow_ups import plan_follow_up
from leads.services.locking import Precondition, locked_lead
from leads.services.stalling.clocks import note_activity
from leads.services.texts import written_text

LONGEST_REMARK = 450
# Two taps so near to one another are one.
DOUBLE_TAP = dt.timedelta(seconds=5)
DO_NOT_CALL = (
    "This number is on the do-not-call list: do not call or message it. Write an e-mail if the lead has an address,"
    " or ask operations to take the number off the list if the person has agreed to calls again."
)
DEFAULT_WHAT = {Channel.CALL: "Call again"}


@dataclass(frozen=True, slots=True)
class Started:
    """A call or message as it is logged, and the address that opens it ("" for one that came in)."""

    engagement: Engagement
    address: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class ToldOutcome:
    """A call or message with its outcome, and what was planned with it."""

    engagement: Engagement
    follow_up: FollowUp | None = None


@transaction.atomic
def start_engagement(
    *, actor: Actor, reference: str, channel: str, direction: str = Direction.OUTGOING
) -> Started:
    """Log that the actor calls or writes to the person of a lead that the actor may edit; a double tap logs once.

    Raises NotVisible, NotPermitted, ValidationFailed about `channel`, `direction`, or Conflict where the lead has
    no number or address that the actor may use.
    """
    lead = locked_lead(actor, reference, "write")
    if actor.membership is None:
        raise NotPermitted("Only a person calls and writes.")
    _check_choice("channel", channel, Channel.values)
    _check_choice("direction", direction, Direction.values)
    address = _address(actor, lead, channel) if direction == Direction.OUTGOING else ""
    # The lead is held: of two taps the second finds what the first has logged.
    alike = {"lead": lead, "by": actor.membership, "channel": channel, "direction": direction}
    earlier = Engagement.objects.filter(**alike, at__gte=timezone.now() - DOUBLE_TAP, outcome="").first()
    if earlier is not None:
        return Started(earlier, address, is_new=False)
    made = Engagement.objects.create(**alike, at=timezone.now())
    note_activity(lead)
    return Started(made, address, is_new=True)


@transaction.atomic
def tell_outcome(
    *,
    actor: Actor,
    reference: str,
    engagement_id: int,
    outcome: str,
    remark: str = "",
    follow_up_at: dt.datetime | None = None,
    precondition: Precondition | None = None,
) -> ToldOutcome:
    """Say how one's own call or message went; with `follow_up_at` (aware), plan the next one in the same step.

    What was told already, word for word, is not told again and plans nothing again.
    Raises NotVisible, NotPermitted, or ValidationFailed about `outcome`, `remark`, `follow_up_at`.
    """
    lead = locked_lead(actor, reference, "write")
    engagement = get_engagement(lead, engagement_id)
    if actor.membership is None or engagement.by_id != actor.membership.pk:
        raise NotPermitted("Only who called or wrote tells how it went. Write a note instead.")
    if precondition is not None:
        precondition()
    _check_choice("outcome", outcome, EngagementOutcome.values)
    written = written_text("remark", remark, longest=LONGEST_REMARK) if remark.strip() else ""
    if (engagement.outcome, engagement.remark) == (outcome, written):
        return ToldOutcome(engagement)
    engagement.outcome, engagement.remark = outcome, written
    engagement.save(update_fields=["outcome", "remark"])
    note_activity(lead)
    if follow_up_at is None:
        return ToldOutcome(engagement)
    return ToldOutcome(engagement, _plan(actor, lead, engagement, follow_up_at))


def _plan(actor: Actor, lead: Lead, engagement: Engagement, at: dt.datetime) -> FollowUp:
    what = engagement.remark or DEFAULT_WHAT.get(Channel(engagement.channel), "Write again")
    try:
        return plan_follow_up(actor=actor, reference=lead.reference, what=what, due_at=at)
    except ValidationFailed as error:
        problems = error.fields.get("due_at")
        if not problems:
            raise
        raise ValidationFailed(error.code, error.message, {"follow_up_at": problems}) from None


def _address(actor: Actor, lead: Lead, channel: str) -> str:
    for way in ways_to_reach(LeadReader(actor), lead):
        if way.channel == channel:
            if channel != Channel.EMAIL and is_do_not_call(lead.phone):
                raise Conflict("do_not_call", DO_NOT_CALL)
            return way.address
    what = "e-mail address" if channel == Channel.EMAIL else "phone number"
    raise Conflict(
        "not_reachable",
        f"This lead has no {what} that you can use. Correct the lead first, or ask its owner.",
    )


def _check_choice(name: str, value: str, choices: list[str]) -> None:
    if value not in choices:
        message = f"Choose one of: {', '.join(choices)}."
        raise ValidationFailed("invalid", message, {name: [FieldError("choice", message)]})
