"""What leads remove when it is old."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.retention import purge
from leads.models import FormSubmission, SubmissionOutcome


@purge(
    "leads.discarded_enquiries",
    setting="RETENTION_DISCARDED_ENQUIRIES_DAYS",
    title=_("Discarded form enquiries"),
)
def discarded_enquiries(before: datetime) -> QuerySet[FormSubmission]:
    """Enquiries through forms that came in so long ago and that somebody has discarded."""
    return FormSubmission.objects.filter(outcome=SubmissionOutcome.DISCARDED, at__lt=before).order_by("at")
