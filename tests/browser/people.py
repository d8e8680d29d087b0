"""What people do again and again: sign in, reach something with the keyboard alone."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.stack import PASSWORD, Person


def sign_in(page: Page, person: Person) -> None:
    """Sign in on the sign-in page, as everybody must."""
    page.goto("/")
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Sign in")


def tab_to(page: Page, wanted: Locator, most: int = 80) -> None:
    """Press Tab until `wanted` has the focus; fail after `most` presses."""
    for _press in range(most):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} is not reached by {most} presses of Tab on {page.url}")


def press_when_listening(page: Page, keys: str) -> None:
    """Type shortcuts once the page's modules have run: a heading can be seen before anything listens for keys."""
    expect(page.locator("html.listening")).to_be_attached()
    page.keyboard.type(keys)
