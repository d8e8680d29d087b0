"""The parameters of a list of leads, read into a query."""

import re
from collections.abc import Collection

from rest_framework.request import Request

from accounts.actor import Actor
from core.api.paging import page_size
from core.errors import FieldError, NotVisible, ValidationFailed
from leads.models import BusinessLine
from leads.queries.lead_list import Catalog, LeadListQuery, both_rules, parse_filters, parse_rule_text
from leads.queries.lines import get_line

# Parameters of the list itself; every other one is a filter.
OWN_PARAMETERS = ("line", "search", "ordering", "cursor", "page_size", "rule")
CODE = re.compile(r"[-a-zA-Z0-9_]{1,60}")


def read_list_query(actor: Actor, request: Request, *, beside: Collection[str] = ()) -> LeadListQuery:
    """Return what the call asks for; `beside` names further parameters of the call, which filter nothing.

    Raises:
        ValidationFailed: by parameter. The order, cursor and what conditions compare are judged by the list.
    """
    given = request.query_params
    line = line_named(actor, given.get("line", ""))
    catalog = Catalog(actor, line)
    filters = {
        name: values for name, values in given.lists() if name not in OWN_PARAMETERS and name not in beside
    }
    return LeadListQuery(
        line=line,
        search=given.get("search", ""),
        conditions=both_rules(
            parse_filters(catalog, filters), parse_rule_text(catalog, given.get("rule", ""))
        ),
        ordering=given.get("ordering", ""),
        cursor=given.get("cursor", ""),
        page_size=page_size(request),
    )


def refuse_unknown_parameters(request: Request, known: Collection[str]) -> None:
    """Raise ValidationFailed for parameters that a call does not have: one misspelt would be lost without a word."""
    message = "There is no such parameter. Use {}.".format(", ".join(known))
    if errors := {
        name: [FieldError("unknown_filter", message)] for name in request.query_params if name not in known
    }:
        raise ValidationFailed("unknown_filter", message, errors)


def line_named(actor: Actor, code: str) -> BusinessLine | None:
    """Return the line of a parameter, None where there is none. Raises ValidationFailed about `line`."""
    if not code:
        return None
    try:
        if not CODE.fullmatch(code):
            raise NotVisible
        return get_line(actor, code)
    except NotVisible:
        message = "No business line with this code is visible to you. See /api/v1/lines."
        raise ValidationFailed("choice", message, {"line": [FieldError("choice", message)]}) from None
