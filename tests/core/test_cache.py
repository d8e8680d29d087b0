"""The cache while Redis is away: each process remembers by itself."""

import pytest

from core.cache import ForgivingRedisCache

AWAY = "unix:///nowhere/redis.sock"


@pytest.fixture
def cache():
    cache = ForgivingRedisCache(AWAY, {"KEY_PREFIX": "test"})
    yield cache
    cache.clear()


def test_what_is_set_meanwhile_is_found_meanwhile_by_every_thread(cache):
    cache.set("one", [1], 60)
    assert cache.get("one") == [1]
    assert ForgivingRedisCache(AWAY, {"KEY_PREFIX": "test"}).get("one") == [1]
    assert cache.get("two", "nothing") == "nothing"
    assert cache.has_key("one")
    assert not cache.has_key("two")


def test_counting_and_locking_work_meanwhile(cache):
    assert cache.add("lock", True, timeout=10)
    assert not cache.add("lock", True, timeout=10)
    assert cache.delete("lock")
    assert not cache.delete("lock")
    cache.set("count", 1)
    assert cache.incr("count") == 2
    with pytest.raises(ValueError, match="not found"):
        cache.incr("nothing")


def test_many_at_once_and_nothing_after_clearing(cache):
    assert cache.set_many({"one": 1, "two": 2}) == []
    assert cache.get_many(["one", "two", "three"]) == {"one": 1, "two": 2}
    cache.clear()
    assert cache.get_many(["one", "two"]) == {}


def test_what_expires_expires_meanwhile(cache):
    cache.set("one", 1, timeout=0)
    assert cache.get("one") is None
