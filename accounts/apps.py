from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People and access"

    def ready(self) -> None:
        from accounts.services.calendar import timezone_changed
        from core.services.organizations import register_timezone_follower

        register_timezone_follower(timezone_changed)
