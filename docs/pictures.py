"""Make the pictures of the README: `make pictures`.

A stack of its own is filled with the demo's data, so that neither a running demo nor its database is touched,
and a browser takes the pictures. They are the same each time but for what the clock says.
"""

import json
import os
import re
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import django
from playwright.sync_api import Browser, Locator, Page, sync_playwright

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from config import embedded  # noqa: E402
from leads.demo.spreadsheet import messy_workbook  # noqa: E402
from leads.management.commands.demo import PASSWORD, SEED  # noqa: E402
from tests.browser.stack import BrowserStack  # noqa: E402
from tests.browser.watching import OPTIONS, chromium_path  # noqa: E402
from tests.faults.live_stack import create_database, drop_database  # noqa: E402

LARGEST = 240_000
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}
EDUCATION = DOCS.parent / "tests" / "data" / "education_leads.csv"
SPREADSHEET = "Branch enquiries of October.xlsx"
PATIENCE = 60_000
RULE = {
    "all": [
        {"field": "status", "op": "in", "value": ["new", "in_progress"]},
        {
            "any": [
                {"field": "tag", "op": "has_any", "value": ["Hot", "VIP"]},
                {"field": "data.loan_wanted", "op": "gte", "value": "5000000"},
            ]
        },
    ]
}


def main() -> int:
    """Take every picture; returns the exit status."""
    path = chromium_path()
    if path is None:
        print(
            "Chromium is missing, no picture is taken (on Debian: apt-get install chromium).", file=sys.stderr
        )
        return 1
    embedded.ensure_running()
    database = create_database()
    stack = BrowserStack(database)
    try:
        stack.start_redis()
        stack.manage("migrate", "--verbosity", "0")
        stack.manage("demo")
        stack.start_worker()
        address = stack.start_web()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
            Camera(browser, address).take_all()
            browser.close()
    finally:
        stack.close()
        drop_database(database)
    return 0


def _to_the_top(part: Locator) -> None:
    """Scroll a part of a page to where it is read first."""
    part.evaluate("it => { it.style.scrollMarginTop = '1.5rem'; it.scrollIntoView({block: 'start'}); }")


class Camera:
    """Takes pictures of the demo at an address."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser = browser
        self._address = address

    def take_all(self) -> None:
        """Take every picture of the README."""
        agent = self._page("agent", PHONE, scale=2)
        self._take(agent, "today-phone")
        agent.goto("/leads/")
        self._take(agent, "leads-phone")
        self._take_worked_lead(agent)

        operations = self._page("operations", DESK)
        operations.goto("/leads/?line=home_loan")
        self._take(operations, "leads-wide")
        self._take_lists(operations)
        self._take_lead(operations)
        self._take_import(operations)
        self._take_fields(operations)
        self._take_duplicates(operations)
        self._take_console(operations)

    def _take_duplicates(self, page: Page) -> None:
        """Two leads that may be one side by side, before they are merged."""
        page.goto("/duplicates/")
        page.get_by_role("link", name="Compare and merge").first.click()
        page.get_by_role("heading", name="Merge two leads").wait_for()
        self._take(page, "merge")

    def _take_console(self, page: Page) -> None:
        """A line's form as it is arranged, and a rule of one of its fields."""
        page.goto("/console/leads/businessline/")
        page.get_by_role("link", name="Home loans").first.click()
        page.get_by_role("link", name="Arrange").first.click()
        page.wait_for_load_state("networkidle")
        self._take(page, "console-layout")
        page.goto("/console/leads/field/?q=employer")
        page.get_by_role("link", name="Employer").first.click()
        _to_the_top(page.get_by_text("Visible if").first)
        self._take(page, "console-rule")

    def _take_lead(self, page: Page) -> None:
        """A lead that was given to somebody and moved: its timeline tells a story."""
        page.goto("/leads/?line=home_loan&status=approved")
        page.locator("#leads a.row-link").first.click()
        page.get_by_role("heading", name="What happened").wait_for()
        self._take(page, "lead")

    def _take_worked_lead(self, page: Page) -> None:
        """A lead on which something is planned, and what its person agreed to."""
        page.goto("/today/")
        page.locator(".tasks .about a").first.click()
        page.get_by_role("heading", name="What is next").wait_for()
        self._take(page, "lead-phone")
        page.get_by_role("link", name="Register").click()
        page.get_by_role("heading", name="Register").wait_for()
        self._take(page, "consent-phone")

    def _take_lists(self, page: Page) -> None:
        """The leads of a line as a board, by a rule of several conditions, and in figures; a lead by its origins."""
        page.goto("/leads/?line=home_loan&layout=board")
        self._take(page, "board")
        page.goto(f"/leads/conditions/?line=home_loan&rule={quote(json.dumps(RULE))}")
        page.get_by_role("heading", level=1).wait_for()
        self._take(page, "builder")
        page.goto("/lines/home_loan/statistics/")
        page.get_by_role("heading", level=1).wait_for()
        self._take(page, "statistics")
        page.goto("/leads/?line=home_loan&status=approved")
        page.locator("#leads a.row-link").first.click()
        page.get_by_role("link", name="Where each comes from").click()
        page.get_by_role("heading", name="Where the values come from").wait_for()
        self._take(page, "origins")

    def _take_import(self, page: Page) -> None:
        """The check of a messy spreadsheet, then, loaded, the correction of its rows."""
        page.goto("/imports/new/?line=home_loan")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / SPREADSHEET
            file.write_bytes(messy_workbook(rows=480, seed=SEED + 2))
            page.get_by_label("File").set_input_files(file)
            page.get_by_role("button", name="Upload and match").click()
            page.get_by_role("button", name="Check all rows").click()
        page.get_by_role("heading", name="Check before loading").wait_for(timeout=PATIENCE)
        self._take(page, "import-check")
        page.get_by_role("button", name="Load").click()
        page.get_by_role("link", name="Correct here").click(timeout=PATIENCE)
        page.get_by_role("heading", name="Correct rows").wait_for()
        self._take(page, "grid")

    def _take_fields(self, page: Page) -> None:
        """What the columns of a file propose."""
        page.goto("/fields-from-a-file/new/")
        page.get_by_label("Name of the new line").fill("Online courses")
        page.get_by_label("File").set_input_files(EDUCATION)
        page.get_by_role("button", name="Upload and look at it").click()
        page.get_by_role("heading", name="Fields of Online courses").wait_for(timeout=PATIENCE)
        page.get_by_text("Worth a look").wait_for()
        self._take(page, "fields")

    def _page(self, who: str, size: dict[str, int], scale: int = 1) -> Page:
        """A window of this size in which somebody of the demo is signed in."""
        context = self._browser.new_context(
            base_url=self._address,
            viewport=size,  # type: ignore[arg-type]
            device_scale_factor=scale,
            reduced_motion="reduce",
            locale="en-IN",
            timezone_id="Asia/Kolkata",
        )
        page = context.new_page()
        page.goto("/account/login/")
        page.get_by_label("Email").fill(f"{who}@sunrise.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile("/(today|leads)/$"))
        return page

    @staticmethod
    def _take(page: Page, name: str) -> None:
        page.wait_for_load_state("networkidle")
        path = DOCS / "pictures" / f"{name}.png"
        page.screenshot(path=path)
        size = path.stat().st_size
        assert size < LARGEST, f"{path} has {size:,} bytes: make the picture smaller"
        print(f"{path.relative_to(DOCS.parent)}  {size:,} bytes")


if __name__ == "__main__":
    sys.exit(main())
