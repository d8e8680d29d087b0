"""What leads bring to the console: lines, fields, versions, origins, what they take, form links, assignment, leads."""

from core.admin.intakes import register_import_page
from leads.admin import (
    acceptance_rules,
    assignment_limits,
    assignment_queues,
    assignment_rules,
    do_not_call,
    fields,
    form_links,
    form_submissions,
    leads,
    lines,
    origins,
    score_rules,
    stall_rules,
    versions,
    watched_places,
)

register_import_page("leads", "leads:import_detail")

__all__ = [
    "acceptance_rules",
    "assignment_limits",
    "assignment_queues",
    "assignment_rules",
    "do_not_call",
    "fields",
    "form_links",
    "form_submissions",
    "leads",
    "lines",
    "origins",
    "score_rules",
    "stall_rules",
    "versions",
    "watched_places",
]
