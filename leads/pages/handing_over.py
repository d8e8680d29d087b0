"""Handing over what somebody had to do: who does not work and has open leads, what goes to whom, how it went."""

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actor import Actor
from accounts.models import Membership
from accounts.pages.forms import show_refusal
from accounts.queries.members import assignable_members, choice_label
from accounts.roles import Area
from core import locale_formats as formats
from core.errors import ApplicationError
from core.models import Job
from leads.models import HandOver, HandOverMethod
from leads.pages.imports.presenting import actor_of
from leads.queries.hand_overs import (
    get_hand_over,
    get_handed_member,
    handed_members,
    idle_owners,
    job_of,
    may_be_taken_back,
    open_work,
    reach_over_all,
    visible_hand_overs,
)
from leads.services.handing_over import hand_over, take_back
from leads.services.handing_over.previewing import Preview, preview_hand_over

LATEST = 20


class PersonForm(forms.Form):
    """Whose work is handed over."""

    person = forms.ModelChoiceField(
        label=gettext_lazy("Person"), queryset=Membership._base_manager.none(), empty_label="—"
    )

    def __init__(self, *arguments: Any, actor: Actor, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["person"].queryset = handed_members(actor)  # type: ignore[attr-defined]


class HandOverForm(forms.Form):
    """To whom it goes."""

    use_required_attribute = False

    method = forms.ChoiceField(
        label=gettext_lazy("Who gets the leads"), choices=(), widget=forms.RadioSelect, initial="person"
    )
    target = forms.ModelChoiceField(
        label=gettext_lazy("Person, or leader of the team"),
        queryset=Membership._base_manager.none(),
        required=False,
        empty_label="—",
    )
    manager = forms.ModelChoiceField(
        label=gettext_lazy("Who reported to this person reports to"),
        queryset=Membership._base_manager.none(),
        required=False,
        empty_label=gettext_lazy("They stay as they are"),
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, actor: Actor, source: Membership, has_reports: bool
    ) -> None:
        super().__init__(data)
        methods = [
            each
            for each in HandOverMethod.choices
            if reach_over_all(actor) or each[0] != HandOverMethod.RULES
        ]
        self.fields["method"].choices = methods  # type: ignore[attr-defined]
        people = assignable_members(actor).exclude(pk=source.pk)
        target: Any = self.fields["target"]
        target.queryset, target.label_from_instance = people, choice_label
        if reach_over_all(actor):
            target.help_text = _(
                "By the rules: who gets what no rule fits; without one it stays where it is."
            )
        if not has_reports or not actor.may(Area.ACCESS, "write"):
            del self.fields["manager"]
        else:
            manager: Any = self.fields["manager"]
            manager.queryset = (
                Membership.objects.filter(is_active=True).select_related("user").exclude(pk=source.pk)
            )


@require_http_methods(["GET", "HEAD"])
def hand_overs(request: HttpRequest) -> HttpResponse:
    """Who has open leads and does not work, and the latest hand-overs. `person` leads to that person's."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "assign")
    form = PersonForm(request.GET if "person" in request.GET else None, actor=actor)
    if form.is_bound and form.is_valid():
        return redirect("leads:hand_over", member_id=form.cleaned_data["person"].pk)
    context = {
        "form": form,
        "idle": _idle(actor),
        "idle_columns": [
            {"label": _("Person")},
            {"label": _("Open leads"), "kind": "number"},
            {"label": _("State")},
        ],
        "latest": [_told(actor, row) for row in visible_hand_overs(actor)[:LATEST]],
        "latest_columns": [
            {"label": label} for label in (_("From whom"), _("To"), _("By"), _("At"), _("State"))
        ],
    }
    return render(request, "leads/hand_overs.html", context, status=422 if form.errors else 200)


def _idle(actor: Actor) -> list[dict[str, Any]]:
    rows = []
    for each in idle_owners(actor):
        state = _("No access any more")
        if each.away_until is not None and each.member.is_active:
            state = _("Away until %(day)s") % {
                "day": formats.format_day(each.away_until, actor.organization.locale)
            }
        rows.append(
            {
                "url": reverse("leads:hand_over", args=[each.member.pk]),
                "cells": [
                    {"text": str(each.member)},
                    {"text": str(each.leads), "label": _("Open leads"), "kind": "number"},
                    {"text": state, "label": _("State"), "kind": "badge", "tone": "warn"},
                ],
            }
        )
    return rows


def _told(actor: Actor, row: HandOver) -> dict[str, Any]:
    state = _("Taken back") if row.taken_back_at else _("Handed over")
    return {
        "url": reverse("leads:hand_over_detail", args=[row.pk]),
        "cells": [
            {"text": str(row.source)},
            {"text": _to_whom(row), "label": _("To")},
            {"text": str(row.by), "label": _("By")},
            {
                "text": formats.format_moment(row.at, actor.organization.locale, actor.organization.zone),
                "label": _("At"),
            },
            {
                "text": state,
                "label": _("State"),
                "kind": "badge",
                "tone": "" if row.taken_back_at else "good",
            },
        ],
    }


def _to_whom(row: HandOver) -> str:
    if row.method == HandOverMethod.PERSON:
        return str(row.target)
    if row.method == HandOverMethod.TEAM:
        return _("The team of %(leader)s") % {"leader": row.target}
    return str(row.get_method_display())


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over_page(request: HttpRequest, member_id: int) -> HttpResponse:
    """Show what a person has open and ask who gets it: first what would go where, then, pressed again, it goes."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "assign")
    source = get_handed_member(actor, member_id)
    work = open_work(actor, source)
    form = HandOverForm(request.POST or None, actor=actor, source=source, has_reports=bool(work.reports))
    preview: Preview | None = None
    if request.method == "POST" and form.is_valid():
        asked = {**form.cleaned_data, "actor": actor, "source": source}
        try:
            if "confirmed" in request.POST:
                row = hand_over(press=request.POST.get("press", ""), **asked)
                return redirect("leads:hand_over_detail", hand_over_id=row.pk)
            preview = preview_hand_over(**asked)
        except ApplicationError as error:
            show_refusal(form, error)
    may_configure = actor.may(Area.CONFIGURATION, "write")
    context = {
        "source": source,
        "form": form,
        "work": work,
        "preview": preview,
        "press": uuid.uuid4().hex,
        "rules": [
            {
                "name": f"{rule.line.name}: {rule.name}",
                "url": reverse("admin:leads_assignmentrule_change", args=[rule.pk]) if may_configure else "",
            }
            for rule in work.rules
        ],
        "leads_url": f"{reverse('leads:list')}?owner={source.pk}",
    }
    return render(request, "leads/hand_over.html", context, status=422 if form.errors else 200)


@require_safe
def hand_over_detail(request: HttpRequest, hand_over_id: int) -> HttpResponse:
    """Show how far a hand-over is, or how it went."""
    actor = actor_of(request)
    row = get_hand_over(actor, hand_over_id)
    job = job_of(row)
    context = {
        "row": row,
        "to_whom": _to_whom(row),
        "job": job,
        "outcome": _outcome(row, job) if job is not None else "",
        "may_take_back": may_be_taken_back(row, job),
    }
    response = render(request, "leads/hand_over_detail.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _outcome(row: HandOver, job: Job) -> str:
    counts = job.result or job.cursor.get("counts") or {}
    given, waiting, kept = (counts.get(name, 0) for name in ("given", "waiting", "kept"))
    if row.taken_back_at is not None:
        parts = [_("%(number)s given back") % {"number": given}]
        parts += [_("%(number)s stay, because they were touched since") % {"number": kept}] if kept else []
    else:
        parts = [_("%(number)s handed over") % {"number": given}]
        parts += [_("%(number)s wait for people at work") % {"number": waiting}] if waiting else []
        parts += [_("%(number)s stay, because no rule fits them") % {"number": kept}] if kept else []
    return ", ".join(parts) if counts else ""


@require_POST
def hand_over_take_back(request: HttpRequest, hand_over_id: int) -> HttpResponse:
    """Take a hand-over back, as far as nobody has touched the leads since."""
    try:
        take_back(actor=actor_of(request), hand_over_id=hand_over_id)
    except ApplicationError as error:
        if error.status not in (400, 409):
            raise
        messages.error(request, error.message)
    return redirect("leads:hand_over_detail", hand_over_id=hand_over_id)
