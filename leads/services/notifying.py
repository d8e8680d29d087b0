"""The writers of notifications: telling people, and what they have read."""

from collections.abc import Collection, Mapping

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership
from core.errors import NotVisible
from leads.models import FollowUp, Lead, Note, Notification, NotificationKind, NotificationSettings
from leads.queries.notifications import visible_notifications


@transaction.atomic
def notify(
    *,
    kind: NotificationKind,
    lead: Lead,
    recipient_ids: Collection[int],
    by: Membership | None,
    note: Note | None = None,
    follow_up: FollowUp | None = None,
) -> None:
    """Tell people of what `by` did, in the transaction of the deed. Nobody is told of what they did
    themselves, or have chosen to hear nothing of.

    That the recipients may see the lead is for the caller to know; what they see no more is not shown to them.
    """
    told = _listening(kind, set(recipient_ids) - {by.pk if by else None})
    Notification.objects.bulk_create(
        Notification(
            organization_id=lead.organization_id,
            recipient_id=recipient,
            kind=kind,
            lead=lead,
            note=note,
            follow_up=follow_up,
            actor=by,
        )
        for recipient in told
    )


def _listening(kind: NotificationKind, recipient_ids: set[int]) -> list[int]:
    """Those who have not chosen to be told nothing of the kind."""
    if not recipient_ids:
        return []
    silent = NotificationSettings.objects.filter(
        membership_id__in=recipient_ids, silent__contains=[kind.value]
    )
    return sorted(recipient_ids - set(silent.values_list("membership_id", flat=True)))


@transaction.atomic
def notify_owners(*, organization_id: int, owners: Mapping[int, int], by: Membership | None) -> None:
    """Tell people of leads that were given to them (lead id → the new owner), by one statement; else as `notify`."""
    told = set(_listening(NotificationKind.ASSIGNED, set(owners.values()) - {by.pk if by else None}))
    Notification.objects.bulk_create(
        Notification(
            organization_id=organization_id,
            recipient_id=owner,
            kind=NotificationKind.ASSIGNED,
            lead_id=lead_id,
            actor=by,
        )
        for lead_id, owner in sorted(owners.items())
        if owner in told
    )


@transaction.atomic
def read_notification(*, actor: Actor, notification_id: int) -> Notification:
    """Mark one of the actor's own as read. Raises NotVisible for any other."""
    found = visible_notifications(actor).filter(pk=notification_id).select_related("lead").first()
    if found is None:
        raise NotVisible("No notification of yours has this number.")
    if found.read_at is None:
        found.read_at = timezone.now()
        found.save(update_fields=["read_at"])
    return found


@transaction.atomic
def read_all_notifications(*, actor: Actor, up_to: int | None = None) -> int:
    """Mark the actor's own as read, up to the newest that the page showed; return how many there were."""
    if actor.membership is None:
        return 0
    unread = Notification.objects.filter(recipient=actor.membership, read_at__isnull=True)
    if up_to is not None:
        unread = unread.filter(pk__lte=up_to)
    return unread.update(read_at=timezone.now())
