"""Merging one lead into another: one transaction, both histories kept, everything noted that takes it back."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Area
from core.errors import Conflict, FieldError, ValidationFailed
from core.models import Intake, IntakeState
from core.scope import current_scope, organization_scope
from leads.fields.capture import capture
from leads.fields.line import LineDefinition
from leads.fields.wording import sentences
from leads.models import BusinessLine, DuplicateKey, Lead, LeadMerge
from leads.queries.leads import get_lead, standing_merges, visible_leads
from leads.queries.merges import merge_reason
from leads.services.claiming import replace_keys
from leads.services.derived import remove_derived_rows, write_derived_rows
from leads.services.enquiries import WRONG, capture_context
from leads.services.lead_rows import fill_core_attributes
from leads.services.lines import pin_line
from leads.services.locking import Precondition
from leads.services.merging.choosing import MergeChoices, broken_dependencies
from leads.services.merging.moving import move_children
from leads.services.scoring.applying import give_score
from leads.services.stalling.clocks import clock_images, renew_clocks, stop_clocks


@dataclass(frozen=True, slots=True)
class MergeResult:
    """The kept lead and the merge; `is_new` is false where the same merge was made before."""

    lead: Lead
    merge: LeadMerge
    is_new: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """Which state of two leads somebody looked at when deciding to merge them: `lead_state` by reference."""

    states: Mapping[str, str] = field(default_factory=dict)

    def refuse_stale(self, leads: Iterable[Lead]) -> None:
        """Raise Conflict where one of the leads was changed since."""
        for lead in leads:
            if self.states.get(lead.reference, lead_state(lead)) != lead_state(lead):
                raise Conflict(
                    "changed",
                    f"{lead.reference} was changed since you looked at it. Compare the two leads again.",
                )


def lead_state(lead: Lead) -> str:
    """Return what changes with every change of a lead's values."""
    return lead.updated_at.isoformat()


@transaction.atomic
def merge_leads(
    *,
    actor: Actor,
    keep: str,
    lose: str,
    choices: Mapping[str, str] | None = None,
    seen: Seen | None = None,
    precondition: Precondition | None = None,
) -> MergeResult:
    """Merge lead `lose` into lead `keep`, both by reference.

    `choices` says of fields (by key), status, stage, owner, source, campaign and tags whose value stands: `keep`,
    `lose`, and of tags `both`. What is not named keeps its value, or takes the other's where the kept lead has none.
    What hangs on the merged lead moves (`leads.services.merging.references`); that lead is withdrawn and its
    reference leads to the kept one. The same merge asked for again is answered with what it made.

    Raises:
        NotVisible, NotPermitted: the actor sees, or may change, not both; or chose what is not theirs to choose.
        Conflict: one was merged or changed meanwhile, they are of two lines, or an import of one is being rolled back.
        ValidationFailed: choices that are none, or that do not go together.
        DetailsTaken: a third lead has what would tell repeats of the kept one.
    """
    actor.require(Area.LEADS, "write")
    if keep == lose:
        message = "A lead is not merged into itself. Choose another one."
        raise ValidationFailed("invalid", message, {"lose": [FieldError("choice", message)]})
    with organization_scope(actor.organization, reason=merge_reason(lose, keep)):
        locked = locked_leads(actor, (keep, lose))
        if len(locked) < 2 and (made := _made_before(actor, keep, lose)):
            return made
        for reference in (keep, lose):
            if reference not in locked:
                raise_unavailable(actor, reference)
        if precondition is not None:
            precondition()
        (seen or Seen()).refuse_stale(locked.values())
        return _merge(actor, locked[keep], locked[lose], choices or {})


def locked_leads(actor: Actor, references: Iterable[str]) -> dict[str, Lead]:
    """Take hold of leads that the actor may change, always in the same order, and return those that there are."""
    rows = visible_leads(actor, verb="write").select_for_update(of=("self",))
    return {lead.reference: lead for lead in rows.filter(reference__in=list(references)).order_by("pk")}


def _made_before(actor: Actor, keep: str, lose: str) -> MergeResult | None:
    """The same merge, where it was made already: who pressed twice meant it once."""
    merge = standing_merges().filter(keep__reference=keep, lose__reference=lose).first()
    return None if merge is None else MergeResult(get_lead(actor, keep, verb="write"), merge, is_new=False)


