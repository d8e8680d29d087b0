"""One form with every new type, filled on a phone as a person would, and read back."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import look
from tests.browser.people import sign_in
from tests.browser.stack import BrowserStack, Prepared
from tests.browser.watching import DESK, PHONE, Watch
from tests.core.kept_files import samples

CITIES = 500
PUNE = {"latitude": 18.5204303, "longitude": 73.8567437, "accuracy": 14.2}
FIELDS: list[dict[str, Any]] = [
    {"key": "name", "label": "Name", "type": "text", "required": True, "maps_to": "name"},
    {"key": "country", "label": "Country", "type": "select", "choices": ["India", "USA", "Monaco"]},
    {"key": "state", "label": "State", "type": "select", "choices_from": "country",
     "visible_if": {"field": "country", "op": "ne", "value": "Monaco"},
     "choices": [{"value": "Maharashtra", "parents": ["India"]}, {"value": "Goa", "parents": ["India"]},
                 {"value": "Ohio", "parents": ["USA"]}]},
    {"key": "city", "label": "City", "type": "select", "choices_from": "state",
     "choices": [*({"value": f"Town {number:03d}", "parents": ["Maharashtra"]} for number in range(CITIES)),
                 {"value": "Panaji", "parents": ["Goa"]}, {"value": "Dayton", "parents": ["Ohio"]}]},
    {"key": "wards", "label": "Wards", "type": "multi_select", "choices_from": "city",
     "choices": [{"value": "Harbour", "parents": ["Panaji"]}, {"value": "Hill", "parents": ["Panaji"]},
                 {"value": "Market", "parents": ["Dayton"]}]},
    {"key": "manager", "label": "Manager", "type": "user", "indexed": True},
    {"key": "referrer", "label": "Referred by", "type": "lead"},
    {"key": "site", "label": "Site", "type": "location"},
    {"key": "gate", "label": "Gate", "type": "text", "visible_if": {"field": "site", "op": "is_not_empty"}},
    {"key": "slip", "label": "Payslip", "type": "file", "accept": ["pdf"], "max_size_mb": 1},
    {"key": "photo", "label": "Photo", "type": "image"},
    {"key": "age", "label": "Years", "type": "integer", "max": 99},
]  # fmt: skip


@pytest.fixture
def house(stack: BrowserStack) -> Prepared:
    """A house whose form has all types, with a lead of its agent."""
    house = stack.make_organization(
        leader={"role": "team_leader", "name": "Leela Nair"},
        arjun={"role": "agent", "name": "Arjun Rao", "manager": "leader"},
    )
    line = {"code": "typed", "name": "Typed", "fields": FIELDS}
    stack.prepare("import_configuration", slug=house.slug, document={"schema": 1, "business_lines": [line]})
    leads = [{"owner": house.people["arjun"].email, "values": {"name": "Farid Sheikh"}}]
    stack.prepare("make_leads", slug=house.slug, line="typed", leads=leads)
    return house


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A payslip and a photograph, as a phone has them."""
    (tmp_path / "Pay slip.pdf").write_bytes(samples.PDF)
    (tmp_path / "IMG_0001.jpg").write_bytes(samples.located_picture())
    (tmp_path / "large.pdf").write_bytes(samples.PDF + b"x" * 2**20)
    return tmp_path


def options(page: Page, label: str) -> list[str]:
    return page.get_by_label(label, exact=True).locator("option").all_inner_texts()


def suggested(page: Page, label: str, typed: str, wanted: str) -> None:
    """Type into a field with suggestions until the wanted one is offered, and take it."""
    box = page.get_by_label(label, exact=True)
    box.press_sequentially(typed, delay=20)
    options_id = box.get_attribute("list")
    offered = page.locator(
        f'#{options_id} option[value="{wanted}"], #{options_id} option:text-is("{wanted}")'
    )
    expect(offered).to_be_attached()
    box.fill(offered.get_attribute("value") or "")


def facts(page: Page) -> dict[str, str]:
    names = page.locator(".facts dt").all_inner_texts()
    return dict(zip(names, page.locator(".facts dd").all_inner_texts(), strict=True))


