"""A cache that may vanish: without Redis each process remembers a little by itself, and nothing fails."""

from typing import Any

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger("leadledger.cache")

# Room for the counters of an outage: a few for each address and visitor that tries to sign in meanwhile.
ENTRIES_MEANWHILE = 10_000


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache that uses the memory of its process while Redis is unreachable.

    What Redis held is not there then, so a look-up may miss. Limits count on, per process: better than none.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        # One store per process, whatever thread asks: the store goes by its name.
        self._meanwhile = LocMemCache(
            "without redis", {**params, "OPTIONS": {"MAX_ENTRIES": ENTRIES_MEANWHILE}}
        )

    def _or_meanwhile(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(super(), operation)(*args, **kwargs)
        except RedisError as error:
            log.warning("cache_unreachable", error=str(error))
            return getattr(self._meanwhile, operation)(*args, **kwargs)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._or_meanwhile("get", key, default, version)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        return self._or_meanwhile("get_many", keys, version)

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        self._or_meanwhile("set", key, value, *args, **kwargs)

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> list[Any]:
        return self._or_meanwhile("set_many", data, *args, **kwargs)

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        return self._or_meanwhile("add", key, value, *args, **kwargs)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return self._or_meanwhile("incr", key, delta, version)

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Forget the key here too, or an outage would bring back what was deleted before it."""
        here = self._meanwhile.delete(key, version)
        return self._or_meanwhile("delete", key, version) or here

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return self._or_meanwhile("has_key", key, version)

    def clear(self) -> None:
        """Forget everything, here too."""
        self._meanwhile.clear()
        self._or_meanwhile("clear")
