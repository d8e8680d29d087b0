"""The cache of a worker of the tests: forgotten without touching that of the worker beside it."""

from django.conf import settings
from django.core.cache import cache


def forget_everything() -> None:
    """Forget what this worker's tests have counted, in Redis and in the process.

    `cache.clear()` would empty the server for all workers.
    """
    cache._meanwhile.clear()
    client = cache._cache.get_client(write=True)
    for key in client.scan_iter(f"{settings.CACHES['default']['KEY_PREFIX']}:*"):
        client.delete(key)
