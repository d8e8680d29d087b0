"""A person's own keys: made, rotated, revoked. A secret is shown in the answer that made it, and never again."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actor import Actor
from accounts.key_scopes import SCOPES
from accounts.pages.forms import show_refusal
from accounts.queries.api_keys import get_api_key, visible_api_keys
from accounts.roles import AREA_LABELS, Area
from accounts.services.api_keys import NewKey, create_api_key, revoke_api_key, rotate_api_key
from accounts.services.visitors import Visitor
from core.errors import ApplicationError

LIFETIMES = ((30, gettext_lazy("30 days")), (90, gettext_lazy("90 days")), (365, gettext_lazy("A year")))
OVERLAP = dt.timedelta(days=1)
TONES = {"active": "good", "expired": "warn", "revoked": "quiet"}


class KeyForm(forms.Form):
    """A key to make for oneself."""

    name = forms.CharField(
        label=gettext_lazy("Name"), help_text=gettext_lazy("What it is for, such as “Branch website”.")
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Never more than you may yourself, whatever you may later."),
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Serves for"), choices=LIFETIMES, coerce=int, initial=LIFETIMES[1][0]
    )

    def __init__(self, *arguments: Any, actor: Actor, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["scopes"].choices = scope_choices(actor)
        self.fields["name"].widget.attrs["autocomplete"] = "off"


def scope_choices(actor: Actor) -> list[tuple[str, str]]:
    """Return the scopes that the actor's roles allow, in words."""
    return [
        (name, f"{AREA_LABELS[area]}: {verb}")
        for name, (area, verb) in SCOPES.items()
        if actor.may(area, verb)
    ]


def own_keys(actor: Actor) -> list[dict[str, Any]]:
    """Return the actor's own keys for the profile, those in force first."""
    if actor.membership is None or not actor.may(Area.KEYS, "read"):
        return []
    keys = list(visible_api_keys(actor).filter(owner=actor.membership, revoked_at=None))
    return [
        {"row": key, "tone": TONES[key.state], "used_at": key.used_at, "is_active": key.state == "active"}
        for key in sorted(keys, key=lambda key: key.state != "active")
    ]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_key(request: HttpRequest) -> HttpResponse:
    """Show the form; POST makes the key and shows it, this once."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    actor.require(Area.KEYS, "write")
    form = KeyForm(request.POST or None, actor=actor)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = create_api_key(
                actor=actor,
                name=given["name"],
                scopes=given["scopes"],
                expires_at=timezone.now() + dt.timedelta(days=given["days"]),
                visitor=Visitor.of(request),
            )
        except ApplicationError as error:
            show_refusal(form, error)
        else:
            return _shown_once(request, made)
    status = 422 if form.is_bound else 200
    return render(request, "accounts/key_new.html", {"form": form}, status=status)


@never_cache
@require_POST
def rotate_key(request: HttpRequest, prefix: str) -> HttpResponse:
    """Put a new key in the place of one, which serves a day longer."""
    made = rotate_api_key(
        actor=request.actor,  # type: ignore[attr-defined]
        prefix=prefix,
        overlap=OVERLAP,
        visitor=Visitor.of(request),
    )
    return _shown_once(request, made, replaced=get_api_key(request.actor, prefix))  # type: ignore[attr-defined]


@require_POST
def revoke_key(request: HttpRequest, prefix: str) -> HttpResponse:
    """End a key."""
    key = revoke_api_key(actor=request.actor, prefix=prefix)  # type: ignore[attr-defined]
    messages.success(request, _("“%(name)s” opens nothing any more.") % {"name": key.name})
    return redirect("accounts:profile")


def _shown_once(request: HttpRequest, made: NewKey, replaced: Any = None) -> HttpResponse:
    context = {"key": made.key, "key_text": made.text, "replaced": replaced}
    return render(request, "accounts/key_told.html", context)
