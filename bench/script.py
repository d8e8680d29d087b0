"""How a script runs: alone (`python -m bench.imports`) or among all (`python -m bench`), at the sizes of SIZES."""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import django

NAMES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}
USUAL = "10k 100k"
ALL = "10k 100k 1M"


def sizes() -> list[int]:
    """The sizes asked for, smallest first; raises SystemExit for what is none."""
    asked = os.environ.get("SIZES", "") or USUAL
    words = (ALL if asked.strip().lower() == "all" else asked).replace(",", " ").split()
    try:
        found = sorted({NAMES.get(word.lower()) or int(word) for word in words})
    except ValueError:
        raise SystemExit(f"SIZES is “{asked}”: write numbers, 10k, 100k, 1M, or all.") from None
    if not found or found[0] < 1:
        raise SystemExit("SIZES names no size: write numbers, 10k, 100k, 1M, or all.")
    return found


def size_name(size: int) -> str:
    """10 k, 100 k, 1 M."""
    if size >= 1_000_000:
        return f"{size / 1_000_000:g} M"
    return f"{size / 1_000:g} k" if size >= 1_000 else str(size)


def set_up() -> None:
    """What every script needs before it imports anything of the application."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()


def run(name: str) -> int:
    """Run one script: measure, print the table, keep the JSON. Returns the exit status."""
    set_up()
    from bench.measuring import keep, table

    measure: Callable[..., tuple] = import_module(f"bench.{name}").measure
    lines, notes = measure(sizes())
    path = keep(name, lines, notes)
    print(table(lines))
    print(
        f"kept in {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}",
        file=sys.stderr,
    )
    return 0
