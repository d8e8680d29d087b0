"""The services of compose.yaml, by its own commands, on PostgreSQL 15 and Redis, behind nginx with TLS."""

import http.client
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.deployment import Deployment, SecureVisitor, chosen_columns
from tests.deploy.servers import SystemServers, free_port
from tests.deploy.test_proxy import wait_for_port

pytestmark = [pytest.mark.verify, pytest.mark.timeout(300)]

EMAIL = "operations@acme.example"
PASSWORD = "a quiet river at dawn"
CONFIGURATION = Path(__file__).parents[1] / "data" / "loan_leads" / "configuration.json"
LEADS = 40
# uvicorn finishes what is under way, then ends by the signal it was sent.
ENDED_AS_ASKED = (0, -signal.SIGTERM)


@pytest.fixture(scope="module")
def deployment(servers: SystemServers, open_folder: Path) -> Iterator[Deployment]:
    """Everything, started in the order of `depends_on`."""
    deployment = Deployment(servers, open_folder)
    try:
        deployment.collect_static_files()
        deployment.run("migrate")
        for service in ("web", "worker", "beat"):
            deployment.start(service)
        deployment.wait_for(lambda: deployment.probe("web"), "the web server works")
        deployment.proxy.start()
        wait_for_port(deployment.proxy.https_port)
        for service in ("worker", "beat"):
            deployment.wait_for(lambda service=service: deployment.probe(service), f"{service} works")
        manage(deployment, "create_organization", "acme", "--name", "Acme Loans")
        role = ["--organization", "acme", "--role", "operations", "--password", PASSWORD]
        manage(deployment, "create_user", EMAIL, *role)
        manage(deployment, "import_configuration", CONFIGURATION, "--organization", "acme", "--skip-unknown")
        yield deployment
    finally:
        deployment.close()


def manage(deployment: Deployment, *words: str | Path) -> str:
    """A management command, as `docker compose run --rm web python manage.py …`."""
    return deployment.run("web", "python", "manage.py", *map(str, words))


@pytest.fixture
def visitor(deployment: Deployment) -> SecureVisitor:
    """Somebody signed in through the proxy."""
    visitor = SecureVisitor(deployment.proxy)
    assert visitor.sign_in(EMAIL, PASSWORD).status_code == 302
    return visitor


def test_all_is_ready(deployment: Deployment) -> None:
    answer = SecureVisitor(deployment.proxy).get("/readyz")

    assert answer.status_code == 200, answer.text
    assert all(part["ok"] for part in answer.json()["parts"].values())


def test_the_servers_are_the_ones_that_are_meant(deployment: Deployment) -> None:
    version, user, superuser, encoding = deployment.query(
        "SELECT current_setting('server_version_num')::int / 10000, session_user::text,"
        " current_setting('is_superuser'), current_setting('server_encoding')"
    )[0]

    assert (version, user, superuser, encoding) == (15, "leadledger", "off", "UTF8")


def test_signing_in_gives_cookies_for_https_alone(deployment: Deployment) -> None:
    visitor = SecureVisitor(deployment.proxy)
    page = visitor.get("/account/login/")
    done = visitor.sign_in(EMAIL, PASSWORD)

    assert done.status_code == 302
    cookies = {cookie.name: cookie for cookie in visitor.session.cookies}
    assert set(cookies) == {"leadledger_session", "leadledger_csrf"}
    assert all(cookie.secure for cookie in cookies.values())
    assert "HttpOnly" in done.headers["Set-Cookie"]
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert "uvicorn" not in page.headers["Server"]


def test_a_form_from_elsewhere_is_refused(deployment: Deployment) -> None:
    visitor = SecureVisitor(deployment.proxy)
    visitor.get("/account/login/")
    visitor.address = "https://elsewhere.example"

    answer = visitor.post(
        f"{deployment.proxy.address}/account/login/", {"login": EMAIL, "password": PASSWORD}
    )

    assert answer.status_code == 403


def test_another_host_is_refused(deployment: Deployment) -> None:
    assert SecureVisitor(deployment.proxy).get("/account/login/", Host="evil.example").status_code == 400


def test_pages_name_static_files_that_nginx_has_compressed(
    deployment: Deployment, visitor: SecureVisitor
) -> None:
    page = visitor.get("/leads/")
    named = set(re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page.text))

    assert page.headers["Content-Encoding"] == "gzip"
    assert len(named) > 5
    for path in named:
        answer = visitor.get(path)
        assert re.search(r"\.[0-9a-f]{12}\.", path), path
        assert answer.status_code == 200, path
        assert answer.headers["Content-Encoding"] == "gzip", path
        assert "immutable" in answer.headers["Cache-Control"], path
        assert "X-Request-ID" not in answer.headers, "the application was asked"


