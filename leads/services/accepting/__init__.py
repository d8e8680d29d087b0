"""Taking new leads, or refusing them, by the rules of their source."""

from leads.services.accepting.gate import Gate, SourceClosed, SourceFull, SourceRefused, give_back, lock_rules
from leads.services.accepting.rules import create_acceptance_rule, update_acceptance_rule

__all__ = [
    "Gate",
    "SourceClosed",
    "SourceFull",
    "SourceRefused",
    "create_acceptance_rule",
    "give_back",
    "lock_rules",
    "update_acceptance_rule",
]
