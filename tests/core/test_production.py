"""Values that are refused where strangers can reach LeadLedger."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from core.database.checks import check_owner
from core.production import refuse_insecure_settings
from core.site_address import host_of, is_this_machine

FIT = {
    "PRODUCTION": True,
    "DEBUG": False,
    "SECRET_KEY": "k3yWithEnoughDifferentLettersAndDigits-0123456789-abcdefghij",
    "SECRET_KEY_GIVEN": True,
    "SITE_URL": "https://leads.example.com",
    "ALLOWED_HOSTS": ["leads.example.com"],
    "CSRF_TRUSTED_ORIGINS": [],
    "DATABASE_URL": "postgres://owner:word@database:5432/leadledger",
    "REDIS_URL": "redis://redis:6379/0",
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SECURE_HSTS_SECONDS": 31536000,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
}


@pytest.fixture
def production(settings: Any) -> Iterator[Any]:
    """Settings fit for production, to be spoilt."""
    for name, value in FIT.items():
        setattr(settings, name, value)
    yield settings


def refusal() -> str:
    with pytest.raises(SystemExit) as refused:
        refuse_insecure_settings()
    return str(refused.value.code)


def test_fit_settings_start(production: Any) -> None:
    refuse_insecure_settings()


@pytest.mark.parametrize(
    ("name", "value", "identity", "what_to_do"),
    [
        ("DEBUG", True, "leadledger.E001", "Remove DEBUG"),
        ("SECRET_KEY_GIVEN", False, "leadledger.E002", "openssl rand"),
        (
            "SECRET_KEY",
            "change-me-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG",
            "leadledger.E003",
            "openssl rand",
        ),
        ("SECRET_KEY", "short", "security.W009", "docs/settings.md"),
        ("SECRET_KEY", "ab" * 40, "security.W009", "docs/settings.md"),
        ("SITE_URL", "http://leads.example.com", "leadledger.E004", "https://leads.example.com"),
        ("SITE_URL", "leads.example.com", "leadledger.E004", "https://leads.example.com"),
        ("SITE_URL", "", "leadledger.E004", "https://leads.example.com"),
        ("SITE_URL", "https://other.example.com", "leadledger.E006", "Add other.example.com"),
        ("ALLOWED_HOSTS", ["*"], "leadledger.E005", "List the names"),
        ("ALLOWED_HOSTS", ["leads.example.com", "."], "leadledger.E005", "List the names"),
        ("ALLOWED_HOSTS", [], "leadledger.E006", "Add leads.example.com"),
        ("CSRF_TRUSTED_ORIGINS", ["http://partner.example"], "leadledger.E007", "https://"),
        ("CSRF_TRUSTED_ORIGINS", ["https://*.example"], "leadledger.E007", "whole addresses"),
        ("DATABASE_URL", "", "leadledger.E008", "postgres://"),
        ("REDIS_URL", "", "leadledger.E008", "redis://"),
        (
            "EMAIL_BACKEND",
            "django.core.mail.backends.console.EmailBackend",
            "leadledger.E009",
            "dummymail://",
        ),
        (
            "EMAIL_BACKEND",
            "django.core.mail.backends.filebased.EmailBackend",
            "leadledger.E009",
            "smtp+tls://",
        ),
        ("SESSION_COOKIE_SECURE", False, "security.W012", "docs/settings.md"),
    ],
)
def test_an_unfit_value_is_refused_with_what_to_do(
    production: Any, name: str, value: object, identity: str, what_to_do: str
) -> None:
    setattr(production, name, value)

    said = refusal()

    assert f"({identity})" in said
    assert what_to_do in said


def test_plain_http_is_one_complaint_and_not_four(production: Any) -> None:
    production.SITE_URL = "http://leads.example.com"
    production.SESSION_COOKIE_SECURE = production.CSRF_COOKIE_SECURE = False
    production.SECURE_HSTS_SECONDS = 0

    assert refusal().count("(security.") == 0


def test_all_complaints_come_at_once(production: Any) -> None:
    production.DEBUG = True
    production.ALLOWED_HOSTS = ["*"]

    said = refusal()

    assert "leadledger.E001" in said
    assert "leadledger.E005" in said


def test_nothing_is_refused_without_the_flag(production: Any) -> None:
    production.PRODUCTION = False
    production.DEBUG = True

    refuse_insecure_settings()


def test_a_domain_with_its_names_and_a_bare_address_are_fine(production: Any) -> None:
    production.ALLOWED_HOSTS = [".example.com"]
    refuse_insecure_settings()

    production.SITE_URL, production.ALLOWED_HOSTS = "https://[2001:db8::1]:8443", ["[2001:db8::1]"]
    refuse_insecure_settings()


@pytest.mark.parametrize(
    ("address", "host", "is_here"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1", True),
        ("http://127.1.2.3", "127.1.2.3", True),
        ("http://localhost:8000", "localhost", True),
        ("https://leads.localhost", "leads.localhost", True),
        ("http://[::1]:8000", "::1", True),
        ("http://192.168.1.4", "192.168.1.4", False),
        ("https://Leads.Example.com", "leads.example.com", False),
        ("https://localhost.example.com", "localhost.example.com", False),
        ("https://127.0.0.1.example.com", "127.0.0.1.example.com", False),
        ("http://0.0.0.0:8000", "0.0.0.0", False),
        ("https://[", "", False),
        ("", "", False),
    ],
)
def test_the_host_of_an_address_and_whether_it_is_this_machine(
    address: str, host: str, is_here: bool
) -> None:
    assert host_of(address) == host
    assert is_this_machine(address) is is_here


@pytest.mark.django_db
def test_the_role_of_the_tests_stands_below_row_level_security(production: Any) -> None:
    assert check_owner(databases=["default"]) == []
    call_command("check", "--database", "default", "--tag", "database")


def test_health_is_told_whatever_name_the_caller_uses(client: Client, production: Any) -> None:
    assert client.get("/healthz", headers={"host": "10.0.3.17:8000"}).status_code == 200
    assert client.get("/account/login/", headers={"host": "10.0.3.17:8000"}).status_code == 400
