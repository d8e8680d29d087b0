from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People and access"

    def ready(self) -> None:
        from accounts.services.calendar import timezone_changed
        from core.pages.navigation import NavigationEntry, register_navigation
        from core.services.organizations import register_timezone_follower

        register_timezone_follower(timezone_changed)
        for label, url_name, icon in (
            (_("Absences"), "accounts:absences", "calendar"),
            (_("Profile"), "accounts:profile", "user"),
        ):
            register_navigation(
                NavigationEntry(label, url_name, icon, 97, lambda actor: True, is_sought=True)
            )
