"""The writers of assignment rules."""

from collections.abc import Mapping, Set
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.queries.members import assignable_members
from accounts.roles import Area
from core.errors import FieldError, NotVisible, ValidationFailed
from core.rules import normalise_text
from core.scope import organization_scope
from leads.fields.line import line_definition
from leads.models import AssignmentMethod, AssignmentRule, BusinessLine, WaitingLead
from leads.services.assigning.places import has_pins, pin_key
from leads.services.conditions import condition_problems
from leads.services.leads_given import lock_waiting

CHANGEABLE = ("name", "position", "is_active", "condition", "places", "method", "people", "weights", "team",
              "pin_field", "only_at_work", "daily_cap")  # fmt: skip
HEAVIEST = 100
MOST_PEOPLE, MOST_PLACES = 200, 5_000
LARGEST_CAP = 10_000


def create_assignment_rule(*, actor: Actor, line: BusinessLine, **settings: Any) -> AssignmentRule:
    """Add a rule to a line; `settings` are those of CHANGEABLE, people as membership numbers, team as a Membership.

    Raises NotPermitted, or ValidationFailed with everything wrong, by setting.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason="assignment rule added"):
        rule = AssignmentRule(line=_locked_line(line.pk))
        return _store(actor, rule, settings)


def update_assignment_rule(*, actor: Actor, rule: AssignmentRule, **settings: Any) -> AssignmentRule:
    """Change settings of a rule; what is not given stays. It counts from the next lead on. Raises as creating does."""
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason="assignment rule changed"):
        stored = AssignmentRule.objects.select_related("line").filter(pk=rule.pk).first()
        if stored is None:
            raise NotVisible
        stored.line = _locked_line(stored.line_id)
        return _store(actor, stored, settings)


def _locked_line(line_id: int) -> BusinessLine:
    """The line, changed by nobody else meanwhile: two rules of one name would be told by the database alone."""
    line = BusinessLine.objects.select_for_update(no_key=True, of=("self",)).filter(pk=line_id).first()
    if line is None:
        raise NotVisible
    return line


def _store(actor: Actor, rule: AssignmentRule, settings: Mapping[str, Any]) -> AssignmentRule:
    before = {name: getattr(rule, f"{name}_id" if name == "team" else name) for name in CHANGEABLE}
    for name, value in settings.items():
        if name not in CHANGEABLE:
            raise TypeError(f"An assignment rule has no {name}.")
        setattr(rule, name, value)
    rule.name = " ".join(str(rule.name).split())
    rule.places = list(dict.fromkeys(filter(None, map(_place, rule.places))))
    rule.people = list(dict.fromkeys(rule.people))
    rule.condition = rule.condition or None
    known = {*before["people"], before["team"]} if rule.pk else set()
    if errors := _problems(actor, rule, known):
        raise ValidationFailed("invalid_rule", "The assignment rule needs corrections.", errors)
    if rule.pk and before == {n: getattr(rule, f"{n}_id" if n == "team" else n) for n in CHANGEABLE}:
        return rule
    rule.save()
    look_again(WaitingLead.objects.filter(line=rule.line))
    return rule


def look_again(rows: QuerySet[WaitingLead]) -> None:
    """Have waiting leads looked at at once: they may be given now, or wait for something else."""
    WaitingLead.objects.filter(pk__in=[row.pk for row in lock_waiting(rows)]).update(until=timezone.now())


def _place(text: str) -> str:
    """A place as it is compared; the space that people write in PIN codes goes."""
    digits = "".join(text.split())
    return digits if has_pins([digits]) else normalise_text(text)


def _problems(actor: Actor, rule: AssignmentRule, known: Set[int | None]) -> dict[str, list[FieldError]]:
    errors: dict[str, list[FieldError]] = {}

    def add(name: str, code: str, message: str) -> None:
        errors.setdefault(name, []).append(FieldError(code, message))

    if not rule.name or len(rule.name) > 100:
        add("name", "required", "Give it a name of at most 100 characters.")
    elif AssignmentRule.objects.filter(line=rule.line, name=rule.name).exclude(pk=rule.pk).exists():
        add("name", "unique", "Another rule of this line has this name.")
    if rule.method not in AssignmentMethod.values:
        add("method", "choice", f"Choose one of {', '.join(AssignmentMethod.values)}.")
    for place, problem in condition_problems(rule.condition, line_definition(rule.line).kinds):
        errors.setdefault(place, []).append(problem)
    if not rule.people and rule.team_id is None:
        add("people", "required", "Choose people, or a team.")
    # Who has left stays in a rule until it is taken out, and gets nothing meanwhile.
    wanted = {*rule.people, *([rule.team_id] if rule.team_id else [])} - known
    if len(rule.people) > MOST_PEOPLE:
        add("people", "max", f"At most {MOST_PEOPLE} people. Choose a team instead.")
    elif len(set(assignable_members(actor).filter(pk__in=wanted).values_list("pk", flat=True))) < len(wanted):
        add("people", "choice", "Somebody of these works no leads here any more. Take them out.")
    if len(rule.weights) > len(rule.people):
        add("weights", "max", "There are more weights than people.")
    elif any(not 1 <= weight <= HEAVIEST for weight in rule.weights):
        add("weights", "range", f"A weight is a whole number from 1 to {HEAVIEST}.")
    if len(rule.places) > MOST_PLACES or any(len(place) > 100 for place in rule.places):
        add("places", "max", f"At most {MOST_PLACES} places, of at most 100 characters each.")
    if has_pins(rule.places) and not pin_key(rule.pin_field, line_definition(rule.line)):
        add("pin_field", "required", "Choose the field of this line that holds the PIN code.")
    elif rule.pin_field and rule.pin_field not in line_definition(rule.line).active_by_key:
        add("pin_field", "choice", f"The line has no field “{rule.pin_field}”.")
    if rule.daily_cap is not None and not 1 <= rule.daily_cap <= LARGEST_CAP:
        add("daily_cap", "range", f"Write a whole number from 1 to {LARGEST_CAP}, or nothing.")
    return errors
