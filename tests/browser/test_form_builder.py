"""Operations build a line of 25 fields without writing code, see it as an agent will, publish, change, take it back."""

import csv
import io
import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

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
# What the team has in a spreadsheet: 19 columns become fields at once, six more are built.
COLUMNS = {
    "Applicant": "Asha Rao {n}", "Mobile": "98765432{n:02}", "Mail": "asha{n}@example.com", "Income": "{n}5000",
    "Instalment": "{n}2000", "Tenure": "{n}", "Loan wanted": "{n}00000", "Down payment": "{n}0000",
    "Branch": "Fort {n}", "Landmark": "Gate {n}", "Pin": "4110{n:02}", "Remarks": "Call after {n}",
    "Referred by": "Ravi {n}", "Builder": "Shah {n}", "Project": "Green {n}", "Flat": "A-{n}", "Floor": "{n}",
    "Area": "{n}50", "Visits": "{n}",
}  # fmt: skip
PATIENCE = 90_000


@pytest.fixture
def house(stack: BrowserStack) -> Prepared:
    """An organisation with one small line, and who configures it."""
    house = stack.make_organization(operations={"role": "operations", "name": "Omkar Joshi"})
    stack.prepare("import_configuration", slug=house.slug, document={"schema": 1, "business_lines": [LINE]})
    return house


# It fills in as much as a person does in an hour.
@pytest.mark.verify
@pytest.mark.timeout(600)
def test_a_line_of_25_fields_is_built_previewed_published_changed_and_taken_back(
    watch: Watch, house: Prepared, stack: BrowserStack
) -> None:
    page = watch.open(DESK)
    sign_in(page, house.people["operations"])
    fields_from_a_spreadsheet(page)
    build_cascading_choices(page)
    build_rules(page)
    build_a_formula(page)
    arrange(page)
    try_as_an_agent(page)
    publish(page, "As asked for by the branches", expected="6 new")
    values = {label.lower().replace(" ", "_"): text.format(n=7) for label, text in COLUMNS.items()}
    lead = {
        "owner": house.people["operations"].email,
        "values": {**values, "state": "Goa", "town": "Panaji", "co_applicant": "Ravi"},
    }
    stack.prepare("make_leads", slug=house.slug, line="home_loan", leads=[lead])
    take_a_choice_away_and_see_the_impact(page)
    go_back_to_the_version_before(page)
    look_on_a_phone(watch, house)


