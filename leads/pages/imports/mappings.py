"""Pages of saved mappings: which there are, what each reads, another name, and the end of one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actor import Actor
from accounts.pages.forms import show_refusal
from accounts.queries.members import names_of_users
from accounts.roles import Area
from core.errors import ApplicationError, NotVisible
from core.intake.importer import importer_for
from core.models import Intake, SavedMapping
from core.queries.saved_mappings import get_mapping, listed_mappings, may_change_mapping
from core.services.saved_mappings import delete_mapping, rename_mapping
from leads.fields.access import visible_fields
from leads.fields.line import line_definition
from leads.intake import ATTRIBUTE_PREFIX, line_of
from leads.models import BusinessLine
from leads.pages.imports.forms import RenameForm
from leads.pages.imports.presenting import actor_of

MOST_SHOWN = 500


@require_safe
def import_mappings(request: HttpRequest) -> HttpResponse:
    """Every saved mapping, by name, with its last use."""
    actor = actor_of(request)
    found = list(listed_mappings(actor)[:MOST_SHOWN])
    lines = BusinessLine.everything.filter(code__in={mapping.target for mapping in found})
    names = dict(lines.order_by("-deleted_at").values_list("code", "name"))
    people = names_of_users({mapping.created_by_id for mapping in found})
    context = {
        "mappings": [
            {
                "url": reverse("leads:import_mapping", args=[mapping.pk]),
                "mapping": mapping,
                "line": names.get(mapping.target, mapping.target),
                "person": people.get(mapping.created_by_id, ""),
                "columns": len(mapping.columns),
            }
            for mapping in found
        ],
        "list_url": reverse("leads:imports"),
        "new_url": reverse("leads:import_new") if actor.may(Area.LEAD_FILES, "write") else "",
    }
    return render(request, "imports/mappings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def import_mapping(request: HttpRequest, mapping_id: int) -> HttpResponse:
    """What a saved mapping reads, and its name, to be changed."""
    actor = actor_of(request)
    mapping = get_mapping(actor, mapping_id)
    form = RenameForm(request.POST or None, initial={"remember_as": mapping.name})
    if request.method == "POST":
        actor.require(Area.LEAD_FILES, "write")
        if form.is_valid():
            try:
                rename_mapping(actor=actor, mapping_id=mapping.pk, name=form.cleaned_data["remember_as"])
            except ApplicationError as error:
                if error.status == 403:
                    raise
                show_refusal(form, error)
            else:
                messages.success(request, _("The mapping was renamed."))
                return redirect("leads:import_mapping", mapping.pk)
    may_change = may_change_mapping(actor, mapping)
    context = {
        "mapping": mapping,
        "person": names_of_users({mapping.created_by_id}).get(mapping.created_by_id, ""),
        "columns": _columns_shown(actor, mapping),
        "form": form if may_change else None,
        "delete_url": reverse("leads:import_mapping_delete", args=[mapping.pk]) if may_change else "",
        "list_url": reverse("leads:imports"),
        "mappings_url": reverse("leads:import_mappings"),
    }
    return render(request, "imports/mapping.html", context, status=422 if form.is_bound else 200)


@require_POST
def import_mapping_delete(request: HttpRequest, mapping_id: int) -> HttpResponse:
    """Forget a saved mapping."""
    mapping = delete_mapping(actor=actor_of(request), mapping_id=mapping_id)
    messages.success(request, _("“%(name)s” was deleted.") % {"name": mapping.name})
    return redirect("leads:import_mappings")


def _columns_shown(actor: Actor, mapping: SavedMapping) -> list[dict[str, Any]]:
    """Each column with the label of what it fills, as far as the actor may know of it."""
    try:
        loader = importer_for(Intake(importer=mapping.importer, target=mapping.target))
        definition = line_definition(line_of(mapping.target))
    except NotVisible:
        return [
            {"header": header, "state": "retired" if target else "unread"} for header, target in mapping.pairs
        ]
    labels = {target.key: target.label for target in loader.all_targets()}
    seen = {item.key for item in visible_fields(actor, definition)}
    shown = []
    for header, target in mapping.pairs:
        if not target:
            state = "unread"
        elif target not in labels:
            state = "retired"
        elif target in seen or target.startswith(ATTRIBUTE_PREFIX):
            state = "read"
        else:
            state = "hidden"
        shown.append({"header": header, "state": state, "label": labels.get(target, "")})
    return shown
