"""The scripts themselves, on two hundred leads: they run to their end and give every line. No figure is judged."""

import json
import os
import subprocess
import sys

import pytest

from tests.faults.live_stack import CHECKOUT

LINES = {
    "imports": {"import_copy", "import_import_export", "import_memory"},
    "creates": {"create_bare", "create_batch"},
    "lists": {"list_equality no filter", "list_search PAN", "list_range income, nobody"},
    "pages": {"page_bare", "page_html", "page_time leads"},
    "definitions": {"definitions leads", "definitions call: schema of the line"},
    "memory": {"memory idle", "memory under the demo mix"},
}


def run(name: str, folder) -> set[str]:
    """Run a script and return the keys of the lines that it kept."""
    environment = {**os.environ, "SIZES": "200", "LEADLEDGER_BENCH_OUT": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{name}"],
        cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {line["key"] for line in json.loads((folder / f"{name}.json").read_text())["lines"]}


def test_the_import_is_measured(tmp_path):
    assert run("imports", tmp_path) >= LINES["imports"]


@pytest.mark.verify
@pytest.mark.parametrize("name", ["creates", "lists", "pages", "definitions", "memory"])
def test_the_others_are_measured(tmp_path, name):
    assert run(name, tmp_path) >= LINES[name]
