"""Giving new leads to people by the rules of their line."""

from leads.services.assigning.applying import assign_by_rule, assign_new_leads
from leads.services.assigning.rules import create_assignment_rule, update_assignment_rule
from leads.services.assigning.waiting import give_waiting_leads

__all__ = [
    "assign_by_rule",
    "assign_new_leads",
    "create_assignment_rule",
    "give_waiting_leads",
    "update_assignment_rule",
]
