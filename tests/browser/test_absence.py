"""An agent goes on leave by phone; the leader, at a desk, hands over what is open, and takes it back."""

import datetime as dt

import pytest
from playwright.sync_api import expect

from tests.browser.looking import look
from tests.browser.people import sign_in
from tests.browser.stack import BrowserStack, Prepared
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


def test_a_leave_is_entered_on_a_phone_and_handed_over_at_a_desk(watch: Watch, house: Prepared) -> None:
    page = watch.open(PHONE)
    sign_in(page, house.people["arjun"])
    page.goto("/profile/")
    look(page)
    page.get_by_role("link", name="New absence").click()
    look(page)
    page.get_by_label("Last day").fill("2020-01-01")
    watch.tolerated.add(422)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The last day lies before the first.")).to_be_visible()
    look(page)
    # Days of the organisation's timezone: neither of them is over yet wherever the test runs.
    page.get_by_label("Last day").fill((dt.datetime.now(dt.UTC).date() + dt.timedelta(days=9)).isoformat())
    page.get_by_label("Deputy").select_option("Bina Shah")
    page.get_by_label("Note").fill("Wedding")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Arjun Rao is away.")).to_be_visible()
    expect(page.get_by_role("table")).to_contain_text("Wedding")
    look(page)

    desk = watch.open(DESK)
    sign_in(desk, house.people["leader"])
    desk.goto("/absences/")
    expect(desk.get_by_role("table")).to_contain_text("Bina Shah")
    look(desk)
    desk.get_by_role("link", name="Hand over work").click()
    expect(desk.get_by_role("table").first).to_contain_text("Arjun Rao")
    look(desk)
    desk.get_by_role("link", name="Arjun Rao").first.click()
    look(desk)
    desk.get_by_label("To one person").check()
    desk.get_by_label("Person, or leader of the team").select_option("Bina Shah")
    desk.get_by_role("button", name="Show what will happen").click()
    expect(desk.get_by_text("1 open lead goes:")).to_be_visible()
    look(desk)
    desk.get_by_role("button", name="Hand over", exact=True).click()
    expect(desk.get_by_text("1 handed over.")).to_be_visible()
    look(desk)
    desk.get_by_role("button", name="Take back").first.click()
    desk.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(desk.get_by_text("1 given back.")).to_be_visible()

    page.goto("/absences/")
    page.get_by_role("link", name="Arjun Rao").click()
    look(page)
    page.get_by_role("button", name="Take back").click()
    page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(page.get_by_text("The absence is taken back.")).to_be_visible()
    look(page)
