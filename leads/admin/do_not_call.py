"""The do-not-call list of the organisation."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from core.admin.base import ServiceModelAdmin, moment_column
from core.admin.forms import ServiceForm
from core.admin.menu import CONFIGURE, MenuPlace
from core.admin.site import console
from leads.models import DoNotCall
from leads.queries.consent import visible_do_not_call
from leads.services.consent import LONGEST_REASON, change_reason, list_number, release_number


class DoNotCallForm(ServiceForm):
    """A number and why; of one that is listed, the reason alone can be corrected."""

    phone = forms.CharField(label=_("Phone"), max_length=40, widget=UnfoldAdminTextInputWidget)
    reason = forms.CharField(
        label=_("Reason"), max_length=LONGEST_REASON, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )

    class Meta:
        model = DoNotCall
        fields = ("phone", "reason")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if not self.is_new and "phone" in self.fields:
            self.fields["phone"].disabled = True

    def perform(self, values: dict[str, Any]) -> DoNotCall:
        if self.is_new:
            return list_number(actor=self.actor, phone=values["phone"], reason=values["reason"])
        return change_reason(actor=self.actor, row=self.instance, reason=values["reason"])


@admin.register(DoNotCall, site=console)
class DoNotCallAdmin(ServiceModelAdmin):
    """Numbers that nobody calls or messages. Taken off, a number can be listed anew."""

    form = DoNotCallForm
    menu = MenuPlace(CONFIGURE, 45, "phone_disabled")
    can_add = True
    can_change = True
    list_display = ("phone", "reason", "by", "listed")
    listed = moment_column("since", _("Since"))
    search_fields = ("phone",)
    ordering = ("-since", "-id")
    sortable_by = ()
    actions = ("release",)

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_do_not_call(actor)

    @admin.action(description=_("Take off the list"), permissions=["write"])
    def release(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        self.each(
            request,
            queryset,
            lambda row: release_number(actor=request.actor, row=row),  # type: ignore[attr-defined]
            str(_("{number} taken off the list.")),
        )
