"""Where the embedded servers of this checkout keep their data, sockets, locks and logs.

An ordinary user's servers live in `var/` of the checkout. PostgreSQL refuses to run as root, and the user it
then runs as may not be able to enter the checkout (a home is often closed). So root's servers live in
`/var/lib/leadledger/<key of the checkout>`, and no folder above the checkout ever changes its mode.

Sockets have a place of their own: the path of a unix socket ends at 107 bytes, a checkout's may be longer.
Everything here depends on the path of the checkout and the user alone, so that every process finds the same.
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
    """Create a folder in `var/` (with those above it, up to the checkout).

    What root creates is given to the owner of the checkout, who could not work there otherwise.

    Raises:
        EmbeddedError: the folder cannot be made or written.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            give_to_owner_of_checkout(folder)
    except OSError as error:
        raise EmbeddedError(f"Cannot create {path} ({error.strerror}): make the checkout writable.") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise EmbeddedError(f"Cannot write in {path}: it belongs to another user. Remove it or change its owner.")
    return path


def give_to_owner_of_checkout(path: Path) -> None:
    """As root, hand a file in `var/` to whoever owns the checkout."""
    if runs_as_root():
        owner = CHECKOUT.stat()
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def make_private_directory(path: Path, owner: int) -> None:
    """Create a folder that only user number `owner` (and root) may enter, or check that it is one.

    Raises:
        EmbeddedError: something else stands there: a link, or a folder of somebody else or open to others.
    """
    try:
        path.mkdir(mode=0o700)
        # The mask may have taken bits away, and root makes it for another user.
        path.chmod(0o700)
        if owner != os.geteuid():
            os.chown(path, owner, -1)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise EmbeddedError(
                f"{path} is not a private folder of this user (mode 700), so it cannot hold the servers' sockets: "
                "remove it, or set DATABASE_URL and REDIS_URL to servers of your own."
            ) from None
    except OSError as error:
        raise EmbeddedError(f"Cannot create {path}: {error.strerror}.") from error


def secret_key() -> str:
    """The key that signs cookies where SECRET_KEY is not set: random, made once, kept in `var/secret_key`.

    Raises:
        EmbeddedError: it is not there and cannot be written.
    """
    path = STATE / "secret_key"
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        pass
    except OSError as error:
        raise EmbeddedError(f"Cannot read {path} ({error.strerror}): set SECRET_KEY.") from error
    make_state_directory(STATE)
    draft = path.with_name(f"secret_key.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        give_to_owner_of_checkout(draft)
        try:
            # Whole or not at all, and the first of several processes wins.
            os.link(draft, path)
        except FileExistsError:
            pass
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise EmbeddedError(f"Cannot write {path} ({error.strerror}): set SECRET_KEY.") from error
    finally:
        draft.unlink(missing_ok=True)


def log_file(name: str) -> Path:
    """The path of a log in `var/log`, its folder made; one that has grown past 10 MB is set aside as `.1`."""
    path = make_state_directory(LOGS) / f"{name}.log"
    if path.exists() and path.stat().st_size > 10 * 1024 * 1024:
        path.replace(path.with_suffix(".log.1"))
    if not path.exists():
        path.touch()
        give_to_owner_of_checkout(path)
    return path


def last_lines(path: Path, start: int = 0, count: int = 12) -> str:
    """The last lines of a log, indented, of what was written after byte `start`."""
    with path.open("rb") as file:
        file.seek(start)
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(f"    {line}" for line in lines[-count:])
