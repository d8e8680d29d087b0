"""The organisation's own settings: one page."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from core.admin.base import ServiceModelAdmin
from core.admin.forms import ServiceForm
from core.admin.menu import CONFIGURE, MenuPlace
from core.admin.site import console
from core.models import Organization
from core.services.organizations import change_organization


class OrganizationForm(ServiceForm):
    """The settings that may change."""

    class Meta:
        model = Organization
        fields = ("name", "currency", "timezone", "locale")
        help_texts = {
            "name": _("As it stands on pages and statements, such as Acme Loans."),
            "currency": _("What amounts are in unless a business line says otherwise."),
            "timezone": _("Where the organisation's days begin and end, such as Asia/Kolkata."),
            "locale": _("How numbers, money and dates are written."),
        }

    def perform(self, values: dict[str, Any]) -> models.Model:
        return change_organization(organization=self.actor.organization, **values)


@admin.register(Organization, site=console)
class OrganizationAdmin(ServiceModelAdmin):
    """The settings of the organisation in force."""

    area = "access"
    menu = MenuPlace(CONFIGURE, 90, "domain", _("Organisation"))
    form = OrganizationForm
    can_change = True
    fields = ("slug", "name", "currency", "timezone", "locale")
    readonly_fields = ("slug",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.actor.level(self.area, "read") == "all"  # type: ignore[attr-defined]

    def rows(self, actor: Any) -> models.QuerySet:
        return Organization.objects.filter(pk=actor.organization.pk)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """There is one: its page is the list."""
        return redirect(self.address(request.actor.organization))  # type: ignore[attr-defined]
