"""The writers of single leads: create, update, assign, withdraw, restore."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership
from accounts.queries.members import team_of
from accounts.roles import Area, Level
from core.errors import Conflict, NotVisible
from leads.fields.capture import is_empty
from leads.fields.line import line_definition
from leads.models import BusinessLine, Lead
from leads.queries.leads import standing_merges, visible_leads
from leads.services.claiming import replace_keys
from leads.services.derived import remove_derived_rows, write_derived_rows
from leads.services.enquiries import EnquiryReader, OriginIds
from leads.services.kept_files import attach_field_files
from leads.services.leads_given import give_lead
from leads.services.lines import pin_line
from leads.services.locking import Precondition, locked_lead
from leads.services.recording import Enquiry, Recorder, Result, count_repeats, fill_core_attributes
from leads.services.scoring.applying import give_score
from leads.services.stalling.clocks import renew_clocks, stop_clocks


@dataclass(frozen=True, slots=True)
class CreateResult:
    """The lead made, or, where the enquiry repeats one, `repeats` (None when the actor may not see it)."""

    lead: Lead | None
    repeats: Lead | None = None

    @property
    def is_new(self) -> bool:
        return self.lead is not None


def ownership_of(actor: Actor) -> dict[str, Any]:
    """Return the columns that say whose the leads are that the actor captures."""
    if actor.membership is None:
        return {}
    return {"owner_id": actor.membership.pk, "team_id": team_of(actor.membership)}


def goes_by_rule(actor: Actor) -> bool:
    """Return whether leads that the actor captures go by the rules of their line, where one fits.

    Those of agents and leaders stay with them: they captured them to work them.
    """
    return actor.membership is None or actor.level(Area.LEADS, "write") not in (Level.OWN, Level.TEAM)


@dataclass(frozen=True, slots=True)
class Assignment:
    """To whom a lead goes; None takes it from everybody."""

    owner: Membership | None


@transaction.atomic
def create_lead(
    *,
    actor: Actor,
    line: BusinessLine,
    values: Mapping[str, Any],
    attributes: Mapping[str, Any] | None = None,
) -> CreateResult:
    """Validate and store one enquiry, owned by the actor; a repeat is counted on the lead it repeats.

    Raises NotPermitted, or ValidationFailed with every problem by field key; SourceRefused, SourceClosed or SourceFull
    where the source does not take the lead. An update instead of a repeat happens where the line says so and the actor
    may write the lead.
    """
    actor.require(Area.LEADS, "create")
    line = pin_line(line.pk)
    reader = EnquiryReader(actor, line)
    reader.require_open()
    reader.look_up([values])
    captured = reader.captured(values)
    columns = {**_attributes(reader, attributes or {}), **ownership_of(actor)}
    outcome = Recorder(line, reader.definition).record(
        [Enquiry(captured.data, captured.compare, columns, by_rule=goes_by_rule(actor))]
    )[0]
    if outcome.refused_by is not None:
        raise outcome.refused_by.error()
    if outcome.result is Result.REFUSED:
        raise reader.refusal(outcome.problems, values)
    if outcome.created is not None:
        attach_field_files(actor, reader.definition, outcome.created.id, captured.data)
    if outcome.result is Result.CREATED:
        return CreateResult(outcome.lead)
    assert outcome.repeats_lead_id is not None
    if line.on_duplicate == "update":
        writable = visible_leads(actor, verb="write").filter(pk=outcome.repeats_lead_id).first()
        if writable is not None:
            # An enquiry says what it fills; what it leaves blank stays as it was.
            filled = {key: value for key, value in values.items() if not is_empty(value)}
            origin = {name: value for name, value in (attributes or {}).items() if value}
            updated = update_lead(actor=actor, reference=writable.reference, values=filled, attributes=origin)
            return CreateResult(None, updated)
    count_repeats({outcome.repeats_lead_id: 1})
    return CreateResult(None, visible_leads(actor).filter(pk=outcome.repeats_lead_id).first())


@transaction.atomic
def update_lead(
    *,
    actor: Actor,
    reference: str,
    values: Mapping[str, Any],
    attributes: Mapping[str, Any] | None = None,
    precondition: Precondition | None = None,
) -> Lead:
    """Change fields of a lead; what is not given stays. Raises NotVisible, NotPermitted, ValidationFailed.

    The lead moves to the line's version in force. Fields the actor may not edit are refused by name.
    """
    lead = locked_lead(actor, reference, "write", precondition)
    lead.line = pin_line(lead.line_id)
    reader = EnquiryReader(actor, lead.line)
    definition = reader.definition
    before = lead.data
    if values:
        reader.look_up([values], stored=before)
        captured = reader.captured(values, stored=before)
        lead.version = definition.version
        lead.data, lead.compare = captured.data, captured.compare
        fill_core_attributes(lead, definition)
    for name, value in _attributes(reader, attributes or {}).items():
        setattr(lead, name, value)
    lead.updated_at = timezone.now()
    give_score(lead.line, lead)
    lead.save()
    renew_clocks(lead.line, [lead])
    if values:
        attach_field_files(actor, definition, lead.pk, lead.data, before)
        replace_keys(actor, lead, definition, before)
        remove_derived_rows([lead.pk], keys=False)
        write_derived_rows([lead], definition)
    return lead


@transaction.atomic
def work_lead(
    *, actor: Actor, reference: str, attributes: Mapping[str, Any], assignment: Assignment | None = None
) -> None:
    """Move a lead: status and stage, and whom it is assigned to, all or nothing. Raises as both writers do."""
    if attributes:
        update_lead(actor=actor, reference=reference, values={}, attributes=attributes)
    if assignment is not None:
        assign_lead(actor=actor, reference=reference, owner=assignment.owner)


@transaction.atomic
def assign_lead(
    *, actor: Actor, reference: str, owner: Membership | None, precondition: Precondition | None = None
) -> Lead:
    """Give a lead to an owner within the actor's reach (None: to nobody). The team is the owner's leader's.

    Open follow-ups of the old owner go with the lead, and the new owner is told.
    """
    lead = locked_lead(actor, reference, "assign", precondition)
    give_lead(actor, lead, owner)
    return lead


@transaction.atomic
def withdraw_lead(*, actor: Actor, reference: str, precondition: Precondition | None = None) -> Lead:
    """Hide a lead from every list and free its keys. Raises NotPermitted or NotVisible."""
    actor.require(Area.LEADS, "delete")
    lead = locked_lead(actor, reference, "write", precondition)
    lead.deleted_at = lead.updated_at = timezone.now()
    lead.save(update_fields=["deleted_at", "updated_at"])
    remove_derived_rows([lead.pk])
    stop_clocks([lead.pk])
    return lead


@transaction.atomic
def restore_lead(*, actor: Actor, reference: str) -> Lead:
    """Bring a withdrawn lead back.

    Raises DetailsTaken when another lead took one of its keys meanwhile, Conflict for one that was merged.
    """
    actor.require(Area.LEADS, "delete")
    lead = Lead.everything.select_for_update().filter(reference=reference, deleted_at__isnull=False).first()
    if lead is None:
        raise NotVisible("No withdrawn lead has this reference.")
    if merge := standing_merges().filter(lose=lead).select_related("keep").first():
        into = merge.keep.reference
        raise Conflict(
            "merged", f"{reference} was merged into {into}. Take the merge back on the page of {into}."
        )
    lead.line = pin_line(lead.line_id)
    definition = line_definition(lead.line)
    lead.deleted_at = None
    lead.updated_at = timezone.now()
    replace_keys(actor, lead, definition)
    # While it was away the rules may have changed.
    lead.score = None
    give_score(lead.line, lead)
    lead.save(update_fields=["deleted_at", "updated_at", "score"])
    renew_clocks(lead.line, [lead])
    write_derived_rows([lead], definition)
    return lead


def _attributes(reader: EnquiryReader, given: Mapping[str, Any]) -> dict[str, Any]:
    reader.check_attributes(given)
    return OriginIds([given]).columns(given)
