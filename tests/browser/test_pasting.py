"""A message that is pasted fills the form of a new lead, on a phone and at a desk."""

import pytest
from playwright.sync_api import expect

from tests.browser.looking import look
from tests.browser.people import sign_in
from tests.browser.stack import BrowserStack
from tests.browser.test_main_job import DATA
from tests.browser.watching import DESK, PHONE, Watch

MESSAGE = """[12/05/2026, 10:31] Hari Patel: Hi, I need a loan of some kind
[12/05/2026, 10:32] Hari Patel: Monthly income is 85k, business, in Pune or Mumbai
DOB: 14/03/1990, PAN abcde1234f, PIN 411001
Loan amt 7 lakh, tenure 48 months
98450 99999"""


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_a_message_becomes_a_lead(watch: Watch, stack: BrowserStack, size) -> None:
    house = stack.make_organization(arjun={"role": "agent", "name": "Arjun Rao"})
    stack.prepare("import_configuration", slug=house.slug, path=str(DATA / "configuration.json"))
    page = watch.open(size)
    sign_in(page, house.people["arjun"])
    page.goto("/leads/new/")
    page.get_by_text("Paste a message").click()
    look(page)
    page.get_by_label("Message").fill(MESSAGE)
    page.get_by_role("button", name="Fill the form").click()
    expect(page.get_by_label("Full Name")).to_have_value("Hari Patel")
    expect(page.get_by_label("DOB")).to_have_value("1990-03-14")
    expect(page.locator("[data-field=monthly_income]")).to_contain_text("from “Monthly income is 85k”")
    expect(page.locator("[data-field=city]")).to_contain_text("Left empty")
    look(page)
    page.get_by_label("City").select_option("Pune")
    page.get_by_role("button", name="Save lead").click()
    expect(page.get_by_role("heading", name="Hari Patel")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("I need a loan of some kind")
