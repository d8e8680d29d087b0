"""Writing validated enquiries as leads: one door for a single lead and for a batch of an import.

Order: unique values are checked first (they are validation), then duplicates; among valid rows the first
wins. Keys are claimed in `DuplicateKey` under its unique constraint before the lead is written, so parallel
creations of one phone make one lead. Nothing here opens a transaction: the caller's batch is one.
"""

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from core.database.bulk import insert_rows, next_ids
from core.scope import current_organization_id
from leads.fields.capture import Problem
from leads.fields.line import LineDefinition
from leads.models import BusinessLine, DuplicateKey, Lead, LeadStatus
from leads.services.derived import KEY_COLUMNS, KeyMaker, MatchKeys, write_derived_rows

LEAD_COLUMNS = (
    "id", "organization_id", "line_id", "version", "reference", "name", "phone", "email", "amount",
    "amount_minor", "city", "region", "status", "stage", "score", "owner_id", "team_id", "source_id",
    "campaign_id", "data", "compare", "repeat_enquiries", "intake_id", "row_number", "created_at", "updated_at",
)  # fmt: skip
CLAIM_ATTEMPTS = 5


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


@dataclass(slots=True)
class Outcome:
    """What became of one enquiry: the lead made, or the lead (or earlier row) it repeats, or why not."""

    result: Result
    lead: Lead | None = None
    repeats_lead_id: int | None = None
    repeats_index: int | None = None
    problems: list[Problem] = field(default_factory=list)


class Recorder:
    """Turns enquiries of one line into leads."""

    def __init__(self, line: BusinessLine, definition: LineDefinition, *, intake_id: int | None = None) -> None:
        self.line = line
        self.definition = definition
        self.keys = KeyMaker(definition, line.duplicate_match, line.on_duplicate)
        self.intake_id = intake_id
        self.organization_id = current_organization_id()

    def record(self, enquiries: Sequence[Enquiry]) -> list[Outcome]:
        """Write the enquiries in order and return an outcome for each. Call inside a transaction."""
        keys = [self.keys.keys(enquiry.data) for enquiry in enquiries]
        for _attempt in range(CLAIM_ATTEMPTS):
            outcomes = self.judge(keys)
            created = [index for index, outcome in enumerate(outcomes) if outcome.result is Result.CREATED]
            leads = self._leads([enquiries[index] for index in created])
            if self._claim([(keys[index], lead) for index, lead in zip(created, leads, strict=True)]):
                for index, lead in zip(created, leads, strict=True):
                    outcomes[index].lead = lead
                self._write(leads)
                return outcomes
        raise RuntimeError("Others kept claiming the same keys; the batch is tried again by its job.")

    def holders(self, keys: Iterable[str]) -> dict[str, int]:
        """Return which live lead holds each of the keys that are taken."""
        wanted = list(keys)
        if not wanted:
            return {}
        return dict(DuplicateKey.objects.filter(line_id=self.line.pk, key__in=wanted).values_list("key", "lead_id"))

    def judge(self, keys: Sequence[MatchKeys], *, earlier: Set[str] = frozenset()) -> list[Outcome]:
        """Say what would become of rows with these keys, in order; nothing is written.

        `earlier` are keys that rows of the same file claimed before this batch, in a dry run.
        """
        holders = self.holders({key for row in keys for key in (*row.match, *row.unique)})
        first: dict[str, int] = {}
        outcomes = []
        for index, row in enumerate(keys):
            outcome = self._judge_row(row, holders, first, earlier)
            if outcome.result is Result.CREATED:
                first.update(dict.fromkeys((*row.match, *row.unique), index))
            outcomes.append(outcome)
        return outcomes

    @staticmethod
    def _judge_row(
        row: MatchKeys, holders: Mapping[str, int], first: Mapping[str, int], earlier: Set[str]
    ) -> Outcome:
        taken = [item for key, item in row.unique.items() if key in holders or key in first or key in earlier]
        if taken:
            return Outcome(Result.REFUSED, problems=[Problem(item, "unique") for item in taken])
        for key in row.match:
            if key in holders:
                return Outcome(Result.REPEAT, repeats_lead_id=holders[key])
            if key in first:
                return Outcome(Result.REPEAT, repeats_index=first[key])
            if key in earlier:
                return Outcome(Result.REPEAT)
        return Outcome(Result.CREATED)

    def _claim(self, claims: list[tuple[MatchKeys, Lead]]) -> bool:
        # Sorted, so that two batches that claim the same keys wait for one another in one order.
        rows = sorted(
            (self.organization_id, self.line.pk, key, lead.pk)
            for row, lead in claims
            for key in (*row.match, *row.unique)
        )
        if not rows:
            return True
        try:
            with transaction.atomic():
                won = insert_rows(DuplicateKey, KEY_COLUMNS, rows, ignore_conflicts=True, returning="lead_id")
                if len(won) != len(rows):
                    raise _Contested
        except _Contested:
            return False
        return True

    def _leads(self, enquiries: Sequence[Enquiry]) -> list[Lead]:
        if not enquiries:
            return []
        now = timezone.now()
        ids = next_ids(Lead, len(enquiries))
        references = next_references(len(enquiries))
        return [
            self._lead(enquiry, lead_id, reference, now)
            for enquiry, lead_id, reference in zip(enquiries, ids, references, strict=True)
        ]

    def _lead(self, enquiry: Enquiry, lead_id: int, reference: str, now: Any) -> Lead:
        stages = self.line.stages
        lead = Lead(
            id=lead_id,
            organization_id=self.organization_id,
            line_id=self.line.pk,
            version=self.definition.version,
            reference=reference,
            status=LeadStatus.NEW,
            stage=stages[0] if stages else "",
            data=enquiry.data,
            compare=enquiry.compare,
            intake_id=self.intake_id,
            row_number=enquiry.row_number,
            created_at=now,
            updated_at=now,
        )
        fill_core_attributes(lead, self.definition)
        for name, value in enquiry.attributes.items():
            setattr(lead, name, value)
        return lead

    def _write(self, leads: list[Lead]) -> None:
        insert_rows(Lead, LEAD_COLUMNS, [lead_row(lead) for lead in leads])
        write_derived_rows(leads, self.definition)


