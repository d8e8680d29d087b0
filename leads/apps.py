"""Leads: what operations configure, agents work and files bring in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LeadsConfig(AppConfig):
    name = "leads"
    verbose_name = "Leads"

    def ready(self) -> None:
        from accounts.roles import Area, Level
        from accounts.services.calendar import register_calendar_follower
        from accounts.services.leaving import register_open_ends
        from core.pages.navigation import NavigationEntry, register_navigation
        from leads.leaving import leads_of_who_leaves
        from leads.queries.notifications import count_unread
        from leads.services.stalling import follow_calendar

        register_open_ends(leads_of_who_leaves)
        register_calendar_follower(follow_calendar)

        register_navigation(
            NavigationEntry(
                _("Today"),
                "leads:today",
                "sun",
                5,
                lambda actor: actor.may(Area.LEADS, "write"),
                # Who works on leads of their own or their team; who sees to all of them begins with the list.
                is_home=lambda actor: actor.level(Area.LEADS, "write") in (Level.OWN, Level.TEAM),
            )
        )
        register_navigation(
            NavigationEntry(
                _("Leads"),
                "leads:list",
                "leads",
                10,
                lambda actor: actor.may(Area.LEADS, "read"),
                is_home=lambda actor: True,
                takes_search=True,
            )
        )
        register_navigation(
            NavigationEntry(
                _("Duplicates"),
                "leads:duplicate_queue",
                "merge",
                25,
                # Agents merge their own on the page of a lead.
                lambda actor: (
                    actor.level(Area.LEADS, "write") in (Level.TEAM, Level.ALL)
                    and actor.may(Area.CONFIGURATION, "use")
                ),
            )
        )
        register_navigation(
            NavigationEntry(
                _("Statistics"),
                "leads:statistics",
                "chart",
                30,
                lambda actor: actor.may(Area.LEADS, "read") and actor.may(Area.CONFIGURATION, "use"),
            )
        )
        register_navigation(
            NavigationEntry(
                _("Notifications"),
                "leads:notifications",
                "bell",
                95,
                lambda actor: actor.may(Area.LEADS, "read"),
                is_in_bar=True,
                badge=count_unread,
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
        for label, url_name, icon, allowed in (
            (_("New lead"), "leads:new", "plus", lambda actor: actor.may(Area.LEADS, "create")),
            (_("Views of the list"), "leads:views", "star", lambda actor: actor.may(Area.LEADS, "read")),
            (
                _("Bring in a file"),
                "leads:import_new",
                "upload",
                lambda actor: actor.may(Area.LEAD_FILES, "write"),
            ),
            (
                _("Fields from a spreadsheet"),
                "leads:proposal_new",
                "columns",
                lambda actor: actor.may(Area.CONFIGURATION, "write"),
            ),
            (_("Hand over work"), "leads:hand_overs", "users", lambda actor: actor.may(Area.LEADS, "assign")),
        ):
            register_navigation(NavigationEntry(label, url_name, icon, 96, allowed, is_sought=True))