def test_a_file_is_checked_and_loaded_by_the_worker(
    deployment: Deployment, visitor: SecureVisitor, tmp_path: Path
) -> None:
    rows = (CONFIGURATION.parent / "loan_leads.csv").read_text().splitlines()[: LEADS + 1]
    file = tmp_path / "leads.csv"
    file.write_text("\n".join(rows) + "\n")

    received = visitor.post("/imports/new/", {"line": "personal_loan", "on_duplicate": ""}, file=file)
    assert received.status_code == 302, received.text
    place = received.headers["Location"]
    visitor.post(f"{place}match/", chosen_columns(visitor.get(place).text))
    wait_for_job(deployment, place)
    assert visitor.post(f"{place}load/").status_code == 302
    wait_for_job(deployment, place)

    number = int(re.findall(r"\d+", place)[-1])
    counts = "SELECT data_rows, accepted + rejected + duplicate, accepted FROM core_intake WHERE id = %s"
    data_rows, judged, accepted = deployment.query(counts, number)[0]
    listed = visitor.get("/api/v1/leads?page_size=500").json()["results"]
    assert data_rows == judged == LEADS
    assert len(listed) == accepted > 0


def wait_for_job(deployment: Deployment, place: str) -> None:
    number = int(re.findall(r"\d+", place)[-1])
    state = "SELECT j.state FROM core_intake i JOIN core_job j ON j.id = i.job_id WHERE i.id = %s"
    deployment.wait_for(lambda: deployment.query(state, number) == [("done",)], "the worker has done its job")


def test_a_backup_is_made_by_its_service_and_can_be_read(deployment: Deployment) -> None:
    deployment.run("backup")

    made = list((deployment.folder / "backups").glob("leadledger-*Z.zip"))
    assert len(made) == 1
    assert made[0].stat().st_size > 10_000


def test_nothing_writes_beside_the_code(deployment: Deployment) -> None:
    # Its file system is read-only in compose.yaml.
    written = [path for path in deployment.application.rglob("*") if path.name in ("var", "__pycache__")]

    assert written == []


def test_logs_hold_no_query_no_password_and_no_secret(deployment: Deployment, visitor: SecureVisitor) -> None:
    visitor.get("/leads/?q=9812345670")

    said = deployment.logs() + (deployment.proxy.process.log_text() if deployment.proxy.process else "")
    for secret in ("9812345670", PASSWORD, deployment.environment("web")["SECRET_KEY"]):
        assert secret not in said


@pytest.mark.parametrize("service", ["web", "worker", "beat"])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"DEBUG": "true"}, "DEBUG is on"),
        ({"SECRET_KEY": "", "SITE_URL": "http://leads.example.com"}, "SECRET_KEY is not set"),
    ],
)
def test_a_service_with_insecure_settings_ends_and_says_why(
    deployment: Deployment, service: str, changes: dict[str, str], words: str
) -> None:
    running = deployment.processes[service]
    refused = deployment.start(service, **changes, UVICORN_PORT=str(free_port()))
    deployment.processes[service] = running

    assert refused.wait(60) == 1
    assert words in refused.log_text()
    assert "Traceback" not in refused.log_text()


def test_a_web_server_asked_to_end_finishes_what_it_was_sent(deployment: Deployment) -> None:
    running = deployment.processes["web"]
    port = free_port()
    web = deployment.start("web", UVICORN_PORT=str(port))
    deployment.processes["web"] = running
    wait_for_port(port)
    body = b"login=nobody%40acme.example&password=wrong"
    upload = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    upload.putrequest("POST", "/account/login/", skip_host=True)
    for name, value in (
        ("Host", deployment.proxy.address.removeprefix("https://")),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Length", str(len(body))),
    ):
        upload.putheader(name, value)
    upload.endheaders()
    upload.send(body[:10])
    # The first half has arrived when a later request is answered.
    later = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    later.request("GET", "/healthz")
    assert later.getresponse().status == 200
    later.close()

    web.ask_to_end()
    deployment.wait_for(lambda: "Shutting down" in web.log_text(), "the web server was told", 10)
    upload.send(body[10:])

    # Without a token the form is refused, in full and by the application.
    answer = upload.getresponse()
    assert answer.status == 403
    assert answer.headers["X-Request-ID"]
    assert web.wait(20) in ENDED_AS_ASKED


def test_the_proxy_passes_to_a_new_web_server_without_a_start_of_its_own(deployment: Deployment) -> None:
    visitor = SecureVisitor(deployment.proxy)
    assert deployment.processes["web"].terminate(30) in ENDED_AS_ASKED

    meanwhile = visitor.get("/account/login/")
    assert (meanwhile.status_code, meanwhile.headers["Retry-After"]) == (503, "10")

    deployment.start("web")
    deployment.wait_for(lambda: deployment.probe("web"), "the web server works again")
    assert visitor.get("/account/login/").status_code == 200


def test_everything_ends_when_it_is_asked(deployment: Deployment) -> None:
    for service in ("beat", "worker", "web"):
        began = time.monotonic()
        status = deployment.processes[service].terminate(30)
        assert status in ENDED_AS_ASKED, f"{service} ended with {status}\n{deployment.logs()}"
        assert time.monotonic() - began < 15
    assert not deployment.probe("web")
    assert deployment.proxy.process
    deployment.proxy.process.signal_group(signal.SIGQUIT)
    assert deployment.proxy.process.wait(20) == 0
