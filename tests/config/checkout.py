"""A small checkout elsewhere, in which the embedded servers are tried with real processes."""

import os
import shutil
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

SOURCE = Path(__file__).resolve().parents[2]
STAY = "\nprint('here', flush=True)\nimport sys\nsys.stdin.read()\n"
JOIN = "from config import embedded; embedded.ensure_running()"
CONNECT = JOIN + (
    "; import psycopg; p = embedded.database_parameters()"
    "; c = psycopg.connect(host=p['HOST'], port=p['PORT'], user=p['USER'], dbname=p['NAME'], autocommit=True)"
)


class Checkout:
    """A folder with the project's `config` package, and processes started in it.

    `python` begins each command line: the interpreter, and before it what runs it as another user.
    """

    def __init__(self, path: Path, python: Sequence[str] = (sys.executable,)) -> None:
        self.path = path
        self._python = python
        if (path / "config").exists():
            return
        (path / "config").mkdir(parents=True)
        for part in ("__init__.py", "parent_process.py", "supervisor.py"):
            shutil.copy(SOURCE / "config" / part, path / "config" / part)
        skipped = shutil.ignore_patterns("__pycache__")
        shutil.copytree(SOURCE / "config" / "embedded", path / "config" / "embedded", ignore=skipped)

    def command(self, *arguments: str) -> list[str]:
        """The command line of a Python in the checkout."""
        return [*self._python, *arguments]

    def environment(self, changes: Mapping[str, str]) -> dict[str, str]:
        """The environment of the checkout's processes: no server of ours, nothing written beside the code."""
        kept = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
        return kept | {"PYTHONDONTWRITEBYTECODE": "1"} | changes

    def run(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run Python to its end; `changes` are variables of its environment."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.path,
            env=self.environment(changes),
            capture_output=True,
            text=True,
            timeout=120,
        )

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start Python, and do not wait for its end."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.path,
            env=self.environment({}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def says(self, code: str, **changes: str) -> str:
        """What a piece of Python prints; it must end well."""
        done = self.run("-c", textwrap.dedent(code), **changes)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @contextmanager
    def user(self, code: str = JOIN) -> Iterator[subprocess.Popen[str]]:
        """A process that uses the servers while the block runs, and then ends by itself."""
        process = self.begin("-c", code + STAY)
        assert process.stdin and process.stdout
        try:
            assert process.stdout.readline() == "here\n"
            yield process
        finally:
            process.stdin.close()
            process.wait(10)
            process.stdout.close()

    def processes(self) -> list[psutil.Process]:
        """Every living process that belongs to this checkout's servers."""
        key = self.says("from config.embedded import places; print(places.checkout_key())")
        return [process for process in psutil.process_iter() if self._is_ours(process, key)]

    def _is_ours(self, process: psutil.Process, key: str) -> bool:
        try:
            line = " ".join(process.cmdline())
            return key in line or ("config.embedded keep" in line and Path(process.cwd()) == self.path)
        except psutil.Error:
            return False

    def named(self, text: str) -> psutil.Process:
        """The one process of the servers whose command line contains `text`."""
        (found,) = [process for process in self.processes() if text in " ".join(process.cmdline())]
        return found

    def remove(self) -> None:
        """Stop the servers and delete what they stored."""
        eventually(lambda: self.run("-m", "config.embedded", "remove").returncode == 0)


def eventually(condition: Callable[[], object], seconds: float = 15) -> None:
    """Wait until the condition holds; what happens in other processes takes its time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def modes_above(path: Path) -> dict[Path, int]:
    """Mode and owner of every folder above `path`, it included."""
    return {folder: _mode_and_owner(folder) for folder in (path, *path.parents)}


def _mode_and_owner(folder: Path) -> int:
    found = folder.stat()
    return hash((stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid))
