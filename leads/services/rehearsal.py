"""A dry run of recording: the same judgement over a whole file, with nothing stored.

Keys that rows of the file would claim are remembered in a temporary table of the connection, so memory
stays flat for a file of any length.
"""

from collections.abc import Iterable, Sequence

from django.db import connection

from leads.services.recording import Enquiry, Outcome, Recorder, Result

SEEN = "staging_rehearsed_keys"


class Rehearsal:
    """Judges enquiries as `Recorder.record` would, batch after batch on one connection."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE TEMPORARY TABLE IF NOT EXISTS {SEEN} (key text COLLATE "C" PRIMARY KEY)')
            cursor.execute(f"TRUNCATE {SEEN}")

    def record(self, enquiries: Sequence[Enquiry]) -> list[Outcome]:
        """Return the outcome of each enquiry, as if all earlier ones had been recorded."""
        keys = [self.recorder.keys.keys(enquiry.data) for enquiry in enquiries]
        wanted = {key for row in keys for key in (*row.match, *row.unique)}
        seen = self._seen(wanted)
        outcomes = self.recorder.judge(keys, earlier=seen)
        self._remember(
            key
            for row, outcome in zip(keys, outcomes, strict=True)
            if outcome.result is not Result.REFUSED
            for key in (*row.match, *row.unique)
        )
        if self.recorder.line.on_duplicate == "update":
            self._count_updates(keys, outcomes, seen)
        return outcomes

    @staticmethod
    def _count_updates(keys: list, outcomes: Sequence[Outcome], seen: set[str]) -> None:
        """A first repeat of a stored lead would update it; a lead is updated once a file."""
        taken: set[int] = set()
        for row, outcome in zip(keys, outcomes, strict=True):
            lead_id = outcome.repeats_lead_id
            if outcome.result is Result.REPEAT and lead_id and lead_id not in taken and not seen.intersection(row.match):
                taken.add(lead_id)
                outcome.result = Result.UPDATED

    @staticmethod
    def _seen(keys: Iterable[str]) -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT key FROM {SEEN} WHERE key = ANY(%s)", [list(keys)])
            return {row[0] for row in cursor.fetchall()}

    @staticmethod
    def _remember(keys: Iterable[str]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {SEEN} SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING", [list(keys)])
