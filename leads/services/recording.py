"""Writing validated enquiries as leads: one door for a single lead and for a batch of an import.

Order: unique values are checked first (they are validation), then duplicates; among valid rows the first
wins. Keys are claimed in `DuplicateKey` under its unique constraint before the lead is written, so parallel
creations of one phone make one lead. Nothing here opens a transaction: the caller's batch is one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from core.database.bulk import Rows, insert_rows, insert_together
from core.database.prepared import prepared_cursor
from core.errors import Contested
from core.scope import current_organization_id
from leads.fields.capture import Problem
from leads.fields.line import LineDefinition
from leads.models import BusinessLine, DuplicateKey, Lead
from leads.services.accepting.gate import Gate, Refused
from leads.services.assigning.applying import assign_new_leads, keep_reasons
from leads.services.derived import KEY_COLUMNS, KeyMaker, MatchKeys, derived_rows
from leads.services.lead_rows import LEAD_COLUMNS, LeadRow, fill_core_attributes, written_row
from leads.services.scoring.applying import give_scores
from leads.services.stalling.clocks import start_clocks

__all__ = ["Enquiry", "Outcome", "Recorder", "Result", "count_repeats", "fill_core_attributes", "lock_leads"]

COUNT_REPEATS = """
UPDATE leads_lead AS lead SET repeat_enquiries = GREATEST(lead.repeat_enquiries + counted.more, 0)
  FROM unnest(%s::bigint[], %s::int[]) AS counted (id, more)
 WHERE lead.id = counted.id AND lead.organization_id = %s AND lead.deleted_at IS NULL
"""
NUMBERS = """
SELECT nextval(pg_get_serial_sequence('leads_lead', 'id')), nextval('leads_reference')
  FROM generate_series(1, %s)
