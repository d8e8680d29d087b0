"""One's own API keys: made, copied, rotated and revoked, on a phone and at a desk."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looking import look
from tests.browser.people import sign_in
from tests.browser.stack import BrowserStack
from tests.browser.watching import DESK, PHONE, Watch


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_key_is_made_used_and_revoked(watch: Watch, stack: BrowserStack, size: tuple[int, int]) -> None:
    house = stack.make_organization(operations={"role": "operations", "name": "Omkar Joshi"})
    page = watch.open(size)
    sign_in(page, house.people["operations"])
    page.goto("/profile/")
    page.get_by_role("link", name="New key").click()
    look(page)
    page.get_by_label("Name").fill("Branch website")
    page.get_by_label("Leads: read").check()
    page.get_by_label("Leads: create").check()
    page.get_by_role("button", name="Make the key").click()
    key = page.get_by_label("Key", exact=True).input_value()
    assert re.fullmatch(r"ll[a-z0-9]{12}\.[\w-]{43}", key)
    look(page)

    headers = {"Authorization": f"Api-Key {key}"}
    assert page.request.get("/api/v1/leads", headers=headers).status == 200
    page.get_by_role("link", name="I have kept it").click()
    expect(page.get_by_text(key.split(".")[0])).to_be_visible()
    assert key not in page.content()
    look(page)

    page.get_by_role("button", name="Revoke").first.click()
    dialog = page.get_by_role("dialog")
    look(page)
    dialog.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("opens nothing any more")).to_be_visible()
    assert page.request.get("/api/v1/leads", headers=headers).status == 401
