"""Loading the leads of a page, whose ids are known, with what pages and API show of them."""

from collections.abc import Sequence

from django.db.models import QuerySet

from core.database.compiled import CompiledQuery
from leads.models import BusinessLine, Lead
from leads.queries.stalling import look_up_stalled
from leads.queries.tags import names_beside_lead

RELATED = ("source", "campaign", "owner__user", "team__user")
# What a list shows of nobody, for fifty rows: it takes as long to read as all the rest.
UNSHOWN = (
    "compare",
    *(f"{origin}__created_at" for origin in ("source", "campaign")),
    *(f"{person}__{name}" for person in ("owner", "team") for name in ("phone", "roles", "created_at")),
    *(
        f"{person}__user__{name}"
        for person in ("owner", "team")
        for name in ("password", "last_login", "created_at")
    ),
)


def _leads(ids: str) -> QuerySet[Lead]:
    leads = Lead.objects.filter(pk__any=ids).select_related(*RELATED).defer(*UNSHOWN)
    return leads.annotate(tag_names=names_beside_lead()).order_by()


# Composed once for each scope: the leads of the organisation or of some owners, of one line or of all.
ALL = CompiledQuery(lambda ids: _leads(ids).select_related("line"), ids=str)
ALL_OF_LINE = CompiledQuery(lambda ids, line: _leads(ids).filter(line_id=line), ids=str, line=int)
OWN = CompiledQuery(
    lambda ids, owners: _leads(ids).filter(owner_id__any=owners).select_related("line"), ids=str, owners=str
)
OWN_OF_LINE = CompiledQuery(
    lambda ids, owners, line: _leads(ids).filter(owner_id__any=owners, line_id=line),
    ids=str, owners=str, line=int,
)  # fmt: skip


def load_leads(ids: Sequence[int], owners: Sequence[int] | None, line: BusinessLine | None) -> list[Lead]:
    """Return those of the live leads `ids`, in any order, that `owners` own (None: anybody) in the line (None: any).

    One query, and one more where stalled leads are watched. What lists do not show is not loaded (`UNSHOWN`).
    """
    wanted = list(ids)
    if line is None:
        leads = ALL(ids=wanted) if owners is None else OWN(ids=wanted, owners=list(owners))
        look_up_stalled(leads)
        return leads
    if owners is None:
        leads = ALL_OF_LINE(ids=wanted, line=line.pk)
    else:
        leads = OWN_OF_LINE(ids=wanted, owners=list(owners), line=line.pk)
    for lead in leads:
        lead.line = line
    look_up_stalled(leads)
    return leads
