"""What the foundation itself removes when it is old."""

from datetime import datetime

from django.apps import apps
from django.contrib.sessions.models import Session
from django.db.models import Exists, ForeignKey, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from core.database.history import HistoryRow
from core.intake.running import LOAD
from core.jobs.registry import registered_kinds
from core.models import UNFINISHED, IdempotencyKey, Job
from core.retention.registry import purge

# Jobs of this area tell who took what out; they are kept as long as other evidence.
AUDIT = "audit"


@purge("core.jobs", setting="RETENTION_JOBS_DAYS", title=_("Finished tasks and their logs"))
def old_jobs(before: datetime) -> QuerySet[Job]:
    """Finished jobs that no row refers to. Loads of files stay: history names them, and rollbacks read them."""
    audited = [kind.name for kind in registered_kinds() if kind.area == AUDIT]
    jobs = Job.objects.filter(finished_at__lt=before).exclude(state__in=UNFINISHED)
    jobs = jobs.exclude(kind__in=[LOAD, *audited])
    for model in apps.get_models():
        if issubclass(model, HistoryRow):
            continue
        for field in model._meta.concrete_fields:
            if isinstance(field, ForeignKey) and field.related_model is Job:
                jobs = jobs.exclude(Exists(model._base_manager.filter(**{field.attname: OuterRef("pk")})))
    return jobs


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
