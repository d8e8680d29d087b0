"""nginx with the configuration of `deploy/nginx`, started as the proxy's image does, on free ports."""

import os
import re
import shutil
import ssl
import subprocess
from pathlib import Path

from tests.deploy.files import CHECKOUT, read_stages
from tests.deploy.servers import SYSTEM_PATH, free_port, system_program
from tests.faults.live_stack import Process

HOST = "localhost"


class Proxy:
    """A folder laid out like the image's, and nginx in it.

    Args:
        folder: made for this proxy; nginx's own user must be able to pass all folders above.
        application: host:port where the web server listens.
    """

    def __init__(self, folder: Path, application: str) -> None:
        self.folder = folder
        self.application = application
        self.http_port = free_port()
        self.https_port = free_port()
        self.process: Process | None = None
        shutil.copytree(CHECKOUT / "deploy" / "nginx", folder)
        (folder / "run").mkdir()
        (folder / "public" / "static").mkdir(parents=True)
        self.preparation = self.prepare(folder / "prepared", self.https_port)
        (folder / "certificates").symlink_to(self.preparation / "certificates")
        (folder / "acme").symlink_to(self.preparation / "acme")
        self._lead_to(application)

    @staticmethod
    def prepare(folder: Path, port: int) -> Path:
        """Run `deploy/compose/prepare.sh` in a copy of its folder, and return the folder."""
        shutil.copytree(
            CHECKOUT / "deploy" / "compose",
            folder,
            ignore=shutil.ignore_patterns("*.env", "certificates", "acme"),
        )
        done = subprocess.run(
            ["sh", folder / "prepare.sh", HOST, str(port)], capture_output=True, text=True, cwd="/"
        )
        assert done.returncode == 0, done.stderr
        return folder

    def _lead_to(self, application: str) -> None:
        """Put our ports and the web server's address in, and change nothing else."""
        site = self.folder / "site.conf"
        text = site.read_text()
        for pattern, place in (
            (r"listen 8080 ", f"listen 127.0.0.1:{self.http_port} "),
            (r"listen 8443 ", f"listen 127.0.0.1:{self.https_port} "),
            (r"set \$application web:8000;", f"set $application {application};"),
        ):
            text, count = re.subn(pattern, place, text)
            assert count == 1, pattern
        site.write_text(text)

    @property
    def address(self) -> str:
        """Where people open it."""
        return f"https://{HOST}:{self.https_port}"

    @property
    def certificate(self) -> Path:
        """What signs it."""
        return self.folder / "certificates" / "certificate.pem"

    def trusting(self) -> ssl.SSLContext:
        """A client's context that trusts this proxy and nobody else."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def command(self) -> list[str]:
        """The command of the proxy's image, in this folder."""
        words = read_stages()["proxy"].command("CMD")
        assert words[:3] == ["nginx", "-p", "/srv/proxy/"]
        return [system_program("nginx") or "nginx", "-p", f"{self.folder}/", *words[3:]]

    def check(self) -> subprocess.CompletedProcess[str]:
        """Have nginx read its configuration."""
        return subprocess.run([*self.command(), "-t"], capture_output=True, text=True)

    def start(self) -> Process:
        """Start nginx; it answers a moment later."""
        log = self.folder / "nginx.log"
        self.process = Process(
            self.command(), {"PATH": SYSTEM_PATH, "LANG": os.environ.get("LANG", "C")}, log
        )
        return self.process

    def close(self) -> None:
        """End nginx."""
        if self.process is not None:
            self.process.kill()
