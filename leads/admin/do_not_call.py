"""The do-not-call list of the organisation."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.masking import mask, mask_sentence
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
    """Numbers that nobody calls or messages. Taken off, a number can be listed anew.

    Who only reads the configuration reads them masked, as on leads, and cannot search for them.
    """

    form = DoNotCallForm
    menu = MenuPlace(CONFIGURE, 45, "phone_disabled")
    can_add = True
    can_change = True
    list_display = ("number", "why", "by", "listed")
    listed = moment_column("since", _("Since"))
    search_fields = ("phone",)
    ordering = ("-since", "-id")
    sortable_by = ()
    actions = ("release",)

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_do_not_call(actor)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("phone", "reason") if self.may_write(request) else ("number", "why")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if self.may_write(request) else ("number", "why")

    def get_search_fields(self, request: HttpRequest) -> Any:
        return self.search_fields if self.may_write(request) else ()

    # What is shown depends on who looks, which the stock admin does not tell its columns: the row carries it.

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            row.is_clear = self.may_write(request)  # type: ignore[attr-defined]
        return row

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        for row in changelist.result_list:
            row.is_clear = self.may_write(request)  # type: ignore[attr-defined]
        return changelist

    @admin.display(description=_("Phone"))
    def number(self, row: Any) -> str:
        return row.phone if row.is_clear else mask(row.phone, "phone")

    @admin.display(description=_("Reason"))
    def why(self, row: Any) -> str:
        return row.reason if row.is_clear else mask_sentence(row.reason)

    def history_value(self, request: HttpRequest, record: Any, name: str) -> Any:
        value = super().history_value(request, record, name)
        if self.may_write(request) or name not in ("phone", "reason"):
            return value
        return mask(value, "phone") if name == "phone" else mask_sentence(value)

    @admin.action(description=_("Take off the list"), permissions=["write"])
    def release(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        self.each(
            request,
            queryset,
            lambda row: release_number(actor=request.actor, row=row),  # type: ignore[attr-defined]
            str(_("{number} taken off the list.")),
        )
