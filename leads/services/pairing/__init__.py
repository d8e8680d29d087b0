"""Finding pairs of leads that may be the same, and deciding about them."""

from leads.services.pairing.deciding import decide_pair
from leads.services.pairing.finding import find_every_pair, find_pairs, finding_job, last_found

__all__ = ["decide_pair", "find_every_pair", "find_pairs", "finding_job", "last_found"]
