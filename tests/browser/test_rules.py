"""Operations say, by keyboard alone, who gets which leads; and what a formula comes to in which case. Both in rows."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.people import sign_in
from tests.browser.stack import BrowserStack, Prepared
from tests.browser.test_main_job import DATA
from tests.browser.watching import DESK, PHONE, Watch

SOLAR = {
    "code": "rooftop_solar",
    "name": "Rooftop solar",
    "fields": [{"key": "roof", "label": "Roof area", "type": "decimal"}],
}
SALARIED = '{"field": "employment_type", "op": "eq", "value": "Salaried"}'
CREDITABLE = '{"field": "credit_score", "op": "gte", "value": "750"}'


@pytest.fixture
def house(stack: BrowserStack) -> Prepared:
    """A lender with two lines and an agent."""
    house = stack.make_organization(
        operations={"role": "operations", "name": "Omkar Joshi"},
        arjun={"role": "agent", "name": "Arjun Rao"},
    )
    stack.prepare("import_configuration", slug=house.slug, path=str(DATA / "configuration.json"))
    stack.prepare("import_configuration", slug=house.slug, document={"schema": 1, "business_lines": [SOLAR]})
    return house


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_an_assignment_rule_is_added_by_keyboard(
    watch: Watch, house: Prepared, size: tuple[int, int]
) -> None:
    page = watch.open(size)
    sign_in(page, house.people["operations"])
    page.goto("/console/leads/assignmentrule/add/")
    look(page)
    page.get_by_role("link", name="Personal loan").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Choose another")).to_be_visible()
    page.get_by_label("Name").focus()
    page.keyboard.type("Large loans")
    page.get_by_role("button", name="Add a condition").focus()
    page.keyboard.press("Enter")
    put_in_a_row(page, "condition-0.0", "Monthly", "is at least", "50000")
    expect(page.locator("[data-words]")).to_have_text("Monthly Income (₹) is at least 50000")
    look(page)
    page.get_by_role("button", name="Add a condition").focus()
    page.keyboard.press("Enter")
    put_in_a_row(page, "condition-0.1", "Employment", "is not", "Salaried")
    expect(page.locator("[data-words]")).to_contain_text("and Employment is not Salaried")
    page.get_by_label("How the conditions go together").focus()
    page.keyboard.type("any")
    expect(page.locator("[data-words]")).to_contain_text("or Employment is not Salaried")
    # A value that is none is told beside its row, and stays typed.
    page.locator('[id="condition-0.0-value-1"]').fill("much")
    save(page)
    expect(page.locator('[id="condition-0.0-problem"]')).to_be_visible()
    look(page)
    page.locator('[id="condition-0.0-value-1"]').fill("75000")
    page.keyboard.press("Enter")
    expect(page.locator("[data-words]")).to_contain_text("is at least 75000 or")
    page.get_by_role("checkbox", name="Arjun Rao").focus()
    page.keyboard.press("Space")
    save(page)
    expect(page.get_by_role("link", name="Large loans").last).to_be_visible()
    expect(
        page.get_by_text("Monthly Income (₹) is at least 75000 or Employment is not Salaried")
    ).to_be_visible()
    look(page)


def test_an_if_of_a_formula_is_cases_in_rows(watch: Watch, house: Prepared) -> None:
    page = watch.open(PHONE)
    sign_in(page, house.people["operations"])
    page.goto("/console/leads/field/?q=loan_to_income")
    page.get_by_role("link", name="Loan to annual income").first.click()
    formula = page.locator("[data-part=formula]")
    formula.locator("textarea").fill(f"loan_amount * if({SALARIED}, 1, 2)")
    page.keyboard.press("Tab")
    expect(formula.get_by_label("otherwise")).to_have_value("2")
    formula.get_by_role("button", name="Add another case").click()
    case = formula.locator(".formula-case").last
    expect(case.get_by_label("Field", exact=True)).to_be_focused()
    case.get_by_label("Field", exact=True).select_option("Credit Score")
    case.get_by_label("Comparison").select_option("is at least")
    case.get_by_label("Value", exact=True).fill("750")
    page.keyboard.press("Tab")
    case.get_by_label("then").fill("1.5")
    page.keyboard.press("Tab")
    written = f"loan_amount * if({SALARIED}, 1, if({CREDITABLE}, 1.5, 2))"
    expect(formula.locator("textarea")).to_have_value(written)
    # A condition of the first case comes into the first case.
    formula.get_by_role("button", name="Add a condition").first.click()
    expect(formula.locator(".formula-case").first.get_by_label("Field", exact=True).last).to_be_focused()
    look(page)
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    look(page)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).focus()
    page.keyboard.press("Enter")


def put_in_a_row(page: Page, place: str, field: str, comparison: str, value: str) -> None:
    """Type into the row at a place, which was just added: its lists by the beginnings of names."""
    expect(page.locator(f'[id="{place}-field"]')).to_be_focused()
    page.keyboard.type(field)
    operator = page.locator(f'[id="{place}-op"]')
    expect(operator).to_be_visible()
    expect(page.locator(f'[id="{place}-field"]')).to_be_focused()
    page.keyboard.press("Tab")
    expect(operator).to_be_focused()
    page.keyboard.type(comparison)
    other = page.locator(f'[id="{place}-other"]')
    expect(page.locator("[data-part][aria-busy]")).to_have_count(0)
    page.keyboard.press("Tab")
    if other.count():
        page.keyboard.press("Tab")
    page.keyboard.type(value)
    page.keyboard.press("Tab")
