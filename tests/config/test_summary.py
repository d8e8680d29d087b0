"""The closing lines of a run of all checks."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.config.checkout import SOURCE

REPORT = """<testsuites><testsuite tests="3" failures="0" errors="0" skipped="{count}">
<testcase classname="tests.core.test_money" name="test_rounds"/>
<testcase classname="tests.{folder}.test_import" name="test_main_job">{outcome}</testcase>
<testcase classname="tests.{other}.test_stack" name="test_all_is_ready"/>
</testsuite></testsuites>"""
SKIPPED = '<skipped message="not installed"/>'


@pytest.mark.parametrize(
    ("folder", "other", "outcome", "status", "words"),
    [
        (
            "browser",
            "deploy",
            "",
            0,
            "3 tests passed or were skipped with a reason, 1 of them of the browser, 1",
        ),
        ("browser", "deploy", SKIPPED, 1, "tests.browser.test_import.test_main_job"),
        ("deploy", "browser", SKIPPED, 1, "tests.deploy.test_import.test_main_job"),
        ("leads", "deploy", "", 1, "No test of the browser was run."),
        ("leads", "deploy", SKIPPED, 1, "No test of the browser was run."),
        ("browser", "leads", "", 1, "No test of the deployment was run."),
    ],
)
def test_a_run_without_the_browser_or_the_deployment_fails(
    tmp_path: Path, folder: str, other: str, outcome: str, status: int, words: str
) -> None:
    report = tmp_path / "test.xml"
    report.write_text(REPORT.format(folder=folder, other=other, outcome=outcome, count=int(bool(outcome))))

    done = subprocess.run(
        [sys.executable, SOURCE / ".ci" / "summary.py", report], capture_output=True, text=True
    )

    assert done.returncode == status
    assert words in done.stdout
