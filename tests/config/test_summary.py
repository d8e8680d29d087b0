"""The closing lines of a run of all checks."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.config.checkout import SOURCE

REPORT = """<testsuites><testsuite tests="2" failures="0" errors="0" skipped="{count}">
<testcase classname="tests.core.test_money" name="test_rounds"/>
<testcase classname="tests.{folder}.test_import" name="test_main_job">{outcome}</testcase>
</testsuite></testsuites>"""
SKIPPED = '<skipped message="Chromium is missing"/>'


@pytest.mark.parametrize(
    ("folder", "outcome", "status", "words"),
    [
        ("browser", "", 0, "2 tests passed or were skipped with a reason, 1 of them in the browser."),
        ("browser", SKIPPED, 1, "tests.browser.test_import.test_main_job"),
        ("leads", "", 1, "No browser test was run."),
        ("leads", SKIPPED, 1, "No browser test was run."),
    ],
)
def test_a_run_without_the_browser_fails(
    tmp_path: Path, folder: str, outcome: str, status: int, words: str
) -> None:
    report = tmp_path / "test.xml"
    report.write_text(REPORT.format(folder=folder, outcome=outcome, count=int(bool(outcome))))

    done = subprocess.run(
        [sys.executable, SOURCE / ".ci" / "summary.py", report], capture_output=True, text=True
    )

    assert done.returncode == status
    assert words in done.stdout