def fields_from_a_spreadsheet(page: Page) -> None:
    sheet = io.StringIO()
    rows = csv.writer(sheet)
    rows.writerow(COLUMNS)
    rows.writerows([text.format(n=number) for text in COLUMNS.values()] for number in range(1, 31))
    page.goto("/fields-from-a-file/new/")
    page.get_by_label("Name of the new line").fill("Home loan")
    file = {"name": "home_loans.csv", "mimeType": "text/csv", "buffer": sheet.getvalue().encode()}
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Upload and look at it").click()
    expect(page.get_by_role("heading", level=1, name="Fields of Home loan")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Publish 19 fields").click()
    expect(page.get_by_role("heading", level=1, name="Home loan is published")).to_be_visible()


def open_line(page: Page, name: str = "Home loan") -> None:
    page.goto("/console/leads/businessline/")
    page.get_by_role("link", name=name).first.click()
    expect(page.locator("#fields")).to_be_visible()


def open_field(page: Page, label: str) -> None:
    open_line(page)
    page.locator("#fields").get_by_role("link", name=label, exact=True).click()
    expect(page.locator("#id_label")).to_have_value(label)


def part(page: Page, name: str) -> Locator:
    return page.locator(f"[data-part={name}]")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#fields")).to_be_visible()


def build_cascading_choices(page: Page) -> None:
    open_line(page)
    page.locator("#fields").get_by_role("link", name=re.compile("Add a field")).click()
    begin(page, "State", "Choice")
    choices = part(page, "choices")
    choices.get_by_text("Paste many at once").click()
    choices.get_by_label("Choices, one per line").fill("Maharashtra\nGoa\nMZ | Mizoram")
    choices.get_by_role("button", name="Add these lines").click()
    expect(choices.get_by_label("Label of choice 3")).to_have_value("Mizoram")
    choices.get_by_role("button", name="Move Mizoram up").click()
    expect(choices.get_by_label("Value of choice 2")).to_have_value("MZ")
    look(page)
    add_another(page)

    begin(page, "Town", "Choice")
    page.get_by_label("Choices depend on").select_option("State")
    expect(choices.get_by_text("depends on State")).to_be_visible()
    choices.get_by_role("button", name="Add a choice").click()
    for number, town in enumerate(("Pune", "Panaji", "Online"), start=1):
        expect(choices.get_by_label(f"Value of choice {number}")).to_be_focused()
        page.keyboard.type(town)
        page.keyboard.press("Enter")
    expect(choices.get_by_label("Value of choice 4")).to_be_focused()
    for town, state in (("Pune", "Maharashtra"), ("Panaji", "Goa")):
        row = choices.locator("tr").filter(has=page.locator(f'input[value="{town}"]'))
        row.locator("summary").click()
        row.get_by_role("checkbox", name=state).check()
        expect(row.locator("summary")).to_have_text(state)
    look(page)
    add_another(page)

    begin(page, "Employment", "Choice")
    choices.get_by_role("button", name="Add a choice").click()
    for number, kind in enumerate(("Salaried", "Self employed"), start=1):
        expect(choices.get_by_label(f"Value of choice {number}")).to_be_focused()
        page.keyboard.type(kind)
        page.keyboard.press("Enter")
    expect(choices.get_by_label("Value of choice 3")).to_be_focused()
    add_another(page)


def begin(page: Page, label: str, kind: str) -> None:
    page.locator("#id_label").fill(label)
    page.get_by_label("Type").select_option(kind)
    expect(page.locator("#type-example")).not_to_be_empty()


def add_another(page: Page) -> None:
    page.get_by_role("button", name="Save and add another").click()
    expect(page.get_by_text("is saved. Add the next.")).to_be_visible()
    expect(page.locator("#id_label")).to_have_value("")


def add_condition(
    within: Locator, name: str, place: str, comparison: str, fill: Callable[[Locator], None]
) -> None:
    """Fill in the row at a place such as `visible_if-0.1`, which was just added."""
    field = within.locator(f'[id="{place}-field"]')
    expect(field).to_be_focused()
    field.select_option(name)
    within.locator(f'[id="{place}-op"]').select_option(comparison)
    fill(within.locator(f'[name="{place}-value"]'))


def build_rules(page: Page) -> None:
    salaried: Callable[[Locator], None] = lambda value: value.select_option("Salaried") and None  # noqa: E731
    begin(page, "Employer", "Text")
    for name in ("visible_if", "required_if"):
        rule = part(page, name)
        rule.get_by_role("button", name="Add a condition").click()
        add_condition(rule, "Employment", f"{name}-0.0", "is", salaried)
        expect(rule.locator("[data-words]")).to_have_text("Employment is Salaried")
    add_another(page)

    begin(page, "Co-applicant", "Text")
    rule = part(page, "visible_if")
    rule.get_by_role("button", name="Add a condition").click()
    add_condition(rule, "Loan wanted", "visible_if-0.0", "is more than", lambda value: value.fill("500000"))
    rule.get_by_role("button", name="Add a group").last.click()
    expect(rule.locator('[id="visible_if-0.1.0-field"]')).to_be_focused()
    rule.locator('[id="visible_if-0.1-match"]').select_option("none of these holds")
    rule.locator('[id="visible_if-0.1.0-field"]').focus()
    add_condition(rule, "Employment", "visible_if-0.1.0", "is", salaried)
    expect(rule.locator("[data-words]")).to_have_text(
        "Loan wanted is more than 500000 and not (Employment is Salaried)"
    )
    rule.get_by_role("button", name="Add a group").nth(1).click()
    page.get_by_role("button", name="Save and add another").click()
    # A row without a field says nothing; one with a value missing is told.
    expect(page.get_by_text("is saved. Add the next.")).to_be_visible()


def build_a_formula(page: Page) -> None:
    begin(page, "Share of income", "Computed")
    formula = part(page, "formula")
    text = ""
    for piece, written in (
        ("Instalment", "instalment"),
        ("Put /", "/"),
        ("Income", "income"),
        ("Put *", "*"),
    ):
        formula.get_by_role("button", name=piece, exact=True).click()
        text += f" {written}"
        expect(formula.locator("textarea")).to_have_value(text.strip())
        expect(formula.locator("textarea")).to_be_focused()
    page.keyboard.type(" 100")
    page.keyboard.press("Tab")
    formula.get_by_label("Income").fill("40,000")
    formula.get_by_role("button", name="Work it out").click()
    expect(formula.locator(".formula-result")).to_have_text("No result: Instalment is missing.")
    formula.get_by_label("Instalment").fill("10000")
    page.keyboard.press("Enter")
    expect(formula.locator(".formula-result")).to_have_text("= 25.00")
    look(page)
    save(page)
    expect(page.locator("#fields h2 .console-count")).to_have_text("25")


def arrange(page: Page) -> None:
    page.locator("#fields").get_by_role("link", name="Arrange").click()
    form = page.frame_locator("iframe")
    expect(form.get_by_label("Employment")).to_be_visible()
    page.get_by_role("button", name="Add a section").click()
    expect(page.get_by_label(re.compile("^Title of section")).last).to_be_focused()
    page.keyboard.type("Where they live")
    for label in ("State", "Town"):
        page.get_by_label(f"Section of {label}").select_option("Where they live")
        page.get_by_label(f"Width of {label}").select_option("A third")
    page.get_by_role("button", name="Move Town up").click()
    section = page.locator(".layout-section").last
    expect(section.locator(".layout-label a")).to_have_text(["Town", "State"])
    expect(page.get_by_role("button", name="Move Town up")).to_be_focused()
    drag(section, "State", "Town")
    expect(section.locator(".layout-label a")).to_have_text(["State", "Town"])
    # The form beside it is what would be saved.
    expect(form.get_by_role("heading", name="Where they live")).to_be_visible()
    expect(form.locator(".field.third")).to_have_count(2)
    look(page)
    page.get_by_role("button", name="Save the layout").click()
    expect(page.get_by_text("The layout is saved.")).to_be_visible()
    open_line(page)


def drag(section: Locator, label: str, onto: str) -> None:
    handles = [
        section.locator(".layout-field", has_text=each).locator(".console-handle") for each in (label, onto)
    ]
    handles[0].drag_to(handles[1])


def try_as_an_agent(page: Page) -> None:
    page.locator("#fields").get_by_role("link", name=re.compile("Preview")).click()
    page.get_by_role("link", name="Agent", exact=True).click()
    form = page.frame_locator("iframe")
    town = form.get_by_label("Town")
    expect(town.get_by_role("option")).to_have_count(1)
    form.get_by_label("State").select_option("Goa")
    expect(town.get_by_role("option")).to_have_text(["—", "Online", "Panaji"])
    town.select_option("Panaji")
    expect(form.get_by_label("Employer")).to_be_hidden()
    form.get_by_label("Employment").select_option("Salaried")
    expect(form.get_by_label("Employer")).to_be_visible()
    expect(form.get_by_label("Co-applicant")).to_be_hidden()
    form.get_by_label("Loan wanted").fill("600000")
    form.get_by_label("Employment").select_option("Self employed")
    expect(form.get_by_label("Co-applicant")).to_be_visible()
    look(page)
    form.get_by_label("Instalment").fill("5000")
    form.get_by_label("Income").fill("20000")
    fill_what_is_required(form)
    form.get_by_role("button", name="Check these values").click()
    expect(form.get_by_text("Nothing was saved.").first).to_be_visible()
    expect(form.locator("dl.facts")).to_contain_text("Share of income")
    open_line(page)


def fill_what_is_required(form: FrameLocator) -> None:
    """The spreadsheet had no blank cell, so that its columns became required."""
    for label, text in COLUMNS.items():
        box = form.get_by_label(label, exact=False).first
        if label not in ("Loan wanted", "Instalment", "Income"):
            box.fill(text.format(n=7))


def publish(page: Page, note: str, *, expected: str) -> None:
    page.locator("#fields").get_by_role("link", name=re.compile("Publish")).click()
    expect(page.get_by_text(expected)).to_be_visible()
    look(page)
    page.get_by_label("Note").fill(note)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Home loan is published.")).to_be_visible()


def take_a_choice_away_and_see_the_impact(page: Page) -> None:
    open_field(page, "Town")
    expect(page.get_by_text("1 lead with a value.")).to_be_visible()
    choices = part(page, "choices")
    choices.get_by_role("button", name="Take Panaji away").click()
    expect(choices.get_by_label("Value of choice 2")).to_have_value("Online")
    page.locator("#id_label").fill("City")
    page.locator("[data-preview]").click()
    expect(page.frame_locator("iframe").get_by_label("City")).to_be_visible()
    save(page)
    page.locator("#fields").get_by_role("link", name=re.compile("Publish")).click()
    expect(page.get_by_text("“Panaji” is held by 1 lead")).to_be_visible()
    page.go_back()
    publish(page, "No more Goa", expected="1 changed")


def go_back_to_the_version_before(page: Page) -> None:
    page.locator("#fields").get_by_role("link", name="Versions").click()
    expect(page.get_by_text("No more Goa")).to_be_visible()
    page.get_by_label("Compare").select_option("version 3")
    page.get_by_label("with", exact=True).select_option("version 2")
    page.get_by_role("button", name="Show the difference").click()
    expect(page.get_by_role("heading", name="Home loan: version 2 → version 3")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Versions", exact=True).click()
    page.get_by_role("link", name=re.compile("version 2")).click()
    expect(page.get_by_text("1 changed")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Make it the draft").click()
    expect(page.get_by_label("Note")).to_have_value("Back to version 2")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Home loan is published.")).to_be_visible()
    page.goto("/leads/new/?line=home_loan")
    page.get_by_label("State").select_option("Goa")
    expect(page.get_by_label("Town").get_by_role("option")).to_have_text(["—", "Online", "Panaji"])


def look_on_a_phone(watch: Watch, house: Prepared) -> None:
    page = watch.open(PHONE, "dark")
    sign_in(page, house.people["operations"])
    for label in ("Town", "Co-applicant", "Share of income"):
        open_field(page, label)
        look(page)
    open_line(page)
    address = page.url.partition("change/")[0]
    for name in ("change/", "publish/", "versions/", "preview/", "discard/"):
        page.goto(address + name)
        fits(page)
    page.goto(address + "layout/")
    expect(page.frame_locator("iframe").get_by_label("Employment")).to_be_visible()
    look(page)
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
