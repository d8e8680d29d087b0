"""Operations build a form: a choice and a rule, seen as an agent will, published, changed, and taken back."""

import json
import re

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.looking import fits, look
from tests.browser.people import sign_in
from tests.browser.stack import BrowserStack, Prepared
from tests.browser.watching import DESK, PHONE, Watch

LINE = {
    "code": "personal_loan",
    "name": "Personal loan",
    "fields": [
        {"key": "full_name", "label": "Applicant", "type": "text", "required": True, "maps_to": "name"},
        {"key": "income", "label": "Income", "type": "money", "section": "Money"},
    ],
}
RULE = {"field": "employment", "op": "eq", "value": "Salaried"}


@pytest.fixture
def house(stack: BrowserStack) -> Prepared:
    """A line with two fields and one lead, and who configures it."""
    house = stack.make_organization(operations={"role": "operations", "name": "Omkar Joshi"})
    stack.prepare("import_configuration", slug=house.slug, document={"schema": 1, "business_lines": [LINE]})
    lead = {"owner": house.people["operations"].email, "values": {"full_name": "Asha Rao", "income": "5000"}}
    stack.prepare("make_leads", slug=house.slug, line="personal_loan", leads=[lead])
    return house


@pytest.mark.timeout(300)
def test_a_form_is_built_tried_published_and_taken_back(watch: Watch, house: Prepared) -> None:
    page = watch.open(DESK)
    sign_in(page, house.people["operations"])
    open_line(page)
    add_field(page, "Employment", "Choice", choices="Salaried\nSelf employed")
    add_field(page, "Employer", "Text", visible_if=json.dumps(RULE), required_if=json.dumps(RULE))
    try_as_an_agent(page)
    see_what_income_touches(page)
    publish(page, "First change", expected="2 new, 1 changed")
    change_and_publish_again(page)
    go_back_to_the_first_version(page)
    page.goto("/leads/new/")
    expect(page.get_by_label("Employment")).to_have_count(0)
    look_on_a_phone(watch, house)


def open_line(page: Page) -> None:
    page.goto("/console/leads/businessline/")
    page.get_by_role("link", name="Personal loan").first.click()
    expect(page.locator("#fields")).to_be_visible()


def open_field(page: Page, label: str) -> None:
    open_line(page)
    page.locator("#fields").get_by_role("link", name=label, exact=True).click()
    expect(page.get_by_label("Label")).to_have_value(label)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#fields")).to_be_visible()


def add_field(page: Page, label: str, kind: str, **typed: str) -> None:
    page.locator("#fields").get_by_role("link", name=re.compile("Add a field")).click()
    page.get_by_label("Label").fill(label)
    page.get_by_label("Type").select_option(kind)
    expect(page.locator("#type-example")).not_to_be_empty()
    for name, text in typed.items():
        page.locator(f"#id_{name}").fill(text)
    save(page)
    expect(page.locator("#fields").get_by_role("link", name=label, exact=True)).to_be_visible()


def try_as_an_agent(page: Page) -> None:
    page.locator("#fields").get_by_role("link", name=re.compile("Preview")).click()
    page.get_by_role("link", name="Agent", exact=True).click()
    form = page.frame_locator("iframe")
    expect(form.get_by_label("Employment")).to_be_visible()
    look(page)
    expect(form.get_by_label("Employer")).to_be_hidden()
    form.get_by_label("Employment").select_option("Salaried")
    expect(form.get_by_label("Employer")).to_be_visible()
    check(form)
    expect(form.get_by_text("Please correct 2 entries.")).to_be_visible()
    expect(form.get_by_label("Employment")).to_have_value("Salaried")
    form.get_by_label("Applicant").fill("Ravi")
    form.get_by_label("Employer").fill("Acme")
    check(form)
    expect(form.get_by_text("Nothing was saved.")).to_be_visible()
    page.get_by_role("link", name="Desk", exact=True).click()
    expect(form.get_by_label("Employment")).to_be_visible()
    look(page)
    open_line(page)


