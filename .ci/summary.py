"""Closing lines of a run of all checks: what the tests' reports say, and whether browser and servers were used."""

import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable

# Folders whose tests are skipped where Chromium, or nginx and the servers of the system, are missing: not here.
NEVER_SKIPPED = {"tests.browser": "the browser", "tests.deploy": "the deployment"}
COUNTS = ("tests", "failures", "errors", "skipped")


def tests_of(folder: str, cases: Iterable[ElementTree.Element]) -> list[ElementTree.Element]:
    """The tests of one folder."""
    return [case for case in cases if (case.get("classname") or "").startswith(folder)]


def main(reports: Iterable[str]) -> int:
    """Print the counts of each report (JUnit files); returns 1 where a test of those folders is missing, else 0."""
    cases: list[ElementTree.Element] = []
    for report in reports:
        root = ElementTree.parse(report).getroot()
        cases += root.iter("testcase")
        suite = next(root.iter("testsuite"))
        print(f"{report}:", ", ".join(f"{suite.get(count)} {count}" for count in COUNTS))
    run = {}
    for folder, name in NEVER_SKIPPED.items():
        found = tests_of(folder, cases)
        skipped = [
            f"{case.get('classname')}.{case.get('name')}"
            for case in found
            if case.find("skipped") is not None
        ]
        if skipped:
            print(f"Tests of {name} were skipped:", *skipped, sep="\n  ")
            return 1
        if not found:
            print(f"No test of {name} was run.")
            return 1
        run[name] = len(found)
    counts = ", ".join(f"{count} of them of {name}" for name, count in run.items())
    print(f"{len(cases)} tests passed or were skipped with a reason, {counts}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
