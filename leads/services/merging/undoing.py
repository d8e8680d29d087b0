"""Taking a merge back: two leads again, as they were, but for what people changed in the kept one since.

Of each value there are three: as it was before the merge, as the merge left it, as it is now. Where nobody has touched
it since, it becomes what it was; what was edited since stays edited.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.queries.memberships import reachable_member_ids
from accounts.roles import Area
from core.database.bulk import insert_rows
from core.errors import Conflict, NotPermitted, NotVisible
from core.scope import organization_scope
from leads.fields.capture import capture
from leads.fields.line import line_definition
from leads.models import DuplicateKey, Lead, LeadMerge
from leads.queries.leads import may_change
from leads.queries.merges import get_merge, merge_reason
from leads.queries.statistics.quality import last_judgement
from leads.services.claiming import keys_of
from leads.services.derived import KEY_COLUMNS, KeyMaker, remove_derived_rows, write_derived_rows
from leads.services.enquiries import capture_context, details_taken
from leads.services.lead_rows import LEAD_COLUMNS, fill_core_attributes
from leads.services.lines import pin_line
from leads.services.locking import Precondition
from leads.services.merging.merging import key_digest, locked_leads, raise_unavailable
from leads.services.merging.moving import move_back
from leads.services.scoring.applying import give_scores
from leads.services.stalling.clocks import put_clocks_back, renew_clocks
from leads.services.statistics.judging import Judge

NEVER_RESTORED = {"id", "organization_id", "line_id", "reference", "created_at", "intake_id", "row_number"}
# Follow from the fields that fill them, and are made anew where a field stays edited.
FILLED = ("name", "phone", "email", "amount", "amount_minor", "city", "region")
BY_KEY = ("data", "compare")
COLUMNS = tuple(
    name
    for name in LEAD_COLUMNS
    if name not in NEVER_RESTORED | {*FILLED, *BY_KEY, "repeat_enquiries", "version", "updated_at", "score"}
)


@dataclass(frozen=True, slots=True)
class Separation:
    """What taking a merge back gives the kept lead: its columns, and which fields and columns stay as edited since."""

    columns: Mapping[str, Any]
    stays: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UndoResult:
    """The two leads and what of the kept one stays as it was edited since the merge: field keys and columns."""

    keep: Lead
    lose: Lead
    merge: LeadMerge
    stays: tuple[str, ...]
    is_new: bool = True


def what_stays(merge: LeadMerge) -> tuple[str, ...]:
    """Return which fields and columns of the kept lead were edited since the merge, and would stay so."""
    keep = Lead.objects.get(pk=merge.keep_id)
    return _separated(keep, merge).stays


@transaction.atomic
def undo_merge(
    *, actor: Actor, keep: str, merge_id: int, precondition: Precondition | None = None
) -> UndoResult:
    """Take a merge into lead `keep` back: both leads, what hung on them, and their keys are as they were before.

    What was edited in the kept lead since, and what was added to it, stays with it. Asked for twice it is done once.

    Raises:
        NotVisible, NotPermitted: the actor sees, or may change, not both leads.
        Conflict: the kept lead was merged into another one since; undo that first.
        DetailsTaken: a third lead has taken what would tell repeats of one of the two.
    """
    actor.require(Area.LEADS, "write")
    merge = get_merge(actor, keep, merge_id)
    lose = merge.lose.reference
    with organization_scope(actor.organization, reason=merge_reason(lose, keep, undo=True)):
        locked = locked_leads(actor, [keep])
        if keep not in locked:
            raise_unavailable(actor, keep)
        merge = LeadMerge.objects.select_for_update().get(pk=merge.pk)
        if merge.undone_at is not None:
            return UndoResult(locked[keep], Lead.everything.get(pk=merge.lose_id), merge, (), is_new=False)
        if precondition is not None:
            precondition()
        gone = Lead.everything.select_for_update().filter(pk=merge.lose_id).first()
        if gone is None or gone.deleted_at is None:
            raise NotVisible(f"{lose} is not there any more.")
        _require_both(actor, locked[keep], gone, merge)
        return _undo(actor, locked[keep], gone, merge)


def _require_both(actor: Actor, keep: Lead, lose: Lead, merge: LeadMerge) -> None:
    """Who takes a merge back must be able to change both leads, the one that comes back too."""
    owners = reachable_member_ids(actor, Area.LEADS, "write")
    before = _image(merge.lose_image)
    if not may_change(actor, keep, "write") or (owners is not None and before.owner_id not in owners):
        raise NotPermitted("Only who may change both leads takes their merge back. Ask operations.")


def _undo(actor: Actor, keep: Lead, lose: Lead, merge: LeadMerge) -> UndoResult:
    keep.line = lose.line = pin_line(keep.line_id)
    separation = _separated(keep, merge)
    for name, value in separation.columns.items():
        setattr(keep, name, value)
    if separation.stays:
        _make_anew(actor, keep)
    keep.repeat_enquiries = max(keep.repeat_enquiries - merge.repeats, 0)
    before = _image(merge.lose_image)
    for name in LEAD_COLUMNS:
        if name not in NEVER_RESTORED:
            setattr(lose, name, getattr(before, name))
    lose.deleted_at = None
    # Scores follow from the leads and the rules of today.
    keep.score = lose.score = None
    give_scores(keep.line, [keep, lose])
    keep.save()
    lose.save()
    _share_keys(actor, keep, lose, merge.held_keys)
    definition = line_definition(keep.line)
    remove_derived_rows([keep.pk, lose.pk], keys=False)
    write_derived_rows([keep, lose], definition)
    move_back(merge.moved)
    if separation.stays:
        renew_clocks(keep.line, [keep])
    put_clocks_back(keep.line, [lose] if separation.stays else [keep, lose], merge.clocks)
    merge.undone_at, merge.undone_by = timezone.now(), actor.membership
    merge.save(update_fields=["undone_at", "undone_by"])
    # Nothing else would look again at a lead whose moment of change is an old one.
    if last_judgement(keep.line) is not None:
        Judge(keep.line).renew([keep, lose])
    return UndoResult(keep, lose, merge, separation.stays)


def _image(history_id: int) -> Any:
    """A lead as it was. Raises Conflict where history has it no more."""
    found = Lead.history.model.objects.filter(history_id=history_id).first()
    if found is None:
        raise Conflict("too_old", "What the leads were before is kept no longer, so this merge stays.")
    return found


def _separated(keep: Lead, merge: LeadMerge) -> Separation:
    before, after = _image(merge.keep_image), _image(merge.result_image)
    columns: dict[str, Any] = {}
    stays: list[str] = []
    data, edited = _three_way(before.data, after.data, keep.data)
    stays += sorted(edited)
    compare, _edited = _three_way(before.compare, after.compare, keep.compare)
    for name in COLUMNS:
        old, left, now = getattr(before, name), getattr(after, name), getattr(keep, name)
        if now == left:
            columns[name] = old
        elif now != old:
            columns[name] = now
            stays.append(name)
    columns |= {"data": data, "compare": compare}
    for name in FILLED:
        columns[name] = getattr(before if getattr(keep, name) == getattr(after, name) else keep, name)
    is_untouched = not stays
    columns["version"] = before.version if is_untouched else keep.version
    # A lead that is as it was is so to everything that asks when it was changed, such as the rollback of an import.
    columns["updated_at"] = before.updated_at if is_untouched else timezone.now()
    return Separation(columns, tuple(stays))


def _three_way(
    before: Mapping[str, Any], after: Mapping[str, Any], now: Mapping[str, Any]
) -> tuple[dict[str, Any], set[str]]:
    """Return the values of before where nobody changed what the merge left, else those of now; and which these are."""
    result, edited = {}, set()
    for key in {**before, **after, **now}:
        source = before
        if now.get(key) != after.get(key):
            source = now
            if now.get(key) != before.get(key):
                edited.add(key)
        if key in source:
            result[key] = source[key]
    return result, edited


def _make_anew(actor: Actor, keep: Lead) -> None:
    """Compute and compare anew where values of two moments meet: what does not go together was so, or was edited."""
    definition = line_definition(keep.line)
    captured = capture(definition, {}, capture_context(actor), stored=keep.data)
    keep.version = definition.version
    keep.data, keep.compare = captured.data, captured.compare
    fill_core_attributes(keep, definition)


def _share_keys(actor: Actor, keep: Lead, lose: Lead, held: Mapping[str, list[str]]) -> None:
    """Give each of two leads the keys it had: of those that both have, the merged lead gets what it held before.

    Raises DetailsTaken where a third lead has taken one meanwhile.
    """
    line = keep.line
    maker = KeyMaker(line_definition(line), line.duplicate_match, line.on_duplicate)
    of_keep, of_lose = keys_of(maker, keep.data), keys_of(maker, lose.data)
    DuplicateKey.objects.filter(lead_id=keep.pk).delete()
    owned = {
        key: lose.pk
        if key in of_lose and (key not in of_keep or key_digest(key) in held["lose"])
        else keep.pk
        for key in of_keep | of_lose
    }
    rows = sorted((keep.organization_id, keep.line_id, key, lead_id) for key, lead_id in owned.items())
    won = set(insert_rows(DuplicateKey, KEY_COLUMNS, rows, ignore_conflicts=True, returning="key"))
    before = {*held["keep"], *held["lose"]}
    needed = {key for key in owned if key not in won and key_digest(key) in before}
    if needed and (maker.tells_repeats or any(key.startswith("unique:") for key in needed)):
        taken = DuplicateKey.objects.filter(line_id=line.pk, key__in=needed).values_list("lead_id", flat=True)
        raise details_taken(actor, taken[0])
