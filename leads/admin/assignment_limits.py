"""How many leads a person gets on a day, in the console."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from accounts.models import Membership
from accounts.queries.members import assignable_members
from core.admin.base import ServiceModelAdmin
from core.admin.forms import ServiceForm
from core.admin.menu import CONFIGURE, MenuPlace
from core.admin.site import console
from leads.models import AssignmentLimit
from leads.queries.assignments import visible_assignment_limits
from leads.services.assigning.limits import drop_limit, set_limit


class AssignmentLimitForm(ServiceForm):
    """A person and a number."""

    membership = forms.ModelChoiceField(
        label=_("Person"), queryset=Membership._base_manager.none(), widget=UnfoldAdminSelectWidget
    )
    daily_cap = forms.IntegerField(
        label=_("Leads a day"),
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_(
            "By all rules of all lines together, since midnight. A rule may say less for each of its people."
        ),
    )

    class Meta:
        model = AssignmentLimit
        fields = ("membership", "daily_cap")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if "membership" not in self.fields:
            return
        people: Any = self.fields["membership"]
        people.queryset = assignable_members(self.actor)
        if not self.is_new:
            people.queryset = Membership.objects.filter(pk=self.instance.membership_id)
            people.disabled = True

    def perform(self, values: dict[str, Any]) -> AssignmentLimit:
        member = values["membership"]
        if self.is_new and visible_assignment_limits(self.actor).filter(membership=member).exists():
            self.add_error("membership", _now("This person has a limit already. Change that one."))
            return self.instance
        return set_limit(actor=self.actor, membership=member, daily_cap=values["daily_cap"])


@admin.register(AssignmentLimit, site=console)
class AssignmentLimitAdmin(ServiceModelAdmin):
    """People who get so many leads a day and no more."""

    menu = MenuPlace(CONFIGURE, 36, "speed", _("Daily limits"))
    form = AssignmentLimitForm
    can_add = True
    can_change = True
    list_display = ("membership", "daily_cap")
    sortable_by = ()
    search_fields = ("membership__name", "membership__user__email")
    ordering = ("membership__name", "id")
    actions = ("take_back",)

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_assignment_limits(actor)

    @admin.action(description=_("Take back"), permissions=["write"])
    def take_back(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        self.each(
            request,
            queryset,
            lambda row: drop_limit(actor=request.actor, row=row),  # type: ignore[attr-defined]
            str(_("{number} taken back.")),
        )
