"""Reading what was removed when."""

from django.db.models import QuerySet

from core.models import PurgeRecord
from core.outbox.access import OutboxActor

AREA = "configuration"


def purge_records(actor: OutboxActor) -> QuerySet[PurgeRecord]:
    """Return what each purge did last in the actor's organisation. Raises NotPermitted."""
    actor.require(AREA, "read")
    return PurgeRecord.objects.all()
