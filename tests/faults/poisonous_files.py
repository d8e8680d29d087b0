"""A file that kills whoever reads on: lead files as workers know them that load this module by `--include`."""

import os
import signal
from collections.abc import Sequence

from core.intake.importer import InputRow, RowOutcome, register_importer
from leads.intake import LeadImporter

POISONED_ROW = 6_000


@register_importer("leads")
class PoisonedImporter(LeadImporter):
    """Loads rows like any lead file, until the batch with the poisoned row."""

    def write(self, rows: Sequence[InputRow]) -> list[RowOutcome]:
        if any(row.number == POISONED_ROW for row in rows):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().write(rows)