class _Contested(Exception):
    """Somebody else claimed one of the keys since they were looked up."""


def lead_row(lead: Lead) -> tuple[Any, ...]:
    """Return the lead's columns in the order of LEAD_COLUMNS, JSON as text."""
    values = (getattr(lead, name) for name in LEAD_COLUMNS)
    return tuple(json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value for value in values)


def fill_core_attributes(lead: Lead, definition: LineDefinition) -> None:
    """Copy what fields say about core attributes (`maps_to`) into the lead's columns."""
    for attribute, item in definition.core_fields.items():
        value = lead.data.get(item.key)
        if attribute == "amount":
            lead.amount = None if value is None else Decimal(value).quantize(Decimal("0.01"))
            lead.amount_minor = None if lead.amount is None else int(lead.amount.scaleb(2))
        else:
            setattr(lead, attribute, "" if value is None else str(value))


def next_references(count: int) -> list[str]:
    """Draw lead references such as L00000042 from their sequence (gaps may occur)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('leads_reference') FROM generate_series(1, %s)", [count])
        return [f"L{row[0]:08d}" for row in cursor.fetchall()]


def count_repeats(lead_ids: Mapping[int, int]) -> None:
    """Add repeat enquiries: lead id → how many more (or, negative, fewer)."""
    by_number: dict[int, list[int]] = {}
    for lead_id, number in lead_ids.items():
        by_number.setdefault(number, []).append(lead_id)
    for number, ids in by_number.items():
        Lead.objects.filter(pk__in=ids).update(repeat_enquiries=F("repeat_enquiries") + number)
