"""What leads remove when it is old."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from core.retention import purge
from core.retention.registry import Purge, register_purge
from leads.models import (
    Arrival,
    ArrivalState,
    AssignmentTally,
    BulkChange,
    BulkChangedLead,
    CountedFigures,
    Digest,
    FormSubmission,
    LeadAdmission,
    Notification,
    SubmissionOutcome,
)
from leads.services.form_files import files_without_enquiry, remove_files_without_enquiry
from leads.services.statistics.folding import count_foldable, fold_tallies


@purge(
    "leads.discarded_enquiries",
    setting="RETENTION_DISCARDED_ENQUIRIES_DAYS",
    title=_("Discarded form enquiries"),
)
def discarded_enquiries(before: datetime) -> QuerySet[FormSubmission]:
    """Enquiries through forms that came in so long ago and that somebody has discarded."""
    return FormSubmission.objects.filter(outcome=SubmissionOutcome.DISCARDED, at__lt=before).order_by("at")


@purge(
    "leads.counted_figures", setting="RETENTION_COUNTED_FIGURES_DAYS", title=_("Figures that were counted")
)
def counted_figures(before: datetime) -> QuerySet[CountedFigures]:
    """Figures that nobody has had counted again since; when a line was judged is no figure."""
    old = CountedFigures.objects.filter(counted_at__lt=before).exclude(key__startswith="judged:")
    return old.order_by("counted_at")


@purge("leads.notifications", setting="RETENTION_NOTIFICATIONS_DAYS", title=_("Notifications"))
def notifications(before: datetime) -> QuerySet[Notification]:
    """What people were told so long ago, read or not; what it tells of stays."""
    return Notification.objects.filter(created_at__lt=before).order_by("created_at")


@purge(
    "leads.bulk_changed_leads",
    setting="RETENTION_BULK_CHANGES_DAYS",
    title=_("What stood on leads before many were changed"),
)
def bulk_changed_leads(before: datetime) -> QuerySet[BulkChangedLead]:
    """What stood on leads before a change that can no longer be taken back."""
    old = BulkChange.objects.filter(created_at__lt=before).values("job")
    return BulkChangedLead.objects.filter(job__in=old)


@purge("leads.bulk_changes", setting="RETENTION_BULK_CHANGES_DAYS", title=_("Changes of many leads"))
def bulk_changes(before: datetime) -> QuerySet[BulkChange]:
    """Changes of which no lead is kept any more; their jobs stay."""
    kept = BulkChangedLead.objects.filter(job=OuterRef("job"))
    return BulkChange.objects.filter(~Exists(kept), created_at__lt=before).order_by("created_at")


@purge("leads.digests", setting="RETENTION_NOTIFICATIONS_DAYS", title=_("Records of mails of the day"))
def digests(before: datetime) -> QuerySet[Digest]:
    """That somebody was owed the mail of a day; the mails themselves are not kept."""
    return Digest.objects.filter(created_at__lt=before).order_by("created_at")


@purge(
    "leads.assignment_tallies",
    setting="RETENTION_ASSIGNMENT_TALLIES_DAYS",
    title=_("Leads given on past days, as caps count them"),
)
def past_assignment_tallies(before: datetime) -> QuerySet[AssignmentTally]:
    """Tallies of days that are over for so long; why each lead went where it did stays."""
    return AssignmentTally.objects.filter(day__lt=before.date()).order_by("day")


@purge("leads.arrivals", setting="RETENTION_ARRIVALS_DAYS", title=_("What came to watched places"))
def old_arrivals(before: datetime) -> QuerySet[Arrival]:
    """Arrivals so long ago that have left their place and wait for nobody; their imports stay."""
    old = Arrival.objects.filter(at__lt=before, is_put_away=True).exclude(state=ArrivalState.WAITING)
    return old.order_by("at")


@purge("leads.cap_places", setting="RETENTION_CAP_PLACES_DAYS", title=_("Places under the caps of sources"))
def old_cap_places(before: datetime) -> QuerySet[LeadAdmission]:
    """Which leads had places under caps whose day and month are long over; the counts stay."""
    return LeadAdmission.objects.filter(day__lt=before.date()).order_by("day")


register_purge(
    Purge(
        name="leads.tallies",
        title=_("Tallies of leads that make one"),
        setting="RETENTION_COUNTED_FIGURES_DAYS",
        count=count_foldable,
        delete=fold_tallies,
    )
)

register_purge(
    Purge(
        name="leads.enquiry_files",
        title=_("Files of form enquiries that are gone"),
        setting="RETENTION_DISCARDED_ENQUIRIES_DAYS",
        count=lambda before: files_without_enquiry(before).count(),
        delete=remove_files_without_enquiry,
    )
)
