"""Operations add a field to a live form in the console, and an agent's form has it with the next request."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.people import sign_in
from tests.browser.stack import BrowserStack, Prepared
from tests.browser.watching import DESK, PHONE, Watch


@pytest.fixture
def house(stack: BrowserStack) -> Prepared:
    """An empty organisation with somebody to configure it."""
    return stack.make_organization(operations={"role": "operations", "name": "Omkar Joshi"})


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("size", "theme"), [(PHONE, "light"), (DESK, "dark")], ids=["phone", "desk"])
def test_a_line_is_defined_and_published(
    watch: Watch, house: Prepared, size: tuple[int, int], theme: str
) -> None:
    page = watch.open(size, theme)
    page.goto("/console/")
    sign_in(page, house.people["operations"])
    page.goto("/console/")
    expect(page.get_by_role("heading", name="Drafts to publish")).to_be_visible()
    look(page)
    open_a_line(page)
    add_a_name(page)
    add_a_choice(page)
    put_the_choice_first(page)
    publish(page)
    page.goto("/leads/new/")
    expect(page.get_by_label("Applicant's name")).to_be_visible()
    expect(page.get_by_label("Employment")).to_contain_text("Self employed")


def open_a_line(page: Page) -> None:
    page.goto("/console/leads/businessline/")
    look(page)
    page.goto("/console/leads/businessline/add/")
    look(page)
    page.get_by_label("Name").fill("Personal loan")
    page.get_by_label("Code").fill("personal_loan")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("No fields yet.")).to_be_visible()
    look(page)


def add_a_name(page: Page) -> None:
    page.get_by_role("link", name=re.compile("Add a field")).click()
    page.get_by_label("Label").fill("Applicant's name")
    expect(page.get_by_label("Key", exact=True)).to_have_value("applicant_s_name")
    expect(page.get_by_label("Choices", exact=True)).to_be_hidden()
    page.get_by_label("Fills the core attribute").select_option("Name")
    look(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Applicant's name", exact=True)).to_be_visible()


def add_a_choice(page: Page) -> None:
    page.get_by_role("link", name=re.compile("Add a field")).click()
    page.get_by_label("Label").fill("Employment")
    page.get_by_label("Type").select_option("Choice")
    expect(page.get_by_label("Pattern")).to_be_hidden()
    page.get_by_role("button", name="Add a choice").click()
    for number in (1, 2):
        expect(page.get_by_label(f"Value of choice {number}")).to_be_focused()
        page.keyboard.type("Salaried" if number == 1 else "salaried")
        page.keyboard.press("Enter")
    expect(page.get_by_label("Value of choice 3")).to_be_focused()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("reads the same as choice 1")).to_be_visible()
    look(page)
    page.get_by_label("Value of choice 2").fill("SELF")
    page.get_by_label("Label of choice 2").fill("Self employed")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Employment", exact=True)).to_be_visible()


def put_the_choice_first(page: Page) -> None:
    page.locator("#fields").get_by_role("link", name="Arrange").click()
    page.get_by_role("button", name="Move Employment up").click()
    expect(page.locator(".layout-label a").first).to_have_text("Employment")
    look(page)
    page.get_by_role("button", name="Save the layout").click()
    expect(page.get_by_text("The layout is saved.")).to_be_visible()
    page.get_by_role("link", name="Back to the line").click()
    expect(page.locator("#fields [data-row]").first).to_contain_text("Employment")
    look(page)


def publish(page: Page) -> None:
    page.locator("#fields").get_by_role("link", name=re.compile("Publish")).click()
    expect(page.get_by_role("heading", name="Publish Personal loan")).to_be_visible()
    look(page)
    page.get_by_label("Note").fill("First version")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Personal loan is published.")).to_be_visible()
