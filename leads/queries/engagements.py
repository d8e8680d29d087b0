"""Reading the calls and messages of one lead, and where they go to."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet

from core.errors import NotVisible
from leads.models import Channel, Engagement, Lead
from leads.presentation import LeadReader

# What a lead's phone is once it was read; a number that a raw write left is not dialled.
E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a channel leads to: an address that the machine of the reader opens."""

    channel: Channel
    address: str


def lead_engagements(lead: Lead) -> QuerySet[Engagement]:
    """Return the calls and messages of a lead that the actor may see (`get_lead`), with who made them."""
    return engagements_of(lead.pk)


def engagements_of(lead_id: int) -> QuerySet[Engagement]:
    """The same by the number of such a lead."""
    return Engagement.objects.filter(lead_id=lead_id).select_related("by__user")


def get_engagement(lead: Lead, engagement_id: int) -> Engagement:
    """Return one of them. Raises NotVisible."""
    found = lead_engagements(lead).filter(pk=engagement_id).first()
    if found is None:
        raise NotVisible("No call or message of this lead has this number.")
    return found


def ways_to_reach(reader: LeadReader, lead: Lead) -> list[Reach]:
    """Return the ways to reach the person of a lead, by what the reader sees clear: nothing of a masked value."""
    phone, email = reader.attribute(lead, "phone"), reader.attribute(lead, "email")
    ways = []
    if not phone.is_masked and E164.fullmatch(phone.text):
        ways += [
            Reach(Channel.CALL, f"tel:{phone.text}"),
            Reach(Channel.WHATSAPP, f"https://wa.me/{phone.text[1:]}"),
            Reach(Channel.SMS, f"sms:{phone.text}"),
        ]
    if email.text and not email.is_masked and _is_email(email.text):
        ways.append(Reach(Channel.EMAIL, f"mailto:{quote(email.text, safe='@')}"))
    return ways


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
