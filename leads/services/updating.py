"""Updating many leads at once: what an import in update mode does to the leads that stand already."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql

from core.database.bulk import copy_to_staging, insert_rows
from core.errors import Contested
from core.scope import current_organization_id
from leads.fields.capture import CaptureContext, Captured, Problem, capture
from leads.models import DuplicateKey, Lead
from leads.services.derived import KEY_COLUMNS, MatchKeys, remove_derived_rows, write_derived_rows
from leads.services.lead_rows import fill_core_attributes, written_json
from leads.services.recording import CLAIM_ATTEMPTS, Outcome, Recorder, Result
from leads.services.scoring.applying import give_scores
from leads.services.stalling.clocks import renew_clocks

CHANGED = (
    "version", "data", "compare", "name", "phone", "email", "amount", "amount_minor", "city", "region", "status",
    "stage", "source_id", "campaign_id", "score", "updated_at",
)  # fmt: skip


SeenKeys = Callable[[Set[str]], Set[str]]


@dataclass(slots=True)
class LeadUpdate:
    """A repeat that may become an update: filled cells by field key. `outcome` is told what became of it.

    `columns` of the lead are set besides, such as its source.
    """

    outcome: Outcome
    lead_id: int
    given: Mapping[str, Any]
    columns: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Change:
    """A lead as an update would leave it."""

    update: LeadUpdate
    lead: Lead
    captured: Captured
    keys: MatchKeys
    # What tells repeats of it from now on, where no other lead may hold it.
    gained: frozenset[str]


def leads_touched_by(lead_ids: Iterable[int], job_ids: Sequence[int]) -> set[int]:
    """Return which of the leads the jobs have created or changed already: history knows."""
    history = Lead.history.model.objects.filter(id__in=list(lead_ids), history_job_id__in=job_ids)
    return set(history.values_list("id", flat=True)) if job_ids else set()


def _nothing_seen(keys: Set[str]) -> Set[str]:
    return frozenset()


class Updater:
    """Fills the values of repeats into the leads that stand; the first valid row for a lead wins.

    A row that does not validate together with the stored values is refused. Core attributes that no field
    fills stay as they are, unless the update names them. What tells repeats stays with the lead that holds it, or,
    if `refuses_shared`, an update that would give it to a second one is refused, as an edit of one lead is.
    """

    def __init__(self, recorder: Recorder, context: CaptureContext, *, refuses_shared: bool = False) -> None:
        self.recorder = recorder
        self.context = context
        self.refuses_shared = refuses_shared

    def update(self, updates: Sequence[LeadUpdate]) -> None:
        """Store the updates and tell each outcome; call inside a transaction that has locked the leads."""
        for _attempt in range(CLAIM_ATTEMPTS):
            changes = self.judge(updates)
            if not changes:
                return
            if self._claim(changes):
                self._store(changes)
                return
        raise Contested("contested", "Others keep writing the same leads at this moment. Try again.")

    def judge(self, updates: Sequence[LeadUpdate], *, seen: SeenKeys = _nothing_seen) -> list[_Change]:
        """Say what would become of the updates and return those that change a lead; nothing is written.

        `seen` tells which of some keys rows of the same file have claimed before, in a dry run.
        """
        changes = self._captured(updates)
        unique = {key for change in changes for key in change.keys.unique}
        holders = self.recorder.holders(unique.union(*(change.gained for change in changes)))
        earlier = seen(unique) - holders.keys()
        chosen: dict[int, _Change] = {}
        claimed: dict[str, int] = {}
        for change in changes:
            lead_id = change.lead.pk
            if lead_id in chosen:
                continue
            outcome = change.update.outcome
            outcome.problems = change.captured.problems or [
                Problem(field, "unique")
                for key, field in change.keys.unique.items()
                if key in earlier or claimed.get(key, holders.get(key, lead_id)) != lead_id
            ]
            owners = (claimed.get(key, holders.get(key, lead_id)) for key in sorted(change.gained))
            others = () if outcome.problems else owners
            outcome.shared_with = next((owner for owner in others if owner != lead_id), None)
            is_refused = outcome.problems or outcome.shared_with is not None
            outcome.result = Result.REFUSED if is_refused else Result.UPDATED
            if outcome.result is Result.UPDATED:
                chosen[lead_id] = change
                claimed |= dict.fromkeys((*change.keys.unique, *change.gained), lead_id)
        return list(chosen.values())

    def _captured(self, updates: Sequence[LeadUpdate]) -> list[_Change]:
        leads = Lead.objects.in_bulk({update.lead_id for update in updates})
        changes = []
        for update in updates:
            lead = leads.get(update.lead_id)
            if lead is not None:
                captured = capture(self.recorder.definition, update.given, self.context, stored=lead.data)
                keys = self.recorder.keys.keys(captured.data)
                changes.append(_Change(update, lead, captured, keys, self._gained(lead, keys)))
        return changes

    def _gained(self, lead: Lead, keys: MatchKeys) -> frozenset[str]:
        if not self.refuses_shared:
            return frozenset()
        return frozenset(keys.match) - frozenset(self.recorder.keys.keys(lead.data).match)

    def _claim(self, changes: Sequence[_Change]) -> bool:
        """Bring the keys of the leads to what they shall be; False, and nothing done, where a unique one is lost."""
        wanted = {change.lead.pk: {*change.keys.match, *change.keys.unique} for change in changes}
        held = DuplicateKey.objects.filter(lead_id__in=list(wanted)).values_list("key", "lead_id")
        stale = {key for key, lead_id in held if key not in wanted[lead_id]}
        kept = {key for key, lead_id in held if key in wanted[lead_id]}
        organization_id, line_id = current_organization_id(), self.recorder.line.pk
        rows = sorted(
            (organization_id, line_id, key, lead_id)
            for lead_id, keys in wanted.items()
            for key in keys - kept
        )
        needed = {key for change in changes for key in (*change.keys.unique, *change.gained)} - kept
        try:
            with transaction.atomic():
                DuplicateKey.objects.filter(line_id=line_id, key__in=stale).delete()
                won = insert_rows(DuplicateKey, KEY_COLUMNS, rows, ignore_conflicts=True, returning="key")
                if not needed.issubset(won):
                    raise _Contested
        except _Contested:
            return False
        return True

    def _store(self, changes: Sequence[_Change]) -> None:
        now = timezone.now()
        leads = [change.lead for change in changes]
        for change in changes:
            lead = change.lead
            lead.version, lead.updated_at = self.recorder.definition.version, now
            lead.data, lead.compare = change.captured.data, change.captured.compare
            fill_core_attributes(lead, self.recorder.definition)
            for name, value in change.update.columns.items():
                setattr(lead, name, value)
        give_scores(self.recorder.line, leads)
        write_changes(leads)
        renew_clocks(self.recorder.line, leads)
        remove_derived_rows([lead.pk for lead in leads], keys=False)
        write_derived_rows(leads, self.recorder.definition)


class _Contested(Exception):
    """Somebody else claimed a unique key since it was looked up."""


def write_changes(leads: Sequence[Lead]) -> None:
    """Write the columns that an update may change, of all leads in one statement."""
    rows = [(lead.pk, *(written_json(getattr(lead, name)) for name in CHANGED)) for lead in leads]
    staged = copy_to_staging(Lead, ("id", *CHANGED), rows)
    assignments = sql.SQL(", ").join(
        sql.SQL("{0} = staged.{0}").format(sql.Identifier(name)) for name in CHANGED
    )
    statement = sql.SQL(
        "UPDATE leads_lead AS lead SET {} FROM {} AS staged WHERE lead.id = staged.id AND lead.organization_id = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement.format(assignments, sql.Identifier(staged)), [current_organization_id()])
