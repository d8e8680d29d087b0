"""How one is told: the page on which one chooses, and the page of the link in each mail that ends them."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.roles import Area
from core.errors import ValidationFailed
from leads.models import NotificationKind, NotificationSettings, TellingBy
from leads.pages.imports.presenting import actor_of
from leads.pages.work_forms import show_refusal
from leads.queries.digests import notification_settings as settings_of
from leads.queries.digests import telling_by
from leads.services.digests.choosing import Choice, choose_notifications, member_of_token, stop_mails

KIND_LABELS = {
    NotificationKind.MENTION: gettext_lazy("Somebody mentions me in a note"),
    NotificationKind.FOLLOW_UP: gettext_lazy("Somebody gives me a follow-up"),
    NotificationKind.ASSIGNED: gettext_lazy("Somebody gives me a lead"),
    NotificationKind.STALLED: gettext_lazy("A lead of mine or of my team stalls"),
}


class TellingForm(forms.Form):
    """How one is told of each kind, and of one's day."""

    use_required_attribute = False

    morning = forms.BooleanField(
        label=gettext_lazy("Begin my day with an e-mail"),
        required=False,
        help_text=gettext_lazy(
            "What is overdue, due and new; for leaders also whom to help, and why. Nothing to say, no mail."
        ),
    )
    hour = forms.TypedChoiceField(
        label=gettext_lazy("E-mails come at"),
        coerce=int,
        choices=[(hour, f"{hour:02}:00") for hour in range(24)],
    )
    timezone = forms.ChoiceField(label=gettext_lazy("In the timezone"), required=False)

    def __init__(self, data: Any, *, chosen: NotificationSettings, zone: str) -> None:
        initial = {"morning": chosen.morning, "hour": chosen.hour, "timezone": chosen.timezone}
        super().__init__(data, auto_id="telling_%s", initial=initial)
        for kind in NotificationKind:
            self.fields[kind.value] = forms.ChoiceField(
                label=KIND_LABELS.get(kind, kind.label),
                choices=TellingBy.choices,
                initial=telling_by(chosen, kind),
            )
        others = sorted({*available_timezones(), chosen.timezone} - {""})
        own = _("The organisation’s (%(zone)s)") % {"zone": zone}
        when: Any = self.fields["timezone"]
        when.choices = [("", own), *((name, name.replace("_", " ")) for name in others)]
        for name in ("hour", "timezone"):
            control: Any = self.fields[name]
            control.width = "half"
        self.order_fields([*NotificationKind.values, "morning", "hour", "timezone"])

    def choice(self) -> Choice:
        """Return what was chosen."""
        given = self.cleaned_data
        kinds = {kind: given[kind] for kind in NotificationKind.values}
        return Choice(kinds, given["morning"], given["hour"], given["timezone"])


@require_http_methods(["GET", "HEAD", "POST"])
def notification_settings(request: HttpRequest) -> HttpResponse:
    """Choose how one is told."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "read")
    member = actor.membership
    assert member is not None, "Pages are for members."
    data = request.POST if request.method == "POST" else None
    form = TellingForm(data, chosen=settings_of(member), zone=actor.organization.timezone)
    if form.is_valid():
        try:
            choose_notifications(actor=actor, choice=form.choice())
        except ValidationFailed as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("leads:notification_settings")
    context = {
        "form": form,
        "notifications_url": reverse("leads:notifications"),
        "address": member.user.email,
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "leads/notification_settings.html", context, status=status)


# The link is in a mail: it works in any browser, and mail programs send its form without any cookie (RFC 8058).
# It stops mails, and can do nothing else. Opening it changes nothing, because programs that look for viruses do so.
@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def digest_stop(request: HttpRequest, token: str) -> HttpResponse:
    """End the mails of whoever the link was sent to."""
    is_stopped = request.method == "POST"
    member = stop_mails(token) if is_stopped else member_of_token(token)
    context = {"organization": member.organization.name, "is_stopped": is_stopped}
    response = render(request, "leads/digest_stop.html", context)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
