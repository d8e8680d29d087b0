"""Lists as people use them: columns, conditions, views, the board, many leads at once; at a desk and on a phone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.people import sign_in
from tests.browser.stack import BrowserStack, Prepared
from tests.browser.test_agent import LOAN
from tests.browser.test_main_job import DATA
from tests.browser.watching import DESK, PHONE, Watch

NAMES = ("Asha Rao", "Bina Shah", "Chitra Nair")


@pytest.fixture
def house(stack: BrowserStack) -> Prepared:
    """A lender with an agent who has three leads."""
    house = stack.make_organization(
        operations="operations",
        leader={"role": "team_leader", "name": "Leela Nair"},
        arjun={"role": "agent", "name": "Arjun Rao", "manager": "leader"},
    )
    stack.prepare("import_configuration", slug=house.slug, path=str(DATA / "configuration.json"))
    leads = [
        {
            "owner": house.people["arjun"].email,
            "values": {
                **LOAN,
                "full_name": name,
                "mobile": f"984501234{number}",
                "pan": f"ABCPE123{number}F",
            },
        }
        for number, name in enumerate(NAMES)
    ]
    stack.prepare("make_leads", slug=house.slug, line="personal_loan", leads=leads)
    return house


def test_conditions_columns_and_a_view_at_a_desk(watch: Watch, house: Prepared) -> None:
    page = watch.open(DESK)
    sign_in(page, house.people["operations"])
    page.goto("/leads/?line=personal_loan")
    look(page)

    # Columns, moved by keys alone; the focus stays on the button.
    page.locator("summary", has_text="Columns").click()
    look(page)
    page.get_by_role("checkbox", name="Stage").check()
    later = page.get_by_role("button", name="Stage: earlier")
    for _press in range(3):
        later.focus()
        page.keyboard.press("Enter")
    expect(page.locator("[data-told]")).to_contain_text("Stage is column")
    expect(page.locator("#leads th", has_text="Stage")).to_be_visible()
    page.keyboard.press("Escape")

    # Conditions, row by row.
    page.locator("summary", has_text="Filter").click()
    page.get_by_role("link", name="Any field, all or any of several conditions").click()
    page.get_by_label("Field", exact=True).select_option("data.full_name")
    page.get_by_label("Comparison").select_option("contains")
    page.get_by_label("Value").fill("a r")
    look(page)
    page.get_by_role("button", name="Show the leads").click()
    expect(page.locator("#leads tbody tr")).to_have_count(1)
    expect(page.locator(".chip")).to_contain_text("contains a r")
    expect(page.locator("#leads th", has_text="Stage")).to_be_visible()

    # A view of it, for everybody, stands in the rail.
    page.locator(".views-menu summary").click()
    page.get_by_role("link", name="Save as a view").click()
    page.get_by_label("Name").fill("Only Asha")
    page.get_by_label("Shared with").select_option("organization")
    look(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The view is saved.")).to_be_visible()
    rail = page.locator(".rail-places")
    expect(rail.get_by_role("link", name="Only Asha")).to_have_attribute("aria-current", "true")
    expect(page.locator("#leads tbody tr")).to_have_count(1)
    look(page)
    rail.get_by_role("link", name="All leads").click()
    expect(page.locator("#leads tbody tr")).to_have_count(3)

    # Many at once.
    page.get_by_label("Pick all rows of this page").check()
    expect(page.locator("[data-picked] .count")).to_have_text("3 picked")
    look(page)
    page.get_by_role("button", name="Change them").click()
    look(page)
    page.locator("#bulk-tag").fill("Hot")
    page.get_by_role("button", name="Add", exact=True).dblclick()
    expect(page.get_by_text("3 changed.")).to_be_visible()
    # The second press shows the change of the first one, which may still be under way.
    expect(page.locator("#bulk-job[hx-get]")).to_have_count(0)
    look(page)
    page.goto("/leads/views/?line=personal_loan")
    look(page)


def column(page: Page, label: str):
    return page.locator("[data-column]").filter(has=page.get_by_role("heading", name=re.compile(f"^{label}")))


def test_the_board_on_a_phone_and_at_a_desk(watch: Watch, house: Prepared) -> None:
    phone = watch.open(PHONE)
    sign_in(phone, house.people["arjun"])
    phone.goto("/leads/?line=personal_loan&layout=board")
    labels = phone.locator("[data-column]").evaluate_all("all => all.map(one => one.dataset.label)")
    first, second = labels[0], labels[1]
    expect(column(phone, first).locator(".board-card")).to_have_count(3)
    look(phone)

    # By the card's menu.
    phone.get_by_label("Move Asha Rao").click()
    look(phone)
    phone.get_by_role("button", name=second, exact=True).click()
    expect(column(phone, second)).to_contain_text("Asha Rao")
    expect(phone.locator("[data-board-told]")).to_contain_text(f"Asha Rao is in {second} now.")

    # By the arrows, and by dragging.
    desk = watch.open(DESK)
    sign_in(desk, house.people["leader"])
    desk.goto("/leads/?line=personal_loan&layout=board")
    look(desk)
    desk.get_by_role("link", name="Bina Shah").focus()
    desk.keyboard.press("ArrowRight")
    expect(column(desk, second)).to_contain_text("Bina Shah")
    expect(desk.locator("[data-board-told]")).to_contain_text("Bina Shah is in")
    expect(desk.get_by_role("link", name="Bina Shah")).to_be_focused()
    desk.locator(".board-card", has_text="Chitra Nair").drag_to(column(desk, second))
    expect(column(desk, second).locator(".board-card")).to_have_count(3)
    expect(column(desk, second).locator("h2 .count")).to_have_text("3")

    # What the phone shows is old by now: told, and the card goes back.
    watch.tolerated.add(409)
    phone.get_by_role("link", name="Bina Shah").focus()
    phone.keyboard.press("ArrowRight")
    expect(phone.locator("[data-board-told]")).to_contain_text("Somebody changed this lead meanwhile.")
    expect(column(phone, first)).to_contain_text("Bina Shah")


def test_it_works_without_scripts(watch: Watch, house: Prepared) -> None:
    page = watch.open(PHONE, scripts=False)
    sign_in(page, house.people["arjun"])
    page.goto("/leads/?line=personal_loan&layout=board")
    page.locator("summary[aria-label='Move Asha Rao']").click()
    page.locator(".board-card", has_text="Asha Rao").locator(".menu-item").first.click()
    expect(page.get_by_text(re.compile("Asha Rao is in .* now"))).to_be_visible()
    page.goto("/leads/?line=personal_loan")
    page.get_by_role("checkbox", name=re.compile("^L")).first.check()
    page.get_by_role("button", name="Change them").click()
    page.get_by_label("Status").select_option("in_progress")
    page.get_by_role("button", name="Set").click()
    expect(page.get_by_text("1 changed.")).to_be_visible()
    page.goto("/leads/conditions/?line=personal_loan")
    page.get_by_label("Field", exact=True).select_option("status")
    page.get_by_role("button", name="Update the inputs").click()
    page.get_by_label("Value").select_option("in_progress")
    page.locator("[name=do][value=apply]").last.click()
    expect(page.locator("#leads tbody tr")).to_have_count(1)
