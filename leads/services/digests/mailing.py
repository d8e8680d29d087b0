"""The mail of the day: made when it is sent, of what its reader may see then, and kept nowhere."""

import datetime as dt
from urllib.parse import urljoin

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import Membership
from core.outbox import Delivery
from core.outbox.mail import Mail, mail
from core.scope import current_organization_id, system_scope
from leads.models import Digest
from leads.queries.digests import DigestContent, notification_settings, read_digest
from leads.services.digests.choosing import stop_token
from leads.services.digests.owing import DIGEST, zone_named

# After so many days without a mail server, what was due then is no news, though no later mail is owed.
LATEST_DAYS = 2


@mail(DIGEST)
def make_digest(delivery: Delivery) -> Mail | None:
    """The mail of a person's day; None where there is nothing to say, or no longer anybody or reason to say it to."""
    member = _reader(delivery.payload["membership"])
    if member is None:
        return None
    chosen = notification_settings(member)
    now = timezone.now()
    zone = zone_named(chosen.timezone, member.organization)
    day = dt.date.fromisoformat(delivery.payload["day"])
    if now.astimezone(zone).date() > day and not _may_be_late(member, day, now.astimezone(zone).date()):
        return None
    content = read_digest(Actor.of(member), chosen, day=day, zone=zone, now=now)
    return _written(member, content) if content.parts else None


def _may_be_late(member: Membership, day: dt.date, today: dt.date) -> bool:
    """Whether the mail of a day that is over is sent still: until that of a later day is owed, which then says it all.

    The record of one that is passed over goes, so that the later mail tells of everything since the one before.
    """
    if Digest.objects.filter(membership=member, day__gt=day).exists():
        Digest.objects.filter(membership=member, day=day).delete()
        return False
    return (today - day).days <= LATEST_DAYS


def _reader(membership_id: int) -> Membership | None:
    organization_id = current_organization_id()
    with system_scope(reason="mail"):
        members = Membership.objects.select_related("user", "organization").filter(pk=membership_id)
        return members.filter(organization_id=organization_id, is_active=True, user__is_active=True).first()


def _written(member: Membership, content: DigestContent) -> Mail:
    stop_url = _address(reverse("leads:digest_stop", args=[stop_token(member)]))
    context = {
        "organization": " ".join(member.organization.name.split()),
        "content": content,
        "site": settings.SITE_URL.rstrip("/"),
        "settings_url": _address(reverse("leads:notification_settings")),
        "stop_url": stop_url,
    }
    told = ", ".join(part.summary for part in content.parts)
    return Mail(
        member.user.email,
        _("Your day: %(told)s") % {"told": told},
        render_to_string("leads/mail/digest.txt", context).strip() + "\n",
        render_to_string("leads/mail/digest.html", context),
        # One press in the mail program itself stops them (RFC 8058).
        {"List-Unsubscribe": f"<{stop_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )


def _address(path: str) -> str:
    return urljoin(settings.SITE_URL, path)
