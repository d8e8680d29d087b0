"""Closing lines of a run of all checks: what the tests' reports say, and whether the browser was used."""

import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable

BROWSER_TESTS = "tests.browser"
COUNTS = ("tests", "failures", "errors", "skipped")


def skipped_browser_tests(cases: Iterable[ElementTree.Element]) -> list[str]:
    """The names of the tests of the browser that were skipped."""
    return [
        f"{case.get('classname')}.{case.get('name')}"
        for case in cases
        if (case.get("classname") or "").startswith(BROWSER_TESTS) and case.find("skipped") is not None
    ]


def main(reports: Iterable[str]) -> int:
    """Print the counts of each report (JUnit files); returns 1 where a browser test is missing, else 0."""
    cases: list[ElementTree.Element] = []
    for report in reports:
        root = ElementTree.parse(report).getroot()
        cases += root.iter("testcase")
        suite = next(root.iter("testsuite"))
        print(f"{report}:", ", ".join(f"{suite.get(count)} {count}" for count in COUNTS))
    skipped = skipped_browser_tests(cases)
    if skipped:
        print("Browser tests were skipped:", *skipped, sep="\n  ")
        return 1
    browser = [case for case in cases if (case.get("classname") or "").startswith(BROWSER_TESTS)]
    if not browser:
        print("No browser test was run.")
        return 1
    print(f"{len(cases)} tests passed or were skipped with a reason, {len(browser)} of them in the browser.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
