"""Two leads of one person: made one on a phone and two again, then a queue of pairs cleared at a desk by keys."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looking import look
from tests.browser.people import press_when_listening, sign_in
from tests.browser.stack import BrowserStack, Prepared
from tests.browser.test_agent import LOAN
from tests.browser.test_main_job import DATA
from tests.browser.watching import DESK, PHONE, Watch


@pytest.fixture
def house(stack: BrowserStack) -> tuple[Prepared, list[str]]:
    """A lender whose agent has written one person down twice, and two others who resemble each other."""
    house = stack.make_organization(
        operations="operations",
        leader={"role": "team_leader", "name": "Leela Nair"},
        arjun={"role": "agent", "name": "Arjun Rao", "manager": "leader"},
    )
    stack.prepare("import_configuration", slug=house.slug, path=str(DATA / "configuration.json"))
    people = [
        {"full_name": "Farid Sheikh", "mobile": "9845012345", "pan": "ABCPE1234F"},
        {"full_name": "Fareed Sheikh", "mobile": "9115012345", "pan": "ABCPE1234G"},
        {"full_name": "Gita Menon", "mobile": "9845012399", "pan": "ABCPE1234H"},
        {"full_name": "Gita Menon", "mobile": "9125012399", "pan": "ABCPE1234J"},
    ]
    leads = [{"owner": house.people["arjun"].email, "values": {**LOAN, **person}} for person in people]
    references = stack.prepare("make_leads", slug=house.slug, line="personal_loan", leads=leads)
    stack.prepare("find_duplicates", slug=house.slug)
    return house, references


def test_two_become_one_and_two_again_and_a_queue_is_cleared(
    watch: Watch, house: tuple[Prepared, list[str]]
) -> None:
    people, (keep, lose, *_others) = house[0].people, house[1]
    page = watch.open(PHONE)
    sign_in(page, people["arjun"])
    page.goto(f"/leads/{keep}/")
    page.get_by_role("link", name="Duplicates").locator("visible=true").first.click()
    look(page)
    page.get_by_label("Its reference").fill(lose.lower())
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="Merge two leads")).to_be_visible()
    look(page)
    name = page.get_by_role("group", name="Full name")
    expect(name.get_by_role("radio").first).to_be_checked()
    page.get_by_role("button", name=f"Take all from {lose}").click()
    expect(name.get_by_role("radio").last).to_be_checked()
    page.locator("summary", has_text="the same in both").click()
    look(page)
    page.get_by_role("button", name=f"Merge into {keep}").click()
    expect(page.get_by_role("heading", name="Fareed Sheikh", level=1)).to_be_visible()
    expect(page.get_by_text(f"{lose} is now part of this lead.")).to_be_visible()
    expect(page.locator(".timeline > li").first).to_contain_text(f"merged {lose} into this lead")
    look(page)
    page.goto(f"/leads/{lose}/")
    expect(page).to_have_url(re.compile(f"/leads/{keep}/"))
    page.get_by_role("link", name="Duplicates").locator("visible=true").first.click()
    page.get_by_role("link", name="Take it back").click()
    look(page)
    page.get_by_role("button", name="Make two leads again").click()
    expect(page.get_by_text(f"{lose} and {keep} are two leads again.")).to_be_visible()
    expect(page.get_by_role("heading", name="Farid Sheikh", level=1)).to_be_visible()

    page = watch.open(DESK)
    sign_in(page, people["operations"])
    page.get_by_role("link", name="Duplicates").locator("visible=true").first.click()
    expect(page.get_by_text("2 pairs wait for a decision")).to_be_visible()
    look(page)
    first = page.locator("[data-pairs] > li").first
    expect(first).to_contain_text("Gita Menon")
    # Skipped, not the same, and merged: s, n, m.
    press_when_listening(page, "s")
    expect(page.locator("[data-pairs] > li").last).to_have_attribute("data-current", "")
    page.keyboard.press("n")
    expect(page.get_by_text("are not the same: they do not come back.")).to_be_visible()
    expect(page.locator("[data-pairs] > li")).to_have_count(1)
    press_when_listening(page, "m")
    expect(page.get_by_role("heading", name="Merge two leads")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Merge into").click()
    expect(page.get_by_text("No pairs wait for a decision")).to_be_visible()
    expect(page.get_by_text("is now part of")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Not the same").click()
    page.get_by_role("button", name="Open again").click()
    expect(page.get_by_text("wait for a decision again.")).to_be_visible()
    look(page)
