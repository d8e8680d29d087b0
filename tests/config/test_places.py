"""Where the embedded servers live, and what reading their addresses does."""

import os
import stat
from pathlib import Path

import pytest

from config.embedded import places
from config.embedded.errors import EmbeddedError
from tests.config.checkout import Checkout

LONGEST_SOCKET_PATH = 107


def test_reading_the_parameters_starts_and_writes_nothing(checkout: Checkout) -> None:
    printed = checkout.says(
        """
        import sys
        from config import embedded
        print(embedded.database_parameters(), embedded.cache_url(), embedded.broker_url())
        print("psutil" in sys.modules, "django" in sys.modules)
        """
    )

    assert printed.endswith("False False")
    assert not (checkout.path / "var").exists()
    assert not checkout.processes()


def test_every_process_of_a_checkout_finds_the_same_address(checkout: Checkout, tmp_path: Path) -> None:
    code = "from config import embedded; print(embedded.redis_url())"
    link = tmp_path / "link"
    link.symlink_to(checkout.path)

    direct = checkout.says(code)
    elsewhere = checkout.says(code, TMPDIR="/var/tmp", XDG_RUNTIME_DIR="/run/user/1", HOME="/nowhere")
    by_link = checkout.says(f"import sys; sys.path.insert(0, {str(link)!r})\n{code}")

    assert direct == elsewhere == by_link


def test_the_socket_of_a_deep_checkout_has_a_short_path(tmp_path: Path) -> None:
    deep = Checkout(tmp_path / "a-folder-with-a-long-name" / ("b" * 100) / ("c" * 100))
    address = deep.says("from config.embedded.postgresql import PostgreSQL; print(PostgreSQL().address)")

    assert len(str(deep.path)) > 200
    assert len(f"{address}.lock") < LONGEST_SOCKET_PATH


@pytest.fixture
def ordinary_user(monkeypatch: pytest.MonkeyPatch) -> int:
    """The number of the user who runs the test, who is taken for an ordinary one."""
    monkeypatch.setattr(places, "runs_as_root", lambda: False)
    return os.geteuid()


def test_a_private_folder_is_made_once_and_found_again(tmp_path: Path, ordinary_user: int) -> None:
    folder = tmp_path / "sockets"

    places.make_private_directory(folder, ordinary_user)
    places.make_private_directory(folder, ordinary_user)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path, ordinary_user: int) -> None:
    folder = tmp_path / "sockets"
    folder.mkdir(mode=0o755)

    with pytest.raises(EmbeddedError, match="not a private folder of this user"):
        places.make_private_directory(folder, ordinary_user)


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path, ordinary_user: int) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "sockets").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(EmbeddedError, match="not a private folder of this user"):
        places.make_private_directory(tmp_path / "sockets", ordinary_user)


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, ordinary_user: int) -> None:
    (tmp_path / "sockets").mkdir(mode=0o700)

    with pytest.raises(EmbeddedError, match="not a private folder of this user"):
        places.make_private_directory(tmp_path / "sockets", ordinary_user + 1)


def test_the_secret_key_is_made_once_and_readable_by_its_owner_alone(checkout: Checkout) -> None:
    code = "from config import embedded; print(embedded.secret_key())"

    first, second = checkout.says(code), checkout.says(code)

    assert first == second
    assert len(first) >= 50
    assert stat.S_IMODE((checkout.path / "var" / "secret_key").stat().st_mode) == 0o600


def test_a_log_that_has_grown_is_set_aside(checkout: Checkout) -> None:
    log = checkout.path / "var" / "log" / "web.log"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"x" * (places.LONGEST_LOG_BYTES + 1))

    checkout.says("from config.embedded import places; places.log_file('web')")

    assert log.stat().st_size == 0
    assert log.with_name("web.log.1").stat().st_size > places.LONGEST_LOG_BYTES
