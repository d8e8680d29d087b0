"""Lead files: the importer of the intake machine for business lines."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q
from django.utils import timezone

from accounts.actor import Actor
from accounts.key_scopes import names_of, permissions_named
from accounts.models import Membership
from accounts.roles import Area
from core.errors import Conflict, NotVisible
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
from core.values import cell_text, is_blank, message
from leads.fields.access import editable_keys, is_masked, is_visible
from leads.fields.capture import CaptureContext, Captured, Problem, capture
from leads.fields.line import LineDefinition, line_definition
from leads.fields.types import type_of
from leads.fields.usual_names import unclaimed_names
from leads.fields.wording import sentence
from leads.models import BusinessLine, Lead
from leads.models.line import ON_DUPLICATE
from leads.queries.leads import visible_leads
from leads.queries.references import look_up
from leads.services.accepting.gate import FIELD as GATE_FIELD
from leads.services.accepting.gate import lock_rules
from leads.services.lines import pin_line
from leads.services.origins import (
    LONGEST_NAME,
    find_sources,
    origin_key,
    resolve_campaigns,
    resolve_sources,
    withdraw_origins_of,
)
from leads.services.recording import Enquiry, Outcome, Recorder, Result, count_repeats, lock_leads
from leads.services.rehearsal import Rehearsal
from leads.services.updating import LeadUpdate, Updater, leads_touched_by
from leads.services.withdrawing import restore_before_images, withdraw_rows

# Columns that fill an attribute of the lead beside the configured fields.
ATTRIBUTE_TARGETS = {
    "source": Target("source", "Source", ("Lead Source",), False),
    "campaign": Target("campaign", "Campaign", ("Campaign Name",), False),
}
RESOLVERS = {"source": resolve_sources, "campaign": resolve_campaigns}
Record = Callable[[Sequence[Enquiry], Sequence[InputRow]], list[Outcome]]
ATTRIBUTE_PREFIX = "@"


@dataclass(slots=True)
class ReadRow:
    """A row as far as it is understood without the database; by another definition it is read anew."""

    definition: LineDefinition
    captured: Captured
    attributes: dict[str, str]
    problems: list[Problem]


@register_importer("leads")
class LeadImporter(Importer):
    """Rows become leads of one business line, by the same validation and recording as pages and API."""

    remembered = ("on_duplicate",)

    def __init__(self, intake: Intake) -> None:
        super().__init__(intake)
        # A correction goes on where the file that it corrects has stopped, by the same choices.
        root = intake.corrects or intake
        self.root_id = root.pk
        self.options = root.options
        self._rehearsal: Rehearsal | None = None
        line = line_of(intake.target)
        # Ages and relative dates count from the day of the import, also when it resumes after midnight.
        self.context = CaptureContext(
            now=intake.job.created_at if intake.job else timezone.now(),
            zone=line.organization.zone,
            region=line.organization.locale.partition("-")[2] or "IN",
            memory={},
        )
        self._work_by(line)

    def _work_by(self, line: BusinessLine) -> None:
        """Take the line's version and settings as they are now, and the intake's own word on repeats."""
        self.line = line
        self.line.on_duplicate = self.options.get("on_duplicate") or line.on_duplicate
        self.definition = line_definition(line)
        self.recorder = Recorder(line, self.definition, intake_id=self.root_id)
        self.updater = Updater(self.recorder, self.context)

    def require_open(self) -> None:
        if not (self.line.is_active and self.line.version):
            raise Conflict(
                "line_closed",
                f"The business line {self.line.name} takes no leads now. Publish it, or make it active again.",
            )

    def targets(self) -> Sequence[Target]:
        return self._targets(self.options.get("locked", ()))

    def all_targets(self) -> Sequence[Target]:
        return self._targets(())

    def words_for(self, options: Mapping[str, Any]) -> list[str]:
        chosen = dict(ON_DUPLICATE).get(options.get("on_duplicate", ""))
        return [] if chosen is None else [f"When a lead is there already: {chosen}."]

    def _targets(self, locked: Collection[str]) -> Sequence[Target]:
        # What the caller of the API says of columns whose names nobody knows.
        told: dict[str, list[str]] = self.options.get("aliases", {})
        claimed = {
            normalise_text(name)
            for item in self.definition.active
            for name in (item.key, item.label, *item.aliases, *told.get(item.key, ()))
        } | {normalise_text(name) for names in told.values() for name in names}
        fields = [
            Target(
                item.key,
                item.label,
                (*item.aliases, *told.get(item.key, ()), *unclaimed_names(item.maps_to, claimed)),
                item.required and not item.default,
            )
            for item in self.definition.active
            if type_of(item).comes_in_files and item.key not in locked
        ]
        taken = {
            normalise_text(name) for target in fields for name in (target.key, target.label, *target.aliases)
        }
        attributes = [
            Target(
                f"{ATTRIBUTE_PREFIX}{name}",
                target.label,
                (
                    name,
                    # A name that a field goes by is the field's: with two claimants the column would stay unread.
                    *(alias for alias in target.aliases if normalise_text(alias) not in taken),
                    *told.get(name, ()),
                    *told.get(f"{ATTRIBUTE_PREFIX}{name}", ()),
                ),
                False,
            )
            for name, target in ATTRIBUTE_TARGETS.items()
            if normalise_text(name) not in taken
        ]
        return [*fields, *attributes]

    def options_for(self, actor: Any) -> dict[str, Any]:
        """Fields that the actor may not fill are no targets. A leader loads files for the own team: the rows
        begin as the leader's own, to be assigned. Updates reach the leads that the loader may write."""
        open_keys = editable_keys(actor, self.definition)
        locked = [item.key for item in self.definition.active if item.key not in open_keys]
        options: dict[str, Any] = {"locked": locked} if locked else {}
        if actor.membership is not None:
            options["loader"] = actor.membership.pk
            if actor.is_restricted:
                options["loader_scopes"] = names_of(actor.scopes)
            if actor.level(Area.LEAD_FILES, "write") != "all":
                options["owner"] = actor.membership.pk
        return options

    def choices_of(self, target: str) -> list[tuple[str, str]]:
        item = self.definition.active_by_key.get(target)
        return [(choice.value, choice.label) for choice in item.choices if choice.active] if item else []

    def masked_columns(self, actor: Any) -> frozenset[int]:
        open_keys = {
            item.key
            for item in self.definition.fields
            if is_visible(actor, item) and not is_masked(actor, item)
        }
        if len(open_keys) == len(self.definition.fields):
            # What no field takes may be anything: it is open to those alone to whom every field is.
            open_keys.add("")
        return frozenset(
            position
            for position, target in enumerate((*self.intake.mapping, ""))
            if not target.startswith(ATTRIBUTE_PREFIX) and target not in open_keys
        )

    def closed_columns(self, actor: Any) -> frozenset[int]:
        open_keys = editable_keys(actor, self.definition)
        return frozenset(
            position
            for position, target in enumerate(self.intake.mapping)
            if target and not target.startswith(ATTRIBUTE_PREFIX) and target not in open_keys
        )

    def prepare(self, rows: Sequence[InputRow]) -> None:
        if self.definition.referring:
            # Reading these rows asks the database, which is the writer's.
            return
        for row in rows:
            row.prepared = self._read(row)

    def _read(self, row: InputRow) -> ReadRow:
        captured = capture(self.definition, row.values, self.context)
        attributes = {name: text for name in ATTRIBUTE_TARGETS if (text := attribute_text(row, name))}
        return ReadRow(self.definition, captured, attributes, _attribute_problems(attributes))

    def write(self, rows: Sequence[InputRow]) -> list[RowOutcome]:
        # The line stays as it is until the batch ends; what was published or set since the last one counts.
        self._work_by(pin_line(self.line.pk))
        return self._judged(rows, self._record)

    def rehearse(self, rows: Sequence[InputRow]) -> list[RowOutcome]:
        if self._rehearsal is None:
            self._rehearsal = Rehearsal(self.recorder, self.updater)
        return self._judged(rows, self._rehearse)

    def _judged(self, rows: Sequence[InputRow], record: Record) -> list[RowOutcome]:
        self._look_up(rows)
        outcomes: list[RowOutcome | None] = []
        valid: list[InputRow] = []
        enquiries: list[Enquiry] = []
        for row in rows:
            read: ReadRow | None = row.prepared
            if read is None or read.definition is not self.definition:
                read = self._read(row)
            if problems := [*read.captured.problems, *read.problems]:
                outcomes.append(self._rejected(row, problems))
                continue
            outcomes.append(None)
            valid.append(row)
            enquiries.append(Enquiry(read.captured.data, read.captured.compare, read.attributes, row.number))
        told = iter(self._told(record(enquiries, valid), valid))
        return [outcome or next(told) for outcome in outcomes]

    def _look_up(self, rows: Sequence[InputRow]) -> None:
        """Find the members and leads that rows refer to, as who loads them may choose them."""
        if not self.definition.referring:
            return
        known = look_up(self._writer(), self.definition, [row.values for row in rows])
        self.context = replace(self.context, known=known)
        self.updater.context = self.context

    def _rehearse(self, enquiries: Sequence[Enquiry], rows: Sequence[InputRow]) -> list[Outcome]:
        assert self._rehearsal is not None
        known = find_sources({text for each in enquiries if (text := each.attributes.get("source"))})
        common = self.options.get("source_id")
        sources = [
            known.get(origin_key(text)) if (text := each.attributes.get("source")) else common
            for each in enquiries
        ]
        return self._rehearsal.record(enquiries, sources, lambda outcomes: self._updates(outcomes, rows))

    def _record(self, enquiries: Sequence[Enquiry], rows: Sequence[InputRow]) -> list[Outcome]:
        self._resolve_attributes(enquiries)
        outcomes = self.recorder.record(enquiries)
        updates = self._updates(outcomes, rows)
        touched = (
            leads_touched_by({item.lead_id for item in updates}, load_jobs(self.root_id))
            if updates
            else set()
        )
        self.updater.update([item for item in updates if item.lead_id not in touched])
        repeats: Counter[int] = Counter()
        for outcome in outcomes:
            if outcome.result is Result.REPEAT:
                if outcome.repeats_index is not None:
                    first = outcomes[outcome.repeats_index].created
                    assert first is not None
                    outcome.repeats_lead_id = first.id
                assert outcome.repeats_lead_id is not None
                repeats[outcome.repeats_lead_id] += 1
        count_repeats(repeats)
        return outcomes

    def _resolve_attributes(self, enquiries: Sequence[Enquiry]) -> None:
        """Turn the names of source and campaign into ids, making what is new, and say whose the leads are."""
        owner = self._owner()
        common = {"owner_id": owner.pk, "team_id": owner.pk} if owner else {}
        if "source_id" in self.options:
            # Of the place that the file came from; a row that names a source is of that.
            common["source_id"] = self.options["source_id"]
        known: dict[str, dict[str, int]] = {}
        for name, resolve in RESOLVERS.items():
            texts = {text for enquiry in enquiries if (text := enquiry.attributes.get(name))}
            ids = resolve(sorted(texts))
            known[name] = {text: ids[origin_key(text)] for text in texts}
        for enquiry in enquiries:
            ids_by_column = {f"{name}_id": known[name][text] for name, text in enquiry.attributes.items()}
            enquiry.attributes = {**common, **ids_by_column}
            enquiry.by_rule = owner is None

    def _owner(self) -> Membership | None:
        return (
            Membership.objects.filter(pk=self.options["owner"]).first() if "owner" in self.options else None
        )

    def _writable(self, lead_ids: set[int]) -> set[int]:
        """Return which of the leads whoever loads or corrects the rows may write."""
        return set(
            visible_leads(self._writer(), verb="write").filter(pk__in=lead_ids).values_list("pk", flat=True)
        )

    def _writer(self) -> Actor:
        """Whoever loads or corrects the rows; one who has left may write and choose nothing."""
        if isinstance(self.corrector, Actor):
            return self.corrector
        # Of this very intake: a correction may be loaded by somebody else than the file.
        if "loader" not in self.intake.options:
            return Actor.system(self.line.organization)
        members = Membership.objects.select_related("user", "organization")
        loader = members.filter(pk=self.intake.options["loader"]).first()
        if loader is None:
            return replace(Actor.system(self.line.organization), roles=frozenset())
        return Actor.of(loader, permissions_named(self.intake.options.get("loader_scopes")))

    def _updates(self, outcomes: Sequence[Outcome], rows: Sequence[InputRow]) -> list[LeadUpdate]:
        """Return the repeats of leads that may be updated, in update mode: those that the loader may write."""
        if self.line.on_duplicate != "update":
            return []
        repeats = [
            LeadUpdate(outcome, outcome.repeats_lead_id, _filled(row))
            for outcome, row in zip(outcomes, rows, strict=True)
            if outcome.result is Result.REPEAT and outcome.repeats_lead_id is not None
        ]
        allowed = self._writable({item.lead_id for item in repeats}) if repeats else set()
        return [item for item in repeats if item.lead_id in allowed]

    def _told(self, outcomes: Sequence[Outcome], rows: Sequence[InputRow]) -> list[RowOutcome]:
        """Return what to tell of each row; a repeat of this very file says of which row."""
        repeated = {
            item.repeats_lead_id
            for item in outcomes
            if item.result is Result.REPEAT and item.repeats_lead_id is not None
        }
        known = self._known(repeated) if repeated else {}
        return [self._told_of(outcome, row, rows, known) for outcome, row in zip(outcomes, rows, strict=True)]

    def _known(self, lead_ids: set[int]) -> dict[int, str]:
        """Return what may be told of repeated leads: rows of this very file, and leads that the loader sees."""
        own = Lead.objects.filter(pk__in=lead_ids, intake_id=self.root_id)
        known = {pk: f"row {number} of this file" for pk, number in own.values_list("pk", "row_number")}
        seen = visible_leads(self._writer()).filter(pk__in=lead_ids - known.keys())
        return known | {pk: f"lead {reference}" for pk, reference in seen.values_list("pk", "reference")}

    def _told_of(
        self,
        outcome: Outcome,
        row: InputRow,
        rows: Sequence[InputRow],
        known: Mapping[int, str],
    ) -> RowOutcome:
        lead_id = outcome.repeats_lead_id
        match outcome.result:
            case Result.CREATED:
                return RowOutcome(RowResult.ACCEPTED)
            case Result.UPDATED:
                return RowOutcome(RowResult.UPDATED, repeats_id=lead_id)
            case Result.REFUSED if outcome.refused_by is not None:
                refused = outcome.refused_by
                return RowOutcome(RowResult.REJECTED, [Reason(GATE_FIELD, refused.code, refused.message)])
            case Result.REFUSED:
                return self._rejected(row, outcome.problems)
        if outcome.repeats_index is not None:
            told = f"row {rows[outcome.repeats_index].number} of this file"
        elif lead_id is None:
            told = "an earlier row of this file"
        else:
            # Of a lead that is out of the loader's sight nothing is told but that there is one.
            told = known.get(lead_id, "a lead that exists, owned by another team")
        return RowOutcome(RowResult.DUPLICATE, repeats=told, repeats_id=lead_id)

    def _rejected(self, row: InputRow, problems: Sequence[Problem]) -> RowOutcome:
        return RowOutcome(RowResult.REJECTED, [self._reason(row, problem) for problem in problems])

    def _reason(self, row: InputRow, problem: Problem) -> Reason:
        if problem.field in self.definition.by_key:
            text = sentence(self.definition, problem, row.values.get(problem.field))
        else:
            label = ATTRIBUTE_TARGETS[problem.field.removeprefix(ATTRIBUTE_PREFIX)].label
            value = cell_text(row.values.get(problem.field))
            text = message(problem.code, value=value, label=label, **problem.parameters)
        return Reason(problem.field, problem.code, text)

    def roll_back(self, numbers: Sequence[int]) -> RollbackReport:
        report = RollbackReport()
        # The rules first, as who writes leads locks them first.
        lock_rules(self.line)
        report.withdrawn, edited = withdraw_rows(self.root_id, numbers)
        report.restored, kept = restore_before_images(self.root_id, numbers, load_jobs(self.root_id))
        report.kept_edited = [*edited, *kept]
        self._take_back_repeats(numbers)
        return report

    def end_roll_back(self) -> None:
        own = self.intake.corrects_id is None
        withdraw_origins_of(load_jobs(self.root_id) if own else jobs_of(self.intake))

    def _take_back_repeats(self, numbers: Sequence[int]) -> None:
        rows = IntakeRow.objects.filter(
            intake_id=self.root_id,
            number__in=list(numbers),
            state=RowState.DUPLICATE,
            repeats_id__isnull=False,
        )
        repeats = Counter(lead_id for lead_id in rows.values_list("repeats_id", flat=True) if lead_id)
        lock_leads(repeats)
        count_repeats({lead_id: -more for lead_id, more in repeats.items()})


