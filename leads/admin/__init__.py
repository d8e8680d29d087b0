"""What leads bring to the console: lines, fields, versions, sources, campaigns, form links, assignment rules, leads."""

from core.admin.intakes import register_import_page
from leads.admin import (
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
)

register_import_page("leads", "leads:import_detail")

__all__ = [
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
]
