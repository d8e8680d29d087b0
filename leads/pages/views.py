"""Pages of leads: list, one lead, new, edit, and what moves a lead."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Membership
from accounts.queries.members import assignable_members
from accounts.roles import Area, Level
from core.errors import ApplicationError, ValidationFailed
from leads.fields.line import line_definition
from leads.models import BusinessLine, Lead
from leads.pages.first_steps import checklist
from leads.pages.forms import LeadForm, WorkForm
from leads.pages.imports.presenting import actor_of
from leads.pages.lead_page import REACHING_POLICY, lead_context, offer_to_reach
from leads.pages.listing import LeadListing
from leads.pages.lists.board import board_context
from leads.pages.merged import just_merged
from leads.pages.pasting import MessageForm, RestForm, may_note, posted_rest, read_into, told_of
from leads.pages.work_forms import AttachmentForm, EngagementForm, FollowUpForm, NoteForm
from leads.presentation import LeadReader
from leads.queries.follow_ups import people_to_give
from leads.queries.leads import MergedAway, get_lead, may_change
from leads.queries.lines import list_usable_lines
from leads.queries.origins import lines_and_origins
from leads.services.accepting import SourceClosed, SourceFull, SourceRefused
from leads.services.enquiries import DetailsTaken
from leads.services.leads import Assignment, CreateResult, update_lead, withdraw_lead, work_lead
from leads.services.pasted_messages import create_lead_with_note

LINE_KEY = "line"
# How much of a lead's story a sheet takes; the rest is told where the reader goes on.
PRINTED = 200


@require_safe
def lead_list(request: HttpRequest) -> HttpResponse:
    """The leads of one line. htmx gets the table alone."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "read")
    is_part = request.htmx.target == "leads"  # type: ignore[attr-defined]
    lines, origins = (list_usable_lines(actor), ([], [])) if is_part else lines_and_origins(actor)
    if not lines:
        context = {"may_configure": actor.may(Area.CONFIGURATION, "write"), "steps": checklist(actor)}
        return render(request, "leads/no_lines.html", context)
    line = chosen_line(request, lines)
    listing = LeadListing(request, actor, line)
    if moved := listing.moved_columns():
        return redirect(moved)
    context = board_context(listing) if listing.state.is_board else listing.context(listing.page())
    if not (context.get("rows", True) or context["chips"] or context["search"]):
        context["steps"] = checklist(actor)
    if not is_part:
        context |= {**listing.frame(origins), "line_tabs": _line_tabs(reverse("leads:list"), lines, line)}
    part = "leads/_board.html" if listing.state.is_board else "leads/_table.html"
    response = render(request, part if is_part else "leads/list.html", context)
    if is_part:
        response["HX-Push-Url"] = address_without_gaps(request)
    patch_vary_headers(response, ["HX-Request"])
    return response


def address_without_gaps(request: HttpRequest) -> str:
    """The address of a list without the inputs that were left empty: it is read, sent to others and kept."""
    filled = [(name, value) for name, values in request.GET.lists() for value in values if value]
    return f"{request.path}?{urlencode(filled)}" if filled else request.path


def chosen_line(request: HttpRequest, lines: list[BusinessLine]) -> BusinessLine:
    """The line of the address, else the one looked at last, else the first."""
    asked = request.GET.get("line") or request.session.get(LINE_KEY, "")
    line = next((each for each in lines if each.code == asked), lines[0])
    if request.session.get(LINE_KEY) != line.code:
        request.session[LINE_KEY] = line.code
    return line


def _line_tabs(url: str, lines: list[BusinessLine], current: BusinessLine) -> list[dict[str, Any]]:
    if len(lines) < 2:
        return []
    return [
        {"label": line.name, "url": f"{url}?line={line.code}", "active": line == current} for line in lines
    ]


@require_safe
def lead_detail(request: HttpRequest, reference: str) -> HttpResponse:
    """One lead: details, what happened, and what to do next. One that was merged leads to the lead that was kept."""
    try:
        lead = get_lead(actor_of(request), reference)
    except MergedAway as led:
        messages.info(request, led.message)
        return redirect("leads:detail", led.kept)
    return lead_page(request, lead)


@require_safe
def lead_print(request: HttpRequest, reference: str) -> HttpResponse:
    """One lead for paper: its details and what happened, as the reader may read them."""
    actor = actor_of(request)
    lead = get_lead(actor, reference)
    context = lead_context(actor, lead, before=request.GET.get("before", ""), most=PRINTED)
    context |= {
        "lead_url": reverse("leads:detail", args=[reference]),
        "printed_by": str(actor.membership or ""),
    }
    context["printed_at"] = timezone.now()
    response = render(request, "leads/print.html", context)
    response["Cache-Control"] = "no-store"
    return response


