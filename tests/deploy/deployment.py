"""The services of compose.yaml by hand: the image's files in a folder, its environment, its commands.

What an engine would add is replaced and nothing else: the servers' addresses, the ports, the folders of volumes.
"""

import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import requests

from tests.deploy.files import (
    CHECKOUT,
    copied_paths,
    image_environment,
    read_environment,
    read_services,
    read_stages,
)
from tests.deploy.proxy import Proxy
from tests.deploy.servers import SystemServers, free_port
from tests.faults.live_stack import Process

START_SECONDS = 90.0
Found = TypeVar("Found")


class Deployment:
    """All services but the servers, which are the system's."""

    def __init__(self, servers: SystemServers, folder: Path) -> None:
        self.servers = servers
        self.folder = folder
        self.application = folder / "app"
        self.services = read_services()
        self.processes: dict[str, Process] = {}
        self._logs = 0
        self._copy_files()
        for name in ("media", "static", "backups", "tmp"):
            (folder / name).mkdir()
        self.web_port = free_port()
        self.proxy = Proxy(folder / "proxy", f"127.0.0.1:{self.web_port}")
        self._image = image_environment("application")
        self._given = read_environment(self.proxy.preparation / "application.env")

    def _copy_files(self) -> None:
        """Lay out /app as the image has it."""
        ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
        for source, target in copied_paths().items():
            if source.startswith(("deploy/", "requirements")):
                continue
            place = self.application / target
            if (CHECKOUT / source).is_dir():
                shutil.copytree(CHECKOUT / source, place, ignore=ignore)
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(CHECKOUT / source, place)

    def environment(self, service: str, **changes: str) -> dict[str, str]:
        """The variables a service gets, nothing of this process among them."""
        own = {name: str(value) for name, value in self.services[service].get("environment", {}).items()}
        places = {
            **self.servers.environment,
            "PATH": f"{Path(sys.executable).parent}:{self.servers.environment['PATH']}",
            "STATIC_ROOT": str(self.folder / "static"),
            "MEDIA_ROOT": str(self.folder / "media"),
            "TMPDIR": str(self.folder / "tmp"),
            "UVICORN_HOST": "127.0.0.1",
            "UVICORN_PORT": str(self.web_port),
        }
        if "BEAT_PULSE_FILE" in own:
            own["BEAT_PULSE_FILE"] = str(self.folder / "beat")
        return {**self._image, **self._given, **own, **places, **changes}

    def command(self, service: str) -> list[str]:
        """The command of a service, word by word, with the backup volume where it is here."""
        words = [str(word) for word in self.services[service]["command"]]
        return [word.replace("/srv/backups", str(self.folder / "backups")) for word in words]

    def collect_static_files(self) -> None:
        """Do what the image's build does."""
        for line in read_stages()["static-files"].texts("RUN"):
            # What the build has: the image's variables, no server.
            environment = {**self._image, "PATH": self.environment("web")["PATH"]}
            environment["STATIC_ROOT"] = str(self.folder / "static")
            self._run(["sh", "-c", line], environment)
        static = self.proxy.folder / "public" / "static"
        static.rmdir()
        static.symlink_to(self.folder / "static")

    def run(self, service: str, *words: str) -> str:
        """Run a service to its end, or other words in its place; return what it printed."""
        return self._run(list(words) or self.command(service), self.environment(service))

    def _run(self, words: list[str], environment: dict[str, str]) -> str:
        done = subprocess.run(
            words, cwd=self.application, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"{shlex.join(words)} ended with {done.returncode}:\n{done.stderr}"
        return done.stdout

    def start(self, service: str, **changes: str) -> Process:
        """Start a service."""
        self._logs += 1
        log = self.folder / f"{service}-{self._logs}.log"
        process = Process(self.command(service), self.environment(service, **changes), log, self.application)
        self.processes[service] = process
        return process

    def probe(self, service: str) -> bool:
        """Whether the health check of a service, compose's or the image's, says that it works."""
        own = self.services[service].get("healthcheck", {}).get("test")
        words = own[1:] if own else read_stages()["application"].command("HEALTHCHECK")
        return (
            subprocess.run(
                words, cwd=self.application, env=self.environment(service), capture_output=True
            ).returncode
            == 0
        )

    def wait_for(self, look: Callable[[], Found], what: str, seconds: float = START_SECONDS) -> Found:
        """Look until there is something to see, and return it; fail with the logs."""
        deadline = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < deadline, f"Not within {seconds:.0f} s: {what}\n{self.logs()}"
            time.sleep(0.1)
        return found

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Execute a statement as the owner of the tables."""
        with psycopg.connect(self.servers.database_url(), autocommit=True) as connection:
            return connection.execute(statement, values).fetchall()  # type: ignore[call-overload,no-any-return]

    def logs(self) -> str:
        """The last lines of every process."""
        return "\n".join(
            "\n".join([f"--- {name}", *process.log_text().splitlines()[-20:]])
            for name, process in self.processes.items()
        )

    def close(self) -> None:
        """End everything."""
        self.proxy.close()
        for process in self.processes.values():
            process.kill()


class SecureVisitor:
    """Somebody with a browser on the other side of the proxy: HTTPS, cookies, forms."""

    def __init__(self, proxy: Proxy) -> None:
        self.address = proxy.address
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(proxy.certificate)

    def get(self, path: str, **headers: str) -> requests.Response:
        """Open an address; redirects are followed."""
        return self.session.get(self._url(path), headers=headers, timeout=60)

    def post(self, path: str, values: dict[str, str] | None = None, **files: Path) -> requests.Response:
        """Send a form; the answer is the redirect itself."""
        return self.session.post(
            self._url(path),
            data=values,
            files={name: (file.name, file.read_bytes()) for name, file in files.items()} or None,
            headers={
                "X-CSRFToken": self.session.cookies.get("leadledger_csrf") or "",
                "Referer": self.address + "/",
            },
            allow_redirects=False,
            timeout=60,
        )

    def sign_in(self, email: str, password: str) -> requests.Response:
        """Go through the page of signing in."""
        self.get("/account/login/")
        return self.post("/account/login/", {"login": email, "password": password})

    def _url(self, path: str) -> str:
        return path if path.startswith("https://") else self.address + path


def chosen_columns(page: str) -> dict[str, str]:
    """What the page of matching columns suggests: select → option."""
    chosen = {}
    for select, options in re.findall(r'<select name="(column_\d+)"(.*?)</select>', page, re.DOTALL):
        option = re.search(r'<option value="([^"]*)"\s+selected', options)
        chosen[select] = option[1] if option else ""
    return chosen
