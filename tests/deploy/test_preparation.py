"""The script before the first start, and who the application takes for the caller behind the proxy."""

import asyncio
import re
import shutil
import ssl
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from allauth.core.internal.httpkit import get_client_ip
from django.test import RequestFactory
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from tests.deploy.files import CHECKOUT, read_environment, read_services
from tests.deploy.proxy import Proxy
from tests.deploy.servers import system_program

needs_openssl = pytest.mark.skipif(not system_program("openssl"), reason="openssl is not installed")


def prepare(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", folder / "prepare.sh", *words], capture_output=True, text=True, cwd="/")


@needs_openssl
def test_settings_and_a_certificate_are_made(tmp_path: Path) -> None:
    folder = Proxy.prepare(tmp_path / "compose", 443)

    application = read_environment(folder / "application.env")
    postgresql = read_environment(folder / "postgresql.env")
    assert application["SITE_URL"] == "https://localhost"
    assert application["ALLOWED_HOSTS"] == "localhost"
    assert re.fullmatch("[0-9a-f]{96}", application["SECRET_KEY"])
    password = postgresql["LEADLEDGER_DATABASE_PASSWORD"]
    assert application["DATABASE_URL"] == f"postgres://leadledger:{password}@postgresql:5432/leadledger"
    assert len({password, postgresql["POSTGRES_PASSWORD"], application["SECRET_KEY"]}) == 3
    assert all((folder / name).stat().st_mode & 0o077 == 0 for name in ("application.env", "postgresql.env"))
    assert (folder / "certificates" / "key.pem").stat().st_mode & 0o077 == 0
    ssl.create_default_context(cafile=str(folder / "certificates" / "certificate.pem"))


@needs_openssl
def test_what_is_there_is_kept(tmp_path: Path) -> None:
    folder = Proxy.prepare(tmp_path / "compose", 8443)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    again = prepare(folder, "elsewhere.example")

    assert again.returncode == 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert b"SITE_URL=https://localhost:8443\n" in before[folder / "application.env"]


@pytest.mark.parametrize(
    "words", [[], ["-x"], ["leads.example.com; id"], ["a|b"], ["leads.example.com", "https"]]
)
def test_a_host_that_is_none_is_refused(tmp_path: Path, words: list[str]) -> None:
    folder = tmp_path / "compose"
    shutil.copytree(
        CHECKOUT / "deploy" / "compose",
        folder,
        ignore=shutil.ignore_patterns("*.env", "certificates", "acme"),
    )

    done = prepare(folder, *words)

    assert done.returncode == 2
    assert not list(folder.glob("*.env"))


def test_servers_get_no_more_secrets_than_they_need() -> None:
    services = read_services()

    assert services["postgresql"]["env_file"] == ["deploy/compose/postgresql.env"]
    assert "env_file" not in services["redis"]
    assert "env_file" not in services["proxy"]


def test_the_caller_is_whom_the_proxy_names_and_never_whom_the_caller_names() -> None:
    seen: dict[str, Any] = {}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)

    trusted = read_services()["web"]["environment"]["FORWARDED_ALLOW_IPS"]
    server = ProxyHeadersMiddleware(application, trusted_hosts=trusted)
    headers = [(b"x-forwarded-for", b"203.0.113.7"), (b"x-forwarded-proto", b"https")]
    scope = {"type": "http", "scheme": "http", "client": ("172.18.0.5", 4711), "headers": headers}
    asyncio.run(server(scope, None, None))  # type: ignore[arg-type]

    assert seen["client"][0] == "203.0.113.7"
    assert seen["scheme"] == "https"


@pytest.mark.parametrize(
    "claimed",
    [
        {"X-Forwarded-For": "6.6.6.6"},
        {"X-Real-IP": "6.6.6.6"},
        {"Forwarded": "for=6.6.6.6"},
        {"X-Client-IP": "6.6.6.6"},
    ],
)
def test_limits_count_by_the_address_of_the_connection(claimed: Mapping[str, str]) -> None:
    request = RequestFactory().post("/account/login/", headers=claimed, REMOTE_ADDR="203.0.113.7")

    assert get_client_ip(request) == "203.0.113.7"
