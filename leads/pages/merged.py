"""What the page of a lead says of a merge that was just made."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from leads.models import Lead
from leads.pages.imports.presenting import actor_of
from leads.queries.merges import visible_merge

# In the address of the page to which a merge leads: which merge it was.
MERGED = "merged"


def just_merged(request: HttpRequest, lead: Lead) -> dict[str, Any] | None:
    """The merge into the lead that the address names, while it stands: which lead went, and where it is taken back."""
    merge = visible_merge(actor_of(request), request.GET.get(MERGED, ""))
    if merge is None or merge.keep_id != lead.pk:
        return None
    return {
        "lose": merge.lose.reference,
        "undo_url": reverse("leads:merge_undo", args=[lead.reference, merge.pk]),
    }
