"""Pages about oneself: where to begin, one's profile, the organisation one works in."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.pages.forms import ProfileForm, show_refusal
from accounts.pages.keys import own_keys
from accounts.queries.calendar import visible_absences
from accounts.queries.login_logs import own_login_logs
from accounts.queries.memberships import today
from accounts.queries.profile import memberships_shown, uses_two_steps
from accounts.roles import Area
from accounts.services import change_profile
from accounts.services.visitors import device_name
from accounts.sessions import ORGANIZATION_KEY
from core.errors import NotVisible, ValidationFailed
from core.pages.navigation import home_of

LATEST = 6


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Send a person to where the work is."""
    return redirect(home_of(request) or "accounts:profile")


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show a person's own page; POST changes name and phone."""
    actor = request.actor  # type: ignore[attr-defined]
    member = actor.membership
    form = ProfileForm(request.POST or None, initial={"name": member.name, "phone": member.phone})
    if request.method == "POST" and form.is_valid():
        try:
            change_profile(actor=actor, **form.cleaned_data)
        except ValidationFailed as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:profile")
    context: dict[str, Any] = {
        "person": {"name": member.name, "email": actor.user.email, "joined": member.created_at},
        "form": form,
        "memberships": memberships_shown(request.memberships),  # type: ignore[attr-defined]
        "security": {"two_step": uses_two_steps(actor.user)},
        "absences": list(
            visible_absences(actor).filter(membership=member, last_day__gte=today(actor.organization))[
                :LATEST
            ]
        ),
        "keys": own_keys(actor),
        "may_make_keys": actor.may(Area.KEYS, "write"),
        "sign_ins": [
            {
                "at": log.at,
                "address": log.address or "",
                "device": device_name(log.device),
                "outcome_label": log.get_method_display() if log.succeeded else log.get_reason_display(),
                "outcome_tone": "good" if log.succeeded else "bad",
            }
            for log in own_login_logs(actor, LATEST)
        ],
    }
    return render(
        request, "accounts/profile.html", context, status=200 if form.is_valid() or not form.is_bound else 422
    )


@require_POST
def switch_organization(request: HttpRequest) -> HttpResponse:
    """Work in another of one's organisations from now on; one that is not one's own does not exist."""
    slug = request.POST.get("organization", "")
    if not any(membership.organization.slug == slug for membership in request.memberships):  # type: ignore[attr-defined]
        raise NotVisible
    request.session[ORGANIZATION_KEY] = slug
    # Forms that are still open in another tab belong to the organisation left: they are refused from now on.
    rotate_token(request)
    return redirect("accounts:home")
