"""Notes on a lead: written on its page, corrected and withdrawn on their own."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import NotPermitted, ValidationFailed
from leads.models import Lead, Note
from leads.pages.imports.presenting import actor_of
from leads.pages.views import lead_page
from leads.pages.work_forms import NoteForm, show_refusal
from leads.queries.leads import get_lead
from leads.queries.mentions import Mentions, suggest_mentions
from leads.queries.notes import get_note
from leads.services.notes import correct_note, withdraw_note, write_note

LONGEST_PIECE = 100


@require_POST
def note_new(request: HttpRequest, reference: str) -> HttpResponse:
    """Write a note; what is wrong is told where it was typed."""
    actor = actor_of(request)
    lead = get_lead(actor, reference, verb="write")
    form = NoteForm(request.POST, lead=lead)
    if form.is_valid():
        try:
            written = write_note(actor=actor, reference=reference, text=form.cleaned_data["text"])
        except ValidationFailed as error:
            show_refusal(form, error)
        else:
            _say_who_is_told(request, written.mentions)
            return redirect(happened(reference))
    return lead_page(request, lead, note_form=form)


@require_http_methods(["GET", "HEAD", "POST"])
def note_edit(request: HttpRequest, reference: str, note_id: int) -> HttpResponse:
    """Correct one's own note."""
    actor = actor_of(request)
    lead = get_lead(actor, reference, verb="write")
    note = get_note(lead, note_id)
    if actor.membership is None or note.author_id != actor.membership.pk:
        raise NotPermitted("Only its author changes a note. Write one of your own.")
    form = NoteForm(request.POST or None, lead=lead, initial={"text": note.text})
    if request.method == "POST" and form.is_valid():
        try:
            written = correct_note(
                actor=actor, reference=reference, note_id=note_id, text=form.cleaned_data["text"]
            )
        except ValidationFailed as error:
            show_refusal(form, error)
        else:
            _say_who_is_told(request, written.mentions)
            return redirect(happened(reference))
    return _note_page(request, lead, note, form)


def _note_page(request: HttpRequest, lead: Lead, note: Note, form: NoteForm) -> HttpResponse:
    context = {
        "form": form,
        "heading": _("Correct a note"),
        "reference": lead.reference,
        "lead_url": reverse("leads:detail", args=[lead.reference]),
        "list_url": reverse("leads:list"),
        "withdraw_url": reverse("leads:note_withdraw", args=[lead.reference, note.pk]),
        "withdraw_text": _("The note leaves the lead, and nobody is told of it any more."),
        "mentions_url": reverse("leads:mentions", args=[lead.reference]),
    }
    return render(request, "leads/work_form.html", context, status=422 if form.errors else 200)


@require_POST
def note_withdraw(request: HttpRequest, reference: str, note_id: int) -> HttpResponse:
    """Take one's own note back."""
    withdraw_note(actor=actor_of(request), reference=reference, note_id=note_id)
    messages.success(request, _("The note is withdrawn."))
    return redirect(happened(reference))


@require_safe
def note_mentions(request: HttpRequest, reference: str) -> HttpResponse:
    """How colleagues who may see the lead are mentioned: those whose names have what is typed."""
    actor = actor_of(request)
    lead = get_lead(actor, reference, verb="write")
    typed = request.GET.get("text", "")[:LONGEST_PIECE].replace("\0", "")
    response = JsonResponse({"names": suggest_mentions(actor, lead, typed)})
    response["Cache-Control"] = "no-store"
    return response


def happened(reference: str) -> str:
    """The address of what happened to a lead, on its page."""
    return reverse("leads:detail", args=[reference]) + "#happened"


def _say_who_is_told(request: HttpRequest, mentions: Mentions) -> None:
    if mentions.members:
        names = ", ".join(str(member) for member in mentions.members)
        messages.success(request, _("Noted. Told: %(names)s.") % {"names": names})
    else:
        messages.success(request, _("Noted."))
    for name in mentions.unknown[:3]:
        messages.warning(
            request,
            _("“@%(name)s” tells nobody: no one colleague of that name sees this lead.")
            % {"name": name[:60]},
        )
