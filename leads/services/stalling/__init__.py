"""Leads that stall: their clocks, and what happens when one runs out."""

from leads.services.stalling.clocks import (
    note_activity,
    note_given,
    renew_clocks,
    start_clocks,
    stop_clocks,
)
from leads.services.stalling.rules import create_stall_rule, follow_calendar, update_stall_rule

__all__ = [
    "create_stall_rule",
    "follow_calendar",
    "note_activity",
    "note_given",
    "renew_clocks",
    "start_clocks",
    "stop_clocks",
    "update_stall_rule",
]
