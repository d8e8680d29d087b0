"""The day of an agent with one hand on a phone, and of the leader at a desk, from note to notification."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.people import press_when_listening, sign_in
from tests.browser.stack import PASSWORD, BrowserStack, Prepared
from tests.browser.test_agent import LOAN
from tests.browser.test_main_job import DATA
from tests.browser.watching import DESK, PHONE, Watch


@pytest.fixture
def house(stack: BrowserStack) -> Prepared:
    """A lender with two agents of one leader, and a lead of the first."""
    house = stack.make_organization(
        leader={"role": "team_leader", "name": "Leela Nair"},
        arjun={"role": "agent", "name": "Arjun Rao", "manager": "leader"},
        bina={"role": "agent", "name": "Bina Shah", "manager": "leader"},
    )
    stack.prepare("import_configuration", slug=house.slug, path=str(DATA / "configuration.json"))
    values = {**LOAN, "full_name": "Farid Sheikh", "mobile": "9845012345"}
    lead = {"owner": house.people["arjun"].email, "values": values}
    stack.prepare("make_leads", slug=house.slug, line="personal_loan", leads=[lead])
    return house


def group(page: Page, title: str):
    """The part of Today under a heading."""
    heading = page.get_by_role("heading", name=re.compile(rf"^{title}\b"), level=2)
    return page.locator("section").filter(has=heading)


def test_a_day_on_a_phone_and_at_a_desk(watch: Watch, house: Prepared) -> None:
    page = watch.open(PHONE)
    sign_in(page, house.people["arjun"])
    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()
    new = group(page, "New leads")
    expect(new.get_by_role("button", name="Call Farid Sheikh")).to_be_visible()
    look(page)

    # A note, whose colleague is chosen from suggestions.
    new.get_by_role("link", name="Farid Sheikh", exact=True).click()
    note = page.get_by_label("Note", exact=True)
    note.fill("")
    note.press_sequentially("Asks for the rate. @lee")
    suggestion = page.get_by_role("option", name="Leela Nair")
    expect(suggestion).to_be_visible()
    look(page)
    suggestion.click()
    expect(note).to_have_value("Asks for the rate. @Leela Nair ")
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_text("Noted. Told: Leela Nair.")).to_be_visible()
    expect(page.locator(".timeline > li").first).to_contain_text("Asks for the rate. @Leela Nair")

    # A follow-up in a time that has passed: told, and nothing is lost.
    page.locator("summary", has_text="Plan a follow-up").click()
    page.get_by_label("What").fill("Call back about the rate")
    page.get_by_label("When").fill("2020-01-01T10:00")
    watch.tolerated.add(422)
    page.get_by_role("button", name="Plan", exact=True).click()
    expect(page.get_by_text("This time has passed.")).to_be_visible()
    expect(page.get_by_label("What")).to_have_value("Call back about the rate")
    look(page)
    page.get_by_label("When").fill("2029-03-01T10:00")
    page.get_by_role("button", name="Plan", exact=True).click()
    expect(page.get_by_text("Planned.")).to_be_visible()
    expect(page.locator(".tasks")).to_contain_text("Call back about the rate")
    expect(page.locator(".timeline > li").first).to_contain_text("planned a follow-up")
    look(page)

    # Today, without leaving it: put off to tomorrow, done, open again.
    page.get_by_role("link", name="Today").locator("visible=true").click()
    later = group(page, "Later")
    later.locator("summary").click()
    look(page)
    later.get_by_role("button", name="Tomorrow").click()
    tomorrow = group(page, "Tomorrow")
    expect(tomorrow).to_contain_text("Call back about the rate")
    tomorrow.get_by_role("button", name="Done: Call back about the rate").click()
    done = group(page, "Done today")
    expect(done).to_contain_text("Call back about the rate")
    # The keyboard stays among what there is to do.
    expect(page.locator("#today :focus")).to_have_count(1)
    expect(page.get_by_text("Nothing is waiting for you")).to_be_visible()
    look(page)
    done.get_by_role("button", name="Open again: Call back about the rate").click()
    expect(group(page, "Tomorrow")).to_contain_text("Call back about the rate")

    leads_at_a_desk(watch, house)
    expect_given(page)


def leads_at_a_desk(watch: Watch, house: Prepared) -> None:
    """The leader reads the mention, and gives the agent something to do by keys alone."""
    page = watch.open(DESK)
    sign_in(page, house.people["leader"])
    expect(group(page, "Mentions")).to_contain_text("Asks for the rate.")
    look(page)
    page.get_by_role("link", name="Notifications").locator("visible=true").click()
    expect(page.locator(".task.unread")).to_have_count(1)
    look(page)
    page.get_by_role("button", name="Farid Sheikh", exact=True).click()
    expect(page.get_by_role("heading", name="Farid Sheikh", level=1)).to_be_visible()
    expect(page.locator(".rail .count")).to_have_count(0)
    press_when_listening(page, "f")
    expect(page.get_by_label("What")).to_be_focused()
    page.keyboard.type("Send him the offer")
    page.locator("[name=assignee]").select_option("Arjun Rao")
    look(page)
    page.keyboard.press("Escape")
    page.get_by_label("What").press("Enter")
    expect(page.get_by_text("Planned.")).to_be_visible()
    press_when_listening(page, "n")
    expect(page.get_by_label("Note", exact=True)).to_be_focused()
    page.keyboard.type("Offer goes out. @arjun")
    expect(page.locator(".suggestions [role=option]")).to_have_text("Arjun Rao")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_text("Noted. Told: Arjun Rao.")).to_be_visible()
    page.get_by_role("link", name="Correct").first.click()
    page.get_by_label("Note", exact=True).fill("Offer goes out today. @Arjun Rao")
    look(page)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".timeline > li").first).to_contain_text("Offer goes out today.")
    look(page)


def expect_given(page: Page) -> None:
    """What the leader gave and wrote is told to the agent, who marks it as read."""
    page.goto("/notifications/")
    expect(page.locator(".task.unread")).to_have_count(2)
    expect(page.locator(".tasks")).to_contain_text("Send him the offer")
    look(page)
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_text("All read.")).to_be_visible()
    expect(page.locator(".task.unread")).to_have_count(0)


def test_it_works_without_scripts(watch: Watch, house: Prepared) -> None:
    page = watch.open(PHONE, scripts=False)
    sign_in(page, house.people["arjun"])
    group(page, "New leads").get_by_role("link", name="Farid Sheikh", exact=True).click()
    page.get_by_label("Note", exact=True).fill("Please look, @Leela.")
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_text("Noted. Told: Leela Nair.")).to_be_visible()
    page.locator("summary", has_text="Plan a follow-up").click()
    page.get_by_label("What").fill("Call back")
    page.get_by_role("button", name="Plan", exact=True).click()
    page.get_by_role("button", name="Done: Call back").click()
    expect(page.locator(".timeline > li").first).to_contain_text("followed up")


def test_what_was_typed_outlives_the_sign_in(watch: Watch, house: Prepared) -> None:
    page = watch.open(PHONE)
    sign_in(page, house.people["arjun"])
    page.get_by_role("link", name="Farid Sheikh", exact=True).click()
    note = page.get_by_label("Note", exact=True)
    note.fill("Wants 9.1 %")
    page.context.clear_cookies(name="leadledger_session")
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("Email").fill(house.people["arjun"].email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("What you had typed is back.")).to_be_visible()
    expect(note).to_have_value("Wants 9.1 %")
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_text("Noted.")).to_be_visible()
    expect(note).to_have_value("")


def test_what_was_typed_goes_with_who_signs_out_and_does_not_last(watch: Watch, house: Prepared) -> None:
    page = watch.open(DESK)
    is_kept = "() => 'unsent' in sessionStorage"
    sign_in(page, house.people["arjun"])
    page.get_by_role("link", name="Farid Sheikh", exact=True).click()
    type_and_lose(page)
    assert page.evaluate(is_kept)
    sign_in(page, house.people["arjun"])
    assert page.evaluate(is_kept), "it waits for its page"
    page.evaluate("document.querySelector('form[data-forget]').requestSubmit()")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert not page.evaluate(is_kept)

    sign_in(page, house.people["arjun"])
    page.get_by_role("link", name="Farid Sheikh", exact=True).click()
    type_and_lose(page)
    hour_ago = (
        'sessionStorage.unsent = sessionStorage.unsent.replace(/"at":\\d+/, `"at":${Date.now() - 3600000}`)'
    )
    page.evaluate(hour_ago)
    page.reload()
    page.wait_for_function("() => !('unsent' in sessionStorage)")


def type_and_lose(page: Page) -> None:
    """Send a note once the sign-in has ended."""
    page.get_by_label("Note", exact=True).fill("Wants 9.1 %")
    page.context.clear_cookies(name="leadledger_session")
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
