"""The long tasks of leads; importing the modules registers their kinds."""

import core.intake.running  # noqa: F401
import leads.services.bulk
import leads.services.exports
import leads.services.handing_over.moving
import leads.services.indexing
import leads.services.pairing.finding
import leads.services.scoring.renewing
import leads.services.stalling.rules
import leads.services.statistics.counting
import leads.services.statistics.judging
import leads.services.stored_proposals
import leads.services.undoing  # noqa: F401
