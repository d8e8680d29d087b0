"""The console's menu, grouped by task: only groups that have something for the person who looks."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

CONFIGURE = "configure"
BRING_IN = "bring_in"
DECIDE = "decide"
PAY = "pay"
FIELD = "field"
AUDIT = "audit"
GROUPS = {
    CONFIGURE: _("Configure"),
    BRING_IN: _("Bring in"),
    DECIDE: _("Decide"),
    PAY: _("Pay"),
    FIELD: _("Field"),
    AUDIT: _("Audit"),
}


@dataclass(frozen=True, slots=True)
class MenuPlace:
    """Where a list stands in the menu."""

    group: str
    order: int
    icon: str
    title: Any = None


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the menu of the person who looks, in the theme's form."""
    from core.admin.audit import may_read_audit
    from core.admin.configuration import may_read_configuration
    from core.admin.site import console

    entries: dict[str, list[tuple[int, dict[str, Any]]]] = {name: [] for name in GROUPS}
    for model, model_admin in console._registry.items():
        place = getattr(model_admin, "menu", None)
        if place is None or not model_admin.has_view_permission(request):
            continue
        link = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        title = place.title or model._meta.verbose_name_plural.capitalize()
        entries[place.group].append((place.order, {"title": title, "icon": place.icon, "link": link}))
    if may_read_audit(request):
        trail = {"title": _("Audit trail"), "icon": "history", "link": reverse("admin:audit")}
        entries[AUDIT].append((0, trail))
    if may_read_configuration(request):
        file = {
            "title": _("Configuration file"),
            "icon": "swap_vert",
            "link": reverse("admin:configuration"),
        }
        entries[CONFIGURE].append((80, file))
    overview = {"title": _("Overview"), "icon": "dashboard", "link": reverse("admin:index")}
    groups = [
        {
            "title": title,
            "items": [item for _order, item in sorted(entries[name], key=lambda entry: entry[0])],
        }
        for name, title in GROUPS.items()
        if entries[name]
    ]
    return [{"title": "", "items": [overview]}, *groups]
