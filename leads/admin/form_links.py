"""Public form links in the console: made, changed, paused, ended, given a new address; and how to use them."""

from typing import Any
from urllib.parse import urljoin

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from accounts.models import Membership
from accounts.queries.members import assignable_members
from core.admin.base import PausingAdmin, moment_column
from core.admin.forms import LinesField, ServiceForm
from core.admin.menu import BRING_IN, MenuPlace
from core.admin.site import console
from leads.fields.asked import askable_items
from leads.fields.line import line_definition
from leads.models import BusinessLine, Campaign, FormLink, FormLinkState, Source
from leads.queries.form_links import is_open, visible_form_links, with_counts
from leads.queries.lines import visible_lines
from leads.services.form_links import (
    create_form_link,
    end_form_link,
    pause_form_link,
    resume_form_link,
    rotate_form_link,
    update_form_link,
)

TONES = {"active": "success", "paused": "warning", "ended": "", "closed": "warning"}


class FormLinkForm(ServiceForm):
    """The settings of a form."""

    line = forms.ModelChoiceField(
        label=_("Business line"),
        queryset=BusinessLine._base_manager.none(),
        widget=UnfoldAdminSelectWidget,
        help_text=_("Its enquiries become leads of this line. Never changes."),
    )
    source = forms.ModelChoiceField(
        label=_("Source"),
        queryset=Source._base_manager.none(),
        widget=UnfoldAdminSelectWidget,
        help_text=_("Where its leads come from, such as Website."),
    )
    campaign = forms.ModelChoiceField(
        label=_("Campaign"),
        queryset=Campaign._base_manager.none(),
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    owner = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=Membership._base_manager.none(),
        required=False,
        empty_label=_("Nobody"),
        widget=UnfoldAdminSelectWidget,
        help_text=_("Whose its leads are at first. Nobody's leads wait for operations to assign them."),
    )
    field_keys = forms.MultipleChoiceField(
        label=_("Fields"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_(
            "What it asks. None chosen: every field that everybody may fill but files, also those that are published"
            " later. What the line requires is always asked. Files of strangers wait unopened until their enquiry"
            " is taken."
        ),
    )
    embed_origins = LinesField(
        label=_("Web sites that show it"),
        help_text=_(
            "Only these may show the form in a page of theirs, one per line. For example:"
            "<br>https://www.example.com"
        ),
    )

    class Meta:
        model = FormLink
        fields = (
            "line", "source", "campaign", "owner", "title", "introduction", "thank_you", "redirect_url",
            "accent", "field_keys", "consent_purpose", "consent_text", "expires_at", "daily_cap",
            "embed_origins",
        )  # fmt: skip
        help_texts = {
            "title": _("What stands above the form, such as “Ask for a home loan”."),
            "introduction": _("What it is about and what happens next, in a sentence or two."),
            "thank_you": _("What people read once it is sent."),
            "redirect_url": _(
                "Where they go instead, such as https://www.example.com/thanks. Within a frame, a button leads there."
            ),
            "accent": _("Of buttons and links; each can be read in light and dark."),
            "consent_purpose": _("What the consent is for, such as “Calls about home loans”."),
            "consent_text": _(
                "What people agree to, word for word. They have to tick it; what they agreed to is kept with the lead."
            ),
            "expires_at": _("From then on it takes no enquiries."),
            "daily_cap": _("How many it takes a day at most. Empty: as many as come."),
        }

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        link = self.instance
        offered = {
            "line": visible_lines(self.actor).filter(is_active=True, version__gt=0),
            "source": Source.objects.filter(models.Q(is_active=True) | models.Q(pk=link.source_id)),
            "campaign": Campaign.objects.filter(models.Q(is_active=True) | models.Q(pk=link.campaign_id)),
            "owner": assignable_members(self.actor),
        }
        for name, rows in offered.items():
            if name in self.fields:
                self.fields[name].queryset = rows
        if self.is_new:
            # Which fields there are is known once the line is.
            self.fields.pop("field_keys", None)
        elif "field_keys" in self.fields:
            items = askable_items(line_definition(link.line))
            self.fields["field_keys"].choices = [(item.key, item.label) for item in items]

    def perform(self, values: dict[str, Any]) -> FormLink:
        if self.is_new:
            return create_form_link(actor=self.actor, **values)
        changes = {name: value for name, value in values.items() if name != "line"}
        return update_form_link(actor=self.actor, link=self.instance, **changes)


@admin.register(FormLink, site=console)
class FormLinkAdmin(PausingAdmin):
    """Forms that anybody may fill in: by a link, a code on paper, or within a page of a web site."""

    menu = MenuPlace(BRING_IN, 22, "link", _("Form links"))
    form = FormLinkForm
    can_add = True
    can_change = True
    list_display = ("title", "line", "source", "state_label", "submissions", "repeats", "held", "refused")
    list_filter = ("state",)
    search_fields = ("title",)
    sortable_by = ()
    ordering = ("title", "id")
    actions_detail = ("pause", "resume", "rotate", "end")
    made = moment_column("created_at", _("Made"))

    words = ("title", "introduction", "accent", "thank_you", "redirect_url")
    leads = ("line", "source", "campaign", "owner")
    consent = ("consent_purpose", "consent_text")
    limits = ("expires_at", "daily_cap", "embed_origins")
    shown = ("use", "state_text", "submissions", "repeats", "held", "refused", "made")

    def rows(self, actor: Any) -> models.QuerySet:
        return with_counts(visible_form_links(actor))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        asked = (*self.leads, "field_keys") if obj else self.leads
        return (
            *(((_("Use it"), {"fields": self.shown}),) if obj else ()),
            (_("What people read"), {"fields": self.words}),
            (_("What becomes of it"), {"fields": asked}),
            (_("Consent"), {"fields": self.consent}),
            (_("Limits"), {"fields": self.limits}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.shown, "line") if obj else ()

    @display(description=_("State"), ordering="state", label=TONES)
    def state_label(self, link: FormLink) -> tuple[str, Any]:
        return _state_of(link)

    @admin.display(description=_("State"))
    def state_text(self, link: FormLink) -> str:
        return str(_state_of(link)[1])

    @admin.display(description=_("Address"))
    def use(self, link: FormLink) -> str:
        """The address, a look at it, and what a web site puts into its page."""
        path = reverse("leads:public_form", args=[link.token])
        return render_to_string(
            "console/leads/form_link_use.html",
            {
                "link": link,
                "path": path,
                "address": urljoin(settings.SITE_URL, path),
                "frame_address": urljoin(settings.SITE_URL, f"{path}?embed=1"),
            },
        )

    @admin.display(description=_("Enquiries"))
    def submissions(self, link: Any) -> int:
        return int(link.submissions_count)

    @admin.display(description=_("Of these repeats"))
    def repeats(self, link: Any) -> int:
        return int(link.repeats_count)

    @admin.display(description=_("Of these held"))
    def held(self, link: Any) -> int:
        return int(link.held_count)

    @admin.display(description=_("Turned away"))
    def refused(self, link: Any) -> int:
        return int(link.refused_count)

    def after_saving(self, request: HttpRequest, row: Any, response: HttpResponse) -> HttpResponse:
        """Stay on the form: its address stands there."""
        return redirect(self.address(row))

    def is_paused(self, row: FormLink) -> bool | None:
        return {FormLinkState.ACTIVE: False, FormLinkState.PAUSED: True}.get(FormLinkState(row.state))

    def has_going_on_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether it has not ended."""
        return self._is_paused(request, object_id) is not None

    @action(description=_("Pause"), icon="pause", permissions=["pause"])
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        link = self.found(request, object_id)
        return self.confirm(
            request,
            link,
            title=_("Pause %(form)s?") % {"form": link},
            text=_(
                "Whoever opens it reads that it takes no enquiries at the moment. You can let it go on later."
            ),
            button=_("Pause"),
            work=lambda: pause_form_link(actor=request.actor, link=link),  # type: ignore[attr-defined]
            done=_("The form is paused."),
        )

    @action(description=_("Go on"), icon="play_arrow", permissions=["resume"])
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        link = self.found(request, object_id)
        return self.confirm(
            request,
            link,
            title=_("Let %(form)s go on?") % {"form": link},
            text=_("It takes enquiries again, at the same address."),
            button=_("Go on"),
            work=lambda: resume_form_link(actor=request.actor, link=link),  # type: ignore[attr-defined]
            done=_("The form takes enquiries again."),
        )

    @action(description=_("New address"), icon="autorenew", permissions=["going_on"])
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        link = self.found(request, object_id)
        return self.confirm(
            request,
            link,
            title=_("Draw a new address for %(form)s?") % {"form": link},
            text=_(
                "The old address leads nowhere from then on: on paper, in messages, and on web sites, which need the"
                " new one."
            ),
            button=_("Draw a new address"),
            work=lambda: rotate_form_link(actor=request.actor, link=link),  # type: ignore[attr-defined]
            done=_("The form has a new address."),
        )

    @action(description=_("End"), icon="block", permissions=["going_on"])
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        link = self.found(request, object_id)
        return self.confirm(
            request,
            link,
            title=_("End %(form)s for good?") % {"form": link},
            text=_("It takes no enquiries any more. What came in through it stays."),
            button=_("End"),
            work=lambda: end_form_link(actor=request.actor, link=link),  # type: ignore[attr-defined]
            done=_("The form has ended."),
        )


def _state_of(link: FormLink) -> tuple[str, Any]:
    """The state of a form for its badge, and in words: why it takes no enquiries, if it takes none."""
    if link.state != FormLinkState.ACTIVE:
        return link.state, link.get_state_display()
    if link.is_expired:
        return "closed", _("Over since its last day")
    return ("active", _("Active")) if is_open(link) else ("closed", _("Its line takes no leads"))
