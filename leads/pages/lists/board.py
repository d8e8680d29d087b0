"""The board: leads as cards in columns, and the move of a card from one to another."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.errors import ApplicationError, Conflict, ValidationFailed
from leads.models import Lead
from leads.pages.imports.presenting import actor_of
from leads.presentation import LeadReader
from leads.queries.lead_list.board import Board, BoardColumn, board_attribute, board_columns, read_board
from leads.queries.lead_list.query import LeadListQuery
from leads.queries.leads import get_lead
from leads.queries.stalling import stalled_since
from leads.services.leads import update_lead

if TYPE_CHECKING:
    from leads.pages.listing import LeadListing

SOME_REFERENCE = "L00000000"
# Beside the name a card shows the first of the list's columns.
SHOWN_ON_CARDS = 2


def board_context(listing: "LeadListing", *, only: str | None = None, after: str = "") -> dict[str, Any]:
    """What the template of the board asks for. What is not understood is left out, and told in `problems`."""
    query = listing.query()
    try:
        board = read_board(listing.actor, query, listing.catalog, only=only, after=after)
    except ValidationFailed as error:
        if only is not None:
            raise
        listing.tell(error)
        plain = LeadListQuery(listing.line, listing.search)
        board = read_board(listing.actor, plain, listing.catalog)
    cards = [lead for column in board.columns for lead in column.cards]
    listing.reader.look_ahead(cards)
    labels = {value: label or _("Other stages") for value, label in board_columns(listing.line).items()}
    return {
        **listing.around(),
        "columns": [
            _column(listing, board, column, labels)
            for column in board.columns
            if column.cards or column.value or only is not None
        ],
        "attribute": board.attribute,
        "slow_notes": board.slow_notes,
        "here": f"{reverse('leads:list')}?{listing.state.address(cursor=None)}",
    }


def _column(
    listing: "LeadListing", board: Board, column: BoardColumn, labels: dict[str, str]
) -> dict[str, Any]:
    more = ""
    if column.after:
        address = listing.state.address(cursor=None)
        more = f"{reverse('leads:board_column')}?{address}&column={column.value}&after={column.after}"
    return {
        "value": column.value,
        "label": labels[column.value],
        "count": str(column.count),
        "cards": [_card(listing, board, lead, labels) for lead in column.cards],
        "more_url": more.replace("+", "%2B"),
    }


def _card(listing: "LeadListing", board: Board, lead: Lead, labels: dict[str, str]) -> dict[str, Any]:
    reader = listing.reader
    current = getattr(lead, board.attribute)
    may_move = reader.may_edit(lead) and listing.may_write
    shown = [reader.column(lead, column) for column in listing.chosen[:SHOWN_ON_CARDS]]
    return {
        "url": listing.detail_url.replace(SOME_REFERENCE, lead.reference),
        "move_url": listing.move_url.replace(SOME_REFERENCE, lead.reference) if may_move else "",
        "reference": lead.reference,
        "name": reader.attribute(lead, "name").text or lead.reference,
        "version": lead.updated_at.isoformat(),
        "facts": [value.text for value in shown if value.text],
        "status": lead.status,
        "status_label": reader.attribute(lead, "status").text if board.attribute == "stage" else "",
        "owner": reader.attribute(lead, "owner").text if listing.shows_owner else "",
        "tags": getattr(lead, "tag_names", []),
        "created": lead.created_at,
        "is_stalled": stalled_since(lead) is not None,
        "moves": [
            {"value": value, "label": label}
            for value, label in (labels.items() if may_move else ())
            if value and value != current
        ],
    }


@require_safe
def board_column(request: HttpRequest) -> HttpResponse:
    """Further cards of one column."""
    from leads.pages.listing import LeadListing
    from leads.pages.views import chosen_line
    from leads.queries.lines import list_usable_lines

    actor = actor_of(request)
    lines = list_usable_lines(actor)
    if not lines:
        return redirect("leads:list")
    given = request.GET.copy()
    only, after = given.pop("column", [""])[-1], given.pop("after", [""])[-1]
    request.GET = given  # type: ignore[assignment]
    listing = LeadListing(request, actor, chosen_line(request, lines))
    context = board_context(listing, only=only, after=after)
    return render(request, "leads/_cards.html", {**context, "column": context["columns"][0]})


@require_POST
def lead_move(request: HttpRequest, reference: str) -> HttpResponse:
    """Move a lead to another column of its board, if it is as the mover has seen it (`version`).

    Scripts get JSON: {message, version}, and 409 where somebody else has changed the lead meanwhile.
    """
    actor = actor_of(request)
    lead = get_lead(actor, reference, verb="write")
    attribute = board_attribute(lead.line)
    wants_json = request.headers.get("Accept") == "application/json"
    seen = request.POST.get("version", "")

    def unchanged() -> None:
        now = Lead.objects.values_list("updated_at", flat=True).get(pk=lead.pk)
        if now.isoformat() != seen:
            raise Conflict(
                "changed_meanwhile", "Somebody changed this lead meanwhile. Look at it again, then move it."
            )

    try:
        value = request.POST.get("to", "")
        if not value:
            raise ValidationFailed("choice", "Choose where the lead goes.")
        moved = update_lead(
            actor=actor, reference=reference, values={}, attributes={attribute: value}, precondition=unchanged
        )
    except ApplicationError as error:
        if wants_json:
            return JsonResponse({"message": _words(error)}, status=error.status)
        messages.error(request, _words(error))
    else:
        label = board_columns(lead.line).get(value, value)
        name = LeadReader(actor).attribute(lead, "name").text or reference
        words = _("%(name)s is in %(column)s now.") % {"name": name, "column": label}
        if wants_json:
            return JsonResponse({"message": words, "version": moved.updated_at.isoformat()})
        messages.success(request, words)
    return redirect(_back(request))


def _words(error: ApplicationError) -> str:
    return " ".join(each.message for problems in error.fields.values() for each in problems) or error.message


def _back(request: HttpRequest) -> str:
    page = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(
        page, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return page
    return f"{reverse('leads:list')}?layout=board"
