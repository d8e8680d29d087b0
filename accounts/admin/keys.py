"""API keys and sign-ins in the console."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
)

from accounts.models import ApiKey, LoginLog, Membership
from accounts.pages.keys import LIFETIMES, OVERLAP, scope_choices
from accounts.queries.api_keys import visible_api_keys
from accounts.queries.login_logs import visible_login_logs
from accounts.queries.members import visible_members
from accounts.roles import Area, Level, Role
from accounts.services.api_keys import (
    MOST_CALLS_PER_MINUTE,
    NewKey,
    create_api_key,
    revoke_api_key,
    rotate_api_key,
)
from accounts.services.visitors import Visitor
from core.admin.base import ReadOnlyAdmin, ServiceModelAdmin, moment_column
from core.admin.forms import ServiceForm, in_words
from core.admin.menu import AUDIT, CONFIGURE, MenuPlace
from core.admin.site import console
from core.errors import ApplicationError

STATE_TONES = {"active": "success", "expired": "warning", "revoked": "danger"}


class ApiKeyForm(ServiceForm):
    """A key to make: for oneself, or for a partner's system."""

    owner = forms.ModelChoiceField(
        label=_("Acts as"),
        queryset=Membership._base_manager.none(),
        required=False,
        empty_label=_("Myself"),
        widget=UnfoldAdminSelectWidget,
        help_text=_(
            "Members whose only role is that of a partner's system can be chosen: no key acts as a person."
        ),
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("What it may do at most. Its owner's roles decide with each call."),
    )
    days = forms.TypedChoiceField(
        label=_("Serves for"), choices=LIFETIMES, coerce=int, initial=365, widget=UnfoldAdminSelectWidget
    )
    calls_per_minute = forms.IntegerField(
        label=_("Calls a minute"),
        required=False,
        min_value=1,
        max_value=MOST_CALLS_PER_MINUTE,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("A limit of its own, such as 600. Without one, that of every user."),
    )
    # The answer that makes a key is the one that shows it.
    made: NewKey | None = None

    class Meta:
        model = ApiKey
        fields = ("name", "scopes", "calls_per_minute")
        help_texts = {"name": _("What it is for, such as “Branch website”.")}

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if not self.is_new:
            return
        self.fields["scopes"].choices = scope_choices(self.actor)
        if self.actor.level(Area.KEYS, "write") is Level.ALL:
            systems = visible_members(self.actor).filter(is_active=True, roles=[Role.PARTNER.value])
            self.fields["owner"].queryset = systems.order_by("name", "user__email")
        else:
            self.fields.pop("owner", None)
            self.fields.pop("calls_per_minute", None)

    def perform(self, values: dict[str, Any]) -> ApiKey:
        self.made = create_api_key(
            actor=self.actor,
            name=values["name"],
            scopes=values["scopes"],
            owner=values.get("owner"),
            expires_at=timezone.now() + dt.timedelta(days=values["days"]),
            calls_per_minute=values.get("calls_per_minute"),
        )
        return self.made.key


@admin.register(ApiKey, site=console)
class ApiKeyAdmin(ServiceModelAdmin):
    """Keys of the API; secrets are shown once, when a key is made."""

    area = Area.KEYS
    menu = MenuPlace(CONFIGURE, 75, "key", _("API keys"))
    form = ApiKeyForm
    can_add = True
    list_display = ("name", "prefix", "acts_as", "allowed", "state_label", "used", "ends")
    search_fields = ("name", "prefix")
    ordering = ("-id",)
    fields = (
        "name",
        "prefix",
        "acts_as",
        "allowed",
        "calls_per_minute",
        "state_label",
        "made",
        "used",
        "ends",
    )
    add_fieldsets = ((None, {"fields": ("name", "owner", "scopes", "days", "calls_per_minute")}),)
    actions_detail = ("rotate", "revoke")
    made = moment_column("created_at", _("Made"))
    ends = moment_column("expires_at", _("Expires"))
    used = moment_column("used_at", _("Last used"))

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_api_keys(actor)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None or request.actor.level(Area.KEYS, "write") is Level.ALL:  # type: ignore[attr-defined]
            return super().get_fieldsets(request, obj)
        return ((None, {"fields": ("name", "scopes", "days")}),)

    @admin.display(description=_("Acts as"))
    def acts_as(self, key: ApiKey) -> str:
        return str(key.owner)

    @admin.display(description=_("It may"))
    def allowed(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @display(description=_("State"), label=STATE_TONES)
    def state_label(self, key: ApiKey) -> tuple[str, str]:
        return key.state, key.state.capitalize()

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key: there is no second time."""
        return self._shown_once(request, request._made_key)  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Remember what the form's service has made, for the answer."""
        request._made_key = form.made  # type: ignore[attr-defined]

    def has_change_key_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the key of the page is in force, and the actor's to change."""
        key = self.get_object(request, object_id) if object_id and self.may_write(request) else None
        return key is not None and key.revoked_at is None

    @action(description=_("Rotate"), icon="autorenew", permissions=["change_key"])
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = self.found(request, object_id)
        if request.method == "POST":
            try:
                made = rotate_api_key(
                    actor=request.actor,  # type: ignore[attr-defined]
                    prefix=key.prefix,
                    overlap=OVERLAP,
                    visitor=Visitor.of(request),
                )
            except ApplicationError as error:
                messages.error(request, in_words(error))
                return redirect(self.address(key))
            return self._shown_once(request, made)
        return self.confirm(
            request,
            key,
            title=_("Rotate %(key)s?") % {"key": key},
            text=_("A new key is shown once, and takes this one's place. This one serves a day longer."),
            button=_("Rotate"),
            work=lambda: None,
            done="",
        )

    @action(description=_("Revoke"), icon="block", permissions=["change_key"])
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = self.found(request, object_id)
        return self.confirm(
            request,
            key,
            title=_("Revoke %(key)s?") % {"key": key},
            text=_(
                "Whatever calls with it is refused from now on. To change over without a gap, rotate it instead."
            ),
            button=_("Revoke"),
            work=lambda: revoke_api_key(actor=request.actor, prefix=key.prefix),  # type: ignore[attr-defined]
            done=_("%(key)s opens nothing any more.") % {"key": key},
        )

    def _shown_once(self, request: HttpRequest, made: NewKey) -> HttpResponse:
        response = TemplateResponse(
            request,
            "console/key_told.html",
            {
                **self.admin_site.each_context(request),
                "title": _("The new key"),
                "opts": self.model._meta,
                "key": made.key,
                "text": made.text,
                "back": reverse("admin:accounts_apikey_changelist"),
            },
        )
        response["Cache-Control"] = "no-store"
        return response


@admin.register(LoginLog, site=console)
class LoginLogAdmin(ReadOnlyAdmin):
    """Who signed in, or tried to."""

    area = Area.ACCESS
    menu = MenuPlace(AUDIT, 10, "login", _("Sign-ins"))
    list_display = ("moment", "person", "method", "outcome", "address", "device")
    list_filter = ("method", "reason")
    search_fields = ("membership__name", "membership__user__email")
    fields = ("moment", "person", "method", "outcome", "address", "device", "request_id")
    show_full_result_count = False
    moment = moment_column("at", _("At"))

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_login_logs(actor)

    @admin.display(description=_("Member"))
    def person(self, log: LoginLog) -> str:
        return str(log.membership or "—")

    @display(description=_("Outcome"), ordering="reason", label={"in": "success", "out": "danger"})
    def outcome(self, log: LoginLog) -> tuple[str, Any]:
        return ("in", _("Signed in")) if log.succeeded else ("out", log.get_reason_display())
