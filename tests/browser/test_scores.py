"""Operations say what leads are worth and how long they may wait; an agent on a phone reads why."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.people import sign_in
from tests.browser.stack import BrowserStack, Prepared
from tests.browser.test_agent import LOAN
from tests.browser.test_main_job import DATA
from tests.browser.watching import DESK, PHONE, Watch


@pytest.fixture
def house(stack: BrowserStack) -> Prepared:
    """A lender with an agent, a leader and operations, and a lead of the agent."""
    house = stack.make_organization(
        operations={"role": "operations", "name": "Omkar Joshi"},
        leader={"role": "team_leader", "name": "Leela Nair"},
        arjun={"role": "agent", "name": "Arjun Rao", "manager": "leader"},
    )
    stack.prepare("import_configuration", slug=house.slug, path=str(DATA / "configuration.json"))
    return house


@pytest.mark.timeout(300)
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_leads_are_scored_and_watched(
    stack: BrowserStack, watch: Watch, house: Prepared, size: tuple[int, int]
) -> None:
    console = watch.open(DESK if size == PHONE else PHONE)
    sign_in(console, house.people["operations"])
    make_a_score_rule(console)
    make_a_stall_rule(console)
    values = {**LOAN, "full_name": "Farid Sheikh", "mobile": "9845012345"}
    lead = {"owner": house.people["arjun"].email, "values": values}
    [reference] = stack.prepare("make_leads", slug=house.slug, line="personal_loan", leads=[lead])
    try_the_rules(console, reference)
    stack.prepare("let_leads_wait", slug=house.slug, hours=49)

    page = watch.open(size)
    sign_in(page, house.people["arjun"])
    stalled = page.locator("section").filter(
        has=page.get_by_role("heading", name=re.compile(r"^Stalled\b"), level=2)
    )
    expect(stalled.get_by_role("link", name="Farid Sheikh", exact=True)).to_be_visible()
    look(page)
    page.goto("/leads/?stalled=true")
    expect(page.get_by_role("table").get_by_text("Stalled", exact=True)).to_be_visible()
    look(page)
    page.get_by_role("link", name="Farid Sheikh").click()
    score = page.locator("#score")
    expect(score).to_contain_text("Sound income")
    expect(score).to_contain_text("+30")
    expect(page.locator(".timeline > li").first).to_contain_text("found the lead stalled")
    expect(page.locator(".lead-head")).to_contain_text("Stalled")
    look(page)


def make_a_score_rule(page: Page) -> None:
    page.goto("/console/leads/scorerule/add/")
    look(page)
    page.get_by_label("Name").fill("Sound income")
    page.get_by_role("button", name="Add a condition").click()
    expect(page.get_by_label("Field", exact=True)).to_be_focused()
    page.get_by_label("Field", exact=True).select_option("Monthly Income (₹)")
    page.get_by_label("Comparison").select_option("is at least")
    page.get_by_label("Value", exact=True).fill("50000")
    expect(page.locator("[data-words]")).to_have_text("Every lead.")
    page.keyboard.press("Tab")
    expect(page.locator("[data-words]")).to_have_text("Monthly Income (₹) is at least 50000")
    page.get_by_label("Points").fill("0")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Write a whole number from -1000 to 1000, not 0.")).to_be_visible()
    page.get_by_label("Points").fill("30")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Sound income").last).to_be_visible()
    look(page)


def try_the_rules(page: Page, reference: str) -> None:
    page.goto("/console/leads/scorerule/")
    page.get_by_role("link", name="Sound income").last.click()
    look(page)
    page.goto(page.url.replace("/change/", "/try_it/"))
    page.get_by_label("Try on a lead").fill(reference)
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.get_by_text(f"By the rules in use {reference} has 30 points.")).to_be_visible()
    look(page)


def make_a_stall_rule(page: Page) -> None:
    page.goto("/console/leads/stallrule/add/")
    look(page)
    page.get_by_label("Name").fill("Two days of silence")
    page.get_by_label("The owner is told after").fill("soon")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Write a time such as 30 min, 48 h or 3 d.")).to_be_visible()
    page.get_by_label("The owner is told after").fill("3 d")
    expect(page.get_by_label("Only working time counts")).to_be_checked()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("How long is a day of work? Write its hours, such as 16 h.")).to_be_visible()
    look(page)
    page.get_by_label("The owner is told after").fill("48 h")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Two days of silence").last).to_be_visible()
    look(page)
