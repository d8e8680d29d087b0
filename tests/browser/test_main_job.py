"""The main job as operations staff do it: a messy spreadsheet becomes worked leads, and may be taken back."""

import io
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import HEAVIEST, look, weight
from tests.browser.people import sign_in
from tests.browser.stack import BrowserStack, Prepared
from tests.browser.watching import DESK, PHONE, Watch

DATA = Path(__file__).parent.parent / "data" / "loan_leads"
FILE = DATA / "loan_leads.xlsx"
EXPECTED = json.loads((DATA / "expected.json").read_text())
# What makes each of the spreadsheet's mistakes good, by the header it stands under; mobiles are made up.
MENDED = {
    "Full Name": "Mended Name",
    "DOB": "01/02/1985",
    "PAN": "ABCDE1234F",
    "City": "Pune",
    "Employer": "Mended Limited",
    "Monthly Income (₹)": "50000",
    "Loan Amt": "500000",
    "Tenure (months)": "48",
}
# Checking and loading two thousand rows takes seconds; a busy machine may need longer.
PATIENCE = 90_000


@pytest.fixture
def house(stack: BrowserStack) -> Prepared:
    """A lender with its loan line."""
    house = stack.make_organization(operations={"role": "operations", "name": "Omkar Joshi"})
    stack.prepare("import_configuration", slug=house.slug, path=str(DATA / "configuration.json"))
    return house


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("size", "theme"), [(PHONE, "dark"), (DESK, "light")], ids=["phone", "desk"])
def test_a_messy_spreadsheet_becomes_worked_leads(
    watch: Watch, house: Prepared, size: tuple[int, int], theme: str, tmp_path: Path
) -> None:
    page = watch.open(size, theme)
    page.goto("/")
    look(page)
    sign_in(page, house.people["operations"])
    expect(page.get_by_role("heading", name="No leads yet")).to_be_visible()
    look(page)

    bring_in(page)
    check_says_what_is_expected(page)
    load(page)
    import_url = page.url
    waiting = correct_some_rows_in_the_grid(page)
    correct_the_rest_in_the_workbook(page, import_url, waiting, tmp_path)
    work_a_lead(page)
    pages_are_light(page, import_url)
    roll_back(page, import_url)


