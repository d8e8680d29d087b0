#!/usr/bin/env python
"""Runs a management command: exit status 0 when done, 1 with one line when refused, 2 for wrong usage."""

import os
import sys
from collections.abc import Sequence

from django.core.management import BaseCommand, ManagementUtility

from config import embedded
from core.errors import ApplicationError

# These look at the code alone.
WITHOUT_SERVERS = {
    "help",
    "version",
    "check",
    "collectstatic",
    "compilemessages",
    "findstatic",
    "makemessages",
}
HELP_OPTIONS = {"-h", "--help", "--version"}


class CommandLine(ManagementUtility):
    """Django's command line, which takes an unknown command for wrong usage."""

    def fetch_command(self, subcommand: str) -> BaseCommand:
        try:
            return super().fetch_command(subcommand)
        except SystemExit:
            raise SystemExit(2) from None


def needs_servers(arguments: Sequence[str]) -> bool:
    """Whether the command line (without the program's name) asks for work on the database."""
    return bool(arguments) and arguments[0] not in WITHOUT_SERVERS and HELP_OPTIONS.isdisjoint(arguments)


def main(arguments: Sequence[str]) -> int:
    """Run the command line (the program's name first); returns the exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        if needs_servers(arguments[1:]):
            embedded.ensure_running()
        CommandLine(list(arguments)).execute()
    except (ApplicationError, embedded.EmbeddedError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone, `head` for one.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
