"""The agent's job with one hand on a phone: own leads, a new one, a repeat, an edit."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.people import sign_in
from tests.browser.stack import BrowserStack, Prepared
from tests.browser.test_main_job import DATA
from tests.browser.watching import DESK, PHONE, Watch

LOAN: dict[str, Any] = {
    "date_of_birth": "14/03/1990",
    "pan": "ABCDE1234F",
    "city": "Pune",
    "pin_code": "411001",
    "employment_type": "Business",
    "monthly_income": "85000",
    "loan_amount": "700000",
    "tenure_months": "48",
}


@pytest.fixture
def house(stack: BrowserStack) -> Prepared:
    """A lender with two agents of one leader, a lead each."""
    house = stack.make_organization(
        leader={"role": "team_leader", "name": "Leela Nair"},
        arjun={"role": "agent", "name": "Arjun Rao", "manager": "leader"},
        bina={"role": "agent", "name": "Bina Shah", "manager": "leader"},
    )
    stack.prepare("import_configuration", slug=house.slug, path=str(DATA / "configuration.json"))
    leads = [
        {"owner": house.people[who].email, "values": {**LOAN, "full_name": name, "mobile": mobile}}
        for who, name, mobile in (
            ("arjun", "Farid Sheikh", "9845012345"),
            ("bina", "Gita Menon", "9845054321"),
        )
    ]
    stack.prepare("make_leads", slug=house.slug, line="personal_loan", leads=leads)
    return house


def fill_in(page: Page, name: str, mobile: str) -> None:
    """Fill the form of a new lead, all but the employment."""
    page.get_by_label("Full Name").fill(name)
    page.get_by_label("Mobile No").fill(mobile)
    page.get_by_label("DOB").fill("1990-03-14")
    page.get_by_label("PAN").fill("abcde1234f")
    page.get_by_label("City").select_option("Pune")
    page.get_by_label("PIN").fill("411001")
    page.get_by_label("Monthly Income (₹)").fill("85,000")
    page.get_by_label("Loan Amt").fill("7,00,000")
    page.get_by_label("Tenure (months)").fill("48")


def rows(page: Page) -> list[str]:
    """The names in the list of leads."""
    page.goto("/leads/")
    return page.locator("#leads a.row-link").all_inner_texts()


def test_a_new_lead_on_a_phone(watch: Watch, house: Prepared) -> None:
    page = watch.open(PHONE)
    sign_in(page, house.people["arjun"])
    assert rows(page) == ["Farid Sheikh"]
    look(page)

    page.get_by_role("link", name="New lead").click()
    employer = page.get_by_label("Employer")
    expect(employer).to_be_hidden()
    look(page)
    fill_in(page, "Hari Patel", "98450 99999")
    page.get_by_label("Employment").select_option("Salaried")
    employer.fill("Patel Textiles")
    page.get_by_label("Employment").select_option("Business")
    expect(employer).to_be_hidden()
    page.get_by_label("Employment").select_option("Salaried")
    expect(employer).to_have_value("Patel Textiles")
    page.get_by_label("Tenure (months)").fill("120")

    watch.tolerated.add(422)
    page.get_by_role("button", name="Save lead").click()
    expect(page.get_by_role("alert")).to_contain_text("Please correct 1 entry.")
    tenure = page.locator("[data-field=tenure_months]")
    expect(tenure.locator(".problems")).to_have_text("“120” is above the most that is allowed, 84.")
    expect(page.get_by_label("Full Name")).to_have_value("Hari Patel")
    expect(page.get_by_label("DOB")).to_have_value("1990-03-14")
    expect(employer).to_have_value("Patel Textiles")
    look(page)

    page.get_by_label("Tenure (months)").fill("60")
    page.get_by_role("button", name="Save lead").dblclick(no_wait_after=True)
    expect(page.get_by_role("heading", name="Hari Patel")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Patel Textiles")
    look(page)
    assert rows(page) == ["Hari Patel", "Farid Sheikh"]


def test_a_repeat_is_told_and_made_no_second_lead(watch: Watch, house: Prepared) -> None:
    page = watch.open(PHONE)
    sign_in(page, house.people["arjun"])
    page.goto("/leads/new/")
    fill_in(page, "Farid S.", "+91 98450 12345")
    page.get_by_label("Employment").select_option("Business")
    page.get_by_role("button", name="Save lead").click()
    expect(page.get_by_role("heading", name="Farid Sheikh")).to_be_visible()
    expect(page.get_by_text("This lead exists already.")).to_be_visible()

    # A colleague's lead: told, and no more.
    page.goto("/leads/new/")
    fill_in(page, "Gita M.", "098450 54321")
    page.get_by_label("Employment").select_option("Business")
    page.get_by_role("button", name="Save lead").click()
    expect(page.get_by_text("This lead exists already, owned by another team.")).to_be_visible()
    assert rows(page) == ["Farid Sheikh"]


def test_nobody_opens_a_colleagues_lead(watch: Watch, house: Prepared) -> None:
    page = watch.open(PHONE)
    sign_in(page, house.people["arjun"])
    rows(page)
    page.get_by_role("link", name="Farid Sheikh").click()
    page.wait_for_url("**/leads/L*/")
    address = page.url
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Credit Score").fill("742")
    page.get_by_role("button", name="Save lead").click()
    expect(page.locator(".timeline > li").first).to_contain_text("Credit Score")

    watch.tolerated.add(404)
    other = watch.open(PHONE)
    sign_in(other, house.people["bina"])
    for path in (address, f"{address}edit/"):
        other.goto(path)
        expect(other.get_by_role("heading", name="There is nothing here that you can see")).to_be_visible()
    look(other)
    assert rows(other) == ["Gita Menon"]

    leader = watch.open(DESK)
    sign_in(leader, house.people["leader"])
    assert set(rows(leader)) == {"Farid Sheikh", "Gita Menon"}


def test_two_who_edit_one_lead_do_not_undo_each_other(watch: Watch, house: Prepared) -> None:
    agent, leader = watch.open(PHONE), watch.open(DESK)
    sign_in(agent, house.people["arjun"])
    sign_in(leader, house.people["leader"])
    rows(agent)
    agent.get_by_role("link", name="Farid Sheikh").click()
    agent.get_by_role("link", name="Edit").click()
    agent.wait_for_url("**/edit/")
    leader.goto(agent.url)

    leader.get_by_label("Tenure (months)").fill("60")
    leader.get_by_label("City").select_option("Delhi")
    leader.get_by_role("button", name="Save lead").click()
    expect(leader.get_by_text("Saved.")).to_be_visible()
    agent.get_by_label("Credit Score").fill("801")
    agent.get_by_label("City").select_option("Mumbai")
    watch.tolerated.add(422)
    agent.get_by_role("button", name="Save lead").click()

    # Both changed the city, so the second is told; the other fields go together.
    expect(agent.locator("[data-field=city] .problems")).to_contain_text("Somebody changed this to “Delhi”")
    look(agent)
    agent.get_by_role("button", name="Save lead").click()
    expect(agent.get_by_text("Saved.")).to_be_visible()
    facts = dict(
        zip(
            agent.locator(".facts dt").all_inner_texts(),
            agent.locator(".facts dd").all_inner_texts(),
            strict=True,
        )
    )
    assert (facts["City"], facts["Tenure (months)"], facts["Credit Score"]) == ("Mumbai", "60", "801")
