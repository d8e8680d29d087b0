"""Narrowed permissions: what a role may do less in this organisation than the table of roles says."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.models import AccessRule
from accounts.roles import GRANTS, LEVEL_LABELS, Area, Level
from accounts.services.access import lift_rule, narrow_access
from core.admin.base import ServiceModelAdmin, moment_column
from core.admin.forms import ServiceForm
from core.admin.menu import CONFIGURE, MenuPlace
from core.admin.site import console


class AccessRuleForm(ServiceForm):
    """One narrowing. Made again for the same role, area and action, it takes the other's place."""

    verb = forms.ChoiceField(
        label=_("Action"),
        choices=lambda: [(verb, verb) for verb in sorted({verb for _area, verb in GRANTS})],
        widget=UnfoldAdminSelectWidget,
        help_text=_("What is done, such as read or write."),
    )
    level = forms.ChoiceField(
        label=_("Reaches at most"),
        choices=lambda: [(level.value, LEVEL_LABELS[level]) for level in Level if level is not Level.ALL],
        widget=UnfoldAdminSelectWidget,
        help_text=_("Less than the table of roles allows; it can never be more."),
    )

    class Meta:
        model = AccessRule
        fields = ("role", "area", "verb", "level")
        help_texts = {
            "role": _("Whom it narrows. Administrators cannot be narrowed."),
            "area": _("What it is about."),
        }

    def perform(self, values: dict[str, Any]) -> AccessRule:
        return narrow_access(actor=self.actor, **values)


@admin.register(AccessRule, site=console)
class AccessRuleAdmin(ServiceModelAdmin):
    """Permissions can be narrowed here, never widened."""

    menu = MenuPlace(CONFIGURE, 80, "shield_person", _("Permissions"))
    form = AccessRuleForm
    can_add = True
    list_display = ("role", "area", "verb", "level", "since")
    since = moment_column("created_at", _("Since"))
    list_filter = ("role", "area")
    ordering = ("role", "area", "verb")
    fields = ("role", "area", "verb", "level")
    actions = ("lift",)

    def rows(self, actor: Any) -> models.QuerySet:
        rules = AccessRule.objects.all()
        return rules if actor.may(Area.CONFIGURATION, "read") else rules.none()

    @admin.action(description=_("Lift: the table of roles holds again"), permissions=["write"])
    def lift(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        actor = request.actor  # type: ignore[attr-defined]
        self.each(
            request, queryset, lambda rule: lift_rule(actor=actor, rule=rule), str(_("{number} lifted."))
        )
