"""The main job without a mouse."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.people import press_when_listening, tab_to
from tests.browser.stack import PASSWORD, BrowserStack
from tests.browser.test_main_job import DATA, PATIENCE
from tests.browser.watching import DESK, Watch

HEADER = "Full Name,Mobile No,DOB,PAN,City,PIN,Employment,Monthly Income (₹),Loan Amt,Tenure (months)"
RIGHT = "Asha Rao,9845012345,14/03/1990,ABCDE1234F,Pune,411001,Business,85000,700000,48"
WRONG = "Bina Shah,9845054321,15/04/1991,ABCDE1234F,Pune,411001,Business,65000,500000,480"


def test_the_main_job_by_keys_alone(watch: Watch, stack: BrowserStack, tmp_path: Path) -> None:
    house = stack.make_organization(operations={"role": "operations", "name": "Omkar Joshi"})
    stack.prepare("import_configuration", slug=house.slug, path=str(DATA / "configuration.json"))
    file = tmp_path / "two leads.csv"
    file.write_text("\n".join([HEADER, RIGHT, WRONG]), encoding="utf-8")
    page = watch.open(DESK)
    keys = page.keyboard
    # Playwright catches the system's dialog once somebody listens, and does not wait until it does.
    page.on("filechooser", lambda _chooser: None)

    page.goto("/")
    tab_to(page, page.get_by_label("Email"))
    keys.type(house.people["operations"].email)
    tab_to(page, page.get_by_label("Password"))
    keys.type(PASSWORD)
    keys.press("Enter")
    expect(page.get_by_role("heading", name="No leads yet")).to_be_visible()

    press_when_listening(page, "?")
    shortcuts = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(shortcuts).to_contain_text("Go to Imports")
    keys.press("Escape")
    expect(shortcuts).to_be_hidden()
    press_when_listening(page, "gi")
    expect(page.get_by_role("heading", level=1)).to_have_text("Imports")
    press_when_listening(page, "n")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bring in a file")
    tab_to(page, page.get_by_label("File"))
    with page.expect_file_chooser() as chooser:
        keys.press("Enter")
    chooser.value.set_files(file)
    tab_to(page, page.get_by_role("button", name="Upload and match"))
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Match columns")
    tab_to(page, page.get_by_role("button", name="Check all rows"))
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check before loading", timeout=PATIENCE)
    tab_to(page, page.get_by_role("button", name="Load 1 row"))
    keys.press("Enter")
    correct = page.get_by_role("link", name="Correct here")
    expect(correct).to_be_visible(timeout=PATIENCE)

    tab_to(page, correct)
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Correct rows")
    tab_to(page, page.get_by_label("Full Name", exact=True))
    keys.press("F8")
    expect(page.get_by_label("Tenure (months)")).to_be_focused()
    keys.type("48")
    tab_to(page, page.get_by_role("button", name="Check and load"))
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Every row is in")).to_be_visible()

    press_when_listening(page, "gl")
    expect(page.get_by_role("heading", level=1)).to_have_text("Leads")
    expect(page.locator("#leads tbody tr")).to_have_count(2)
    press_when_listening(page, "/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    keys.type("054321")
    expect(page.locator("#leads tbody tr")).to_have_count(1)
    tab_to(page, page.get_by_role("link", name="Bina Shah"))
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bina Shah")
    press_when_listening(page, "s")
    work = page.get_by_role("dialog", name="Status and owner")
    expect(work).to_be_visible()
    tab_to(page, work.get_by_label("Status"))
    keys.type("In progress")
    tab_to(page, work.get_by_role("button", name="Save"))
    keys.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.locator(".timeline > li").first).to_contain_text("In progress")
    press_when_listening(page, "e")
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit Bina Shah")
    tab_to(page, page.get_by_label("Credit Score"))
    keys.type("742")
    keys.press("Enter")
    expect(page.locator(".timeline > li").first).to_contain_text("742")

    page.wait_for_load_state("load")
    keys.press("Control+k")
    expect(page.get_by_role("combobox", name="Search or go to")).to_be_focused()
    keys.type("asha")
    keys.press("Enter")
    expect(page.locator("#leads tbody tr")).to_have_count(1)
