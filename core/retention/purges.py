"""What the foundation itself removes when it is old."""

from datetime import datetime

from django.apps import apps
from django.contrib.sessions.models import Session
from django.db.models import Exists, ForeignKey, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.database.history import HistoryRow
from core.intake.running import LOAD
from core.jobs.registry import registered_kinds
from core.models import UNFINISHED, IdempotencyKey, Job, MessageState, OutboxLane, OutboxMessage, StoredFile
from core.retention.registry import Purge, purge, register_purge
from core.services.files import remove_unattached

# Jobs of this area tell who took what out; they are kept as long as other evidence.
AUDIT = "audit"


@purge("core.jobs", setting="RETENTION_JOBS_DAYS", title=_("Finished tasks and their logs"))
def old_jobs(before: datetime) -> QuerySet[Job]:
    """Finished jobs that no row refers to. Loads of files stay: history names them, and rollbacks read them."""
    jobs = Job.objects.filter(finished_at__lt=before).exclude(state__in=UNFINISHED)
    jobs = jobs.exclude(kind__in=[LOAD, *_audited_kinds()])
    for model in apps.get_models():
        if issubclass(model, HistoryRow):
            continue
        for field in model._meta.concrete_fields:
            if isinstance(field, ForeignKey) and field.related_model is Job:
                jobs = jobs.exclude(Exists(model._base_manager.filter(**{field.attname: OuterRef("pk")})))
    return jobs


@purge("core.exports", setting="RETENTION_EXPORTS_DAYS", title=_("Records of exports"))
def old_exports(before: datetime) -> QuerySet[Job]:
    """Finished exports whose file was taken away, or was sent at once."""
    jobs = Job.objects.filter(kind__in=_audited_kinds(), finished_at__lt=before)
    return jobs.exclude(state__in=UNFINISHED).exclude(result__has_key="file")


def _audited_kinds() -> list[str]:
    return [kind.name for kind in registered_kinds() if kind.area == AUDIT]


@purge("core.idempotency_keys", setting="RETENTION_IDEMPOTENCY_DAYS", title=_("Idempotency keys"))
def old_idempotency_keys(before: datetime) -> QuerySet[IdempotencyKey]:
    """Keys that were used so long ago; after 24 hours they hold no more, whether they are still here or not."""
    return IdempotencyKey.objects.filter(created_at__lt=before)


@purge(
    "core.sessions",
    setting="RETENTION_SESSIONS_DAYS",
    title=_("Expired sessions"),
    whole_installation=True,
)
def expired_sessions(before: datetime) -> QuerySet[Session]:
    """Sessions that ended so long ago."""
    return Session.objects.filter(expire_date__lt=before)


@purge("core.outbox", setting="RETENTION_OUTBOX_DAYS", title=_("Delivered messages"))
def delivered_messages(before: datetime) -> QuerySet[OutboxMessage]:
    """Messages that were delivered so long ago."""
    delivered = OutboxMessage.objects.filter(state=MessageState.DELIVERED, delivered_at__lt=before)
    return delivered.order_by("delivered_at")


@purge("core.outbox_discarded", setting="RETENTION_OUTBOX_DAYS", title=_("Discarded messages"))
def discarded_messages(before: datetime) -> QuerySet[OutboxMessage]:
    """Messages that were set aside so long ago, and discarded."""
    return OutboxMessage.objects.filter(state=MessageState.DISCARDED, poisoned_at__lt=before)


@purge("core.outbox_lanes", setting="RETENTION_OUTBOX_DAYS", title=_("Idle lanes of messages"))
def idle_lanes(before: datetime) -> QuerySet[OutboxLane]:
    """Lanes in which nothing waits and nothing was published for so long."""
    return OutboxLane.objects.filter(due_at=None, stopped=False, used_at__lt=before)


@purge(
    "core.outbox_of_nobody",
    setting="RETENTION_OUTBOX_DAYS",
    title=_("Delivered messages of no organisation"),
    whole_installation=True,
)
def settled_messages_of_nobody(before: datetime) -> QuerySet[OutboxMessage]:
    """Mails that concern no organisation, also those set aside: no console shows them to anybody."""
    delivered = Q(state=MessageState.DELIVERED, delivered_at__lt=before)
    aside = Q(state__in=(MessageState.POISONED, MessageState.DISCARDED), poisoned_at__lt=before)
    return OutboxMessage.objects.filter(delivered | aside, organization=None)


@purge(
    "core.outbox_lanes_of_nobody",
    setting="RETENTION_OUTBOX_DAYS",
    title=_("Idle lanes of no organisation"),
    whole_installation=True,
)
def idle_lanes_of_nobody(before: datetime) -> QuerySet[OutboxLane]:
    """The same for their lanes."""
    return idle_lanes(before).filter(organization=None)


register_purge(
    Purge(
        name="core.unattached_files",
        title=_("Files that were handed in and belong to nothing"),
        setting="RETENTION_UNATTACHED_FILES_DAYS",
        count=lambda before: StoredFile.objects.filter(
            attached_at__isnull=True, created_at__lt=before
        ).count(),
        delete=remove_unattached,
    )
)
