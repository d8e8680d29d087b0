"""How one is told, the link that ends mails, and a change of many leads that is taken back."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.people import sign_in, tab_to
from tests.browser.stack import BrowserStack, Prepared
from tests.browser.test_agent import LOAN
from tests.browser.test_main_job import DATA
from tests.browser.watching import DESK, PHONE, Watch


@pytest.fixture
def house(stack: BrowserStack) -> Prepared:
    """A lender with an agent and three leads of hers."""
    house = stack.make_organization(bina={"role": "agent", "name": "Bina Shah"})
    stack.prepare("import_configuration", slug=house.slug, path=str(DATA / "configuration.json"))
    leads = [
        {
            "owner": house.people["bina"].email,
            "values": {**LOAN, "full_name": name, "mobile": f"984501234{number}"},
        }
        for number, name in enumerate(("Farid Sheikh", "Gita Menon", "Hari Patel"))
    ]
    stack.prepare("make_leads", slug=house.slug, line="personal_loan", leads=leads)
    return house


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_how_one_is_told_and_the_link_that_ends_mails(
    watch: Watch, stack: BrowserStack, house: Prepared, size: tuple[int, int]
) -> None:
    person = house.people["bina"]
    page = watch.open(size)
    sign_in(page, person)
    page.goto("/notifications/")
    page.get_by_role("link", name="How you are told").click()
    expect(page.get_by_text(person.email)).to_be_visible()
    look(page)
    page.get_by_label("Somebody mentions me in a note").select_option(
        "In LeadLedger and once a day by e-mail"
    )
    hour = page.get_by_label("E-mails come at")
    tab_to(page, hour)
    page.keyboard.type("07")
    tab_to(page, page.get_by_role("button", name="Save"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(hour).to_have_value("7")
    morning = page.get_by_label("Begin my day with an e-mail")
    expect(morning).to_be_checked()

    visitor = watch.open(size)
    visitor.goto(stack.prepare("make_stop_link", slug=house.slug, email=person.email))
    look(visitor)
    visitor.get_by_role("button", name="Send me no more").click()
    expect(visitor.get_by_role("heading", name="No more mails")).to_be_visible()
    look(visitor)
    page.reload()
    expect(morning).not_to_be_checked()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_change_of_many_is_taken_back_by_one_press(
    watch: Watch, house: Prepared, size: tuple[int, int]
) -> None:
    page = watch.open(size)
    sign_in(page, house.people["bina"])
    page.goto("/leads/?line=personal_loan")
    change_all(page)
    expect(page.get_by_text("3 changed.")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_text("3 as they were before.")).to_be_visible()
    look(page)
    page.go_back()
    expect(page.get_by_role("link", name="This change was taken back.")).to_be_visible()


def change_all(page: Page) -> None:
    """Set the status of all leads of the list."""
    page.goto("/leads/bulk/?line=personal_loan&all=1")
    page.get_by_label("Status").select_option("Closed")
    page.get_by_role("button", name="Set").click()
