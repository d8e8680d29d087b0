"""nginx by itself: what reaches the application, what does not, and what nginx says in its place."""

import gzip
import json
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.deploy.echo import EchoServer
from tests.deploy.proxy import HOST, Proxy

pytestmark = [pytest.mark.verify, pytest.mark.usefixtures("programs")]

HASHED = "css/base.0123456789ab.css"
RULES = b"body { color: black }\n" * 100


@pytest.fixture(scope="module")
def proxy(programs: None, open_folder: Path) -> Iterator[Proxy]:
    application = EchoServer()
    proxy = Proxy(open_folder / "proxy", application.address)
    static = proxy.folder / "public" / "static"
    (static / "css").mkdir()
    for name in (HASHED, "css/base.css"):
        (static / name).write_bytes(RULES)
        (static / f"{name}.gz").write_bytes(gzip.compress(RULES))
    try:
        process = proxy.start()
        wait_for_port(proxy.https_port)
        yield proxy
        assert "[emerg]" not in process.log_text()
    finally:
        proxy.close()
        application.close()


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "nginx does not answer"
            time.sleep(0.02)


def ask(proxy: Proxy, path: str, method: str = "GET", **options: object) -> requests.Response:
    return requests.request(
        method,
        proxy.address + path,
        verify=str(proxy.certificate),
        timeout=30,
        allow_redirects=False,
        **options,
    )


def headers_that_arrive(proxy: Proxy, sent: dict[str, str]) -> dict[str, str]:
    answer = ask(proxy, "/leads/", headers=sent).json()
    names = [name.lower() for name, _value in answer["headers"]]
    assert len(names) == len(set(names)), "a header arrives twice"
    return {name.lower(): value for name, value in answer["headers"]}


def test_the_configuration_is_valid(proxy: Proxy) -> None:
    done = proxy.check()

    assert done.returncode == 0, done.stderr
    assert "[warn]" not in re.sub(r'.*the "user" directive makes sense only.*', "", done.stderr)


def test_the_health_check_of_the_image_sees_nginx(proxy: Proxy) -> None:
    script = (proxy.folder / "healthcheck.sh").read_text()

    def status(port: int) -> int:
        there = script.replace("/8080", f"/{port}")
        return subprocess.run(["bash", "-c", there], capture_output=True).returncode

    assert script.count("/8080") == 1
    assert status(proxy.http_port) == 0
    assert status(1) != 0


def test_plain_http_leads_to_https(proxy: Proxy) -> None:
    answer = requests.post(
        f"http://127.0.0.1:{proxy.http_port}/leads/?q=a",
        headers={"Host": HOST},
        allow_redirects=False,
        timeout=10,
    )

    assert answer.status_code == 308
    assert answer.headers["Location"] == f"https://{HOST}/leads/?q=a"


def test_a_certificate_authority_is_answered_by_plain_http(proxy: Proxy) -> None:
    challenges = proxy.preparation / "acme" / ".well-known" / "acme-challenge"
    challenges.mkdir(parents=True)
    (challenges / "token").write_text("proof")

    answer = requests.get(f"http://127.0.0.1:{proxy.http_port}/.well-known/acme-challenge/token", timeout=10)

    assert (answer.status_code, answer.text) == (200, "proof")


def test_a_new_certificate_is_served_after_a_reload(proxy: Proxy) -> None:
    before = ssl.get_server_certificate(("127.0.0.1", proxy.https_port))
    renewed = Proxy.prepare(proxy.folder / "renewed", 443) / "certificates"
    for path in renewed.iterdir():
        path.replace(proxy.preparation / "certificates" / path.name)

    assert proxy.process is not None
    former = psutil.Process(proxy.process.pid).children()
    subprocess.run([*proxy.command(), "-s", "reload"], check=True, capture_output=True)

    # Former workers take connections for another moment, beside the new ones.
    _gone, alive = psutil.wait_procs(former, timeout=20)
    assert alive == []
    after = ssl.get_server_certificate(("127.0.0.1", proxy.https_port))
    assert after != before
    assert after.strip() == proxy.certificate.read_text().strip()


def test_http_2_over_modern_tls(proxy: Proxy) -> None:
    context = proxy.trusting()
    context.set_alpn_protocols(["h2", "http/1.1"])

    with (
        socket.create_connection(("127.0.0.1", proxy.https_port)) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as secure,
    ):
        assert secure.selected_alpn_protocol() == "h2"
        assert secure.version() == "TLSv1.3"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_older_tls_is_refused(proxy: Proxy) -> None:
    context = proxy.trusting()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1

    with (
        socket.create_connection(("127.0.0.1", proxy.https_port)) as plain,
        pytest.raises(ssl.SSLError, match="alert protocol version"),
    ):
        context.wrap_socket(plain, server_hostname=HOST)


def test_the_application_learns_who_calls_from_the_proxy_alone(proxy: Proxy) -> None:
    arrived = headers_that_arrive(
        proxy,
        {
            "X-Forwarded-For": "6.6.6.6",
            "X-Forwarded-Proto": "http",
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Port": "1",
            "X-Real-IP": "6.6.6.6",
            "Forwarded": "for=6.6.6.6",
            "X-Request-ID": "chosen by the caller",
        },
    )

    assert arrived["x-forwarded-for"] == "127.0.0.1"
    assert arrived["x-forwarded-proto"] == "https"
    assert arrived["host"] == f"{HOST}:{proxy.https_port}"
    assert re.fullmatch("[0-9a-f]{32}", arrived["x-request-id"])
    assert "6.6.6.6" not in str(arrived)
    assert not {"x-forwarded-host", "x-forwarded-port", "x-real-ip", "forwarded"} & set(arrived)


