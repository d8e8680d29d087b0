"""Figures of a line as operations read them at a desk and on a phone: a chart, its table, and the leads behind each."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.people import sign_in
from tests.browser.stack import BrowserStack, Prepared
from tests.browser.test_agent import LOAN
from tests.browser.test_main_job import DATA
from tests.browser.watching import DESK, PHONE, Watch

CITIES = ("Pune", "Pune", "Pune", "Mumbai", "Delhi")
FIGURES = "/lines/personal_loan/statistics/"


@pytest.fixture
def house(stack: BrowserStack) -> Prepared:
    """A lender with a few leads of different cities."""
    house = stack.make_organization(operations="operations")
    stack.prepare("import_configuration", slug=house.slug, path=str(DATA / "configuration.json"))
    owner = house.people["operations"].email
    leads = [
        {
            "owner": owner,
            "values": {**LOAN, "full_name": f"Asha {number}", "mobile": f"984501234{number}", "city": city},
        }
        for number, city in enumerate(CITIES)
    ]
    stack.prepare("make_leads", slug=house.slug, line="personal_loan", leads=leads)
    return house


def drawn(page: Page, heading: str) -> int:
    """How many bars the chart under a heading draws, once it is drawn."""
    card = page.locator("[data-chart]").filter(has=page.get_by_role("heading", name=heading))
    expect(card.locator("canvas")).to_be_visible()
    return card.locator("canvas").evaluate("canvas => Chart.getChart(canvas).data.labels.length")


def test_figures_at_a_desk_and_on_a_phone(watch: Watch, house: Prepared) -> None:
    page = watch.open(DESK)
    sign_in(page, house.people["operations"])
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Statistics").click()
    expect(page.get_by_role("heading", name="Statistics", level=1)).to_be_visible()
    assert drawn(page, "Statuses") == 6
    look(page)

    # A field, its bars, and by the keyboard the leads behind one of them.
    page.get_by_role("link", name="City", exact=True).click()
    assert drawn(page, "Most frequent values") == 3
    look(page)
    page.get_by_role("link", name="Pune: show 3 leads").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/leads/\?line=personal_loan&data\.city=Pune"))
    expect(page.locator("#leads tbody tr")).to_have_count(3)
    page.go_back()

    # A bar of the chart leads there too.
    card = page.locator("[data-chart]")
    box = card.locator("canvas").bounding_box()
    assert box is not None
    card.locator("canvas").click(position={"x": box["width"] * 0.3, "y": box["height"] * 0.15})
    expect(page.locator("#leads tbody tr")).to_have_count(3)

    # Judged by a job; the page shows the outcome by itself.
    page.goto(FIGURES.replace("statistics", "quality"))
    page.get_by_role("button", name="Judge now").click()
    expect(page.get_by_role("heading", name="What is wrong most often")).to_be_visible()
    expect(page.get_by_text("Nothing is wrong with any lead.")).to_be_visible()
    look(page)

    dark = watch.open(PHONE, theme="dark")
    sign_in(dark, house.people["operations"])
    for path in (FIGURES, f"{FIGURES}?field=loan_amount", FIGURES.replace("statistics", "quality")):
        dark.goto(path)
        expect(dark.get_by_role("heading", level=1)).to_be_visible()
        look(dark)


def test_figures_without_scripts_are_tables(watch: Watch, house: Prepared) -> None:
    page = watch.open(PHONE, scripts=False)
    sign_in(page, house.people["operations"])
    page.goto(f"{FIGURES}?field=city")
    expect(page.get_by_role("row", name=re.compile("Pune"))).to_contain_text("60.0")
    expect(page.locator("canvas")).to_be_hidden()
    page.get_by_role("link", name="Pune: show 3 leads").click()
    expect(page.locator("#leads tbody tr")).to_have_count(3)
