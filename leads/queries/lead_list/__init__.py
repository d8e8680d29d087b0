"""Lists of leads, for pages, API, exports and saved views alike.

catalog = Catalog(actor, line)
conditions = parse_filters(catalog, request.GET without search, ordering, cursor …)
page = list_leads(actor, LeadListQuery(line=line, search="rao", conditions=conditions))
"""

from leads.queries.lead_list.catalog import Catalog, Filterable, choices_of
from leads.queries.lead_list.cursors import CountEstimate
from leads.queries.lead_list.filters import both_rules, parse_filters, parse_rule_text
from leads.queries.lead_list.ordering import NEWEST, orderable
from leads.queries.lead_list.query import (
    DEFAULT_PAGE,
    LARGEST_PAGE,
    LeadListQuery,
    LeadPage,
    count_all_leads,
    count_leads,
    iterate_leads,
    list_leads,
)

__all__ = [
    "DEFAULT_PAGE",
    "LARGEST_PAGE",
    "NEWEST",
    "Catalog",
    "CountEstimate",
    "Filterable",
    "LeadListQuery",
    "LeadPage",
    "both_rules",
    "choices_of",
    "count_all_leads",
    "count_leads",
    "iterate_leads",
    "list_leads",
    "orderable",
    "parse_filters",
    "parse_rule_text",
]
