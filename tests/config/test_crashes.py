"""The embedded servers after crashes: whatever was killed, the next start works and the data is there."""

import os
import signal
import stat
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.config.checkout import CONNECT, JOIN, Checkout, eventually, modes_above
from tests.config.conftest import NOBODY

pytestmark = pytest.mark.verify

WRITE = (
    CONNECT
    + "; c.execute('CREATE TABLE IF NOT EXISTS kept (n int)'); c.execute('INSERT INTO kept VALUES (1)')"
)
READ = CONNECT + "; print(c.execute('SELECT count(*) FROM kept').fetchone()[0])"
PING = JOIN + (
    "; from config.embedded.redis_server import Redis; server = Redis()"
    "; print(server.is_ready(server.find_running()))"
)


def data_folder(checkout: Checkout) -> Path:
    return Path(checkout.says("from config.embedded.postgresql import PostgreSQL; print(PostgreSQL().data)"))


def kill(*processes: psutil.Process) -> None:
    for process in processes:
        process.kill()
    eventually(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes))


def servers_still_work(checkout: Checkout, rows: int) -> bool:
    return checkout.says(READ) == str(rows) and checkout.says(PING) == "True"


def test_everything_killed_three_times_over(checkout: Checkout) -> None:
    for round_ in range(1, 4):
        with checkout.user(WRITE) as user:
            kill(*checkout.processes(), psutil.Process(user.pid))
        assert servers_still_work(checkout, round_)


def test_killed_in_the_middle_of_writing(checkout: Checkout) -> None:
    busy = CONNECT + (
        "; c.execute('CREATE TABLE kept (n int)'); c.execute('INSERT INTO kept VALUES (1)')"
        "; print('here', flush=True); c.execute('INSERT INTO kept SELECT generate_series(1, 50000000)')"
    )
    user = checkout.begin("-c", busy)
    assert user.stdout
    assert user.stdout.readline() == "here\n"
    # Its backend is at work, and would go on for half a minute without its server.
    kill(checkout.named("keep postgresql"), checkout.named("postgres -D"), psutil.Process(user.pid))
    user.communicate()

    began = time.monotonic()
    assert checkout.says(READ) == "1"
    assert time.monotonic() - began < 15


def test_killed_while_the_cluster_is_being_made(checkout: Checkout) -> None:
    user = checkout.begin("-c", JOIN)
    eventually(lambda: any("initdb" in " ".join(p.cmdline()) for p in checkout.processes()))
    kill(psutil.Process(user.pid), *checkout.processes())
    user.communicate()

    checkout.says(WRITE)
    assert servers_still_work(checkout, 1)


@pytest.mark.parametrize("victim", ["postgres -D", "redis-server"])
def test_a_killed_server_is_started_again_for_those_who_use_it(checkout: Checkout, victim: str) -> None:
    checkout.says(WRITE)
    with checkout.user():
        killed = checkout.named(victim)
        kill(killed)
        eventually(
            lambda: [p for p in checkout.processes() if victim in " ".join(p.cmdline()) and p != killed]
        )
        assert servers_still_work(checkout, 1)


def test_a_killed_keeper_is_replaced_by_one_that_adopts_the_server(checkout: Checkout) -> None:
    checkout.says(WRITE)
    with checkout.user():
        servers = {checkout.named("postgres -D"), checkout.named("redis-server")}
        kill(checkout.named("keep postgresql"), checkout.named("keep redis"))

        assert servers_still_work(checkout, 1)
        assert {checkout.named("postgres -D"), checkout.named("redis-server")} == servers

    eventually(lambda: not checkout.processes())


def test_the_sockets_were_deleted_under_the_servers(checkout: Checkout) -> None:
    checkout.says(WRITE)
    with checkout.user():
        folder = Path(checkout.says("from config.embedded import places; print(places.socket_directory())"))
        for entry in folder.iterdir():
            entry.unlink()
        eventually(lambda: len(list(folder.glob("*"))) >= 3)
        assert servers_still_work(checkout, 1)


