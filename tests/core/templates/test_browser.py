"""The design language in Chromium: axe, keys, palette, themes, conditional fields, life without scripts."""

import pytest
from playwright.sync_api import expect

from tests.browser.looking import OVERFLOW, violations
from tests.core.templates.conftest import OpenPage
from tests.core.templates.samples import pages

pytestmark = pytest.mark.browser

# Everything one can press on a phone, unless it stands in a line of text or behind something closed.
SMALL_TARGETS = """
  () => [...document.querySelectorAll("a.button, button, summary, .bottom-item, .menu-item, input, select")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }))
    .filter((one) => !one.closest("label, .segments, .grid, [aria-hidden=true]"))
    .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
    .filter(([, box]) => box.height > 0 && box.height < 44)
    .map(([html, box]) => `${Math.round(box.height)} ${html}`)
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_nothing_and_nothing_overflows(open_page: OpenPage, width: int, theme: str) -> None:
    page = open_page("styleguide", width=width, theme=theme)
    found = {}
    for name in pages():
        page.goto(page.url.rsplit("/", 1)[0] + f"/{name}")
        found[name] = violations(page)
        if page.evaluate(OVERFLOW) > 0:
            found[name].append("wider than the window")

    assert {name: problems for name, problems in found.items() if problems} == {}


def test_open_parts_are_accessible_too(open_page: OpenPage) -> None:
    page = open_page("lead", width=360)

    page.get_by_role("button", name="Status and owner").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Search or go to").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator(".top-bar summary").last.click()
    # What the open menu covers is not to be touched.
    assert violations(page, ".top-bar") == []


@pytest.mark.parametrize("name", ["leads", "lead", "lead_form", "imports", "result", "styleguide"])
def test_touch_targets_on_a_phone(open_page: OpenPage, name: str) -> None:
    assert open_page(name, width=360).evaluate(SMALL_TARGETS) == []


def test_palette_finds_pages_and_searches_leads(open_page: OpenPage) -> None:
    page = open_page("styleguide")

    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Search or go to")
    field = palette.get_by_role("combobox")
    expect(field).to_be_focused()
    field.fill("imp")
    expect(palette.get_by_role("option").first).to_have_text("Importsg i")
    field.fill("ram & co")
    page.keyboard.press("Enter")
    page.wait_for_url("**/leads?search=ram+%26+co")


def test_search_replaces_the_table_and_keeps_the_address(open_page: OpenPage) -> None:
    page = open_page("leads")

    page.get_by_role("searchbox").type("anaya")
    page.wait_for_url("**/leads?sort=-created&search=anaya**")

    expect(page.locator("#leads tbody tr")).to_have_count(1)
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page.locator("main")).to_have_count(1)
    page.locator("#leads").get_by_role("link", name="Older").click()
    page.wait_for_url("**/leads?before=PL-000050")
    expect(page.locator("#leads")).to_have_count(1)


def test_keys(open_page: OpenPage) -> None:
    page = open_page("leads")

    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("g i?")
    expect(page.get_by_role("searchbox")).to_have_value("g i?")
    page.get_by_role("heading", name="Leads").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("New lead")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url("**/imports")


def test_single_keys_can_be_switched_off(open_page: OpenPage) -> None:
    page = open_page("leads")

    page.keyboard.press("?")
    page.get_by_label("Single keys are on").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()


def test_theme_is_kept_and_the_rail_folds(open_page: OpenPage) -> None:
    page = open_page("leads")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)

    page.locator(".rail-foot summary").click()
    page.locator(".rail-foot").get_by_role("button", name="Dark").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Fold").click()
    page.reload()

    assert page.evaluate(ground) != light
    assert page.locator(".rail").bounding_box()["width"] < 60


def test_conditional_fields_are_hidden_and_not_sent(open_page: OpenPage) -> None:
    page = open_page("lead_form")
    employer = page.get_by_label("Employer")
    sent = "Object.fromEntries(new FormData(document.querySelector('form[data-guard]')))"

    employer.fill("Chowdhury PLC")
    assert employer.evaluate("field => field.required")
    page.get_by_label("Business", exact=True).check()
    expect(employer).to_be_hidden()
    assert "employer" not in page.evaluate(sent)
    page.get_by_label("Salaried").check()
    expect(employer).to_have_value("Chowdhury PLC")
    assert page.evaluate(sent)["employer"] == "Chowdhury PLC"


def test_a_form_is_sent_once(open_page: OpenPage) -> None:
    page = open_page("lead_form")
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)

    with page.expect_navigation():
        page.get_by_role("button", name="Save lead").dblclick(no_wait_after=True)

    assert len(posts) == 1


def test_grid_moves_down_the_column_and_to_the_next_problem(open_page: OpenPage) -> None:
    page = open_page("grid")
    names = page.get_by_label("Full Name")

    names.nth(0).focus()
    page.keyboard.press("Enter")
    expect(names.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(names.nth(0)).to_be_focused()
    page.keyboard.press("F8")
    expect(page.get_by_label("City", exact=True).first).to_be_focused()
    page.get_by_label("City", exact=True).first.select_option("Mumbai")
    expect(page.locator("td.changed")).to_have_count(1)


def test_messages_can_be_dismissed(open_page: OpenPage) -> None:
    page = open_page("styleguide")

    page.evaluate(
        "document.dispatchEvent(new CustomEvent('toast', { detail: { text: 'Sent <b>', tone: 'good' } }))"
    )
    expect(page.locator(".toast")).to_have_count(2)
    expect(page.locator(".toast").last).to_contain_text("Sent <b>")
    page.locator(".toast").last.get_by_role("button", name="Close").click()
    expect(page.locator(".toast")).to_have_count(1)
    page.get_by_role("alert").filter(has_text="protected").get_by_role("button", name="Close").click()
    expect(page.get_by_text("The file is protected by a password.")).to_have_count(0)


def test_pages_work_without_scripts(open_page: OpenPage) -> None:
    page = open_page("result", scripts=False)
    expect(page.get_by_role("heading", name="Roll back loan_leads.xlsx?")).to_be_visible()
    expect(page.get_by_role("button", name="Roll back")).to_be_visible()

    page.goto(page.url.replace("result", "leads"))
    page.locator("summary", has_text="Filter").click()
    page.get_by_label("Loan amount from").fill("5")
    page.get_by_role("button", name="Show").click()
    assert "amount_from=5" in page.url
    assert "sort=-created" in page.url


def test_row_link_covers_the_row(open_page: OpenPage) -> None:
    page = open_page("imports")

    box = page.get_by_text("Dev Patel").bounding_box()
    page.mouse.click(box["x"] + 5, box["y"] + 5)

    page.wait_for_url("**/result")
