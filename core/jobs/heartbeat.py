"""Keeps the lease of what is worked on: a thread with a connection of its own, so that no batch delays it."""

import threading
from types import TracebackType
from typing import Protocol

import structlog
from django.db import connection, transaction

from core.jobs.lease import HEARTBEAT_SECONDS, Renewal
from core.scope import Scope, entered

log = structlog.get_logger("leadledger.jobs")


class Renewable(Protocol):
    """A lease. `label` names what is leased, for threads and logs."""

    @property
    def label(self) -> str: ...

    def renew(self) -> Renewal: ...


class Heartbeat:
    """A block within which the lease is renewed every 2 s.

    `lost`, `cancel_requested` and `pause_requested` tell what the last renewals found. They spare a run useless work;
    that nothing wrong is written is the fence's doing.
    """

    def __init__(self, lease: Renewable, scope: Scope) -> None:
        self.lost = False
        self.cancel_requested = False
        self.pause_requested = False
        self._lease = lease
        self._scope = scope
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"{lease.label}-heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(timeout=10)

    def _beat(self) -> None:
        try:
            with entered(self._scope):
                while not self._over.wait(HEARTBEAT_SECONDS):
                    self._renew()
        finally:
            connection.close()

    def _renew(self) -> None:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    # Who locks the row for longer is its own batch, which extends the lease itself.
                    cursor.execute("SELECT set_config('lock_timeout', '1500ms', true)")
                renewal = self._lease.renew()
        except Exception as error:
            # Any failure means the same: try again with a new connection while the lease lasts.
            log.warning("heartbeat_failed", lease=self._lease.label, error=str(error))
            connection.close()
            return
        self.lost = self.lost or renewal.lost
        self.cancel_requested = self.cancel_requested or renewal.cancel_requested
        # Unlike a cancel, a pause may be taken back.
        self.pause_requested = renewal.pause_requested
