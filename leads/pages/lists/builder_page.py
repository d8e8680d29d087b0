"""The page of the builder."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.roles import Area, Level
from leads.pages.imports.presenting import actor_of
from leads.pages.lists.builder import Builder, Draft, Row, draft_of_address, read_draft, rule_of
from leads.pages.lists.state import OWN_PARAMETERS, ListState, rule_text
from leads.pages.lists.words import Wording
from leads.pages.views import chosen_line
from leads.presentation import LeadReader
from leads.queries.lead_list import Catalog
from leads.queries.lines import list_usable_lines
from leads.queries.references import search_members

FORM = ("match", "kept", "do")
MOST_PEOPLE = 100


@require_safe
def conditions(request: HttpRequest) -> HttpResponse:
    """Conditions of a list: shown, changed row by row, and put into the list's address."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "read")
    lines = list_usable_lines(actor)
    if not lines:
        return redirect("leads:list")
    line = chosen_line(request, lines)
    catalog = Catalog(actor, line)
    given = request.GET.copy()
    is_typed = "match" in given
    typed = {name: given.pop(name) for name in list(given) if name in FORM or name.startswith("c-")}
    state = ListState(given, actor, line, catalog)
    if is_typed:
        draft = read_draft(request.GET, catalog)
    else:
        draft = draft_of_address(catalog, state.parameters, state.filters())
    status = 200
    action = typed.get("do", [""])[-1]
    if action == "apply":
        try:
            rule = rule_of(draft, catalog)
        except ValueError:
            status = 422
        else:
            # The simple filters of the address have become part of the rule.
            gone = dict.fromkeys(state.filters())
            address = state.address(**gone, cursor=None, rule=rule_text(rule))
            return redirect(f"{reverse('leads:list')}?{address}")
    _act(draft, action)
    seen_all = actor.level(Area.LEADS, "read") is not Level.OWN
    people = search_members(actor, "", limit=MOST_PEOPLE) if seen_all else []
    offered = [(str(member.pk), str(member)) for member in people]
    builder = Builder(catalog, draft, offered, is_longer=action == "add")
    wording = Wording(catalog, LeadReader(actor))
    carried = [
        (name, value)
        for name, values in state.parameters.lists()
        for value in values
        if value
        and name not in ("cursor", "rule", "line", "view", "own")
        # While rows are typed they say it all.
        and name in OWN_PARAMETERS
    ]
    context = {
        "line": line,
        "list_url": reverse("leads:list"),
        "back_url": f"{reverse('leads:list')}?{state.address(cursor=None)}",
        "carried": [*carried, *state.identity()],
        "groups": [*sorted({row.group for row in draft.rows} | {0}), _next_group(draft)],
        "fields": builder.fields(),
        "rows": builder.rows(),
        "match": draft.match,
        "kept": [{"text": json.dumps(part), "words": wording.rule(part)} for part in draft.kept],
        "has_problems": status == 422,
    }
    return render(request, "leads/conditions.html", context, status=status)


def _act(draft: Draft, action: str) -> None:
    """What a button asks for beside looking again: a row more, or one less."""
    verb, _dash, number = action.partition("-")
    if verb == "remove" and number.isdecimal() and int(number) < len(draft.rows):
        del draft.rows[int(number)]
    if verb == "unkeep" and number.isdecimal() and int(number) < len(draft.kept):
        del draft.kept[int(number)]
    if verb == "add" or not draft.rows:
        draft.rows.append(Row())


def _next_group(draft: Draft) -> int:
    return max((row.group for row in draft.rows), default=0) + 1