def raise_unavailable(actor: Actor, reference: str) -> None:
    """Raise why a lead could not be taken hold of: NotVisible (or MergedAway), NotPermitted, Conflict."""
    get_lead(actor, reference, verb="write")
    # It came back since.
    raise Conflict("changed", f"{reference} was changed at this very moment. Look at it again.")


def _merge(actor: Actor, keep: Lead, lose: Lead, given: Mapping[str, str]) -> MergeResult:
    line = _line_of(keep, lose)
    keep.line = lose.line = line
    _refuse_rolling_back(keep, lose)
    choices = MergeChoices(actor, keep, lose)
    chosen = choices.read(given)
    images = last_images((keep.pk, lose.pk))
    held = {"keep": _held_by(keep), "lose": _held_by(lose)}
    before, owner_before = keep.data, keep.owner_id
    repeats = lose.repeat_enquiries + 1
    clocks = clock_images((keep, lose))
    _fill(actor, choices, chosen)
    give_score(line, keep)
    keep.repeat_enquiries += repeats
    keep.updated_at = lose.updated_at = lose.deleted_at = timezone.now()
    lose.save(update_fields=["deleted_at", "updated_at"])
    remove_derived_rows([lose.pk])
    stop_clocks([lose.pk])
    keep.save()
    write_again(actor, keep, choices.definition, before, lose.data)
    moved = move_children(choices, chosen, owner_before)
    renew_clocks(line, [keep], is_given=keep.owner_id != owner_before)
    merge = LeadMerge.objects.create(
        keep=keep,
        lose=lose,
        by=actor.membership,
        request_id=current_scope().request_id or "",
        keep_image=images[keep.pk],
        lose_image=images[lose.pk],
        result_image=last_images((keep.pk,))[keep.pk],
        held_keys=held,
        clocks=clocks,
        repeats=repeats,
        moved=moved,
    )
    return MergeResult(keep, merge, is_new=True)


def _line_of(keep: Lead, lose: Lead) -> BusinessLine:
    if keep.line_id != lose.line_id:
        raise Conflict("other_line", "Leads of two business lines are not merged: their fields differ.")
    return pin_line(keep.line_id)


def _refuse_rolling_back(*leads: Lead) -> None:
    intakes = Intake.objects.filter(pk__in=[lead.intake_id for lead in leads if lead.intake_id])
    if intakes.filter(state=IntakeState.ROLLING_BACK).exists():
        raise Conflict(
            "rolling_back",
            "The import that brought one of these leads is being rolled back. Wait until it is done.",
        )


def _fill(actor: Actor, choices: MergeChoices, chosen: Mapping[str, str]) -> None:
    """Give the kept lead what was chosen: held against the line, computed anew, nothing hidden kept."""
    keep, definition = choices.keep, choices.definition
    data = choices.data(chosen)
    captured = capture(definition, {}, capture_context(actor), stored=data)
    if captured.problems:
        raise ValidationFailed("invalid", WRONG, sentences(definition, captured.problems, data))
    if errors := broken_dependencies(definition, captured.data, keep, choices.lose):
        raise ValidationFailed("invalid", WRONG, errors)
    keep.version = definition.version
    keep.data, keep.compare = captured.data, captured.compare
    fill_core_attributes(keep, definition)
    for name, value in choices.columns(chosen).items():
        setattr(keep, name, value)


def write_again(actor: Actor, lead: Lead, definition: LineDefinition, *before: Mapping[str, object]) -> None:
    """Claim the keys of a lead that was written, and make its index rows anew. Raises as `replace_keys`."""
    replace_keys(actor, lead, definition, *before)
    remove_derived_rows([lead.pk], keys=False)
    write_derived_rows([lead], definition)


def last_images(lead_ids: Iterable[int]) -> dict[int, int]:
    """Return the newest history row of each lead: what it is now."""
    rows = Lead.history.model.objects.filter(id__in=list(lead_ids)).order_by()
    return dict(rows.values("id").annotate(last=Max("history_id")).values_list("id", "last"))


def _held_by(lead: Lead) -> list[str]:
    held = DuplicateKey.objects.filter(lead_id=lead.pk).values_list("key", flat=True)
    return sorted(map(key_digest, held))


def key_digest(key: str) -> str:
    """Return what is kept of a key, which tells the same key again and no phone number."""
    return hashlib.sha256(key.encode()).hexdigest()
