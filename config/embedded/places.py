"""Where the embedded servers of this checkout keep their data, sockets, locks and logs.

An ordinary user's servers live in `var/` of the checkout. PostgreSQL refuses to run as root, and the user it
then runs as may not be able to enter the checkout (a home is often closed). So root's servers live in
`/var/lib/leadledger/<key of the checkout>`, and no folder above the checkout ever changes its mode.

Sockets have a place of their own: the path of a unix socket ends at 107 bytes, a checkout's may be longer.
Everything here depends on the path of the checkout and the user alone, so every process finds the same.
"""

import hashlib
import os
import secrets
import stat
from pathlib import Path

from config.embedded.errors import EmbeddedError

CHECKOUT = Path(__file__).resolve().parents[2]
STATE = CHECKOUT / "var"
LOGS = STATE / "log"
SYSTEM_HOME = Path("/var/lib/leadledger")
LONGEST_LOG_BYTES = 10 * 1024 * 1024


def runs_as_root() -> bool:
    """Whether this process is root, whom PostgreSQL refuses."""
    return os.geteuid() == 0


def checkout_key() -> str:
    """A short name for the checkout, the same in every process: 12 hexadecimal digits of its path's hash."""
    return hashlib.sha256(os.fsencode(CHECKOUT)).hexdigest()[:12]


def home() -> Path:
    """The folder of the servers' data and locks."""
    return SYSTEM_HOME / checkout_key() if runs_as_root() else STATE / "embedded"


def socket_directory() -> Path:
    """The private folder of the servers' sockets; its path is short whatever the checkout's is."""
    if runs_as_root():
        return home() / "run"
    return Path("/tmp") / f"leadledger-{os.geteuid()}-{checkout_key()}"


def make_state_directory(path: Path) -> Path:
    """Create a folder in `var/`, with those between.

    Raises:
        EmbeddedError: the folder cannot be made or written.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            give_to_owner_of_checkout(folder)
    except OSError as error:
        raise EmbeddedError(f"Cannot create {path} ({error.strerror}): make it possible to write.") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise EmbeddedError(f"Cannot write in {path}: it is another user's. Remove it or change its owner.")
    return path


def give_to_owner_of_checkout(path: Path) -> None:
    """Hand what root has made in `var/` to the owner of the checkout, who could not work there otherwise."""
    if runs_as_root():
        owner = CHECKOUT.stat()
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def make_private_directory(path: Path, owner: int) -> None:
    """Create a folder that only user number `owner` (and root) may enter, or check that it is one.

    Raises:
        EmbeddedError: something else stands there: a link, or a folder of somebody else or open to others.
    """
    try:
        path.mkdir(mode=0o700, exist_ok=runs_as_root())
        if runs_as_root():
            # Nobody but root can have put it there, and root makes it for another user.
            os.chown(path, owner, -1)
            path.chmod(0o700)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise EmbeddedError(
                f"{path} is not a private folder of this user (mode 700), so it cannot hold the sockets of "
                "the servers: remove it, or set DATABASE_URL and REDIS_URL to servers of your own."
            ) from None
    except OSError as error:
        raise EmbeddedError(f"Cannot create {path}: {error.strerror}.") from error


def secret_key() -> str:
    """The key that signs cookies where SECRET_KEY is not set: random, made once, kept in `var/secret_key`.

    Raises:
        EmbeddedError: it is not there and cannot be written.
    """
    return _kept_secret(STATE / "secret_key")


def checkout_mark() -> str:
    """A random text that stays with the checkout: a new one at the same path has another."""
    return _kept_secret(STATE / "embedded" / "mark")


def _kept_secret(path: Path) -> str:
    try:
        if not path.exists():
            make_state_directory(path.parent)
            _write_once(path, secrets.token_urlsafe(48))
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise EmbeddedError(f"Cannot read or write {path} ({error.strerror}).") from error


def _write_once(path: Path, text: str) -> None:
    """Write the file whole, unless another process was first; readable by its owner alone."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        draft.touch(mode=0o600, exist_ok=False)
        draft.write_text(text, encoding="ascii")
        give_to_owner_of_checkout(draft)
        if not path.exists():
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def log_file(name: str) -> Path:
    """The path of a log in `var/log`, made if need be; one that has grown past 10 MB is set aside as `.1`.

    Raises:
        EmbeddedError: it cannot be written.
    """
    path = make_state_directory(LOGS) / f"{name}.log"
    try:
        if path.exists() and path.stat().st_size > LONGEST_LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        if not path.exists():
            path.touch()
            give_to_owner_of_checkout(path)
    except OSError as error:
        raise EmbeddedError(f"Cannot write {path} ({error.strerror}).") from error
    return path


def last_lines(path: Path, start: int = 0, count: int = 12) -> str:
    """The last `count` lines, indented, of what was written to a log after byte `start`."""
    with path.open("rb") as file:
        file.seek(start)
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(f"    {line}" for line in lines[-count:])
