"""A page whose scripts come late, as on a train: what is chosen before they listen is not lost."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.people import sign_in
from tests.browser.stack import BrowserStack, Prepared
from tests.browser.test_main_job import DATA
from tests.browser.watching import PHONE, STARTING, Watch


@pytest.fixture
def house(stack: BrowserStack) -> Prepared:
    """Operations of a lender, and its line."""
    house = stack.make_organization(operations="operations")
    stack.prepare("import_configuration", slug=house.slug, path=str(DATA / "configuration.json"))
    return house


def test_a_choice_made_before_the_scripts_listen_counts(watch: Watch, house: Prepared) -> None:
    page = watch.open(PHONE)
    sign_in(page, house.people["operations"])
    held: list[Callable[[], None]] = []

    def hold(route: Route) -> None:
        held.append(route.continue_)

    page.remove_locator_handler(page.locator(STARTING))
    page.route("**/js/forms*.js", hold)
    page.goto("/leads/conditions/?line=personal_loan", wait_until="commit")

    page.get_by_label("Field", exact=True).select_option("data.full_name")
    expect(page.get_by_label("Comparison")).to_have_count(0)
    for release in held:
        release()

    expect(page.get_by_label("Comparison")).to_be_visible()
