"""Reading enquiries: what is given for a lead, judged against its line for one actor, one or a thousand alike."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.utils import timezone

from accounts.actor import Actor
from core.errors import Conflict, FieldError, NotPermitted, ValidationFailed
from leads.fields.access import editable_keys, visible_fields
from leads.fields.behaviour import NOTHING_KNOWN, Known
from leads.fields.capture import CaptureContext, Captured, Problem, capture
from leads.fields.line import LineDefinition, line_definition
from leads.fields.wording import sentences
from leads.models import BusinessLine, LeadStatus
from leads.queries.leads import visible_leads
from leads.queries.references import look_up
from leads.services.origins import origin_key, resolve_campaigns, resolve_sources

# What may be set beside the configured fields, by pages and API alike.
SETTABLE = ("status", "stage", "source", "campaign")
RESOLVERS = {"source": resolve_sources, "campaign": resolve_campaigns}
WRONG = "Some fields need a correction."


class DetailsTaken(Conflict):
    """A change would give a lead what tells repeats of another one.

    `reference` names that one to who sees it; who does not is told that it exists, and nothing else. Without both, it
    is one of the same call.
    """

    def __init__(self, reference: str = "", *, is_elsewhere: bool = False) -> None:
        self.reference = reference or None
        self.extra = {"reference": self.reference}
        message = "Another lead already has these details. Change what they share."
        if reference:
            message = f"{reference} already has these details. Open that lead, or change what they share."
        elif is_elsewhere:
            message = "This lead exists, owned by another team. Change what they share."
        super().__init__("duplicate", message)


def details_taken(actor: Actor, holder_id: int) -> DetailsTaken:
    """Return what is told of the lead that has the details, as far as the actor sees it."""
    found = visible_leads(actor).filter(pk=holder_id).values_list("reference", flat=True).first()
    return DetailsTaken(found or "", is_elsewhere=found is None)


def capture_context(actor: Actor, known: Known = NOTHING_KNOWN) -> CaptureContext:
    """Return what validation depends on: now, the organisation's timezone and phone region, what is referred to."""
    region = actor.organization.locale.partition("-")[2] or "IN"
    return CaptureContext(timezone.now(), actor.organization.zone, region, known=known)


class EnquiryReader:
    """Reads what is given for leads of one line; the line is pinned (`leads.services.lines.pin_line`).

    `definition` is the version in force, unless a draft is tried.
    """

    def __init__(self, actor: Actor, line: BusinessLine, definition: LineDefinition | None = None) -> None:
        self.actor = actor
        self.line = line
        self.definition = definition or line_definition(line)
        self.context = capture_context(actor)
        self._known = {item.key for item in visible_fields(actor, self.definition)}
        self._editable = editable_keys(actor, self.definition)

    def require_open(self) -> None:
        """Raise Conflict where the line takes no leads."""
        if not self.line.is_active or not self.line.version:
            raise Conflict(
                "line_closed", f"{self.line.name} takes no new leads. Choose another business line."
            )

    def look_up(self, rows: Iterable[Mapping[str, Any]], *, stored: Mapping[str, Any] | None = None) -> None:
        """Find what the values of rows refer to, before they are read: once for all that are read together."""
        known = look_up(self.actor, self.definition, rows, stored=stored)
        self.context = replace(self.context, known=known)

    def captured(self, values: Mapping[str, Any], *, stored: Mapping[str, Any] | None = None) -> Captured:
        """Return the values as they are stored; `stored` is the data of a lead that is edited.

        Raises ValidationFailed with every problem by field key, and NotPermitted for fields that the actor may
        not fill.
        """
        self.refuse_closed_fields(values)
        captured = capture(self.definition, values, self.context, stored=stored)
        if captured.problems:
            raise self.refusal(captured.problems, values)
        return captured

    def refuse_closed_fields(self, values: Iterable[str]) -> None:
        """Refuse fields by key: a field that the actor may not know of is as unknown as one that is not there."""
        if unknown := [key for key in values if key not in self._known]:
            message = "This line has no field {}. See its schema."
            errors = {key: [FieldError("unknown_field", message.format(key))] for key in unknown}
            raise ValidationFailed("invalid", "Some fields are not known.", errors)
        if locked := [key for key in values if key not in self._editable]:
            labels = ", ".join(self.definition.by_key[key].label for key in locked)
            raise NotPermitted(f"Your role may not fill {labels}.")

    def refusal(self, problems: list[Problem], values: Mapping[str, Any]) -> ValidationFailed:
        """Return the error that tells the problems of some values, by field key."""
        return ValidationFailed("invalid", WRONG, sentences(self.definition, problems, values))

    def check_attributes(self, given: Mapping[str, Any]) -> None:
        """Raise ValidationFailed for attributes that cannot be set, or not to these values."""
        errors = {
            name: [FieldError("unknown_field", f"{name} cannot be set here.")]
            for name in given
            if name not in SETTABLE
        }
        for name, choices in (("status", LeadStatus.values), ("stage", self.line.stages)):
            if given.get(name) and given[name] not in choices:
                errors[name] = [FieldError("choice", f"Choose one of {', '.join(choices)}.")]
        for name in RESOLVERS:
            if given.get(name) and not origin_key(str(given[name])):
                errors[name] = [FieldError("invalid", "Write a name of letters and digits.")]
        if errors:
            raise ValidationFailed("invalid", WRONG, errors)


class OriginIds:
    """The sources and campaigns that some attributes name, looked up (and made) all at once."""

    def __init__(self, given: Iterable[Mapping[str, Any]]) -> None:
        """Raises ValidationFailed where a name cannot be one."""
        named = list(given)
        self._ids = {}
        for name, resolve in RESOLVERS.items():
            texts = sorted({str(each[name]) for each in named if each.get(name)})
            self._ids[name] = resolve(texts) if texts else {}

    def columns(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns of a lead that attributes fill; None takes an origin away."""
        columns = {name: given[name] for name in ("status", "stage") if given.get(name)}
        for name in RESOLVERS:
            if name in given:
                text = given[name]
                columns[f"{name}_id"] = self._ids[name][origin_key(str(text))] if text else None
        return columns
