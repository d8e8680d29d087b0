"""Operations say which leads a source takes, watch a folder, and see what came there."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.people import sign_in
from tests.browser.stack import BrowserStack, Prepared
from tests.browser.watching import DESK, PHONE, Watch

FIELDS = [
    {"key": "name", "label": "Name", "type": "text", "required": True, "maps_to": "name"},
    {"key": "income", "label": "Income", "type": "money"},
]


@pytest.fixture
def house(stack: BrowserStack) -> Prepared:
    """Whose line has a source."""
    house = stack.make_organization(operations={"role": "operations", "name": "Omkar Joshi"})
    line = {"code": "loan", "name": "Loans", "fields": FIELDS}
    document = {"schema": 1, "business_lines": [line], "sources": ["Website"]}
    stack.prepare("import_configuration", slug=house.slug, document=document)
    return house


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("size", "theme"), [(PHONE, "light"), (DESK, "dark")], ids=["phone", "desk"])
def test_a_source_is_capped_and_files_arrive(
    stack: BrowserStack, watch: Watch, house: Prepared, size: tuple[int, int], theme: str
) -> None:
    page = watch.open(size, theme)
    sign_in(page, house.people["operations"])
    make_rule(page)
    make_place(page)
    for name, content in (("people.csv", "Name,Income\nAsha,5\n"), ("letter.pdf", "%PDF-1.7")):
        stack.prepare("let_arrive", slug=house.slug, folder="website", name=name, content=content)
    page.goto("/console/")
    expect(page.get_by_role("heading", name="Files that came and wait")).to_be_visible()
    look(page)
    page.goto("/console/leads/arrival/")
    expect(page.get_by_text("Waits for a person").first).to_be_visible()
    look(page)
    page.get_by_role("link", name="people.csv").first.click()
    expect(page.get_by_role("link", name="Open the import")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Open the import").click()
    expect(page.get_by_text("It came to the watched place “Files of the website”.")).to_be_visible()
    look(page)


def make_rule(page: Page) -> None:
    page.goto("/console/leads/acceptancerule/add/")
    look(page)
    page.get_by_role("link", name="Loans").click()
    page.get_by_label("Source").select_option("Website")
    page.get_by_label("Name").fill("From five lakh")
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("Field", exact=True).select_option("Income")
    page.get_by_label("Comparison").select_option("is at least")
    page.get_by_label("Value", exact=True).fill("500000")
    look(page)
    page.get_by_label("Leads a day").fill("20")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("0 of 20, 20 left")).to_be_visible()
    look(page)
    page.get_by_role("link", name="From five lakh").first.click()
    # On a phone it is in a menu.
    page.goto(str(page.locator("a[href*='try']").first.get_attribute("href")))
    expect(page.get_by_text("No lead of this source came in the last 30 days.")).to_be_visible()
    look(page)


def make_place(page: Page) -> None:
    page.goto("/console/leads/watchedplace/add/")
    look(page)
    page.get_by_label("Name", exact=False).first.fill("Files of the website")
    page.get_by_label("Business line").select_option("Loans")
    page.get_by_label("Folder", exact=True).fill("../elsewhere")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Write a folder such as leads/website")).to_be_visible()
    look(page)
    page.get_by_label("Folder", exact=True).fill("website")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Not looked at yet")).to_be_visible()
    look(page)
