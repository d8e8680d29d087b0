"""Getting in and out: sign-in that tells nobody who has an account, a new password, one's profile, organisations."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.people import sign_in
from tests.browser.stack import PASSWORD, BrowserStack, Prepared
from tests.browser.watching import DESK, PHONE, Watch

RESET_LINK = re.compile(r"/account/password/reset/key/[\w-]+/")


@pytest.fixture
def house(stack: BrowserStack) -> Prepared:
    """An organisation with one agent."""
    return stack.make_organization(agent={"role": "agent", "name": "Arjun Rao"})


def refusal(page: Page, email: str, password: str) -> str:
    """Try to sign in and return what is said."""
    page.goto("/account/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    return page.get_by_role("alert").inner_text()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_wrong_password_and_an_unknown_person_look_the_same(
    watch: Watch, house: Prepared, size: tuple[int, int]
) -> None:
    page = watch.open(size)
    known = refusal(page, house.people["agent"].email, "not my password")
    look(page)
    expect(page.get_by_label("Email")).to_have_value(house.people["agent"].email)

    assert refusal(page, f"nobody@{house.slug}.example", "not my password") == known


def test_a_forgotten_password_is_replaced_by_mail(watch: Watch, stack: BrowserStack, house: Prepared) -> None:
    page = watch.open(PHONE)
    page.goto("/account/login/")
    page.get_by_role("link", name="Forgot your password?").click()
    look(page)
    said = []
    for email in (f"nobody@{house.slug}.example", house.people["agent"].email):
        page.goto("/account/password/reset/")
        page.get_by_label("Email").fill(email)
        page.get_by_role("button", name="Send the link").click()
        expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
        said.append(page.get_by_role("main").inner_text())
    look(page)
    assert said[0] == said[1]

    page.goto(link_in_mail(stack, house.people["agent"].email))
    look(page)
    for field in page.locator("input[type=password]").all():
        field.fill("another quiet river")
    page.get_by_role("button", name="Save the password").click()
    expect(page.get_by_role("heading", name="Password saved")).to_be_visible()
    refusal(page, house.people["agent"].email, PASSWORD)
    page.get_by_label("Password").fill("another quiet river")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")


def link_in_mail(stack: BrowserStack, email: str) -> str:
    """The link in the newest mail to an address; the worker prints its mail."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        mails = stack.printed_by_worker().split("Content-Type: text/plain")
        found = [RESET_LINK.search(mail) for mail in mails if f"To: {email}" in mail]
        if found and found[-1]:
            return found[-1][0]
        time.sleep(0.1)
    raise AssertionError(f"No mail to {email}")


def test_signing_out_closes_the_door(watch: Watch, house: Prepared) -> None:
    page = watch.open(PHONE)
    sign_in(page, house.people["agent"])
    page.get_by_role("banner").get_by_label("Account of Arjun Rao").click()
    page.get_by_role("banner").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/leads/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_one_changes_ones_own_profile(watch: Watch, house: Prepared) -> None:
    page = watch.open(PHONE)
    sign_in(page, house.people["agent"])
    page.goto("/profile/")
    look(page)
    page.get_by_label("Name").fill("Arjun K. Rao")
    page.get_by_label("Phone").fill("123")
    watch.tolerated.add(422)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-field=phone] .problems")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("Arjun K. Rao")
    page.get_by_label("Phone").fill("98450 12345")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Arjun K. Rao")).to_be_visible()
    look(page)


def test_one_person_works_in_two_organisations(watch: Watch, stack: BrowserStack, house: Prepared) -> None:
    both = house.people["agent"].email
    second = stack.make_organization(agent={"role": "operations", "email": both, "name": "A. Rao"})
    page = watch.open(DESK)
    sign_in(page, house.people["agent"])
    number, other = house.slug.removeprefix("house-"), second.slug.removeprefix("house-")

    switch = page.locator(".rail").get_by_label(re.compile("Organisation: .* Change"))
    expect(switch).to_contain_text(f"House {number} Finance")
    switch.click()
    look(page, ".rail .menu")
    page.get_by_role("button", name=f"House {other} Finance").click()
    expect(switch).to_contain_text(f"House {other} Finance")
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Imports")).to_be_visible()
