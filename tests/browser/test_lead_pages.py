"""What hangs on a lead: calls, attachments, consents, where its values come from, and the lead on paper."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.looking import look
from tests.browser.people import press_when_listening, sign_in, tab_to
from tests.browser.stack import BrowserStack, Prepared
from tests.browser.test_agent import LOAN
from tests.browser.test_main_job import DATA
from tests.browser.watching import DESK, PHONE, Watch

QUOTE = {
    "name": "quote.pdf",
    "mimeType": "application/pdf",
    "buffer": b"%PDF-1.4\n1 0 obj<<>>endobj\n%%EOF\n",
}
LOGGED = re.compile("/engagements/$")
NOT_ONE = {"name": "quote.exe", "mimeType": "application/octet-stream", "buffer": b"MZ\x90\x00\x03" * 9}


@pytest.fixture
def house(stack: BrowserStack) -> Iterator[tuple[Prepared, list[str]]]:
    """A lender with an agent and two leads of hers, by their references."""
    house = stack.make_organization(bina={"role": "agent", "name": "Bina Shah"})
    stack.prepare("import_configuration", slug=house.slug, path=str(DATA / "configuration.json"))
    leads = [
        {"owner": house.people["bina"].email, "values": {**LOAN, "full_name": name, "mobile": mobile}}
        for name, mobile in (("Farid Sheikh", "9845012345"), ("Gita Menon", "9845054321"))
    ]
    yield house, stack.prepare("make_leads", slug=house.slug, line="personal_loan", leads=leads)


def test_a_lead_in_one_hand(watch: Watch, house: tuple[Prepared, list[str]]) -> None:
    prepared, (reference, _other) = house
    page = watch.open(PHONE)
    sign_in(page, prepared.people["bina"])
    page.goto(f"/leads/{reference}/")
    page.locator("summary", has_text="Plan a follow-up").tap()
    page.get_by_label("What").fill("Send him the offer")
    page.get_by_role("button", name="Plan", exact=True).tap()
    expect(page.get_by_text("Planned.")).to_be_visible()
    top = [above(page.get_by_role("heading", name=name)) for name in ("What is next", "Attachments")]
    assert top == sorted(top), "what is next comes after what is attached"
    calls_and_tells(page)
    attaches(page, watch)
    register(page, watch)
    values_and_paper(page, reference)


def above(heading: Locator) -> float:
    """How far below the top of the page something stands, in pixels."""
    return heading.evaluate("element => element.getBoundingClientRect().top + scrollY")


def calls_and_tells(page: Page) -> None:
    """A tap logs the call; how it went is told on the lead, and stands first in what happened."""
    assert call(page, page.get_by_role("button", name="Call", exact=True).tap) == "tel:+919845012345"
    look(page)
    page.get_by_label("How did it go?").select_option("No answer")
    page.get_by_label("Remark").fill("Rang six times")
    page.get_by_role("button", name="Save outcome").tap()
    expect(page.get_by_text("Noted.")).to_be_visible()
    expect(page.locator(".timeline > li").first).to_contain_text("Rang six times")
    expect(page.get_by_label("How did it go?")).to_have_count(0)


def call(page: Page, press: Callable[[], None]) -> str:
    """Press Call and come back to the page, which asks how it went by itself; return what would be dialled.

    The browser itself has no phone: it would ask what to do with the number, and listen to nothing meanwhile.
    """
    addresses: list[str] = []

    def note(route: Route) -> None:
        addresses.append(route.fetch(max_redirects=0).headers["location"])
        route.fulfill(status=204)

    page.route(LOGGED, note)
    with page.expect_response(LOGGED):
        press()
    page.unroute(LOGGED)
    page.evaluate("setTimeout(() => dispatchEvent(new Event('focus')))")
    expect(page.get_by_label("How did it go?")).to_be_visible()
    return addresses[0]


def attaches(page: Page, watch: Watch) -> None:
    """A file is attached, opened, called otherwise, removed and restored; one that is none is refused."""
    attachments = page.locator("#attachments")
    attachments.locator("summary", has_text="Attach a file").tap()
    page.get_by_label("File").set_input_files(NOT_ONE)
    watch.tolerated.add(422)
    page.get_by_role("button", name="Attach", exact=True).tap()
    expect(attachments.locator(".problems").first).to_be_visible()
    look(page)
    page.get_by_label("File").set_input_files(QUOTE)
    page.get_by_role("button", name="Attach", exact=True).tap()
    expect(page.locator(".toast", has_text="Attached.")).to_be_visible()
    link = attachments.get_by_role("link", name="quote.pdf", exact=True)
    opened = page.request.get(str(link.get_attribute("href")))
    assert opened.status == 200
    assert opened.body() == QUOTE["buffer"]
    look(page)

    attachments.get_by_role("link", name="Rename or remove: quote.pdf").tap()
    page.get_by_label("Label").fill("Offer of March")
    page.get_by_role("button", name="Save").tap()
    attachments.get_by_role("link", name="Rename or remove: Offer of March").tap()
    remove(page)
    attachments.locator("summary", has_text="1 removed").tap()
    look(page)
    attachments.get_by_role("button", name="Restore: Offer of March").tap()
    expect(attachments.get_by_role("link", name="Offer of March", exact=True)).to_be_visible()


def remove(page: Page) -> None:
    """Take away what a page of its own shows, which asks once."""
    page.get_by_role("button", name=re.compile("^(Remove|Withdraw)")).first.click()
    sure = page.get_by_role("dialog").get_by_role("button", name=re.compile("^(Remove|Withdraw)"))
    look(page, "dialog[open]")
    sure.click()
    expect(page.get_by_text("The attachment is removed.")).to_be_visible()


def register(page: Page, watch: Watch) -> None:
    """What the person said is written down; a consent without its words is not; then nobody may call."""
    page.get_by_role("link", name="Register").click()
    expect(page.get_by_text("Nothing is written down yet.")).to_be_visible()
    look(page)
    page.get_by_label("For what").fill("Offers of loans")
    watch.tolerated.add(422)
    page.get_by_role("button", name="Write it down").click()
    expect(page.locator(".problems").first).to_be_visible()
    expect(page.get_by_label("For what")).to_have_value("Offers of loans")
    look(page)
    page.get_by_label("Wording").fill("Yes, write to me about loans.")
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_text("Written down.")).to_be_visible()
    expect(page.locator(".facts")).to_contain_text("Yes, write to me about loans.")

    page.get_by_label("Reason").fill("Asked so on the phone")
    page.get_by_role("button", name="Put on the do-not-call list").click()
    expect(page.get_by_text("Nobody calls or messages this number any more.")).to_be_visible()
    look(page)
    page.locator(".crumbs a").last.click()
    expect(page.get_by_role("button", name="Call", exact=True)).to_be_disabled()
    expect(page.locator(".notice.bad")).to_contain_text("Asked so on the phone")
    look(page)


def values_and_paper(page: Page, reference: str) -> None:
    """A value that was corrected tells what stood there before; the lead goes onto paper without its buttons."""
    page.goto(f"/leads/{reference}/edit/")
    page.get_by_label("City").select_option("Mumbai")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Where each comes from").click()
    expect(page.get_by_role("heading", name="Where the values come from", level=1)).to_be_visible()
    earlier = page.locator("summary", has_text="1 earlier value")
    earlier.click()
    expect(page.get_by_text("Pune")).to_be_visible()
    look(page)
    page.locator(".crumbs a").last.click()
    page.get_by_role("link", name="Print").click()
    expect(page.get_by_text("Printed by Bina Shah")).to_be_visible()
    look(page)
    page.emulate_media(media="print")
    for hidden in (".bottom-bar", ".rail", ".crumbs"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    page.emulate_media(media="screen")


def test_a_lead_at_a_desk_by_keys(watch: Watch, house: tuple[Prepared, list[str]]) -> None:
    """The same by keys alone, but for choosing the file, which the system's own window does."""
    prepared, (_other, reference) = house
    page = watch.open(DESK)
    sign_in(page, prepared.people["bina"])
    page.goto(f"/leads/{reference}/")
    call(page, lambda: press(page, page.get_by_role("button", name="Call", exact=True)))
    type_into(page, page.get_by_label("How did it go?"), "R")
    press(page, page.get_by_role("button", name="Save outcome"))
    expect(page.get_by_text("Noted.")).to_be_visible()

    press(page, page.locator("summary", has_text="Attach a file"))
    page.get_by_label("File").set_input_files(QUOTE)
    press(page, page.get_by_role("button", name="Attach", exact=True))
    expect(page.locator(".toast", has_text="Attached.")).to_be_visible()
    look(page)
    press(page, page.get_by_role("link", name="Rename or remove: quote.pdf"))
    expect(page.get_by_role("heading", name="Rename an attachment")).to_be_visible()
    look(page)
    remove(page)

    press(page, page.get_by_role("link", name="Register"))
    expect(page.get_by_role("heading", name="Register")).to_be_visible()
    type_into(page, page.get_by_label("For what"), "Offers")
    type_into(page, page.get_by_label("Wording"), "Yes, do.")
    press(page, page.get_by_role("button", name="Write it down"))
    expect(page.get_by_text("Written down.")).to_be_visible()
    type_into(page, page.get_by_label("Reason"), "Asked so")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nobody calls or messages this number any more.")).to_be_visible()
    page.goto(f"/leads/{reference}/")
    look(page)
    values_and_paper(page, reference)
    press_when_listening(page, "gl")
    expect(page).to_have_url(re.compile("/leads/$"))


def press(page: Page, wanted: Locator) -> None:
    """Reach something with the keyboard and press it."""
    tab_to(page, wanted)
    page.keyboard.press("Enter")


def type_into(page: Page, wanted: Locator, text: str) -> None:
    """Reach a control with the keyboard and type."""
    tab_to(page, wanted)
    page.keyboard.type(text)
