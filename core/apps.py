"""The foundation every other app stands on."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


def prepare_roles(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Before the first table: the application role must exist."""
    from core.database.roles import ensure_application_role
    from core.scope import system_scope

    if sender.label == "core":
        with system_scope(reason="migrate"):
            ensure_application_role(connections[using])


def grant_tables(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """After an app's tables: open to the application role what its models say, and nothing else."""
    from core.database.roles import grant_application_role
    from core.scope import system_scope

    with system_scope(reason="migrate"):
        grant_application_role(connections[using], sender.label)


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Foundation"

    def ready(self) -> None:
        from core import production  # noqa: F401  (its checks register themselves)
        from core.database import checks, lookups  # noqa: F401

        pre_migrate.connect(prepare_roles, dispatch_uid="core.prepare_roles")
        post_migrate.connect(grant_tables, dispatch_uid="core.grant_tables")
