"""One lead as its page shows it: two columns of facts, and what happened between them."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.roles import Area, Level
from core.kept_files import file_link
from core.middleware import PAGES_POLICY
from core.rules import Moment
from core.templatetags.components import tone
from leads.fields.definition import FieldDefinition
from leads.fields.line import line_definition
from leads.models import (
    Channel,
    ConsentChannel,
    ConsentDoor,
    FollowUp,
    FormSubmission,
    Lead,
    LeadAttachment,
)
from leads.pages.maps import map_address
from leads.presentation import LeadReader, Shown, stage_text
from leads.queries.attachments import attachment_label, is_open, shown_attachments
from leads.queries.consent import ConsentEntry, Contact
from leads.queries.engagements import ways_to_reach
from leads.queries.history import lead_timeline
from leads.queries.lead_parts import LeadParts, read_parts
from leads.queries.scores import explain_score
from leads.queries.stalling import stalled_since
from leads.queries.tags import tags_of
from leads.queries.timeline import TimelineEntry

TIMELINE = 20
MOMENT = "j M Y, H:i"
# Browsers hold the redirect after a form to the policy of the page that has the form: its last hops too.
REACHING_POLICY = PAGES_POLICY.replace(
    "form-action 'self'",
    "form-action 'self' tel: sms: mailto: https://wa.me https://api.whatsapp.com whatsapp:",
)
WAY_ICONS = {
    Channel.CALL: "phone",
    Channel.WHATSAPP: "whatsapp",
    Channel.SMS: "message",
    Channel.EMAIL: "mail",
}


def lead_context(actor: Actor, lead: Lead, *, before: str = "", most: int = TIMELINE) -> dict[str, Any]:
    """The context of leads/detail.html, without what the actor may do. Raises ValidationFailed for a bad cursor."""
    reader = LeadReader(actor)
    reader.look_ahead([lead])
    sections = [
        {"title": title or _("Details"), "facts": facts} for title, facts in _sections(reader, lead).items()
    ]
    middle = (len(sections) + 1) // 2
    beside = read_parts(lead, reader.zone)
    contact = beside.contact
    may_reach = _may_change(reader, lead)
    origin = _origin(actor, reader, lead, beside)
    timeline = lead_timeline(actor, lead, older_than=before, limit=most)
    told = [_told(reader, lead, entry) for entry in timeline.entries]
    return {
        "lead": _head(reader, lead),
        "list_url": f"{reverse('leads:list')}?line={lead.line.code}",
        "sections_left": sections[:middle],
        "sections_right": [*sections[middle:], {"title": _("Origin"), "facts": origin}],
        "ways": _ways(reader, lead, contact) if may_reach else [],
        "print_url": reverse("leads:print", args=[lead.reference]),
        "is_do_not_call": contact.is_listed,
        "do_not_call": reader.sentence(lead, contact.do_not_call),
        "consents": consent_facts(reader, lead, contact.standing),
        "consent_url": reverse("leads:consent", args=[lead.reference]),
        "score": explain_score(reader, lead),
        "timeline": told,
        # The newest of one's own calls and messages of which nobody knows yet how it went.
        "outcome_url": next((entry["outcome_url"] for entry in told if entry["outcome_url"]), ""),
        "open_follow_ups": [
            shown_follow_up(reader, lead, each, shows_lead=False) for each in beside.open_follow_ups
        ],
        **_attachments(reader, lead, beside.attachments),
        "older_timeline_url": f"?before={timeline.older}" if timeline.older else "",
    }


def shown_follow_up(
    reader: LeadReader, lead: Lead, follow_up: FollowUp, *, shows_lead: bool = True
) -> dict[str, Any]:
    """What leads/_follow_up.html shows of a follow-up; with `shows_lead` the lead too, on pages of many."""
    own = reader.actor.membership.pk if reader.actor.membership else None
    whom = "" if shows_lead or follow_up.assignee_id == own else str(follow_up.assignee or _("Nobody yet"))
    return {
        "number": follow_up.pk,
        "reference": lead.reference,
        "what": reader.sentence(lead, follow_up.what),
        "due": follow_up.due_at,
        "is_overdue": not follow_up.is_done and follow_up.due_at < timezone.now(),
        "is_done": follow_up.is_done,
        "whom": whom,
        "by": str(follow_up.author) if follow_up.author_id not in (own, follow_up.assignee_id) else "",
        "lead": (reader.attribute(lead, "name").text or lead.reference) if shows_lead else "",
        "may_call": shows_lead and may_call(reader, lead),
        "may_change": _may_change(reader, lead),
        "now": timezone.now().astimezone(reader.zone).strftime("%Y-%m-%dT%H:%M"),
    }


def may_call(reader: LeadReader, lead: Lead) -> bool:
    """Whether the actor may call the person of a lead, as far as its page tells; the call is logged, or refused."""
    phone = reader.attribute(lead, "phone")
    return bool(phone.text) and not phone.is_masked and _may_change(reader, lead)


def _may_change(reader: LeadReader, lead: Lead) -> bool:
    return reader.actor.may(Area.LEADS, "write") and reader.may_edit(lead)


def offer_to_reach(context: dict[str, Any]) -> None:
    """Let a press on the lead's own number or address be logged as the buttons above are.

    A number that is not to be called leads nowhere. `context` is that of `lead_context`.
    """
    offered = {way["channel"] for way in context["ways"] if not way["is_refused"]}
    own = {
        "phone": (context["lead"]["phone"], Channel.CALL),
        "email": (context["lead"]["email"], Channel.EMAIL),
    }
    for section in (*context["sections_left"], *context["sections_right"]):
        for fact in section["facts"]:
            value, channel = own.get(fact["kind"], ("", None))
            if channel is None or fact["value"] != value:
                continue
            if channel in offered:
                fact["reach"] = channel.value
            elif context["is_do_not_call"] and channel is Channel.CALL:
                fact["kind"] = ""


def _attachments(reader: LeadReader, lead: Lead, rows: Iterable[LeadAttachment]) -> dict[str, Any]:
    """What leads/_attachments.html shows."""
    may_edit = reader.actor.may(Area.LEADS, "write") and reader.may_edit(lead)
    live, removed = shown_attachments(rows, with_removed=may_edit)
    return {
        "attachments": [_attachment(reader, lead, each, may_edit=may_edit) for each in live],
        "removed_attachments": [_attachment(reader, lead, each, may_edit=may_edit) for each in removed],
    }


def _attachment(
    reader: LeadReader, lead: Lead, attachment: LeadAttachment, *, may_edit: bool
) -> dict[str, Any]:
    opens = is_open(reader, lead, attachment)
    is_live = attachment.deleted_at is None
    where = [lead.reference, attachment.pk]
    return {
        "kind": attachment.get_kind_display(),
        "label": attachment_label(reader, lead, attachment),
        "is_closed": not opens,
        "url": file_link(lead.organization_id, attachment.file_id) if opens and is_live else "",
        "size": attachment.file.size if opens else None,
        "who": str((None if is_live else attachment.removed_by) or attachment.author or _("A public form")),
        "at": attachment.deleted_at or attachment.created_at,
        "edit_url": reverse("leads:attachment", args=where) if may_edit and is_live else "",
        "restore_url": reverse("leads:attachment_restore", args=where) if may_edit and not is_live else "",
    }


def _told(reader: LeadReader, lead: Lead, entry: TimelineEntry) -> dict[str, Any]:
    """What components/timeline.html shows of an entry; one's own note can be corrected, one's own call told of."""
    member = reader.actor.membership
    own = member is not None and entry.author_id == member.pk
    may_change = own and reader.actor.may(Area.LEADS, "write") and reader.may_edit(lead)
    may_correct = may_change and entry.note_id is not None
    return {
        "icon": entry.icon,
        "tone": entry.tone,
        "actor": entry.actor,
        "text": entry.text,
        "at": entry.at,
        "note": entry.note,
        "changes": entry.changes,
        "is_corrected": entry.is_corrected,
        "edit_url": reverse("leads:note", args=[lead.reference, entry.note_id]) if may_correct else "",
        "outcome_url": reverse("leads:engagement", args=[lead.reference, entry.engagement_id])
        if may_change and entry.lacks_outcome
        else "",
    }


def _head(reader: LeadReader, lead: Lead) -> dict[str, Any]:
    phone, email = reader.attribute(lead, "phone"), reader.attribute(lead, "email")
    return {
        "reference": lead.reference,
        "name": reader.attribute(lead, "name").text,
        "status_label": reader.attribute(lead, "status").text,
        "status_tone": tone(lead.status),
        "stage": stage_text(lead.stage),
        "owner": reader.attribute(lead, "owner").text,
        "phone": phone.text,
        "phone_masked": phone.is_masked,
        "email": email.text,
        "email_masked": email.is_masked,
        "line": lead.line.name,
        "source": reader.attribute(lead, "source").text,
        "campaign": reader.attribute(lead, "campaign").text,
        "tags": tags_of(lead),
        "stalled": stalled_since(lead),
        "created": lead.created_at,
        "updated": lead.updated_at,
    }


def consent_facts(reader: LeadReader, lead: Lead, entries: Iterable[ConsentEntry]) -> list[dict[str, Any]]:
    """What components/facts.html shows of a register of consents."""
    channels, doors = dict(ConsentChannel.choices), dict(ConsentDoor.choices)
    facts = []
    for entry in entries:
        said = {
            "purpose": entry.purpose,
            "day": date_format(entry.at.astimezone(reader.zone), MOMENT),
            "by": entry.by,
            "form": entry.form,
            "door": doors.get(entry.door, ""),
        }
        what = (
            _("%(purpose)s, agreed to on %(day)s")
            if entry.is_given
            else _("%(purpose)s, withdrawn on %(day)s")
        )
        where = _("In the form “%(form)s”") if entry.form else _("Written down by %(by)s: %(door)s")
        wording = entry.wording if entry.form else reader.sentence(lead, entry.wording)
        lines = [what % said, *([f"“{wording}”"] if wording else []), where % said]
        facts.append({"label": channels[entry.channel], "value": "\n".join(lines), "kind": ""})
    return facts


def _ways(reader: LeadReader, lead: Lead, contact: Contact) -> list[dict[str, Any]]:
    """What leads/_reach.html offers."""
    return [
        {
            "channel": way.channel.value,
            "label": way.channel.label,
            "icon": WAY_ICONS[way.channel],
            "is_refused": contact.is_listed and way.channel is not Channel.EMAIL,
        }
        for way in ways_to_reach(reader, lead)
    ]


def _sections(reader: LeadReader, lead: Lead) -> dict[str, list[dict[str, Any]]]:
    sections: dict[str, list[dict[str, Any]]] = {}
    moment = Moment(timezone.now(), reader.zone)
    rules = line_definition(lead.line).visible_rules
    for item in reader.fields(lead):
        rule = rules.get(item.key)
        # A field that does not apply to this lead is no gap in it.
        if item.key in lead.data or rule is None or rule(lead.data, moment):
            sections.setdefault(item.section, []).append(_fact(reader, lead, item))
    return sections


def _fact(reader: LeadReader, lead: Lead, item: FieldDefinition) -> dict[str, Any]:
    shown = reader.field(lead, item)
    stored = lead.data.get(item.key)
    return {
        "label": item.label if item.is_active else _("%(label)s (retired)") % {"label": item.label},
        "value": shown.text,
        "kind": shown.kind,
        "url": _address(lead, shown, stored),
        "is_elsewhere": shown.kind == "location",
        **(_of_file(lead, shown, stored) if shown.kind in ("file", "image") else {}),
    }


def _of_file(lead: Lead, shown: Shown, stored: Any) -> dict[str, Any]:
    """How large a file is, and, of a picture, where it is shown from."""
    if not isinstance(stored, Mapping) or "id" not in stored:
        return {}
    is_picture = shown.kind == "image"
    return {
        "size": stored.get("size"),
        "picture": file_link(lead.organization_id, stored["id"], shows=True) if is_picture else "",
    }


def _address(lead: Lead, shown: Shown, stored: Any) -> str:
    """Where a value leads, if it leads anywhere."""
    if shown.kind == "url" and shown.text.startswith(("http://", "https://")):
        return shown.text
    if shown.kind == "lead" and shown.text:
        return reverse("leads:detail", args=[shown.text])
    if shown.kind == "location" and shown.text:
        return map_address(stored)
    if shown.kind in ("file", "image") and isinstance(stored, Mapping) and "id" in stored:
        return file_link(lead.organization_id, stored["id"])
    return ""


def _origin(actor: Actor, reader: LeadReader, lead: Lead, beside: LeadParts) -> list[dict[str, Any]]:
    facts = [
        {"label": _("Source"), "value": reader.attribute(lead, "source").text, "kind": ""},
        {"label": _("Campaign"), "value": reader.attribute(lead, "campaign").text, "kind": ""},
    ]
    if beside.assigned is not None:
        facts.append({"label": _("Assigned"), "value": beside.assigned.reason, "kind": ""})
    if beside.waits is not None:
        facts.append({"label": _("Waits"), "value": beside.waits.reason, "kind": ""})
    if lead.repeat_enquiries:
        facts.append({"label": _("Repeat enquiries"), "value": str(lead.repeat_enquiries), "kind": "number"})
    if lead.intake_id is not None:
        text = _("Import %(number)s, row %(row)s") % {"number": lead.intake_id, "row": lead.row_number}
        sees_imports = actor.level(Area.LEAD_FILES, "read") is Level.ALL
        url = reverse("leads:import_detail", args=[lead.intake_id]) if sees_imports else ""
        facts.append({"label": _("Came from"), "value": text, "kind": "", "url": url})
    elif beside.made_by is not None:
        facts.append(_of_form(actor, beside.made_by))
    url = reverse("leads:origins", args=[lead.reference])
    return [*facts, {"label": _("Values"), "value": _("Where each comes from"), "kind": "", "url": url}]


def _of_form(actor: Actor, made: FormSubmission) -> dict[str, Any]:
    """The form that brought the lead."""
    text = _("Form “%(title)s”") % {"title": made.form_link.title}
    sees_forms = actor.may(Area.CONFIGURATION, "write")
    url = reverse("admin:leads_formlink_change", args=[made.form_link_id]) if sees_forms else ""
    return {"label": _("Came from"), "value": text, "kind": "", "url": url}
