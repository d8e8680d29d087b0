"""Writing many enquiries at once: each is judged as if it came alone, all are written by a few statements."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from accounts.actor import Actor
from accounts.roles import Area
from core.errors import ApplicationError
from core.values import reasons
from leads.fields.capture import Captured, Problem, is_empty
from leads.models import BusinessLine
from leads.queries.leads import visible_leads
from leads.services.enquiries import DetailsTaken, EnquiryReader, OriginIds
from leads.services.kept_files import attach_field_files, file_fields
from leads.services.leads import goes_by_rule, ownership_of
from leads.services.lines import pin_line
from leads.services.recording import Enquiry, Outcome, Recorder, Result, count_repeats
from leads.services.updating import LeadUpdate, Updater


@dataclass(frozen=True, slots=True)
class NewEnquiry:
    """An enquiry as it is given: values by field key, attributes by name (`leads.services.enquiries`)."""

    line: BusinessLine
    values: Mapping[str, Any]
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class EnquiryResult:
    """What became of one enquiry.

    `reference` is that of the lead made, updated or repeated, None where the actor may not see it. `error` says
    why an enquiry was refused; of any other it is None.
    """

    result: Result
    reference: str | None = None
    error: ApplicationError | None = None


@transaction.atomic
def create_leads(*, actor: Actor, enquiries: Sequence[NewEnquiry]) -> list[EnquiryResult]:
    """Store enquiries, owned by the actor, in order, by the rules of `create_lead`; return a result for each.

    A bad one does not hurt the others. Repeats are counted on the lead that they repeat, which may be one of an
    earlier enquiry of the same batch; or, where the line says so and the actor may write that lead, update it.

    Raises:
        NotPermitted: the actor creates no leads.
        Contested: others keep writing the same leads; nothing is written.
    """
    actor.require(Area.LEADS, "create")
    results: dict[int, EnquiryResult] = {}
    by_line: dict[int, list[int]] = {}
    for index, enquiry in enumerate(enquiries):
        by_line.setdefault(enquiry.line.pk, []).append(index)
    ownership = ownership_of(actor)
    # In one order, so that two batches wait for one another and not each for the other.
    for line_id, places in sorted(by_line.items()):
        batch = _LineBatch(actor, pin_line(line_id), ownership)
        results |= zip(places, batch.write([enquiries[index] for index in places]), strict=True)
    return [results[index] for index in range(len(enquiries))]


@dataclass(slots=True)
class _Accepted:
    """An enquiry that validates, on its way to becoming a lead."""

    place: int
    given: NewEnquiry
    captured: Captured


class _LineBatch:
    """The enquiries of one line."""

    def __init__(self, actor: Actor, line: BusinessLine, ownership: Mapping[str, Any]) -> None:
        self.actor = actor
        self.line = line
        self.ownership = ownership
        self.reader = EnquiryReader(actor, line)
        self.recorder = Recorder(line, self.reader.definition)
        self.files: set[int] = set()

    def write(self, enquiries: Sequence[NewEnquiry]) -> list[EnquiryResult]:
        """Write the enquiries and return a result for each."""
        results: dict[int, EnquiryResult] = {}
        accepted = []
        self.reader.look_up(enquiry.values for enquiry in enquiries)
        for place, enquiry in enumerate(enquiries):
            try:
                accepted.append(_Accepted(place, enquiry, self._read(enquiry)))
            except ApplicationError as error:
                results[place] = EnquiryResult(Result.REFUSED, error=error)
        outcomes = self._record(accepted)
        references = self._references(outcomes)
        for each, outcome in zip(accepted, outcomes, strict=True):
            results[each.place] = self._result(each, outcome, references)
        return [results[place] for place in range(len(enquiries))]

    def _read(self, enquiry: NewEnquiry) -> Captured:
        self.reader.require_open()
        captured = self.reader.captured(enquiry.values)
        self.reader.check_attributes(enquiry.attributes)
        self._refuse_files_of_others(captured, enquiry.values)
        return captured

    def _refuse_files_of_others(self, captured: Captured, values: Mapping[str, Any]) -> None:
        """A file belongs to one lead: an earlier enquiry of the batch has it."""
        held = {
            item.key: captured.data[item.key]["id"]
            for item in file_fields(self.reader.definition)
            if item.key in captured.data
        }
        if taken := [Problem(key, reasons.FILE_UNKNOWN) for key, pk in held.items() if pk in self.files]:
            raise self.reader.refusal(taken, values)
        self.files.update(held.values())

    def _record(self, accepted: Sequence[_Accepted]) -> list[Outcome]:
        origins = OriginIds(each.given.attributes for each in accepted)
        outcomes = self.recorder.record(
            [
                Enquiry(
                    each.captured.data,
                    each.captured.compare,
                    {**origins.columns(each.given.attributes), **self.ownership},
                    by_rule=goes_by_rule(self.actor),
                )
                for each in accepted
            ]
        )
        for outcome in outcomes:
            if outcome.repeats_index is not None:
                first = outcomes[outcome.repeats_index].created
                assert first is not None
                outcome.repeats_lead_id = first.id
        if self.line.on_duplicate == "update":
            self._update(self._updates(accepted, outcomes, origins))
        self._attach(accepted, outcomes)
        count_repeats(
            Counter(
                outcome.repeats_lead_id
                for outcome in outcomes
                if outcome.result is Result.REPEAT and outcome.repeats_lead_id is not None
            )
        )
        return outcomes

    def _attach(self, accepted: Sequence[_Accepted], outcomes: Sequence[Outcome]) -> None:
        """Give the leads the files that their enquiries brought."""
        for each, outcome in zip(accepted, outcomes, strict=True):
            lead_id = outcome.created.id if outcome.created else outcome.repeats_lead_id
            if lead_id is not None and outcome.result in (Result.CREATED, Result.UPDATED):
                attach_field_files(self.actor, self.reader.definition, lead_id, each.captured.data)

    def _updates(
        self, accepted: Sequence[_Accepted], outcomes: Sequence[Outcome], origins: OriginIds
    ) -> list[LeadUpdate]:
        """Return the repeats of leads that the actor may write."""
        repeats = [
            (each, outcome)
            for each, outcome in zip(accepted, outcomes, strict=True)
            if outcome.result is Result.REPEAT
        ]
        lead_ids = {outcome.repeats_lead_id for _each, outcome in repeats if outcome.repeats_lead_id}
        writable = visible_leads(self.actor, verb="write").filter(pk__in=lead_ids)
        allowed = set(writable.values_list("pk", flat=True)) if lead_ids else set()
        return [
            LeadUpdate(
                outcome,
                outcome.repeats_lead_id,
                # An enquiry says what it fills; what it leaves blank stays as it was.
                {key: value for key, value in each.given.values.items() if not is_empty(value)},
                origins.columns({name: value for name, value in each.given.attributes.items() if value}),
            )
            for each, outcome in repeats
            if outcome.repeats_lead_id in allowed
        ]

    def _update(self, updates: Sequence[LeadUpdate]) -> None:
        """Update leads in the order of the enquiries: together those before the next that is about one of the same."""
        updater = Updater(self.recorder, self.reader.context, refuses_shared=True)
        waiting = list(updates)
        while waiting:
            together: dict[int, LeadUpdate] = {}
            for update in waiting:
                if together.setdefault(update.lead_id, update) is not update:
                    break
            updater.update(list(together.values()))
            waiting = waiting[len(together) :]

    def _references(self, outcomes: Sequence[Outcome]) -> dict[int, str]:
        """Return the references of repeated leads that the actor may see."""
        told = (each for outcome in outcomes for each in (outcome.repeats_lead_id, outcome.shared_with))
        lead_ids = {each for each in told if each is not None}
        if not lead_ids:
            return {}
        return dict(visible_leads(self.actor).filter(pk__in=lead_ids).values_list("pk", "reference"))

    def _result(self, each: _Accepted, outcome: Outcome, references: Mapping[int, str]) -> EnquiryResult:
        if outcome.created is not None:
            return EnquiryResult(Result.CREATED, outcome.created.reference)
        if outcome.refused_by is not None:
            return EnquiryResult(Result.REFUSED, error=outcome.refused_by.error())
        if outcome.result is Result.REFUSED:
            shared = None
            if (holder := outcome.shared_with) is not None:
                shared = DetailsTaken(references.get(holder, ""), is_elsewhere=holder not in references)
            error = shared or self.reader.refusal(outcome.problems, each.given.values)
            return EnquiryResult(Result.REFUSED, error=error)
        assert outcome.repeats_lead_id is not None
        return EnquiryResult(outcome.result, references.get(outcome.repeats_lead_id))
