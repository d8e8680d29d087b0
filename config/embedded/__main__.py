"""`python -m config.embedded stop|remove|keep NAME`: the servers from the command line."""

import argparse
import sys
from collections.abc import Sequence

from config.embedded import stop_unused
from config.embedded.errors import EmbeddedError
from config.embedded.keeper import keep
from config.embedded.sharing import SERVERS, remove_everything


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m config.embedded", description="Embedded servers.")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("stop", help="stop the servers that no process uses")
    actions.add_parser("remove", help="stop the servers and delete all that this checkout has stored")
    keeping = actions.add_parser("keep", help="look after one server while it is used (started by its users)")
    keeping.add_argument("name", choices=SERVERS)
    options = parser.parse_args(arguments)
    if options.action == "keep":
        return keep(SERVERS[options.name])
    try:
        if options.action == "remove":
            remove_everything()
            return 0
        return 0 if stop_unused() else 1
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