def lead_page(
    request: HttpRequest,
    lead: Lead,
    *,
    note_form: NoteForm | None = None,
    follow_up_form: FollowUpForm | None = None,
    attachment_form: AttachmentForm | None = None,
) -> HttpResponse:
    """The page of a lead that the actor may read; with a form that was refused, to be put right there."""
    actor = actor_of(request)
    context = lead_context(actor, lead, before=request.GET.get("before", ""))
    offer_to_reach(context)
    context |= {
        "duplicates_url": reverse("leads:duplicates", args=[lead.reference]),
        "merged": just_merged(request, lead),
    }
    if may_change(actor, lead, "write"):
        may_assign = may_change(actor, lead, "assign")
        owners, assignees = people_to_give(actor, lead) if may_assign else ([], [])
        context |= {
            "edit_url": reverse("leads:edit", args=[lead.reference]),
            "tags_url": reverse("leads:tags", args=[lead.reference]),
            "work_form": _work_form(request, lead, may_assign=may_assign, people=owners),
            "work_url": reverse("leads:work", args=[lead.reference]),
            "engagement_form": EngagementForm(zone=actor.organization.zone)
            if context["outcome_url"]
            else None,
            "note_form": note_form or NoteForm(lead=lead),
            "follow_up_form": follow_up_form
            or FollowUpForm(actor=actor, lead=lead, may_give=may_assign, people=assignees),
            "attachment_form": attachment_form or AttachmentForm(),
        }
    if actor.may(Area.LEADS, "delete"):
        context["delete_url"] = reverse("leads:withdraw", args=[lead.reference])
    refused = [form for form in (note_form, follow_up_form, attachment_form) if form is not None]
    response = render(request, "leads/detail.html", context, status=422 if refused else 200)
    response["Content-Security-Policy"] = REACHING_POLICY
    return response


def _work_form(
    request: HttpRequest,
    lead: Lead,
    data: Any = None,
    *,
    may_assign: bool,
    people: Iterable[Membership] | None = None,
) -> WorkForm:
    actor = actor_of(request)
    owners = assignable_members(actor) if may_assign else None
    initial = {"status": lead.status, "stage": lead.stage, "owner": lead.owner_id}
    may_free = lead.owner_id is None or actor.level(Area.LEADS, "assign") is Level.ALL
    return WorkForm(data, lead=lead, owners=owners, people=people, may_free=may_free, initial=initial)


@require_http_methods(["GET", "HEAD", "POST"])
def lead_new(request: HttpRequest) -> HttpResponse:
    """Write down a lead. A repeat leads to the lead that is there."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "create")
    lines = list_usable_lines(actor)
    if not lines:
        return redirect("leads:list")
    line = chosen_line(request, lines)
    form = LeadForm(
        request.POST or None, request.FILES or None, actor=actor, line=line, definition=line_definition(line)
    )
    rest = posted_rest(request, actor)
    if request.method == "POST" and form.is_valid() and (rest is None or rest.is_valid()):
        note = rest.kept if rest else ""
        try:
            result = create_lead_with_note(
                actor=actor, line=line, values=form.values(), attributes=form.attributes(), note=note
            )
        except (ValidationFailed, SourceRefused, SourceClosed, SourceFull) as error:
            show_problems(form, error)
        else:
            if note and not result.is_new:
                return _new_lead_page(request, form, line, lines, rest=rest, read=_note_not_kept(result))
            return _after_create(request, result)
    return _new_lead_page(request, form, line, lines, rest=rest)


@require_POST
def lead_from_message(request: HttpRequest) -> HttpResponse:
    """Show the form of a new lead, filled from a message. Nothing is stored."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "create")
    lines = list_usable_lines(actor)
    if not lines:
        return redirect("leads:list")
    line = chosen_line(request, lines)
    form = LeadForm(actor=actor, line=line, definition=line_definition(line))
    message = MessageForm(request.POST)
    if not message.is_valid():
        return _new_lead_page(request, form, line, lines, message=message)
    reading = read_into(form, message.cleaned_data["message"])
    rest = (
        RestForm(initial={"note": reading.rest, "keep": True}) if may_note(actor) and reading.rest else None
    )
    return _new_lead_page(request, form, line, lines, rest=rest, read=told_of(reading, line))


def _new_lead_page(
    request: HttpRequest,
    form: LeadForm,
    line: BusinessLine,
    lines: list[BusinessLine],
    *,
    message: MessageForm | None = None,
    rest: RestForm | None = None,
    read: dict[str, Any] | None = None,
) -> HttpResponse:
    """The page of a new lead; `message` was refused, `rest` is what remains of one, `read` is told of it."""
    asked = f"?line={line.code}"
    context = {
        "heading": _("New lead"),
        "line_tabs": _line_tabs(reverse("leads:new"), lines, line),
        "cancel_url": f"{reverse('leads:list')}{asked}",
        "save_url": f"{reverse('leads:new')}{asked}",
        "message_url": f"{reverse('leads:from_message')}{asked}",
        "message_form": message or MessageForm(),
        "rest_form": rest,
        "read": read,
    }
    is_refused = any(each is not None and each.is_bound and each.errors for each in (message, rest))
    return _form_page(request, form, context, is_refused=is_refused)


