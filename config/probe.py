"""`python -m config.probe web|worker|beat`: exit status 0 while that process of this machine works.

For the health checks of containers, which run it every few seconds: it needs neither Django nor the settings.
"""

import http.client
import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

WEB_PORT = 8000
PATIENCE_SECONDS = 4
# The sweeper of a worker beats every 2 s, the scheduler ticks every 5 s; both more slowly in trouble.
OLDEST_SIGN_SECONDS = 60
HEARTBEAT = (
    "SELECT count(*) FROM core_workerheartbeat"
    " WHERE starts_with(worker, %s) AND beat_at > clock_timestamp() - make_interval(secs => %s)"
)


def web() -> bool:
    """Whether the web server answers."""
    port = int(os.environ.get("UVICORN_PORT", WEB_PORT))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    finally:
        connection.close()


def worker() -> bool:
    """Whether a worker of this machine has lately told the database that it lives."""
    import environ
    import psycopg

    at = environ.Env.db_url_config(os.environ["DATABASE_URL"])
    named = {"dbname": at["NAME"], "host": at["HOST"], "port": at["PORT"]}
    named |= {"user": at["USER"], "password": at["PASSWORD"], **at.get("OPTIONS", {})}
    given = {name: value for name, value in named.items() if value}
    with psycopg.connect(**given, connect_timeout=PATIENCE_SECONDS, autocommit=True) as connection:
        found = connection.execute(HEARTBEAT, [f"{socket.gethostname()}:", OLDEST_SIGN_SECONDS]).fetchone()
    return bool(found and found[0])


def beat() -> bool:
    """Whether the scheduler has ticked lately."""
    return time.time() - Path(os.environ["BEAT_PULSE_FILE"]).stat().st_mtime < OLDEST_SIGN_SECONDS


PROBES: dict[str, Callable[[], bool]] = {"web": web, "worker": worker, "beat": beat}


def main(arguments: Sequence[str]) -> int:
    """Look at one process; returns the exit status: 0 works, 1 does not, 2 wrong usage."""
    if len(arguments) != 1 or arguments[0] not in PROBES:
        print(f"Usage: python -m config.probe {'|'.join(PROBES)}", file=sys.stderr)
        return 2
    try:
        works = PROBES[arguments[0]]()
    except Exception as error:
        print(f"{arguments[0]}: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0 if works else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
