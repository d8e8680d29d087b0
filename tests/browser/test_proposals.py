"""Fields from a spreadsheet as operations staff do it: a real file becomes a line, is brought in, and is filtered."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import HEAVIEST, look, weight
from tests.browser.people import sign_in
from tests.browser.stack import BrowserStack, Prepared
from tests.browser.watching import DESK, PHONE, Watch

FILE = Path(__file__).parent.parent / "data" / "education_leads.csv"
PATIENCE = 90_000


@pytest.fixture
def house(stack: BrowserStack) -> Prepared:
    """An organisation in which nothing is configured yet."""
    return stack.make_organization(operations={"role": "operations", "name": "Omkar Joshi"})


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("size", "theme"), [(PHONE, "dark"), (DESK, "light")], ids=["phone", "desk"])
def test_a_real_file_becomes_a_line_with_its_leads(
    watch: Watch, house: Prepared, size: tuple[int, int], theme: str
) -> None:
    watch.tolerated = {422}
    page = watch.open(size, theme)
    sign_in(page, house.people["operations"])

    upload(page)
    review(page)
    adjust(page)
    publish(page)
    if size == DESK:
        bring_in(page)
        filter_the_leads(page)


def upload(page: Page) -> None:
    """From the first thing an empty organisation shows."""
    page.get_by_role("main").get_by_role("link", name="Fields from a spreadsheet").click()
    expect(page.get_by_role("heading", level=1, name="Fields from a spreadsheet")).to_be_visible()
    page.get_by_label("File").set_input_files(FILE)
    page.get_by_role("button", name="Upload and look at it").click()
    # Without a name for the new line nothing goes on, and nothing is lost but the file, which a browser forgets.
    expect(page.get_by_text("Say what the new line is called")).to_be_visible()
    look(page)
    page.get_by_label("Name of the new line").fill("Online courses")
    page.get_by_label("File").set_input_files(FILE)
    page.get_by_role("button", name="Upload and look at it").click()


def review(page: Page) -> None:
    expect(page.get_by_role("heading", level=1, name="Fields of Online courses")).to_be_visible(
        timeout=PATIENCE
    )
    expect(page.locator(".lede")).to_have_text(
        "37 fields from 9,240 rows: 2 identify a lead, 15 choices, 5 numbers, 15 yes or no."
    )
    look(page)
    worth = page.locator(".card", has=page.get_by_role("heading", name="Worth a look"))
    expect(worth).to_contain_text("“google” and “Google” are one choice.")
    expect(worth).to_contain_text("“Select” means empty (5,043 cells).")
    expect(page.get_by_text("No name and nothing in it.")).to_be_visible()
    expect(page.get_by_label("A repeat is told by")).to_have_value("prospect_id,lead_number")

    total = sum(compressed for _sent, compressed in weight(page, page.url).values())
    assert total <= HEAVIEST, f"The review weighs {total:,} bytes."


def adjust(page: Page) -> None:
    """Another name, another type and back, a choice less, a column left out."""
    worth = page.locator(".worth").first
    worth.get_by_role("link", name="Lead Source").click()
    source = page.locator(".proposed", has=page.get_by_label("Keep Lead Source"))
    expect(source.locator("summary")).to_be_visible()
    source.locator("summary").click()
    kind = source.get_by_label("Type")
    kind.select_option("integer")
    expect(source.get_by_role("status").first).to_contain_text("do not fit this type")
    look(page, "form.stack")
    kind.select_option("select")
    expect(source.get_by_role("status").first).to_contain_text("20 values in 9,204 cells.")
    source.get_by_label("Name").first.fill("Came by")
    expect(source.get_by_label("Choices, one per line")).to_have_value(
        re.compile("^Google\nDirect Traffic\n")
    )
    look(page, "form.stack")

    page.get_by_role("heading", name="Yes or no").click()
    page.get_by_label("Keep Magazine").uncheck()


def publish(page: Page) -> None:
    # What is wrong is said beside the field, and what was typed is there still.
    country = page.locator(".proposed", has=page.get_by_label("Keep Country"))
    country.locator("summary").click()
    country.get_by_label("Choices, one per line").fill("India\nindia")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("reads the same as choice 1")).to_be_visible()
    look(page)
    expect(country.get_by_label("Choices, one per line")).to_have_value("India\nindia")
    expect(page.get_by_label("Keep Magazine")).not_to_be_checked()
    country.get_by_label("Type").select_option("text")
    expect(country.get_by_label("Choices, one per line")).to_have_count(0)
    page.get_by_role("button", name="Publish 36 fields").click()
    expect(page.get_by_role("heading", level=1, name="Online courses is published")).to_be_visible()
    look(page)


def bring_in(page: Page) -> None:
    page.get_by_role("button", name="Bring in the 9,240 rows").click()
    expect(page.get_by_role("heading", name="Check before loading")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Load 9,240 rows").click()
    expect(page.get_by_text("Loaded", exact=True)).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="See the leads").click()


def filter_the_leads(page: Page) -> None:
    page.locator(".filters summary").filter(has_text="Filter").click()
    page.get_by_role("combobox", name="Came by", exact=True).select_option("Olark Chat")
    chip = page.get_by_role("group", name="Active filters")
    expect(chip).to_contain_text("Came by: Olark Chat")
    expect(page.locator('#leads td[data-label="Came by"]').first).to_have_text("Olark Chat")
    page.keyboard.press("Escape")
    look(page)
