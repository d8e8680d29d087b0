"""Moving what hangs on a lead to another one, and back: with each row is kept what its columns were before."""

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet

from core.models import StoredFile
from leads.fields.kept_files import PURPOSE
from leads.models import FollowUp, Lead, LeadAttachment, LeadTag
from leads.services.merging.choosing import KEEP, LOSE, MergeChoices
from leads.services.merging.references import moving

# Model label → id of a row → column → [before, after].
Moved = dict[str, dict[str, dict[str, list[Any]]]]


def move_children(choices: MergeChoices, chosen: Mapping[str, str], owner_before: int | None) -> Moved:
    """Move what hangs on the lead that goes to the one that stays; both are locked. Return what moved.

    `owner_before` is whose the kept lead was; its owner is already who shall have it.
    """
    keep, lose = choices.keep, choices.lose
    moved: Moved = {}
    special = {"leads.LeadTag", "core.StoredFile"}
    for reference in moving():
        if reference.model in special:
            continue
        rows = _everything(reference.table).filter(**{reference.column: lose.pk})
        if reference.table is LeadAttachment:
            held = LeadAttachment.objects.filter(lead=keep).values("sha256")
            rows = rows.exclude(deleted_at__isnull=True, sha256__in=held)
        _move(moved, rows, {reference.column: (lose.pk, keep.pk)})
    _move_tags(moved, keep, lose, chosen.get("tags", ""))
    files = choices.file_ids(keep.data, [key for key, side in chosen.items() if side == LOSE])
    own = StoredFile.objects.filter(pk__in=files, purpose=PURPOSE, subject_id=lose.pk)
    _move(moved, own, {"subject_id": (lose.pk, keep.pk)})
    came = [int(pk) for pk in moved.get("leads.FollowUp", {})]
    follow_ups = FollowUp.objects.filter(lead=keep)
    _hand_over(moved, follow_ups.filter(pk__in=came), lose.owner_id, keep.owner_id)
    _hand_over(moved, follow_ups.exclude(pk__in=came), owner_before, keep.owner_id)
    return moved


def _everything(model: type[Model]) -> QuerySet[Any]:
    """Rows of the organisation, withdrawn ones too."""
    rows: QuerySet[Any] = model.everything.all()  # type: ignore[attr-defined]
    return rows


def _move(moved: Moved, rows: QuerySet[Any], columns: Mapping[str, tuple[Any, Any]]) -> None:
    """Give rows the second of each pair, and note both."""
    ids = list(rows.values_list("pk", flat=True))
    if not ids:
        return
    noted = moved.setdefault(rows.model._meta.label, {})
    for pk in ids:
        row = noted.setdefault(str(pk), {})
        for column, (before, after) in columns.items():
            row[column] = [before, after]
    _everything(rows.model).filter(pk__in=ids).update(**{name: after for name, (_, after) in columns.items()})


def _move_tags(moved: Moved, keep: Lead, lose: Lead, side: str) -> None:
    """Exchange tags, so that the kept lead has those that were chosen. What it has already stays where it is."""
    kept, others = (
        dict(LeadTag.objects.filter(lead=lead).values_list("tag_id", "pk")) for lead in (keep, lose)
    )
    if side != KEEP:
        rows = LeadTag.objects.filter(pk__in=[pk for tag, pk in others.items() if tag not in kept])
        _move(moved, rows, _tagged(lose, keep))
    if side == LOSE:
        rows = LeadTag.objects.filter(pk__in=[pk for tag, pk in kept.items() if tag not in others])
        _move(moved, rows, _tagged(keep, lose))


def _tagged(before: Lead, after: Lead) -> dict[str, tuple[Any, Any]]:
    # A tag of a lead carries the lead's moment.
    moments = (before.created_at.isoformat(), after.created_at.isoformat())
    return {"lead_id": (before.pk, after.pk), "created_at": moments}


def _hand_over(moved: Moved, rows: QuerySet[FollowUp], before: int | None, after: int | None) -> None:
    """Give the open follow-ups that the owner of before had to the owner of now, as when a lead is given away."""
    if before == after:
        return
    open_rows = rows.filter(done_at__isnull=True)
    mine = open_rows.filter(assignee_id=before) if before else open_rows.filter(assignee__isnull=True)
    _move(moved, mine, {"assignee_id": (before, after)})


def move_back(moved: Mapping[str, Any]) -> None:
    """Give each column that is still as the merge left it what it was before.

    What was changed since stays so; what a lead got anew meanwhile (the same tag, the same file) is not doubled.
    """
    for label, rows in moved.items():
        model = apps.get_model(label)
        stored = _everything(model).in_bulk([int(pk) for pk in rows])
        for pk, columns in sorted(rows.items(), key=lambda each: int(each[0])):
            row = stored.get(int(pk))
            if row is not None:
                _give_back(model, row, columns)


def _give_back(model: type[Model], row: Any, columns: Mapping[str, list[Any]]) -> None:
    changes = {
        name: before for name, (before, after) in columns.items() if _written(getattr(row, name)) == after
    }
    if not changes:
        return
    if "lead_id" in changes and _is_doubled(row, changes["lead_id"]):
        if isinstance(row, LeadTag):
            row.delete()
        return
    _everything(model).filter(pk=row.pk).update(**changes)


def _is_doubled(row: Any, lead_id: int) -> bool:
    """Whether the lead has the same tag, or the same file, by another row."""
    if isinstance(row, LeadTag):
        return LeadTag.objects.filter(lead_id=lead_id, tag_id=row.tag_id).exists()
    if isinstance(row, LeadAttachment) and row.deleted_at is None:
        return LeadAttachment.objects.filter(lead_id=lead_id, sha256=row.sha256).exists()
    return False


def _written(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