def bring_in(page: Page) -> None:
    go_to(page, "Imports")
    expect(page.get_by_role("heading", name="No file was brought in yet")).to_be_visible()
    look(page)
    page.get_by_role("main").get_by_role("link", name="Bring in a file").first.click()
    page.get_by_label("File").set_input_files(FILE)
    expect(page.get_by_text("loan_leads.xlsx (0.2 MB)")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Upload and match").click()

    expect(page.get_by_role("heading", name="Match columns")).to_be_visible()
    expect(page.get_by_label("Field for Mobile No")).to_have_value("mobile")
    expect(page.get_by_text("Not read", exact=True)).to_have_count(0)
    look(page)
    page.get_by_role("button", name="Check all rows").click()


def check_says_what_is_expected(page: Page) -> None:
    expect(page.get_by_role("heading", name="Check before loading")).to_be_visible(timeout=PATIENCE)
    assert figures(page) == {
        "Rows": EXPECTED["data_rows"],
        "Accepted": EXPECTED["accepted"],
        "Rejected": EXPECTED["rejected"],
        "Duplicates": EXPECTED["duplicate"],
    }
    reasons = page.locator("dl.reasons > div")
    shown = {
        reason.get_attribute("data-code"): int(reason.locator("dd").first.inner_text())
        for reason in reasons.all()
    }
    assert shown == EXPECTED["reasons"]
    look(page)
    go_to(page, "Leads")
    expect(page.get_by_role("heading", name="No leads yet")).to_be_visible()
    page.go_back()


def load(page: Page) -> None:
    page.get_by_role("button", name="Load 1,751 rows").click()
    # The page shows the work and turns into its result by itself.
    expect(page.get_by_role("heading", name="187 rows wait to be corrected")).to_be_visible(timeout=PATIENCE)
    assert figures(page)["Accepted"] == EXPECTED["accepted"]
    look(page)


def correct_some_rows_in_the_grid(page: Page) -> int:
    """Correct two rows by hand and the wrong cities at once; return how many rows still wait."""
    page.get_by_role("link", name="Correct here").click()
    expect(page.get_by_role("heading", name="Correct rows")).to_be_visible()
    look(page)

    wrong = page.locator("td.wrong").filter(has=page.get_by_label("Full Name", exact=True))
    wrong.first.get_by_role("textbox").fill("Grid Mended")
    # A wrong entry stays as it was typed, with the reason beside it.
    pan = page.locator("td.wrong").filter(has=page.get_by_label("PAN"))
    pan.first.get_by_role("textbox").fill("AB12345")
    page.get_by_role("button", name="Check and load").click()
    expect(page.get_by_text("1 row is in.")).to_be_visible()
    expect(page.get_by_text("1 row is still wrong.")).to_be_visible()
    expect(pan.first.get_by_role("textbox")).to_have_value("AB12345")
    pan.first.get_by_role("textbox").fill("abcde1234f")
    page.get_by_role("button", name="Check and load").click()
    expect(page.get_by_text("1 row is in.")).to_be_visible()

    page.get_by_label("21 rows: “Atlantis” in City").select_option("Jaipur")
    page.get_by_role("listitem").filter(has_text="Atlantis").get_by_role("button", name="Apply").click()
    expect(page.get_by_text(re.compile(r"\d+ rows are in\."))).to_be_visible()
    expect(page.get_by_text("Atlantis")).to_have_count(0)
    look(page, ".toasts")
    return int(re.match(r"\d+", page.locator(".lede").inner_text())[0])  # type: ignore[index]


def correct_the_rest_in_the_workbook(page: Page, import_url: str, waiting: int, folder: Path) -> None:
    with page.expect_download() as download:
        page.get_by_role("link", name="As a workbook").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    assert mend(path) == waiting

    page.goto(import_url)
    page.get_by_label("Corrected workbook").set_input_files(path)
    page.get_by_role("button", name="Load the corrected rows").click()
    expect(page.get_by_text("Loaded", exact=True)).to_be_visible(timeout=PATIENCE)
    counts = figures(page)
    assert (counts["Rows"], counts["Rejected"]) == (waiting, 0)
    assert counts["Accepted"] + counts["Duplicates"] == waiting
    look(page)
    page.goto(import_url)
    expect(page.get_by_role("link", name="Correct here")).to_have_count(0)


def mend(path: Path) -> int:
    """Mend every cell that the workbook marks, as a person would; return how many rows it has."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    header = [cell.value for cell in sheet[1]]
    for number, row in enumerate(sheet.iter_rows(min_row=2), start=1):
        for cell in row:
            name = header[cell.column - 1]
            if cell.comment is not None:
                cell.value = f"98000{number:05d}" if name == "Mobile No" else MENDED[name]
    book.save(path)
    return int(sheet.max_row) - 1


def work_a_lead(page: Page) -> None:
    """Find leads by filter, by a name and by the end of a phone number; edit one and see who did what."""
    go_to(page, "Leads")
    look(page)
    page.get_by_role("searchbox").fill("grid mended")
    expect(page.locator("#leads tbody tr")).to_have_count(1)
    page.get_by_role("searchbox").fill("")

    page.locator(".filters summary").filter(has_text="Filter").click()
    look(page, ".filters")
    page.get_by_role("combobox", name="City", exact=True).select_option("Jaipur")
    chip = page.get_by_role("group", name="Active filters")
    expect(chip).to_contain_text("Jaipur")
    expect(page.locator('#leads td[data-label="City"]').first).to_have_text("Jaipur")
    expect(page.locator(".filters [data-chip-count]")).to_have_text("1")
    page.keyboard.press("Escape")
    assert cities_of_export(page) == {"Jaipur"}
    filtered = page.url
    page.reload()
    assert set(page.locator('#leads td[data-label="City"]').all_inner_texts()) == {"Jaipur"}
    page.get_by_role("link", name="Remove City: Jaipur").click()
    expect(chip).to_have_count(0)
    page.go_back()
    expect(page).to_have_url(filtered)

    go_to(page, "Leads")
    page.get_by_role("searchbox").fill(EXPECTED["decisions"][0]["phone"][-6:])
    expect(page.locator("#leads tbody tr")).to_have_count(1)
    page.locator("#leads a.row-link").click()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()

    page.get_by_role("link", name="Edit").click()
    look(page)
    page.get_by_label("Tenure (months)").fill("84")
    page.get_by_role("button", name="Save lead").click()
    change = page.locator(".timeline > li").first
    expect(change).to_contain_text("Omkar Joshi")
    expect(change.locator(".changes")).to_contain_text("Tenure (months)")
    expect(change.locator("ins")).to_have_text("84")
    look(page)


def cities_of_export(page: Page) -> set[Any]:
    """Export what the list shows and return which cities the file holds."""
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    book = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes()))
    header, *rows = book.worksheets[0].iter_rows(values_only=True)
    return {row[header.index("City")] for row in rows}


def pages_are_light(page: Page, import_url: str) -> None:
    for path in ("/leads/", page.url, "/leads/new/", "/imports/", import_url, f"{import_url}rows/"):
        loaded = weight(page, path)
        total = sum(compressed for _sent, compressed in loaded.values())
        assert total <= HEAVIEST, f"{path} weighs {total:,} bytes: {loaded}"


def roll_back(page: Page, import_url: str) -> None:
    page.goto(import_url)
    page.get_by_role("button", name="Roll back").click()
    dialog = page.get_by_role("dialog", name="Roll back loan_leads.xlsx?")
    expect(dialog).to_contain_text("1 leads stay")
    look(page)
    dialog.get_by_role("button", name="Roll back").click()
    expect(page.get_by_text("This import was rolled back")).to_be_visible(timeout=PATIENCE)
    look(page)
    go_to(page, "Leads")
    # The one that somebody has edited since stays.
    expect(page.locator("#leads tbody tr")).to_have_count(1)


def go_to(page: Page, place: str) -> None:
    """Follow the main navigation, which stands at the side or at the bottom."""
    page.get_by_role("navigation", name="Main").locator("visible=true").get_by_role(
        "link", name=place
    ).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(place)


def figures(page: Page) -> dict[str, Any]:
    """The counts of an import as the page shows them."""
    return {
        tile.locator(".name").inner_text(): int(tile.locator(".figure").inner_text().replace(",", ""))
        for tile in page.locator(".stats > .stat").all()
    }