def test_every_type_on_a_phone(watch: Watch, house: Prepared, files: Path) -> None:
    page = watch.open(PHONE)
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation(PUNE)
    sign_in(page, house.people["arjun"])
    page.goto("/leads/new/")
    look(page)
    page.get_by_label("Name").fill("Gita Menon")

    # Three levels of choices, one of them long.
    assert options(page, "State") == options(page, "City") == ["—"]
    page.get_by_label("Country").select_option("India")
    assert options(page, "State") == ["—", "Maharashtra", "Goa"]
    page.get_by_label("State").select_option("Maharashtra")
    assert len(options(page, "City")) == CITIES + 1
    page.get_by_label("City").select_option("Town 499")
    page.get_by_label("State").select_option("Goa")
    expect(page.get_by_label("City")).to_have_value("")
    expect(page.locator("[data-field=city] [role=status]")).to_have_text("Choose again. Taken out: Town 499")
    page.get_by_label("City").select_option("Panaji")
    page.get_by_label("Harbour").check()
    expect(page.get_by_label("Market")).to_be_hidden()
    page.get_by_label("Country").select_option("Monaco")
    expect(page.get_by_label("State")).to_be_hidden()
    expect(page.get_by_label("City")).to_have_value("")
    page.get_by_label("Country").select_option("India")
    page.get_by_label("State").select_option("Goa")
    page.get_by_label("City").select_option("Panaji")
    page.get_by_label("Hill").check()

    suggested(page, "Manager", "leel", "Leela Nair")
    suggested(page, "Referred by", "farid", "Farid Sheikh")
    expect(page.get_by_label("Gate")).to_be_hidden()
    page.get_by_role("button", name="Use my position").click()
    expect(page.get_by_label("Latitude")).to_have_value("18.520430")
    expect(page.get_by_text("Found, to about 14 m.")).to_be_visible()
    expect(page.get_by_role("link", name="See it on the map")).to_have_attribute(
        "href", "https://www.openstreetmap.org/?mlat=18.520430&mlon=73.856744#map=17/18.520430/73.856744"
    )
    page.get_by_label("Gate").fill("North")

    page.get_by_label("Choose a file").set_input_files(files / "large.pdf")
    expect(page.get_by_text("This file is larger than 1 MB.")).to_be_visible()
    page.get_by_label("Choose a file").set_input_files(files / "Pay slip.pdf")
    page.get_by_label("Choose or take a picture").set_input_files(files / "IMG_0001.jpg")
    page.get_by_label("Years").fill("120")
    look(page)

    # A mistake elsewhere loses nothing.
    watch.tolerated.add(422)
    page.get_by_role("button", name="Save lead").click()
    expect(page.locator("[data-field=age] .problems")).to_contain_text("above the most")
    expect(page.locator("[data-field=slip] .held")).to_contain_text("Pay slip.pdf")
    expect(page.locator("[data-field=photo] .held")).to_contain_text("IMG_0001.jpg")
    expect(page.get_by_label("City")).to_have_value("Panaji")
    expect(page.get_by_label("Manager")).to_have_value("Leela Nair")
    expect(page.get_by_label("Latitude")).to_have_value("18.520430")
    look(page)
    page.get_by_label("Years").fill("33")
    page.get_by_role("button", name="Save lead").click()
    expect(page.get_by_role("heading", name="Gita Menon")).to_be_visible()

    told = facts(page)
    assert (told["State"], told["City"], told["Wards"], told["Manager"]) == (
        "Goa",
        "Panaji",
        "Hill",
        "Leela Nair",
    )
    assert told["Site"] == "18.520430, 73.856744 ±14 m" and told["Gate"] == "North"
    picture = page.get_by_role("img", name="Photo: IMG_0001.jpg")
    picture.scroll_into_view_if_needed()
    page.wait_for_function(
        "image => image.complete && image.naturalWidth === 40", arg=picture.element_handle()
    )
    look(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Pay slip.pdf").click()
    assert download.value.suggested_filename == "Pay slip.pdf"
    assert Path(download.value.path()).read_bytes() == samples.PDF
    page.get_by_role("link", name="L0").click()
    expect(page.get_by_role("heading", name="Farid Sheikh")).to_be_visible()


def test_without_scripts(watch: Watch, house: Prepared, files: Path) -> None:
    page = watch.open(DESK, scripts=False)
    sign_in(page, house.people["arjun"])
    page.goto("/leads/new/")
    page.get_by_label("Name").fill("Hari Patel")
    page.get_by_label("Country").select_option("India")
    page.get_by_label("State").select_option("Goa")
    page.get_by_label("City").select_option("Dayton")
    page.get_by_label("Manager").fill("leela nair")
    page.get_by_label("Latitude").fill("18.5")
    page.get_by_label("Longitude").fill("73.8")
    page.get_by_label("Choose a file").set_input_files(files / "Pay slip.pdf")
    watch.tolerated.add(422)
    page.get_by_role("button", name="Save lead").click()
    expect(page.locator("[data-field=city] .problems")).to_contain_text(
        "“Dayton” is not one of the choices of City"
    )
    page.get_by_label("City").select_option("Panaji")
    page.get_by_role("button", name="Save lead").click()
    told = facts(page)
    assert (told["City"], told["Manager"], told["Site"]) == ("Panaji", "Leela Nair", "18.500000, 73.800000")
    assert told["Payslip"].startswith("Pay slip.pdf")


def test_a_device_that_may_not_tell_where_it_is(watch: Watch, house: Prepared) -> None:
    page = watch.open(PHONE)
    page.context.clear_permissions()
    sign_in(page, house.people["arjun"])
    page.goto("/leads/new/")
    page.get_by_role("button", name="Use my position").click()
    expect(page.locator("[data-place-note]")).to_contain_text("or type the numbers")
    look(page)
