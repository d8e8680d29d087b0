"""A cache that may vanish: without Redis a look-up misses and a write is dropped, and nothing fails."""

from collections.abc import Callable
from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger("leadledger.cache")


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache that treats an unreachable Redis as empty."""

    def _forgive(self, call: Callable[..., Any], missing: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return call(*args, **kwargs)
        except RedisError as error:
            log.warning("cache_unreachable", error=str(error))
            return missing

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._forgive(super().get, default, key, default, version)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        return self._forgive(super().get_many, {}, keys, version)

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        self._forgive(super().set, None, key, value, *args, **kwargs)

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> list[Any]:
        return self._forgive(super().set_many, [], data, *args, **kwargs)

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        return self._forgive(super().add, True, key, value, *args, **kwargs)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return self._forgive(super().incr, delta, key, delta, version)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return self._forgive(super().delete, False, key, version)

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return self._forgive(super().has_key, False, key, version)
