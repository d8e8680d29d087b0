"""A dry run of recording: the same judgement over a whole file, with nothing stored.

What rows of the file would claim is remembered in a temporary table of the connection, so memory stays flat
for a file of any length.
"""

from collections.abc import Callable, Iterable, Sequence

from django.db import connection

from leads.services.accepting.gate import Gate
from leads.services.recording import Admit, Enquiry, Outcome, Recorder, Result
from leads.services.updating import LeadUpdate, Updater

SEEN = "staging_rehearsed"

# From enquiries and their outcomes to the repeats that may become updates.
FindUpdates = Callable[[Sequence[Outcome]], list[LeadUpdate]]


class Rehearsal:
    """Judges enquiries as `Recorder.record` and `Updater.update` would, batch after batch on one connection."""

    def __init__(self, recorder: Recorder, updater: Updater) -> None:
        self.recorder = recorder
        self.updater = updater
        self._gate: Gate | None = None
        self._known_sources: set[int] = set()
        with connection.cursor() as cursor:
            cursor.execute(
                f'CREATE TEMPORARY TABLE IF NOT EXISTS {SEEN} (trace text COLLATE "C" PRIMARY KEY)'
            )
            cursor.execute(f"TRUNCATE {SEEN}")

    def record(
        self, enquiries: Sequence[Enquiry], sources: Sequence[int | None], find_updates: FindUpdates
    ) -> list[Outcome]:
        """Return the outcome of each enquiry, as if all earlier ones had been recorded.

        `sources` are those that are there; one that the file will make has no rules yet.
        """
        keys = [self.recorder.keys.keys(enquiry.data) for enquiry in enquiries]
        earlier = self._seen(key for row in keys for key in (*row.match, *row.unique))
        outcomes = self.recorder.judge(keys, earlier=earlier, admit=self._admit(enquiries, sources))
        self._remember(
            key
            for row, outcome in zip(keys, outcomes, strict=True)
            if outcome.result is Result.CREATED
            for key in (*row.match, *row.unique)
        )
        self._rehearse_updates(find_updates(outcomes))
        return outcomes

    def _admit(self, enquiries: Sequence[Enquiry], sources: Sequence[int | None]) -> Admit | None:
        """By the room that the batches before have left: their leads are nowhere counted."""
        fresh = {each for each in sources if each is not None} - self._known_sources
        if fresh:
            self._known_sources |= fresh
            more = Gate.of(self.recorder.line, self.recorder.definition, fresh, locks=False)
            if self._gate is None:
                self._gate = more
            elif more is not None:
                self._gate.by_source |= more.by_source
        gate = self._gate
        if gate is None:
            return None
        return lambda place: gate.admit(place, sources[place], enquiries[place].data)

    def _rehearse_updates(self, updates: Sequence[LeadUpdate]) -> None:
        touched = self._seen(_updated(update.lead_id) for update in updates)
        open_updates = [update for update in updates if _updated(update.lead_id) not in touched]
        changes = self.updater.judge(open_updates, seen=self._seen)
        self._remember(key for change in changes for key in (*change.keys.match, *change.keys.unique))
        self._remember(_updated(change.lead.pk) for change in changes)

    @staticmethod
    def _seen(traces: Iterable[str]) -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT trace FROM {SEEN} WHERE trace = ANY(%s)", [list(traces)])
            return {row[0] for row in cursor.fetchall()}

    @staticmethod
    def _remember(traces: Iterable[str]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {SEEN} SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING", [list(traces)]
            )


def _updated(lead_id: int) -> str:
    return f"updated:{lead_id}"