def check(form: FrameLocator) -> None:
    form.get_by_role("button", name="Check these values").click()


def see_what_income_touches(page: Page) -> None:
    open_field(page, "Income")
    expect(page.get_by_text("1 lead with a value.")).to_be_visible()
    page.locator("#id_label").fill("Monthly income")
    page.locator("[data-preview]").click()
    expect(page.frame_locator("iframe").get_by_label("Monthly income")).to_be_visible()
    look(page)
    save(page)


def publish(page: Page, note: str, *, expected: str) -> None:
    page.locator("#fields").get_by_role("link", name=re.compile("Publish")).click()
    expect(page.get_by_text(expected)).to_be_visible()
    look(page)
    page.get_by_label("Note").fill(note)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Personal loan is published.")).to_be_visible()


def change_and_publish_again(page: Page) -> None:
    open_field(page, "Employment")
    page.locator("#id_choices").fill("Salaried\nPensioner")
    save(page)
    page.locator("#fields").get_by_role("button", name="Move Employment up").click()
    expect(page.get_by_text("The order of the fields is saved.")).to_be_visible()
    page.goto(page.url.partition("#")[0])
    publish(page, "Second change", expected="1 changed")


def go_back_to_the_first_version(page: Page) -> None:
    page.locator("#fields").get_by_role("link", name="Versions").click()
    expect(page.get_by_text("Second change")).to_be_visible()
    page.get_by_text(re.compile("^1 changed")).click()
    expect(page.get_by_text("Pensioner")).to_be_visible()
    look(page)
    page.get_by_label("Compare").select_option("version 3")
    page.get_by_label("with", exact=True).select_option("version 1")
    page.get_by_role("button", name="Show the difference").click()
    expect(page.get_by_role("heading", name="Personal loan: version 1 → version 3")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Versions", exact=True).click()
    page.get_by_role("link", name=re.compile("version 1")).click()
    expect(page.get_by_text("2 retired")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Make it the draft").click()
    expect(page.get_by_label("Note")).to_have_value("Back to version 1")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Personal loan is published.")).to_be_visible()


def look_on_a_phone(watch: Watch, house: Prepared) -> None:
    page = watch.open(PHONE, "dark")
    sign_in(page, house.people["operations"])
    open_line(page)
    address = page.url.partition("change/")[0]
    for name in ("change/", "publish/", "versions/", "preview/", "discard/"):
        page.goto(address + name)
        fits(page)
    page.goto(address + "preview/")
    expect(page.frame_locator("iframe").get_by_label("Monthly income")).to_have_count(0)
    page.goto("/console/configuration/")
    look(page)


@pytest.mark.timeout(300)
def test_a_configuration_file_is_compared_and_applied(watch: Watch, house: Prepared) -> None:
    page = watch.open(DESK)
    sign_in(page, house.people["operations"])
    page.goto("/console/configuration/")
    look(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the file").click()
    document = json.loads(download.value.path().read_text())
    bring_in(page, document)
    expect(page.get_by_text("There is nothing to bring in.")).to_be_visible()
    look(page)
    document["business_lines"][0]["fields"][1]["label"] = "Monthly income"
    page.get_by_role("link", name="Choose another file").click()
    bring_in(page, document)
    expect(page.get_by_text("Monthly income")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("is in force: 0 created, 1 changed")).to_be_visible()
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "broken.json", "mimeType": "application/json", "buffer": b"{"}
    )
    page.get_by_role("button", name="Show what it changes").click()
    expect(page.get_by_text("The file is no JSON")).to_be_visible()
    look(page)


def bring_in(page: Page, document: object) -> None:
    file = {"name": "lines.json", "mimeType": "application/json", "buffer": json.dumps(document).encode()}
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Show what it changes").click()