"""
# One array, whose thousands of keys are no thousands of parameters.
HOLDERS = """
SELECT key, lead_id FROM leads_duplicatekey WHERE organization_id = %s AND line_id = %s AND key = ANY(%s)
"""
# Of a place in a batch: why the source of the new lead there does not take it.
Admit = Callable[[int], Refused | None]
# Each attempt waits for those who claim the same keys to commit, and loses only to yet another.
CLAIM_ATTEMPTS = 20


class Result(StrEnum):
    """What became of an enquiry."""

    CREATED = "created"
    UPDATED = "updated"
    REPEAT = "repeat"
    REFUSED = "refused"


@dataclass(slots=True)
class Enquiry:
    """A validated row on its way to becoming a lead. `attributes` are core columns by name."""

    data: dict[str, Any]
    compare: dict[str, Any]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    row_number: int | None = None
    # Where a rule of the line fits, it says whose the lead is, whatever the attributes say.
    by_rule: bool = False


@dataclass(slots=True)
class Outcome:
    """What became of one enquiry: the lead made, or the lead (or earlier row) it repeats, or why not.

    `shared_with` says of a refused update of which lead it would give its own one what tells repeats; `refused_by` of
    a sound enquiry that its source does not take it.
    """

    result: Result
    created: LeadRow | None = None
    repeats_lead_id: int | None = None
    repeats_index: int | None = None
    problems: list[Problem] = field(default_factory=list)
    shared_with: int | None = None
    refused_by: Refused | None = None

    @property
    def lead(self) -> Lead | None:
        """The lead that was made."""
        return self.created.as_lead() if self.created else None


class Recorder:
    """Turns enquiries of one line into leads. `lets_in`: whatever the rules of their sources say."""

    def __init__(
        self,
        line: BusinessLine,
        definition: LineDefinition,
        *,
        intake_id: int | None = None,
        lets_in: bool = False,
    ) -> None:
        self.line = line
        self.definition = definition
        self.keys = KeyMaker(definition, line.duplicate_match, line.on_duplicate)
        self.intake_id = intake_id
        self.lets_in = lets_in
        self.organization_id = current_organization_id()

    def record(self, enquiries: Sequence[Enquiry]) -> list[Outcome]:
        """Write the enquiries in order and return an outcome for each. Call inside a transaction."""
        keys = [self.keys.keys(enquiry.data) for enquiry in enquiries]
        sources = [enquiry.attributes.get("source_id") for enquiry in enquiries]
        gate: Gate | None = None
        is_opened = False
        for _attempt in range(CLAIM_ATTEMPTS):
            outcomes = self.judge(keys, admit=admitting(gate, enquiries, sources))
            if not is_opened and any(outcome.result is Result.CREATED for outcome in outcomes):
                # Before leads and keys are locked, so that two batches wait for one another in one order.
                gate, is_opened = self._gate(sources), True
                if gate is not None:
                    continue
            # Leads first, then keys, as an edit of a lead locks them too.
            repeated = {item.repeats_lead_id for item in outcomes if item.repeats_lead_id is not None}
            if not lock_leads(repeated):
                continue
            created = [index for index, outcome in enumerate(outcomes) if outcome.result is Result.CREATED]
            leads = self._leads([enquiries[index] for index in created])
            if self._claim([(keys[index], lead) for index, lead in zip(created, leads, strict=True)]):
                for index, lead in zip(created, leads, strict=True):
                    outcomes[index].created = lead
                self._write(leads, [enquiries[index].by_rule for index in created])
                if gate is not None:
                    gate.keep_places({index: lead.id for index, lead in zip(created, leads, strict=True)})
                return outcomes
        raise Contested("contested", "Others keep writing the same leads at this moment. Try again.")

    def _gate(self, sources: Iterable[int | None]) -> Gate | None:
        return Gate.of(self.line, self.definition, sources, lets_in=self.lets_in)

    def holders(self, keys: Iterable[str]) -> dict[str, int]:
        """Return which live lead holds each of the keys that are taken."""
        wanted = list(keys)
        if not wanted:
            return {}
        # Planned anew each time: for a file these are thousands of keys in a table that grows with it.
        with connection.cursor() as cursor:
            cursor.execute(HOLDERS, [self.organization_id, self.line.pk, wanted])
            return dict(cursor.fetchall())

    def judge(
        self, keys: Sequence[MatchKeys], *, earlier: Set[str] = frozenset(), admit: Admit | None = None
    ) -> list[Outcome]:
        """Say what would become of rows with these keys, in order; nothing is written.

        `earlier` are keys that rows of the same file claimed before this batch, in a dry run; `admit` has the last
        word on new leads: one that is refused claims nothing.
        """
        holders = self.holders({key for row in keys for key in (*row.match, *row.unique)})
        first: dict[str, int] = {}
        outcomes = []
        for index, row in enumerate(keys):
            outcome = self._judge_row(row, holders, first, earlier)
            if outcome.result is Result.CREATED and admit is not None and (refused := admit(index)):
                outcome = Outcome(Result.REFUSED, refused_by=refused)
            if outcome.result is Result.CREATED:
                first.update(dict.fromkeys((*row.match, *row.unique), index))
            outcomes.append(outcome)
        return outcomes

    def _judge_row(
        self, row: MatchKeys, holders: Mapping[str, int], first: Mapping[str, int], earlier: Set[str]
    ) -> Outcome:
        taken = [item for key, item in row.unique.items() if key in holders or key in first or key in earlier]
        if taken:
            return Outcome(Result.REFUSED, problems=[Problem(item, "unique") for item in taken])
        for key in row.match if self.keys.tells_repeats else ():
            if key in holders:
                return Outcome(Result.REPEAT, repeats_lead_id=holders[key])
            if key in first:
                return Outcome(Result.REPEAT, repeats_index=first[key])
            if key in earlier:
                return Outcome(Result.REPEAT)
        return Outcome(Result.CREATED)

    def _claim(self, claims: list[tuple[MatchKeys, LeadRow]]) -> bool:
        """Claim all keys of new leads, or none: False where others have one that must be theirs alone."""
        rows = [
            (self.organization_id, self.line.pk, key, lead.id)
            for row, lead in claims
            for key in (*row.match, *row.unique)
        ]
        needed = {
            key
            for row, _lead in claims
            for key in (*(row.match if self.keys.tells_repeats else ()), *row.unique)
        }
        # Sorted, so that two batches that claim the same keys wait for one another in one order.
        rows.sort()
        try:
            with transaction.atomic():
                won = insert_rows(DuplicateKey, KEY_COLUMNS, rows, ignore_conflicts=True, returning="key")
                if not needed.issubset(won):
                    raise _Contested
        except _Contested:
            return False
        return True

    def _leads(self, enquiries: Sequence[Enquiry]) -> list[LeadRow]:
        if not enquiries:
            return []
        now = timezone.now()
        numbers = next_numbers(len(enquiries))
        return [
            self._lead(enquiry, lead_id, reference, now)
            for enquiry, (lead_id, reference) in zip(enquiries, numbers, strict=True)
        ]

    def _lead(self, enquiry: Enquiry, lead_id: int, reference: str, now: datetime) -> LeadRow:
        lead = LeadRow(
            id=lead_id,
            organization_id=self.organization_id,
            line_id=self.line.pk,
            version=self.definition.version,
            reference=reference,
            data=enquiry.data,
            compare=enquiry.compare,
            created_at=now,
            updated_at=now,
            stage=self.line.stages[0] if self.line.stages else "",
            intake_id=self.intake_id,
            row_number=enquiry.row_number,
        )
        fill_core_attributes(lead, self.definition)
        for name, value in enquiry.attributes.items():
            setattr(lead, name, value)
        return lead

    def _write(self, leads: list[LeadRow], by_rule: Sequence[bool]) -> None:
        going = [lead for lead, goes in zip(leads, by_rule, strict=True) if goes]
        decision = assign_new_leads(self.line, going, self.definition) if going else None
        give_scores(self.line, leads)
        rows = Rows(Lead, LEAD_COLUMNS, [written_row(lead) for lead in leads])
        insert_together(rows, *derived_rows(leads, self.definition))
        if decision is not None:
            keep_reasons(decision, line_id=self.line.pk)
        start_clocks(self.line, leads)


def admitting(gate: Gate | None, enquiries: Sequence[Enquiry], sources: Sequence[int | None]) -> Admit | None:
    """Return what says of the new lead at a place of a batch why its source refuses it; None where none does."""
    if gate is None:
        return None
    gate.begin()
    return lambda place: gate.admit(place, sources[place], enquiries[place].data)


class _Contested(Exception):
    """Somebody else claimed one of the keys since they were looked up."""


def next_numbers(count: int) -> list[tuple[int, str]]:
    """Draw ids and references, such as L00000042, of so many leads from their sequences (gaps may occur)."""
    with prepared_cursor() as cursor:
        cursor.execute(NUMBERS, [count])
        return [(lead_id, f"L{number:08d}") for lead_id, number in cursor.fetchall()]


def lock_leads(lead_ids: Iterable[int]) -> bool:
    """Keep leads as they are until the transaction ends; return whether all of them are live."""
    wanted = sorted(set(lead_ids))
    if not wanted:
        return True
    live = Lead.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    return len(live.values_list("pk", flat=True)) == len(wanted)


def count_repeats(lead_ids: Mapping[int, int]) -> None:
    """Add repeat enquiries to live leads: lead id → how many more (or, negative, fewer).

    Call it with the leads locked (`lock_leads`), so that two batches wait for one another in one order.
    """
    if lead_ids:
        with connection.cursor() as cursor:
            cursor.execute(
                COUNT_REPEATS, [list(lead_ids), list(lead_ids.values()), current_organization_id()]
            )
