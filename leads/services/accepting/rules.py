"""The writers of acceptance rules."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.actor import Actor
from accounts.roles import Area
from core.errors import FieldError, NotVisible, ValidationFailed
from core.rules.values import is_storable_text
from core.scope import organization_scope
from leads.fields.line import line_definition
from leads.models import AcceptanceRule, BusinessLine, Source
from leads.services.conditions import condition_problems

CHANGEABLE = (
    "name", "is_active", "is_paused", "condition", "message", "accepts_from", "accepts_until", "daily_cap",
    "monthly_cap",
)  # fmt: skip
LONGEST_NAME, LONGEST_MESSAGE = 100, 300
HIGHEST_CAP = 100_000_000


def create_acceptance_rule(
    *, actor: Actor, source: Source, line: BusinessLine | None = None, **settings: Any
) -> AcceptanceRule:
    """Add a rule to a source, for one line or for all; `settings` are those of CHANGEABLE.

    Raises NotPermitted, or ValidationFailed with everything wrong, by setting.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason="acceptance rule added"):
        rule = AcceptanceRule(source=_locked_source(source.pk), line=line)
        return _store(rule, settings)


def update_acceptance_rule(*, actor: Actor, rule: AcceptanceRule, **settings: Any) -> AcceptanceRule:
    """Change settings of a rule; what is not given stays. It counts from the next lead on. Raises as creating does.

    A cap counts what was taken since the rule has caps.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason="acceptance rule changed"):
        _locked_source(rule.source_id)
        rows = AcceptanceRule.objects.select_for_update(no_key=True, of=("self",))
        stored = rows.select_related("line", "source").filter(pk=rule.pk).first()
        if stored is None:
            raise NotVisible
        return _store(stored, settings)


def set_paused(*, actor: Actor, rule: AcceptanceRule, is_paused: bool) -> AcceptanceRule:
    """Let the rule's source take nothing, or go on as it did. Raises as changing does."""
    return update_acceptance_rule(actor=actor, rule=rule, is_paused=is_paused)


def _locked_source(source_id: int) -> Source:
    """The source, changed by nobody else meanwhile: two rules of one name would be told by the database alone."""
    source = Source.objects.select_for_update(no_key=True).filter(pk=source_id).first()
    if source is None:
        raise NotVisible
    return source


def _store(rule: AcceptanceRule, settings: Mapping[str, Any]) -> AcceptanceRule:
    before = {name: getattr(rule, name) for name in CHANGEABLE}
    for name, value in settings.items():
        if name not in CHANGEABLE:
            raise TypeError(f"An acceptance rule has no {name}.")
        setattr(rule, name, value)
    rule.name = " ".join(str(rule.name).split())
    rule.message = " ".join(str(rule.message).split())
    rule.condition = rule.condition or None
    if errors := _problems(rule):
        raise ValidationFailed("invalid_rule", "The acceptance rule needs corrections.", errors)
    if rule.pk and before == {name: getattr(rule, name) for name in CHANGEABLE}:
        return rule
    rule.save()
    return rule


def _problems(rule: AcceptanceRule) -> dict[str, list[FieldError]]:
    errors: dict[str, list[FieldError]] = {}

    def add(name: str, code: str, message: str) -> None:
        errors.setdefault(name, []).append(FieldError(code, message))

    if not rule.name or len(rule.name) > LONGEST_NAME or not is_storable_text(rule.name):
        add("name", "required", f"Give it a name of at most {LONGEST_NAME} characters.")
    elif AcceptanceRule.objects.filter(source=rule.source, name=rule.name).exclude(pk=rule.pk).exists():
        add("name", "unique", "Another rule of this source has this name.")
    if len(rule.message) > LONGEST_MESSAGE or not is_storable_text(rule.message):
        add("message", "too_long", f"Write a message of at most {LONGEST_MESSAGE} characters.")
    for name in ("daily_cap", "monthly_cap"):
        cap = getattr(rule, name)
        if cap is not None and not 1 <= cap <= HIGHEST_CAP:
            add(
                name, "range", "Write a number of 1 or more, or leave it empty. To take none, pause the rule."
            )
    if rule.accepts_from and rule.accepts_until and rule.accepts_from > rule.accepts_until:
        add("accepts_until", "order", "The last day lies before the first.")
    if rule.condition is not None and rule.line is None:
        add("condition", "line", "A condition reads the fields of a line. Choose the line.")
    elif rule.line is not None:
        for place, problem in condition_problems(rule.condition, line_definition(rule.line).kinds):
            errors.setdefault(place, []).append(problem)
    return errors
