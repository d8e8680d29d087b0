"""What came in through forms: what is held waits here for somebody to take it or to put it aside."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.paginator import InfinitePaginator

from accounts.roles import Area
from core.admin.audit import as_text
from core.admin.base import ReadOnlyAdmin, moment_column
from core.admin.dashboard import Queue, QueueItem, register_queue
from core.admin.menu import BRING_IN, MenuPlace
from core.admin.site import console
from leads.fields.line import line_definition
from leads.models import FormSubmission, SubmissionOutcome
from leads.queries.form_links import held_submissions, lead_of, may_decide, visible_submissions
from leads.services.form_submissions import accept_submission, discard_submission

TONES = {"created": "success", "repeat": "info", "held": "warning", "discarded": ""}
WHYS = {
    "trap": _("a field was filled that people do not see"),
    "links": _("many addresses of web pages"),
    "unasked": _("the line requires what the form does not ask"),
    "attachments_full": _("the lead that it repeats has as many attachments as it can have"),
    "unique": _("another lead has the same value"),
    "refused": _("its source does not take such leads"),
    "closed": _("its source takes no leads at the time"),
    "cap": _("its source had taken its leads of the day or month"),
}
SHOWN = 5


@admin.register(FormSubmission, site=console)
class FormSubmissionAdmin(ReadOnlyAdmin):
    """Enquiries through forms, with what was agreed to. What was typed is for those who write leads."""

    area = Area.LEADS
    menu = MenuPlace(BRING_IN, 23, "inbox", _("Form enquiries"))
    list_display = ("received", "form_link", "outcome_label", "why", "agreed")
    list_display_links = ("received",)
    list_filter = ("outcome", ("form_link", admin.RelatedOnlyFieldListFilter))
    sortable_by = ()
    ordering = ("-id",)
    paginator = InfinitePaginator
    show_full_result_count = False
    fields = ("received", "form_link", "outcome", "lead", "why", "agreed", "words", "typed")
    actions_detail = ("accept", "discard")
    received = moment_column("at", _("Received"))

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_submissions(actor)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            row.reader = request.actor  # type: ignore[attr-defined]
        return row

    @display(description=_("Outcome"), ordering="outcome", label=TONES)
    def outcome_label(self, row: FormSubmission) -> tuple[str, str]:
        return row.outcome, row.get_outcome_display()

    @admin.display(description=_("Why it is held"))
    def why(self, row: FormSubmission) -> str:
        definition = line_definition(row.form_link.line)
        return "; ".join(_in_words(definition, each) for each in row.suspicions) or "—"

    @admin.display(description=_("Agreed to"))
    def agreed(self, row: FormSubmission) -> str:
        return str(row.consent) if row.consent else "—"

    @admin.display(description=_("Word for word"))
    def words(self, row: FormSubmission) -> str:
        return row.consent.text if row.consent else "—"

    @admin.display(description=_("Lead"))
    def lead(self, row: Any) -> str:
        found = lead_of(row.reader, row)
        if found is None:
            return "—"
        address = reverse("leads:detail", args=[found.reference])
        return format_html('<a href="{}">{}</a>', address, found.reference)

    @admin.display(description=_("What was typed"))
    def typed(self, row: Any) -> str:
        if not row.values:
            return "—"
        if not may_decide(row.reader):
            return str(_("For those who write leads."))
        labels = {item.key: item.label for item in line_definition(row.form_link.line).fields}
        values = (
            (labels.get(key, key), _typed_text(value))
            for key, value in row.values.items()
            if value not in ("", None, {})
        )
        items = format_html_join("", "<li>{}: {}</li>", values)
        return format_html('<ul class="console-plain">{}</ul>', items)

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the enquiry of the page is held, and the actor's to decide."""
        if not object_id or not may_decide(request.actor):  # type: ignore[attr-defined]
            return False
        row = self.get_object(request, object_id)
        return row is not None and row.outcome == SubmissionOutcome.HELD

    @action(description=_("Take as a lead"), icon="check", permissions=["decide"])
    def accept(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.found(request, object_id)
        return self.confirm(
            request,
            row,
            title=_("Take this enquiry?"),
            text=_("It becomes a lead, or is counted on the lead that it repeats."),
            button=_("Take as a lead"),
            work=lambda: accept_submission(actor=request.actor, submission=row),  # type: ignore[attr-defined]
            done=_("The enquiry is taken."),
        )

    @action(description=_("Discard"), icon="delete", permissions=["decide"])
    def discard(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.found(request, object_id)
        return self.confirm(
            request,
            row,
            title=_("Discard this enquiry?"),
            text=_("It is put aside, and removed when it is old."),
            button=_("Discard"),
            work=lambda: discard_submission(actor=request.actor, submission=row),  # type: ignore[attr-defined]
            done=_("The enquiry is discarded."),
        )


def _typed_text(value: Any) -> str:
    """What was typed; of a file, which nobody opens before it is a lead's, what it is called and how large it is."""
    if isinstance(value, dict) and "name" in value and "size" in value:
        return f"{value['name']} ({filesizeformat(value['size'])})"
    return str(as_text(value))


def _in_words(definition: Any, reason: str) -> str:
    """Why an enquiry is held: `trap`, `links`, `unasked:key`, or `key:unique`."""
    for name in reason.split(":"):
        if name in WHYS:
            key = reason.replace(name, "").strip(":")
            item = definition.by_key.get(key)
            return f"{item.label}: {WHYS[name]}" if item else str(WHYS[name])
    return reason


@register_queue(15)
def enquiries_to_look_at(actor: Any) -> Queue | None:
    """Enquiries through forms that are held."""
    if not may_decide(actor):
        return None
    held = held_submissions(actor)
    first = list(held[:SHOWN])
    return Queue(
        title=_("Form enquiries held for a look"),
        icon="inbox",
        count=held.count() if len(first) == SHOWN else len(first),
        link=reverse("admin:leads_formsubmission_changelist") + "?outcome__exact=held",
        advice=_("Take what people meant as leads, and discard what machines wrote."),
        items=[
            QueueItem(str(row), reverse("admin:leads_formsubmission_change", args=[row.pk])) for row in first
        ],
    )
