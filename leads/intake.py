"""Lead files: the importer of the intake machine for business lines."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from accounts.models import Membership
from core.errors import NotVisible
from core.intake.importer import (
    Importer,
    InputRow,
    Reason,
    RollbackReport,
    RowOutcome,
    RowResult,
    register_importer,
)
from core.intake.matching import Target
from core.models import Intake, IntakeRow, RowState
from core.rules import normalise_text
from core.scope import current_scope
from core.values import cell_text, is_blank
from leads.fields.access import is_masked, is_visible
from leads.fields.capture import CaptureContext, Captured, Problem, capture
from leads.fields.line import line_definition
from leads.fields.wording import sentence
from leads.models import BusinessLine
from leads.services.lines import pin_line
from leads.services.origins import resolve_campaigns, resolve_sources
from leads.services.recording import Enquiry, Outcome, Recorder, Result, count_repeats
from leads.services.rehearsal import Rehearsal
from leads.services.updating import LeadUpdate, leads_touched_by, update_leads
from leads.services.withdrawing import restore_before_images, withdraw_rows

# Columns that fill an attribute of the lead beside the configured fields.
ATTRIBUTE_TARGETS = {
    "source": Target("source", "Source", ("Lead Source",), False),
    "campaign": Target("campaign", "Campaign", ("Campaign Name",), False),
}
ATTRIBUTE_PREFIX = "@"


@register_importer("leads")
class LeadImporter(Importer):
    """Rows become leads of one business line, by the same validation and recording as pages and API."""

    def __init__(self, intake: Intake) -> None:
        super().__init__(intake)
        self.root_id = intake.corrects_id or intake.pk
        self._rehearsal: Rehearsal | None = None
        self._prepare(usable_line(intake.target))
        # Ages and relative dates count from the day of the import, also when it resumes after midnight.
        self.context = CaptureContext(
            now=intake.job.created_at if intake.job else timezone.now(),
            zone=self.line.organization.zone,
            region=self.line.organization.locale.partition("-")[2] or "IN",
        )

    def _prepare(self, line: BusinessLine) -> None:
        """Work by the line's version in force, and by the intake's own word on repeats."""
        self.line = line
        self.definition = line_definition(line)
        if on_duplicate := self.intake.options.get("on_duplicate"):
            self.line.on_duplicate = on_duplicate
        self.recorder = Recorder(self.line, self.definition, intake_id=self.root_id)

    def _follow_line(self) -> None:
        """Keep the line as it is until the batch ends; what was published since the last batch counts from here."""
        pinned = pin_line(self.line.pk)
        if pinned.version != self.definition.version:
            self._prepare(pinned)

    def targets(self) -> Sequence[Target]:
        fields = [
            Target(item.key, item.label, item.aliases, item.required and not item.default)
            for item in self.definition.active
            if item.type != "computed"
        ]
        taken = {
            normalise_text(name) for target in fields for name in (target.key, target.label, *target.aliases)
        }
        attributes = [
            Target(f"{ATTRIBUTE_PREFIX}{name}", target.label, (name, *target.aliases), False)
            for name, target in ATTRIBUTE_TARGETS.items()
            if normalise_text(name) not in taken
        ]
        return [*fields, *attributes]

    def options_for(self, actor: Any) -> dict[str, Any]:
        """A leader loads files for the own team: the rows begin as the leader's own, to be assigned."""
        if actor.level(self.area, "write") == "all" or actor.membership is None:
            return {}
        return {"owner": actor.membership.pk}

    def choices_of(self, target: str) -> list[tuple[str, str]]:
        item = self.definition.active_by_key.get(target)
        return [(choice.value, choice.label) for choice in item.choices if choice.active] if item else []

    def masked_columns(self, actor: Any) -> frozenset[int]:
        open_keys = {
            item.key
            for item in self.definition.fields
            if is_visible(actor, item) and not is_masked(actor, item)
        }
        return frozenset(
            position
            for position, target in enumerate(self.intake.mapping)
            if target and not target.startswith(ATTRIBUTE_PREFIX) and target not in open_keys
        )

    def write(self, rows: Sequence[InputRow]) -> list[RowOutcome]:
        self._follow_line()
        return self._load(rows, self._record)

    def rehearse(self, rows: Sequence[InputRow]) -> list[RowOutcome]:
        if self._rehearsal is None:
            self._rehearsal = Rehearsal(self.recorder)
        return self._load(rows, self._rehearse)

    def _rehearse(self, enquiries: Sequence[Enquiry], rows: Sequence[InputRow]) -> list[Outcome]:
        assert self._rehearsal is not None
        return self._rehearsal.record(enquiries)

    def _load(self, rows: Sequence[InputRow], record: Any) -> list[RowOutcome]:
        captured = [self._capture(row) for row in rows]
        valid = [index for index, item in enumerate(captured) if item.is_valid]
        chosen = [rows[index] for index in valid]
        enquiries = self._enquiries(chosen, [captured[index] for index in valid])
        outcomes = [self._rejected(row, item.problems) for row, item in zip(rows, captured, strict=True)]
        for index, row, outcome in zip(valid, chosen, record(enquiries, chosen), strict=True):
            outcomes[index] = self._told(outcome, row, chosen)
        return outcomes

    def _capture(self, row: InputRow) -> Captured:
        given = {key: cell for key, cell in row.values.items() if not key.startswith(ATTRIBUTE_PREFIX)}
        return capture(self.definition, given, self.context)

    def _enquiries(self, rows: Sequence[InputRow], captured: Sequence[Captured]) -> list[Enquiry]:
        sources = self._resolved(rows, "source", resolve_sources)
        campaigns = self._resolved(rows, "campaign", resolve_campaigns)
        owner = self._owner()
        enquiries = []
        for row, item in zip(rows, captured, strict=True):
            attributes: dict[str, Any] = dict(owner)
            for name, known in (("source", sources), ("campaign", campaigns)):
                if text := attribute_text(row, name):
                    attributes[f"{name}_id"] = known.get(normalise_text(text))
            enquiries.append(Enquiry(item.data, item.compare, attributes, row.number))
        return enquiries

    @staticmethod
    def _resolved(rows: Sequence[InputRow], name: str, resolve: Any) -> Mapping[str, int]:
        names = {text for row in rows if (text := attribute_text(row, name))}
        return resolve(sorted(names)) if names else {}

    def _owner(self) -> dict[str, Any]:
        member_id = self.intake.options.get("owner")
        if not member_id:
            return {}
        owner = Membership.objects.get(pk=member_id)
        return {"owner_id": owner.pk, "team_id": owner.pk}

    def _record(self, enquiries: Sequence[Enquiry], rows: Sequence[InputRow]) -> list[Outcome]:
        outcomes = self.recorder.record(enquiries)
        if self.line.on_duplicate == "update":
            self._update_repeated(outcomes, rows)
        repeats: dict[int, int] = {}
        for outcome in outcomes:
            if outcome.result is Result.REPEAT:
                lead_id = outcome.repeats_lead_id or outcomes[outcome.repeats_index].lead.pk  # type: ignore[index,union-attr]
                outcome.repeats_lead_id = lead_id
                repeats[lead_id] = repeats.get(lead_id, 0) + 1
        count_repeats(repeats)
        return outcomes

    def _update_repeated(self, outcomes: Sequence[Outcome], rows: Sequence[InputRow]) -> None:
        """Turn repeats of leads that stood before this file into updates; the first row for a lead wins."""
        candidates = {
            outcome.repeats_lead_id
            for outcome in outcomes
            if outcome.result is Result.REPEAT and outcome.repeats_lead_id
        }
        taken = leads_touched_by(candidates, current_scope().job_id)
        updates: list[LeadUpdate] = []
        for outcome, row in zip(outcomes, rows, strict=True):
            lead_id = outcome.repeats_lead_id
            if outcome.result is Result.REPEAT and lead_id and lead_id not in taken:
                taken.add(lead_id)
                given = {
                    key: cell
                    for key, cell in row.values.items()
                    if not key.startswith(ATTRIBUTE_PREFIX) and not is_blank(cell)
                }
                updates.append(LeadUpdate(outcome, lead_id, given))
        update_leads(self.line, self.definition, self.context, updates)

    def _told(self, outcome: Outcome, row: InputRow, rows: Sequence[InputRow]) -> RowOutcome:
        match outcome.result:
            case Result.CREATED:
                return RowOutcome(RowResult.ACCEPTED)
            case Result.UPDATED:
                return RowOutcome(RowResult.UPDATED, repeats_id=outcome.repeats_lead_id)
            case Result.REFUSED:
                return self._rejected(row, outcome.problems)
        told = "an earlier row of this file"
        if outcome.repeats_index is not None:
            told = f"row {rows[outcome.repeats_index].number} of this file"
        elif outcome.repeats_lead_id is not None:
            told = "a lead that is there already"
        return RowOutcome(RowResult.DUPLICATE, repeats=told, repeats_id=outcome.repeats_lead_id)

    def _rejected(self, row: InputRow, problems: Sequence[Problem]) -> RowOutcome:
        reasons = [
            Reason(each.field, each.code, sentence(self.definition, each, row.values.get(each.field)))
            for each in problems
        ]
        return RowOutcome(RowResult.REJECTED, reasons)

    def roll_back(self, numbers: Sequence[int]) -> RollbackReport:
        report = RollbackReport()
        report.withdrawn, edited = withdraw_rows(self.root_id, numbers)
        report.restored, kept = restore_before_images(self.root_id, numbers)
        report.kept_edited = [*edited, *kept]
        self._take_back_repeats(numbers)
        return report

    def _take_back_repeats(self, numbers: Sequence[int]) -> None:
        repeats: dict[int, int] = {}
        rows = IntakeRow.objects.filter(intake_id=self.root_id, number__in=numbers, state=RowState.DUPLICATE)
        for lead_id in rows.filter(repeats_id__isnull=False).values_list("repeats_id", flat=True):
            repeats[lead_id] = repeats.get(lead_id, 0) - 1
        count_repeats(repeats)


def usable_line(code: str) -> BusinessLine:
    """Return the line that a file is loaded into; raise NotVisible where no published line has the code."""
    line = (
        BusinessLine.objects.select_related("organization")
        .filter(code=code, is_active=True, version__gt=0)
        .first()
    )
    if line is None:
        raise NotVisible(f"No published business line has the code {code}. Publish it first.")
    return line


def attribute_text(row: InputRow, name: str) -> str:
    """Return the text of an attribute's column in a row, or ""."""
    return cell_text(row.values.get(f"{ATTRIBUTE_PREFIX}{name}")).strip()
