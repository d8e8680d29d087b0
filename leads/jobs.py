"""The long tasks of leads; importing the modules registers their kinds."""

import core.intake.running
import leads.services.indexing  # noqa: F401
