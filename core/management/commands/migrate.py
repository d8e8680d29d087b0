"""Django's `migrate`, run as the owner of the tables."""

from typing import Any

from django.core.management.commands.migrate import Command as DjangoCommand

from core.scope import system_scope


class Command(DjangoCommand):
    def handle(self, *args: Any, **options: Any) -> Any:
        with system_scope(reason="migrate"):
            return super().handle(*args, **options)
