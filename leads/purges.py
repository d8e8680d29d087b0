"""What leads remove when it is old."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.retention import purge
from core.retention.registry import Purge, register_purge
from leads.models import (
    Arrival,
    ArrivalState,
    CountedFigures,
    FormSubmission,
    LeadAdmission,
    SubmissionOutcome,
)
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
