"""A public form as visitors meet it: on a phone, on a desk, without scripts, and in a frame of another site."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.looking import HEAVIEST, fits, look, weight
from tests.browser.people import sign_in
from tests.browser.stack import BrowserStack, Prepared
from tests.browser.watching import DESK, PHONE, Watch

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
RULE = {"field": "kind", "op": "eq", "value": "Salaried"}
FIELDS: list[dict[str, Any]] = [
    {"key": "name", "label": "Your name", "type": "text", "required": True, "maps_to": "name", "section": "You"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "required": True, "maps_to": "phone",
     "default_region": "IN", "section": "You"},
    {"key": "kind", "label": "Occupation", "type": "select", "choices": ["Salaried", "Business"],
     "section": "Income"},
    {"key": "employer", "label": "Employer", "type": "text", "visible_if": RULE, "required_if": RULE,
     "section": "Income"},
    {"key": "income", "label": "Monthly income", "type": "money", "section": "Income"},
    {"key": "state", "label": "State", "type": "select", "choices": ["Goa", "Ohio"], "section": "Place"},
    {"key": "town", "label": "Town", "type": "select", "choices_from": "state", "section": "Place",
     "choices": [{"value": "Panaji", "parents": ["Goa"]}, {"value": "Dayton", "parents": ["Ohio"]}]},
    {"key": "wishes", "label": "Also of interest", "type": "multi_select", "choices": ["Insurance", "Cards"],
     "section": "Place"},
    {"key": "payslip", "label": "Payslip", "type": "file", "section": "Income"},
    {"key": "verdict", "label": "Verdict", "type": "text", "editable_by": ["operations"]},
]  # fmt: skip
SETTINGS: dict[str, Any] = {
    "title": "Ask for a loan",
    "introduction": "It takes two minutes. We call you back within a day.",
    "thank_you": "We call you back within a day.",
    "accent": "violet",
    "consent_purpose": "Calls about loans",
    "consent_text": "You may call me about loans.",
}


@pytest.fixture
def house(stack: BrowserStack) -> Prepared:
    """Whose line has conditional fields and choices that depend on another one."""
    house = stack.make_organization(operations={"role": "operations", "name": "Omkar Joshi"})
    line = {"code": "loan", "name": "Loans", "duplicate_match": ["phone"], "fields": FIELDS}
    stack.prepare("import_configuration", slug=house.slug, document={"schema": 1, "business_lines": [line]})
    return house


@pytest.fixture
def form(stack: BrowserStack, house: Prepared) -> str:
    return stack.prepare("make_form_link", slug=house.slug, line="loan", **SETTINGS)


class Site:
    """A web site of somebody else, whose one page says what it is told."""

    def __init__(self) -> None:
        site = self
        self.page = ""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(site.page.encode())

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://localhost:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.server.shutdown()
    site.server.server_close()


def fill(page: Page | FrameLocator, name: str, mobile: str) -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Mobile").fill(mobile)
    page.get_by_label("Occupation").select_option("Salaried")
    page.get_by_label("Employer").fill("Acme")
    page.get_by_label("State").select_option("Goa")
    page.get_by_label("Town").select_option("Panaji")
    page.get_by_label("Insurance").check()


def send(page: Page | FrameLocator) -> None:
    """Press the button; where one is asked to look once more, because a test is quick, press again."""
    page.get_by_role("button", name="Send").click()
    asked = page.get_by_text("press the button once more")
    thanked = page.get_by_role("heading", name="Thank you")
    expect(asked.or_(thanked)).to_be_visible()
    if asked.is_visible():
        page.get_by_role("button", name="Send").click()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("size", "theme"), [(PHONE, "light"), (DESK, "dark"), (PHONE, "dark"), (DESK, "light")]
)
def test_a_form_is_filled_in_corrected_and_sent(watch: Watch, form: str, size: Any, theme: str) -> None:
    watch.tolerated = {422}
    page = watch.open(size, theme)
    page.goto(form)
    look(page)
    expect(page.get_by_label("Employer")).to_be_hidden()
    fill(page, "Asha Rao", "12")
    page.get_by_label("You may call me about loans.").check()
    # Long enough for a person.
    page.wait_for_timeout(3_100)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Please correct 1 entry.")).to_be_visible()
    expect(page.get_by_label("Your name")).to_have_value("Asha Rao")
    expect(page.get_by_label("Town")).to_have_value("Panaji")
    expect(page.get_by_label("Insurance")).to_be_checked()
    look(page)
    page.get_by_label("Mobile").fill("98765 43210")
    page.get_by_role("button", name="Send").dblclick()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    expect(page.get_by_text("We call you back within a day.")).to_be_visible()
    look(page)


@pytest.mark.timeout(300)
def test_what_was_sent_is_a_lead_with_its_consent_and_a_repeat_looks_alike(
    watch: Watch, house: Prepared, form: str
) -> None:
    watch.tolerated = {422}
    visitor = watch.open(PHONE)
    for _time in range(2):
        visitor.goto(form)
        fill(visitor, "Asha Rao", "98765 43210")
        visitor.get_by_label("You may call me about loans.").check()
        send(visitor)
        expect(visitor.get_by_role("heading", name="Thank you")).to_be_visible()
    page = watch.open(DESK)
    sign_in(page, house.people["operations"])
    page.goto("/leads/")
    page.get_by_role("link", name="Asha Rao").first.click()
    expect(page.get_by_text("Form “Ask for a loan”").first).to_be_visible()
    expect(page.get_by_text("You may call me about loans.")).to_be_visible()
    look(page)
    page.goto("/console/leads/formlink/")
    look(page)
    page.get_by_role("link", name="Ask for a loan").click()
    expect(page.get_by_role("link", name=form)).to_be_visible()
    look(page)
    page.goto("/console/leads/formsubmission/")
    look(page)
    narrow = watch.open(PHONE, "dark")
    sign_in(narrow, house.people["operations"])
    for path in ("/console/leads/formlink/", "/console/leads/formsubmission/"):
        narrow.goto(path)
        fits(narrow)


@pytest.mark.timeout(300)
def test_without_scripts_everything_is_asked_and_taken(watch: Watch, form: str) -> None:
    watch.tolerated = {422}
    page = watch.open(PHONE, scripts=False)
    page.goto(form)
    page.get_by_label("Your name").fill("Asha Rao")
    page.get_by_label("Mobile").fill("98765 43210")
    page.get_by_label("Occupation").select_option("Business")
    page.get_by_label("Employer").fill("Not asked then")
    page.get_by_label("You may call me about loans.").check()
    send(page)
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


@pytest.mark.timeout(300)
def test_the_form_within_a_page_of_a_site_that_the_link_names(
    watch: Watch, stack: BrowserStack, house: Prepared, site: Site, address: str
) -> None:
    watch.tolerated = {422}
    named = {**SETTINGS, "embed_origins": [site.address]}
    form = stack.prepare("make_form_link", slug=house.slug, line="loan", **named)
    frame_address = f"{address}{form}?embed=1"
    site.page = f"""<!doctype html><html lang="en"><title>Host</title><link rel="icon" href="data:,">
        <iframe src="{frame_address}" title="Form" width="600" height="900"></iframe>"""
    page = watch.open(DESK)
    page.goto(site.address)
    frame = page.frame_locator("iframe")
    fill(frame, "Asha Rao", "98765 43210")
    frame.get_by_label("You may call me about loans.").check()
    send(frame)
    expect(frame.get_by_role("heading", name="Thank you")).to_be_visible()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_file_is_corrected_kept_and_sent_on_a_phone(
    watch: Watch, stack: BrowserStack, house: Prepared, tmp_path: Path, scripts: bool
) -> None:
    watch.tolerated = {422}
    asked = ["name", "mobile", "payslip"]
    form = stack.prepare("make_form_link", slug=house.slug, line="loan", field_keys=asked, **SETTINGS)
    (tmp_path / "payslip.pdf").write_bytes(b"<script>alert(1)</script>")
    (tmp_path / "March.pdf").write_bytes(PDF)
    page = watch.open(PHONE, scripts=scripts)
    page.goto(form)
    if scripts:
        look(page)
    page.get_by_label("Your name").fill("Asha Rao")
    page.get_by_label("Mobile").fill("12")
    page.get_by_label("Choose a file").set_input_files(tmp_path / "payslip.pdf")
    page.get_by_label("You may call me about loans.").check()
    page.wait_for_timeout(3_100)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("This kind of file is not taken here.").first).to_be_visible()
    page.get_by_label("Choose a file").set_input_files(tmp_path / "March.pdf")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("March.pdf")).to_be_visible()
    expect(page.get_by_label("Your name")).to_have_value("Asha Rao")
    if scripts:
        look(page)
    page.get_by_label("Mobile").fill("98765 43210")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    desk = watch.open(DESK)
    sign_in(desk, house.people["operations"])
    desk.goto("/leads/")
    desk.get_by_role("link", name="Asha Rao").first.click()
    expect(desk.get_by_role("link", name="March.pdf")).to_be_visible()


@pytest.mark.timeout(300)
def test_a_form_is_light(watch: Watch, form: str) -> None:
    sizes = weight(watch.open(PHONE), form)
    assert sum(compressed for _sent, compressed in sizes.values()) <= HEAVIEST
