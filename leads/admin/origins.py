"""Sources and campaigns: named, renamed, retired."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.roles import Area
from core.admin.base import ServiceModelAdmin, moment_column
from core.admin.forms import ServiceForm
from core.admin.menu import CONFIGURE, MenuPlace
from core.admin.site import console
from leads.models import Campaign, Source
from leads.services.origins import (
    create_campaign,
    create_source,
    rename_campaign,
    rename_source,
    set_campaign_active,
    set_source_active,
)


class OriginForm(ServiceForm):
    """One name."""

    name = forms.CharField(label=_("Name"), max_length=200, widget=UnfoldAdminTextInputWidget)

    class Meta:
        fields = ("name",)


class SourceForm(OriginForm):
    """A source's name."""

    class Meta(OriginForm.Meta):
        model = Source
        help_texts: ClassVar = {"name": _("The channel, such as Website or Referral.")}

    def perform(self, values: dict[str, Any]) -> Source:
        if self.is_new:
            return create_source(actor=self.actor, name=values["name"])
        return rename_source(actor=self.actor, source=self.instance, name=values["name"])


class CampaignForm(OriginForm):
    """A campaign's name."""

    class Meta(OriginForm.Meta):
        model = Campaign

    def perform(self, values: dict[str, Any]) -> Campaign:
        if self.is_new:
            return create_campaign(actor=self.actor, name=values["name"])
        return rename_campaign(actor=self.actor, campaign=self.instance, name=values["name"])


class OriginAdmin(ServiceModelAdmin):
    """Names with whether they are still offered."""

    can_add = True
    can_change = True
    list_display = ("name", "state", "added")
    added = moment_column("created_at", _("Added"))
    list_filter = ("is_active",)
    search_fields = ("name",)
    ordering = ("name", "id")
    actions = ("retire", "offer_again")

    def rows(self, actor: Any) -> models.QuerySet:
        rows = self.model.objects.all()
        return rows if actor.may(Area.CONFIGURATION, "read") else rows.none()

    @display(description=_("State"), ordering="is_active", label={"active": "success", "retired": "warning"})
    def state(self, row: Any) -> tuple[str, Any]:
        return ("active", _("Offered")) if row.is_active else ("retired", _("Retired"))

    def set_active(self, request: HttpRequest, row: Any, is_active: bool) -> None:
        """Retire a row, or offer it again."""
        raise NotImplementedError

    @admin.action(description=_("Retire: no longer offered, leads keep it"), permissions=["write"])
    def retire(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        self.each(
            request, queryset, lambda row: self.set_active(request, row, False), str(_("{number} retired."))
        )

    @admin.action(description=_("Offer again"), permissions=["write"])
    def offer_again(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        self.each(
            request,
            queryset,
            lambda row: self.set_active(request, row, True),
            str(_("{number} offered again.")),
        )


@admin.register(Source, site=console)
class SourceAdmin(OriginAdmin):
    """The channels leads come through. Files and the API add unknown ones."""

    form = SourceForm
    menu = MenuPlace(CONFIGURE, 30, "input")

    def set_active(self, request: HttpRequest, row: Any, is_active: bool) -> None:
        set_source_active(actor=request.actor, source=row, is_active=is_active)  # type: ignore[attr-defined]


@admin.register(Campaign, site=console)
class CampaignAdmin(OriginAdmin):
    """The campaigns that bring leads. Files and the API add unknown ones."""

    form = CampaignForm
    menu = MenuPlace(CONFIGURE, 40, "campaign")

    def set_active(self, request: HttpRequest, row: Any, is_active: bool) -> None:
        set_campaign_active(actor=request.actor, campaign=row, is_active=is_active)  # type: ignore[attr-defined]
