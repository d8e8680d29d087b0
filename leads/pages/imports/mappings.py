"""Pages of saved mappings: which there are, what each reads, another name, and the end of one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.pages.forms import show_refusal
from accounts.queries.members import names_of_users
from accounts.roles import Area
from core.errors import ApplicationError
from core.queries.saved_mappings import get_mapping, listed_mappings, may_change_mapping
from core.services.saved_mappings import delete_mapping, rename_mapping
from leads.models import BusinessLine
from leads.pages.imports.forms import RenameForm
from leads.pages.imports.presenting import actor_of
from leads.queries.saved_mappings import columns_shown

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
        "columns": columns_shown(actor, mapping),
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
