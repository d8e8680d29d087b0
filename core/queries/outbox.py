"""Reading what goes out, and has not yet."""

from django.db.models import QuerySet

from core.models import UNDELIVERED, MessageState, OutboxMessage
from core.outbox.access import AREA, OutboxActor


def undelivered_messages(actor: OutboxActor) -> QuerySet[OutboxMessage]:
    """Return the organisation's messages that wait, are set aside or were discarded. Raises NotPermitted."""
    actor.require(AREA, "read")
    return OutboxMessage.objects.filter(state__in=UNDELIVERED)


def poisoned_messages(actor: OutboxActor) -> QuerySet[OutboxMessage]:
    """Return the poison queue: the messages that somebody must decide about. Raises NotPermitted."""
    return undelivered_messages(actor).filter(state=MessageState.POISONED)