def _note_not_kept(result: CreateResult) -> dict[str, Any]:
    """What is told of a repeat with a note: the note still stands in the form."""
    if result.repeats is None:
        told = _("This lead exists already, owned by another team. The enquiry was counted there.")
        return {"tone": "warn", "text": f"{told} {_('The note below was not kept.')}"}
    told = _("This lead exists already. The enquiry was counted there, and the note below was not kept.")
    url = reverse("leads:detail", args=[result.repeats.reference])
    return {"tone": "warn", "text": told, "url": url, "label": result.repeats.reference}


def _after_create(request: HttpRequest, result: Any) -> HttpResponse:
    if result.is_new:
        messages.success(request, _("%(reference)s is written down.") % {"reference": result.lead.reference})
        return redirect("leads:detail", result.lead.reference)
    if result.repeats is None:
        messages.warning(
            request, _("This lead exists already, owned by another team. The enquiry was counted there.")
        )
        return redirect("leads:list")
    messages.info(request, _("This lead exists already. The enquiry was counted here."))
    return redirect("leads:detail", result.repeats.reference)


@require_http_methods(["GET", "HEAD", "POST"])
def lead_edit(request: HttpRequest, reference: str) -> HttpResponse:
    """Change a lead's fields."""
    actor = actor_of(request)
    lead = get_lead(actor, reference, verb="write")
    form = LeadForm(
        request.POST or None,
        request.FILES or None,
        actor=actor,
        line=lead.line,
        definition=line_definition(lead.line),
        lead=lead,
    )
    if request.method == "POST" and form.is_valid():
        try:
            update_lead(actor=actor, reference=reference, values=form.values(), attributes=form.attributes())
        except ApplicationError as error:
            show_problems(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("leads:detail", reference)
    context = {
        "heading": _("Edit %(name)s") % {"name": LeadReader(actor).attribute(lead, "name").text or reference},
        "reference": reference,
        "cancel_url": reverse("leads:detail", args=[reference]),
    }
    return _form_page(request, form, context)


def show_problems(form: LeadForm, error: ApplicationError) -> None:
    """Put each problem beside its field; what no field shows stands above the form."""
    for key, problems in error.fields.items():
        for problem in problems:
            form.add_error(form.field_name(key), problem.message)
    if not error.fields:
        form.add_error(None, told_with_link(error))


def told_with_link(error: ApplicationError) -> str:
    """What is told of a refusal; where another lead that the actor sees stands in the way, with the way there."""
    if not isinstance(error, DetailsTaken) or error.reference is None:
        return error.message
    url = reverse("leads:detail", args=[error.reference])
    link = format_html('<a href="{}">{}</a>', url, error.reference)
    return format_html("{}{}", link, error.message.removeprefix(error.reference))


def _form_page(
    request: HttpRequest, form: LeadForm, context: dict[str, Any], *, is_refused: bool = False
) -> HttpResponse:
    today = timezone.now().astimezone(actor_of(request).organization.zone).date().isoformat()
    context |= {"form": form, "sections": form.sections(), "list_url": reverse("leads:list"), "today": today}
    is_refused = is_refused or (form.is_bound and bool(form.errors))
    return render(request, "leads/form.html", context, status=422 if is_refused else 200)


@require_POST
def lead_work(request: HttpRequest, reference: str) -> HttpResponse:
    """Change status, stage and owner."""
    actor = actor_of(request)
    lead = get_lead(actor, reference, verb="write")
    form = _work_form(request, lead, request.POST, may_assign=may_change(actor, lead, "assign"))
    if not form.is_valid():
        for errors in form.errors.values():
            for text in errors:
                messages.error(request, text)
        return redirect("leads:detail", reference)
    given = form.cleaned_data
    attributes = {name: given[name] for name in ("status", "stage") if name in form.touched}
    moved = "owner" in form.touched
    try:
        work_lead(
            actor=actor,
            reference=reference,
            attributes=attributes,
            assignment=Assignment(given["owner"]) if moved else None,
        )
    except ApplicationError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Saved."))
    return redirect("leads:detail", reference)


@require_POST
def lead_withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    """Take a lead out of every list; its history stays."""
    withdraw_lead(actor=actor_of(request), reference=reference)
    messages.success(
        request, _("%(reference)s was withdrawn. An administrator can restore it.") % {"reference": reference}
    )
    return redirect("leads:list")
