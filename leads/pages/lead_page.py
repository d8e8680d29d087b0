"""One lead as its page shows it: two columns of facts, and what happened between them."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actor import Actor
from core.templatetags.components import tone
from leads.fields.access import visible_fields
from leads.fields.definition import FieldDefinition
from leads.fields.line import line_definition
from leads.fields.types import type_of
from leads.models import FieldKind, Lead
from leads.presentation import LeadPresenter, stage_text
from leads.queries.history import lead_timeline

FACT_KINDS = {FieldKind.PHONE: "phone", FieldKind.EMAIL: "email"}


def lead_context(actor: Actor, lead: Lead, *, before: str = "") -> dict[str, Any]:
    """The context of leads/detail.html, without what the actor may do."""
    definition = line_definition(lead.line)
    presenter = LeadPresenter(actor, lead.line, definition)
    sections = [
        {"title": title or _("Details"), "facts": facts}
        for title, facts in _sections(actor, presenter, lead).items()
    ]
    middle = (len(sections) + 1) // 2
    timeline = lead_timeline(actor, lead, before=before)
    return {
        "lead": _head(presenter, lead),
        "list_url": f"{reverse('leads:list')}?line={lead.line.code}",
        "sections_left": sections[:middle],
        "sections_right": [*sections[middle:], {"title": _("Origin"), "facts": _origin(lead)}],
        "timeline": timeline.entries,
        "older_timeline_url": f"?before={timeline.older}" if timeline.older else "",
    }


def _head(presenter: LeadPresenter, lead: Lead) -> dict[str, Any]:
    return {
        "reference": lead.reference,
        "name": presenter.attribute_text(lead, "name"),
        "status_label": lead.get_status_display(),
        "status_tone": tone(lead.status),
        "stage": stage_text(lead.stage),
        "owner": str(lead.owner) if lead.owner else "",
        "phone": presenter.attribute_text(lead, "phone"),
        "phone_masked": presenter.is_masked(lead, "phone"),
        "email": presenter.attribute_text(lead, "email"),
        "email_masked": presenter.is_masked(lead, "email"),
        "line": lead.line.name,
        "source": str(lead.source) if lead.source else "",
        "campaign": str(lead.campaign) if lead.campaign else "",
        "score": lead.score,
        "created": lead.created_at,
        "updated": lead.updated_at,
    }


def _sections(actor: Actor, presenter: LeadPresenter, lead: Lead) -> dict[str, list[dict[str, Any]]]:
    """Active fields by section; a retired one only where the lead holds a value of it."""
    sections: dict[str, list[dict[str, Any]]] = {}
    for item in visible_fields(actor, presenter.definition, retired=True):
        if item.is_active or lead.data.get(item.key) is not None:
            sections.setdefault(item.section, []).append(_fact(presenter, lead, item))
    return sections


def _fact(presenter: LeadPresenter, lead: Lead, item: FieldDefinition) -> dict[str, Any]:
    text = presenter.text(lead, item)
    masked = bool(text) and presenter.sight(lead, item) == "masked"
    kind = "masked" if masked else FACT_KINDS.get(item.type, "number" if type_of(item).is_number else "")
    label = item.label if item.is_active else _("%(label)s (retired)") % {"label": item.label}
    url = (
        text if item.type is FieldKind.URL and not masked and text.startswith(("http://", "https://")) else ""
    )
    return {"label": label, "value": text, "kind": kind, "url": url}


def _origin(lead: Lead) -> list[dict[str, Any]]:
    facts = [
        {"label": _("Source"), "value": str(lead.source or ""), "kind": ""},
        {"label": _("Campaign"), "value": str(lead.campaign or ""), "kind": ""},
    ]
    if lead.repeat_enquiries:
        facts.append({"label": _("Repeat enquiries"), "value": str(lead.repeat_enquiries), "kind": "number"})
    if lead.intake_id is not None:
        text = _("Import %(number)s, row %(row)s") % {"number": lead.intake_id, "row": lead.row_number}
        facts.append({"label": _("Came from"), "value": text, "kind": ""})
    return facts
