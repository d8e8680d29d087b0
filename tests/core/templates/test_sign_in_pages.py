"""django-allauth's pages wear our design: our frame, our fields, nothing inline."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import ActorFor

ENTRANCES = ["account_login", "account_reset_password", "account_reset_password_done"]
MANAGED = ["account_change_password", "mfa_index", "mfa_activate_totp", "account_logout"]


def assert_ours(html: str) -> None:
    """Nothing inline, our style sheets, and every control labelled."""
    assert "css/tokens.css" in html
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html)
    scripts = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", html)
    assert all("application/json" in attributes for attributes in scripts)
    for control in re.findall(r"<(?:input|select|textarea)[^>]*>", html):
        if 'type="hidden"' not in control:
            found = re.search(r'\bid="([^"]+)"', control)
            assert (
                "aria-label" in control
                or "data-single-keys" in control
                or (found and f'for="{found[1]}"' in html)
            )


@pytest.mark.parametrize("name", ENTRANCES)
def test_entrance(db: None, client: Client, name: str) -> None:
    html = client.get(reverse(name)).content.decode()

    assert '<body class="plain"' in html
    assert_ours(html)


def test_a_refused_sign_in_says_so_and_keeps_the_address(db: None, client: Client) -> None:
    answers = {"login": "asha@axio.example", "password": "wrong"}

    html = client.post(reverse("account_login"), answers).content.decode()

    assert 'role="alert"' in html
    assert 'value="asha@axio.example"' in html
    assert_ours(html)


@pytest.mark.parametrize("name", MANAGED)
def test_managed(actor_for: ActorFor, client_for: Callable[..., Client], name: str) -> None:
    client = client_for(actor_for("agent"))

    response = client.get(reverse(name), follow=True)

    assert response.status_code == 200
    assert_ours(response.content.decode())
