"""Saved mappings as operations staff use them: remembered, taken by the next file, asked about where it differs."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import HEAVIEST, look, weight
from tests.browser.people import sign_in
from tests.browser.stack import BrowserStack, Prepared
from tests.browser.watching import DESK, PHONE, Watch

DATA = Path(__file__).parent.parent / "data" / "loan_leads"
PATIENCE = 60_000
HEADER = "Who,Where to call,DOB,PAN,Town,PIN,Employment,Employer,Monthly Income (₹),Loan Amt,Tenure (months),Remarks"
FIELDS = {
    "Who": "full_name",
    "Where to call": "mobile",
    "DOB": "date_of_birth",
    "PAN": "pan",
    "Town": "city",
    "PIN": "pin_code",
    "Employment": "employment_type",
    "Employer": "employer",
    "Monthly Income (₹)": "monthly_income",
    "Loan Amt": "loan_amount",
    "Tenure (months)": "tenure_months",
    "Remarks": "",
}


@pytest.fixture
def house(stack: BrowserStack) -> Prepared:
    """A lender with its loan line."""
    house = stack.make_organization(operations={"role": "operations", "name": "Omkar Joshi"})
    stack.prepare("import_configuration", slug=house.slug, path=str(DATA / "configuration.json"))
    return house


def file_of(folder: Path, name: str, number: int, header: str = HEADER, more: str = "") -> Path:
    """A file of one person."""
    path = folder / name
    cells = [
        *(f"Asha {number}", f"98450 1234{number}", "14/03/1990", f"ABCDE123{number}F", "Pune", "411001"),
        *("Salaried", "Rao Textiles", "85000", "700000", "48", "hot"),
    ]
    row = ",".join(cells) + more
    path.write_text(f"{header}\n{row}\n")
    return path


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("size", "theme"), [(PHONE, "dark"), (DESK, "light")], ids=["phone", "desk"])
def test_a_match_is_remembered_taken_and_asked_about(
    watch: Watch, house: Prepared, size: tuple[int, int], theme: str, tmp_path: Path
) -> None:
    watch.tolerated = {422}
    page = watch.open(size, theme)
    page.goto("/")
    sign_in(page, house.people["operations"])

    page.goto("/imports/mappings/")
    expect(page.get_by_role("heading", name="No mapping was saved yet")).to_be_visible()
    look(page)
    remember(page, file_of(tmp_path, "branch_weekly.csv", 1))
    take(page, file_of(tmp_path, "second.csv", 2))
    answer(page, tmp_path)
    manage(page)


def upload(page: Page, path: Path) -> None:
    page.goto("/imports/new/")
    page.get_by_label("File").set_input_files(path)
    page.get_by_role("button", name="Upload and match").click()
    expect(page.get_by_role("heading", name="Match columns")).to_be_visible()


def check_and_load(page: Page) -> None:
    page.get_by_role("button", name="Check all rows").click()
    expect(page.get_by_role("heading", name="Check before loading")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Load 1 row").click()
    expect(page.get_by_text("Loaded", exact=True)).to_be_visible(timeout=PATIENCE)


def remember(page: Page, path: Path) -> None:
    upload(page, path)
    for header, field in FIELDS.items():
        page.get_by_label(f"Field for {header}", exact=True).select_option(field)
    name = page.get_by_label("Name of the new mapping")
    expect(name).to_have_value("Branch weekly")
    page.get_by_label("Remember for files with these columns").check()
    look(page)
    # Without a name nothing goes on, and no choice is lost.
    name.fill("")
    page.get_by_role("button", name="Check all rows").click()
    expect(page.get_by_text("Give the mapping a name.")).to_be_visible()
    expect(page.get_by_label("Field for Where to call", exact=True)).to_have_value("mobile")
    look(page)
    name.fill("Weekly file")
    check_and_load(page)


def take(page: Page, path: Path) -> None:
    upload(page, path)
    expect(page.get_by_text("The columns are read by the saved mapping “Weekly file”.")).to_be_visible()
    expect(page.get_by_label("Field for Where to call", exact=True)).to_have_value("mobile")
    expect(page.get_by_text("Remembered", exact=True)).to_have_count(11)
    look(page)
    check_and_load(page)


def answer(page: Page, folder: Path) -> None:
    header = HEADER.replace("Where to call", "Where to call them").replace("Remarks", "Notes") + ",Branch"
    upload(page, file_of(folder, "third.csv", 3, header, ",Pune"))
    question = page.get_by_role("region", name="Almost the columns of “Weekly file”")
    expect(question).to_contain_text("Where to call probably is Where to call them now")
    expect(question).to_contain_text("New: Notes, Branch")
    expect(question).to_contain_text("Gone: Remarks")
    expect(page.get_by_label("Field for Where to call them", exact=True)).to_have_value("mobile")
    look(page)
    page.get_by_label("Change “Weekly file” to these choices").check()
    check_and_load(page)

    upload(page, file_of(folder, "fourth.csv", 4, header, ",Nashik"))
    expect(page.get_by_text("The columns are read by the saved mapping “Weekly file”.")).to_be_visible()
    expect(page.get_by_text("Almost the columns")).to_have_count(0)


def manage(page: Page) -> None:
    page.goto("/imports/")
    look(page)
    page.get_by_role("link", name="Saved mappings").click()
    expect(page.get_by_role("heading", level=1, name="Saved mappings")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Weekly file").click()
    expect(page.get_by_role("cell", name="Where to call them")).to_be_visible()
    look(page)
    total = sum(compressed for _sent, compressed in weight(page, page.url).values())
    assert total <= HEAVIEST, f"The mapping weighs {total:,} bytes."

    page.get_by_role("main").get_by_label("Name").fill("Branch file")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1, name="Branch file")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete “Branch file”?")
    expect(dialog).to_be_visible()
    look(page)
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="No mapping was saved yet")).to_be_visible()
