"""Run every script, one after the other, and write the figures into docs/performance.md: `make bench`.

SIZES names the sizes (`10k 100k` unless said otherwise, `all` adds 1M); `python -m bench imports pages` runs some.
"""

import subprocess
import sys
import time
from pathlib import Path

from bench.script import set_up, sizes

SCRIPTS = ("imports", "creates", "lists", "pages", "definitions", "memory")


def main(asked: list[str]) -> int:
    """Run the scripts asked for, or all; returns the exit status: 1 where one could not be carried out."""
    chosen = asked or list(SCRIPTS)
    if unknown := [name for name in chosen if name not in SCRIPTS]:
        print(f"There is no script {', '.join(unknown)}. Choose from {', '.join(SCRIPTS)}.", file=sys.stderr)
        return 2
    sizes()  # a wrong size is told before anything runs
    failed = []
    for name in chosen:
        began = time.monotonic()
        print(f"— {name}", flush=True)
        # A process each: what one leaves in memory is no part of the next one's figures.
        done = subprocess.run(
            [sys.executable, "-m", f"bench.{name}"], cwd=Path(__file__).parents[1], check=False
        )
        print(f"  {time.monotonic() - began:.0f} s\n", flush=True)
        failed += [name] if done.returncode else []
    set_up()
    from bench.document import write_document

    print(f"Figures are in {write_document(SCRIPTS)}.")
    if failed:
        print(f"Not carried out: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
