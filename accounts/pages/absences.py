"""Who is away: one's own absences and those of one's team, entered, changed, taken back."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actor import Actor
from accounts.models import Absence, Membership
from accounts.pages.forms import show_refusal
from accounts.queries.calendar import (
    absentees,
    changeable_absences,
    deputies_of,
    get_absence,
    visible_absences,
)
from accounts.queries.memberships import today
from accounts.roles import Area
from accounts.services.absences import LONGEST_NOTE, change_absence, enter_absence, withdraw_absence
from core import locale_formats as formats
from core.errors import ApplicationError, NotPermitted, NotVisible

MOST = 200


class AbsenceForm(forms.Form):
    """Who is away, from when until when, and who stands in. The service judges it."""

    use_required_attribute = False

    membership = forms.ModelChoiceField(
        label=gettext_lazy("Person"), queryset=Membership._base_manager.none(), empty_label=None
    )
    first_day = forms.DateField(label=gettext_lazy("First day"))
    last_day = forms.DateField(label=gettext_lazy("Last day"), help_text=gettext_lazy("This day included."))
    deputy = forms.ModelChoiceField(
        label=gettext_lazy("Deputy"),
        queryset=Membership._base_manager.none(),
        required=False,
        empty_label=gettext_lazy("Nobody"),
        help_text=gettext_lazy("Sees what falls due meanwhile, of the leads that the deputy may work."),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": str(LONGEST_NOTE), "autocomplete": "off"}),
        help_text=gettext_lazy("Read by the leader, the deputy and operations."),
    )

    def __init__(self, *arguments: Any, actor: Actor, absence: Absence | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name in ("first_day", "last_day"):
            control: Any = self.fields[name]
            control.widget = forms.DateInput(format="%Y-%m-%d")
            control.widget.input_type, control.width = "date", "half"
        people: Any = self.fields["membership"]
        people.queryset = absentees(actor)
        if absence is not None:
            del self.fields["membership"]
        elif not _may_enter_for_others(actor, people.queryset):
            people.widget = forms.HiddenInput()
        deputies: Any = self.fields["deputy"]
        member = absence.membership if absence is not None else actor.membership
        deputies.queryset = _deputies(actor, member, absence)
        if member is not None and "membership" not in self.fields:
            deputies.queryset = deputies.queryset.exclude(pk=member.pk)


def _may_enter_for_others(actor: Actor, people: QuerySet[Membership]) -> bool:
    return bool(people.exclude(pk=actor.membership.pk if actor.membership else None)[:1])


def _deputies(actor: Actor, member: Membership | None, absence: Absence | None) -> QuerySet[Membership]:
    """Whom the form offers; the service says who fits the person that is chosen."""
    found = Membership.objects.filter(is_active=True).select_related("user").order_by("name", "user__email")
    offered = absentees(actor).values("pk")
    beside = deputies_of(actor, member).values("pk") if member is not None else Membership.objects.none()
    chosen = [absence.deputy_id] if absence is not None and absence.deputy_id else []
    return found.filter(pk__in=offered) | found.filter(pk__in=beside) | found.filter(pk__in=chosen)


@require_safe
def absences(request: HttpRequest) -> HttpResponse:
    """The absences that one may see: those to come, or, with `past`, those that are over."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    day = today(actor.organization)
    shows_past = request.GET.get("past") == "1"
    rows = visible_absences(actor)
    rows = (
        rows.filter(last_day__lt=day).order_by("-last_day", "-pk")
        if shows_past
        else rows.filter(last_day__gte=day)
    )
    shown = list(rows[:MOST])
    changeable = set(
        changeable_absences(actor).filter(pk__in=[row.pk for row in shown]).values_list("pk", flat=True)
    )
    context = {
        "rows": [_row(actor, row, day, may_change=row.pk in changeable) for row in shown],
        "shows_past": shows_past,
        "may_hand_over": actor.may(Area.LEADS, "assign"),
        "columns": [
            {"label": label, "kind": ""}
            for label in (_("Person"), _("First day"), _("Last day"), _("Deputy"), _("State"), _("Note"))
        ],
    }
    return render(request, "accounts/absences.html", context)


def _row(actor: Actor, row: Absence, day: dt.date, *, may_change: bool) -> dict[str, Any]:
    def written(value: dt.date) -> str:
        return formats.format_day(value, actor.organization.locale)

    is_now = row.first_day <= day <= row.last_day
    state = (
        (_("Away"), "warn") if is_now else (_("Planned"), "info") if row.first_day > day else (_("Over"), "")
    )
    return {
        "url": reverse("accounts:absence", args=[row.pk]) if may_change else "",
        "cells": [
            {"text": str(row.membership)},
            {"text": written(row.first_day), "label": _("First day")},
            {"text": written(row.last_day), "label": _("Last day")},
            {"text": str(row.deputy or "—"), "label": _("Deputy")},
            {"text": state[0], "label": _("State"), "kind": "badge", "tone": state[1]},
            {"text": row.note or "—", "label": _("Note")},
        ],
    }


@require_http_methods(["GET", "HEAD", "POST"])
def new_absence(request: HttpRequest) -> HttpResponse:
    """Enter one's own absence, or that of somebody whose leads one may give."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    day = today(actor.organization)
    own = actor.membership.pk if actor.membership else None
    initial = {"membership": own, "first_day": day, "last_day": day}
    form = AbsenceForm(request.POST or None, actor=actor, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            entered = enter_absence(actor=actor, **form.cleaned_data)
        except NotVisible:
            form.add_error("membership", _("Choose yourself, or somebody of your team."))
        except ApplicationError as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("%(who)s is away.") % {"who": entered.membership})
            return redirect("accounts:absences")
    return _page(request, form, _("New absence"))


@require_http_methods(["GET", "HEAD", "POST"])
def absence(request: HttpRequest, absence_id: int) -> HttpResponse:
    """Change an absence."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = get_absence(actor, absence_id)
    if not changeable_absences(actor).filter(pk=found.pk).exists():
        raise NotPermitted("The person, their leader or operations change this.")
    initial = {name: getattr(found, name) for name in ("first_day", "last_day", "note")}
    form = AbsenceForm(
        request.POST or None, actor=actor, absence=found, initial={**initial, "deputy": found.deputy_id}
    )
    if request.method == "POST" and form.is_valid():
        try:
            change_absence(actor=actor, absence_id=found.pk, changes=form.cleaned_data)
        except ApplicationError as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:absences")
    withdraw_url = reverse("accounts:absence_withdraw", args=[found.pk])
    heading = _("Absence of %(who)s") % {"who": found.membership}
    return _page(request, form, heading, withdraw_url=withdraw_url)


@require_POST
def absence_withdraw(request: HttpRequest, absence_id: int) -> HttpResponse:
    """Take an absence back."""
    withdraw_absence(actor=request.actor, absence_id=absence_id)  # type: ignore[attr-defined]
    messages.success(request, _("The absence is taken back."))
    return redirect("accounts:absences")


def _page(request: HttpRequest, form: AbsenceForm, heading: str, *, withdraw_url: str = "") -> HttpResponse:
    context = {"form": form, "heading": heading, "withdraw_url": withdraw_url}
    return render(request, "accounts/absence.html", context, status=422 if form.errors else 200)
