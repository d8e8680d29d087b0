"""Django's `migrate`, run as the owner of the tables."""

from typing import Any

from django.core.management.commands.migrate import Command as DjangoCommand

from core.scope import system_scope


class Command(DjangoCommand):
    def execute(self, *args: Any, **options: Any) -> Any:
        # Checks of models come before `handle` and ask the server for its version: on a new one the application's
        # role is yet to be made.
        with system_scope(reason="migrate"):
            return super().execute(*args, **options)