def test_the_number_of_the_dead_server_belongs_to_another_program(checkout: Checkout) -> None:
    checkout.says(WRITE)
    data = data_folder(checkout)
    with checkout.user() as user:
        kill(*checkout.processes(), psutil.Process(user.pid))
    owner = ["setpriv", "--reuid=leadledger", "--regid=leadledger", "--clear-groups"]
    with subprocess.Popen([*(owner if os.geteuid() == 0 else []), "sleep", "300"]) as sleeper:
        sockets = Path(checkout.says("from config.embedded import places; print(places.socket_directory())"))
        for note in (data / "postmaster.pid", sockets / ".s.PGSQL.5432.lock"):
            lines = note.read_text().splitlines()
            note.write_text("\n".join([str(sleeper.pid), *lines[1:]]) + "\n")

        assert servers_still_work(checkout, 1)
        assert sleeper.poll() is None
        sleeper.kill()


def test_a_redis_that_lost_its_socket_and_its_keeper_is_ended(checkout: Checkout) -> None:
    with checkout.user() as user:
        lost = checkout.named("redis-server")
        Path(checkout.says("from config.embedded.redis_server import Redis; print(Redis().address)")).unlink()
        kill(checkout.named("keep redis"), psutil.Process(user.pid))

    assert checkout.says(PING) == "True"
    assert checkout.named("redis-server") != lost


def test_many_users_come_and_go_at_once(checkout: Checkout) -> None:
    checkout.says(WRITE)
    for _ in range(3):
        users = [checkout.begin("-c", READ) for _ in range(12)]
        assert [user.communicate(timeout=120)[0] for user in users] == ["1\n"] * 12
        checkout.run("-m", "config.embedded", "stop")


def test_stopping_and_starting_at_once_never_fails(checkout: Checkout) -> None:
    checkout.says(WRITE)
    stop = "subprocess.run([sys.executable, '-m', 'config.embedded', 'stop'])"
    stopper = checkout.begin("-c", f"import subprocess, sys\nwhile True: {stop}")
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            assert checkout.says(READ) == "1"
    finally:
        stopper.kill()
        stopper.communicate()


def test_as_an_ordinary_user_in_a_closed_home(checkout_of_nobody: Checkout) -> None:
    checkout = checkout_of_nobody
    before = modes_above(checkout.path)
    assert stat.S_IMODE(checkout.path.parent.stat().st_mode) == 0o700

    with checkout.user(WRITE) as user:
        assert {process.uids().effective for process in checkout.processes()} == {NOBODY}
        kill(*checkout.processes(), psutil.Process(user.pid))
    assert servers_still_work(checkout, 1)
    assert modes_above(checkout.path) == before
    eventually(lambda: not checkout.processes())


def test_sockets_do_not_go_into_a_folder_of_somebody_else(
    checkout_of_nobody: Checkout,
) -> None:
    checkout = checkout_of_nobody
    squatted = Path(checkout.says("from config.embedded import places; print(places.socket_directory())"))
    squatted.mkdir(mode=0o777)
    try:
        refused = checkout.run("-c", JOIN)
        assert refused.returncode == 1
        assert f"{squatted} is not a private folder of this user" in refused.stderr
        assert not list(squatted.iterdir())
    finally:
        squatted.rmdir()


def test_root_and_the_owner_of_a_checkout_do_not_lock_each_other_out(checkout_of_nobody: Checkout) -> None:
    for_root = Checkout(checkout_of_nobody.path)
    for_root.says(WRITE + "; embedded.secret_key()")
    try:
        checkout_of_nobody.says(WRITE + "; embedded.secret_key()")

        assert servers_still_work(checkout_of_nobody, 1)
        assert servers_still_work(for_root, 1)
    finally:
        for_root.remove()


def test_signals_of_a_terminal_do_not_take_the_servers_from_others(checkout: Checkout) -> None:
    checkout.says(WRITE)
    with checkout.user():
        before = checkout.processes()
        for process in before:
            if "keep" in process.cmdline():
                process.send_signal(signal.SIGHUP)
                process.send_signal(signal.SIGINT)

        assert servers_still_work(checkout, 1)
        assert {process.pid for process in before} <= {process.pid for process in checkout.processes()}
