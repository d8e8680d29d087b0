"""Leads: what operations configure, agents work and files bring in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LeadsConfig(AppConfig):
    name = "leads"
    verbose_name = "Leads"

    def ready(self) -> None:
        from accounts.roles import Area
        from core.pages.navigation import NavigationEntry, register_navigation

        register_navigation(
            NavigationEntry(
                _("Leads"), "leads:list", "leads", 10, lambda actor: actor.may(Area.LEADS, "read")
            )
        )
        register_navigation(
            NavigationEntry(
                _("Imports"), "leads:imports", "upload", 20, lambda actor: actor.may(Area.LEAD_FILES, "read")
            )
        )
        register_navigation(
            NavigationEntry(
                _("Console"),
                "admin:index",
                "settings",
                90,
                lambda actor: actor.may(Area.CONFIGURATION, "write"),
            )
        )