def line_of(code: str) -> BusinessLine:
    """Return the line that a file is for, closed ones included; raise NotVisible where there is none."""
    line = BusinessLine.objects.select_related("organization").filter(code=code).first()
    if line is None:
        raise NotVisible(f"No business line has the code {code}. Look it up in the list of lines.")
    return line


def load_jobs(root_id: int) -> list[int]:
    """Return the jobs that loaded a file and its corrections: history names them beside what they wrote."""
    intakes = Intake.everything.filter(Q(pk=root_id) | Q(corrects_id=root_id), load_job_id__isnull=False)
    return [job for intake in intakes for job in jobs_of(intake)]


def jobs_of(intake: Intake) -> list[int]:
    """Return the jobs that loaded one file: several, where a load that ended early went on."""
    last = [] if intake.load_job_id is None else [intake.load_job_id]
    return [*intake.options.get("earlier_jobs", []), *last]


def attribute_text(row: InputRow, name: str) -> str:
    """Return the text of an attribute's column in a row, or ""."""
    return cell_text(row.values.get(f"{ATTRIBUTE_PREFIX}{name}")).strip()


def _attribute_problems(attributes: Mapping[str, str]) -> list[Problem]:
    problems = []
    for name, text in attributes.items():
        if not origin_key(text):
            too_long = len(text) > LONGEST_NAME
            parameters = {"limit": LONGEST_NAME} if too_long else {}
            code = "too_long" if too_long else "not_text"
            problems.append(Problem(f"{ATTRIBUTE_PREFIX}{name}", code, parameters))
    return problems


def _filled(row: InputRow) -> dict[str, Any]:
    """The cells of a row that say something: an update leaves the rest as it is."""
    return {key: cell for key, cell in row.values.items() if not is_blank(cell)}
