"""Every place that refers to a lead, and what a merge does to it.

A test walks all models and holds this list against them: a new reference to leads must be decided about here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.apps import apps
from django.db import models


class Fate(StrEnum):
    """What becomes of the rows that refer to the lead that is merged into another."""

    MOVES = "moves"  # to the kept lead, and back
    STAYS = "stays"  # with the lead that it was about
    DERIVED = "derived"  # made anew from the leads


@dataclass(frozen=True, slots=True)
class LeadReference:
    """A column that names a lead. `model` is a label; `why` says what people get from its fate."""

    model: str
    column: str
    fate: Fate
    why: str

    @property
    def table(self) -> type[models.Model]:
        """The model."""
        return apps.get_model(self.model)


REFERENCES = (
    LeadReference("leads.Note", "lead_id", Fate.MOVES, "What was written down belongs to the person."),
    LeadReference("leads.FollowUp", "lead_id", Fate.MOVES, "What is to be done stays to be done."),
    LeadReference("leads.Engagement", "lead_id", Fate.MOVES, "Calls and messages were with the same person."),
    LeadReference("leads.Consent", "lead_id", Fate.MOVES, "What a person agreed to holds for the person."),
    LeadReference(
        "leads.LeadAttachment", "lead_id", Fate.MOVES, "All but a file that the kept lead has already."
    ),
    LeadReference("leads.LeadTag", "lead_id", Fate.MOVES, "As the tags were chosen."),
    LeadReference("leads.Notification", "lead_id", Fate.MOVES, "It opens what it tells of."),
    LeadReference("leads.FormSubmission", "lead_id", Fate.MOVES, "The register of consents reads it."),
    LeadReference(
        "core.StoredFile", "subject_id", Fate.MOVES, "Files of chosen values are read with the kept lead."
    ),
    LeadReference(
        "leads.LeadAssignment", "lead_id", Fate.STAYS, "A rule's decision was about that lead alone."
    ),
    LeadReference(
        "core.IntakeRow", "repeats_id", Fate.STAYS, "Which lead a row of a file has changed is a fact."
    ),
    LeadReference("leads.DuplicatePair", "first_id", Fate.STAYS, "Not shown while one of the two is gone."),
    LeadReference("leads.DuplicatePair", "second_id", Fate.STAYS, "Not shown while one of the two is gone."),
    LeadReference("leads.LeadMerge", "keep_id", Fate.STAYS, "Chains of merges are taken back one by one."),
    LeadReference("leads.LeadMerge", "lose_id", Fate.STAYS, "Chains of merges are taken back one by one."),
    LeadReference(
        "leads.WaitingLead",
        "lead_id",
        Fate.STAYS,
        "Looked at when its time comes; a lead that is gone waits for nobody.",
    ),
    LeadReference("leads.HandedLead", "lead_id", Fate.STAYS, "What a hand-over gave away is a fact."),
    LeadReference(
        "leads.LeadAdmission", "lead_id", Fate.STAYS, "Its source took that lead, under the cap of that day."
    ),
    LeadReference("leads.StallStep", "lead_id", Fate.STAYS, "It was that lead that nobody looked after."),
    LeadReference(
        "leads.StallClock", "lead_id", Fate.DERIVED, "Of live leads only; the merge keeps what they said."
    ),
    LeadReference("leads.BulkChangedLead", "lead_id", Fate.STAYS, "What stood on that lead alone."),
    LeadReference("leads.LeadFlaw", "lead_id", Fate.DERIVED, "Judged each night."),
    LeadReference("leads.LeadValue", "lead_id", Fate.DERIVED, "Of live leads only."),
    LeadReference("leads.LeadToken", "lead_id", Fate.DERIVED, "Of live leads only."),
    LeadReference("leads.DuplicateKey", "lead_id", Fate.DERIVED, "Of live leads only."),
)
# A value of a field of the type lead is a reference of its own, in the data of other leads. It stays: the reference
# of a merged lead leads to the kept one (`leads.queries.merges.kept_in_place_of`), wherever it is shown or written.
FIELDS_OF_TYPE_LEAD = Fate.STAYS


def moving() -> Iterable[LeadReference]:
    """The references whose rows go to the kept lead."""
    return (each for each in REFERENCES if each.fate is Fate.MOVES)