def test_names_with_underscores_do_not_pass_for_headers(proxy: Proxy) -> None:
    assert "6.6.6.6" not in str(headers_that_arrive(proxy, {"X_Forwarded_For": "6.6.6.6"}))


def test_a_web_socket_may_be_opened(proxy: Proxy) -> None:
    arrived = ask(proxy, "/ws/live/", headers={"Connection": "Upgrade", "Upgrade": "websocket"}).json()[
        "headers"
    ]

    assert ["Upgrade", "websocket"] in arrived
    assert ["Connection", "upgrade"] in arrived


def test_bodies_go_through_up_to_the_limit_of_the_application(proxy: Proxy) -> None:
    megabyte = 1024 * 1024

    assert ask(proxy, "/imports/new/", "POST", data=b"x" * (6 * megabyte)).json()["body"] == 6 * megabyte
    refused = ask(proxy, "/imports/new/", "POST", headers={"Content-Length": str(506 * megabyte)}, data=b"")
    assert refused.status_code == 413
    assert "split the file" in refused.text


def test_a_body_without_a_length_goes_through(proxy: Proxy) -> None:
    assert ask(proxy, "/leads/", "POST", data=iter([b"a" * 1000, b"b" * 500])).json()["body"] == 1500


def test_the_api_is_refused_in_its_own_shape(proxy: Proxy) -> None:
    answer = ask(proxy, "/api/v1/leads", "POST", headers={"Content-Length": str(506 * 1024 * 1024)}, data=b"")

    assert answer.status_code == 413
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json()["type"] == "client_error"
    assert answer.json()["errors"][0]["code"] == "too_large"
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


def test_files_with_a_hash_are_kept_for_ever_and_sent_compressed(proxy: Proxy) -> None:
    answer = ask(proxy, f"/static/{HASHED}", headers={"Accept-Encoding": "gzip"})

    assert answer.status_code == 200
    assert answer.content == RULES
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Length"] == str(len(gzip.compress(RULES)))
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "max-age=315360000" in answer.headers["Cache-Control"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_files_without_a_hash_are_asked_for_again(proxy: Proxy) -> None:
    answer = ask(proxy, "/static/css/base.css", headers={"Accept-Encoding": "identity"})

    assert answer.content == RULES
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Cache-Control"] == "max-age=3600"


def test_files_of_another_version_are_asked_of_the_application(proxy: Proxy) -> None:
    path = "/static/css/base.ba9876543210.css"

    assert ask(proxy, path).json()["path"] == path


@pytest.mark.parametrize(
    "path",
    [
        "/static/../nginx.conf",
        "/static/%2e%2e/nginx.conf",
        "/static/..%2f..%2fcertificates/key.pem",
        "/certificates/key.pem",
        "/static../site.conf",
    ],
)
def test_no_other_file_can_be_read(proxy: Proxy, path: str) -> None:
    prepared = requests.Request("GET", proxy.address).prepare()
    prepared.url = proxy.address + path

    with requests.Session() as session:
        answer = session.send(prepared, verify=str(proxy.certificate), timeout=10)

    assert answer.status_code == 400 or "of-the-application" in answer.headers.values()


def test_large_answers_are_compressed_on_the_way(proxy: Proxy) -> None:
    answer = ask(proxy, "/big", headers={"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.json()["filling"].startswith("lead ")


@pytest.mark.parametrize("path", ["/account/login/", "/api/v1/auth/login", "/api/login"])
def test_sign_in_is_fenced_and_nothing_else_with_it(proxy: Proxy, path: str) -> None:
    # An office that signs in at nine passes; a script that tries passwords does not.
    answers = [ask(proxy, path, "POST") for _attempt in range(120)]
    refused = [answer for answer in answers if answer.status_code == 429]

    assert len(refused) >= 20
    assert refused[0].headers["Retry-After"] == "60"
    assert "Wait a minute" in refused[0].text
    assert ask(proxy, "/account/login/").status_code == 200
    assert ask(proxy, "/leads/", "POST").status_code == 200
    assert ask(proxy, "/api/v1/auth/refresh", "POST").status_code == 200


def test_readiness_is_not_asked_of_the_database_without_end(proxy: Proxy) -> None:
    statuses = {ask(proxy, "/readyz").status_code for _attempt in range(30)}

    assert 429 in statuses
    assert ask(proxy, "/healthz").status_code == 200


def test_the_log_has_the_id_of_the_application_and_no_query(proxy: Proxy) -> None:
    ask(proxy, "/leads/?q=7418529630")

    assert proxy.process
    lines = [line for line in proxy.process.log_text().splitlines() if '"path":"/leads/"' in line]
    entry = json.loads(lines[-1])
    assert entry["request_id"] == "of-the-application"
    assert entry["status"] == 200
    assert "7418529630" not in proxy.process.log_text()


def test_an_application_that_is_away_is_told_in_words(programs: None, open_folder: Path) -> None:
    alone = Proxy(open_folder / "alone", "127.0.0.1:1")
    try:
        alone.start()
        wait_for_port(alone.https_port)
        page, call = ask(alone, "/leads/"), ask(alone, "/api/v1/leads")
    finally:
        alone.close()

    assert (page.status_code, call.status_code) == (503, 503)
    assert "Reload this page" in page.text
    assert page.headers["Retry-After"] == "10"
    assert page.headers["Strict-Transport-Security"]
    assert call.json()["errors"][0]["code"] == "unavailable"
