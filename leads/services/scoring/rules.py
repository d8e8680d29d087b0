"""The writers of score rules."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import transaction

from accounts.actor import Actor
from accounts.roles import Area
from core.errors import FieldError, NotVisible, ValidationFailed
from core.rules import parse_rule
from core.scope import organization_scope
from leads.fields.line import line_definition
from leads.fields.scoring import PASSING_OPERATORS, score_kinds
from leads.models import BusinessLine, ScoreRule
from leads.services.conditions import condition_problems
from leads.services.drafts import locked_line
from leads.services.scoring.changing import follow_rules

CHANGEABLE = ("name", "position", "is_active", "condition", "points")
# The others say how reasons are told.
OF_SCORES = {"is_active", "condition", "points"}
MOST_POINTS = 1_000
MOST_RULES = 100


def create_score_rule(*, actor: Actor, line: BusinessLine, **settings: Any) -> ScoreRule:
    """Add a rule to a line; `settings` are those of CHANGEABLE.

    Leads are scored by it from the next write on, those that are stored by a job. Raises NotPermitted, NotVisible, or
    ValidationFailed with everything wrong, by setting.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason="score rule added"):
        return _store(actor, ScoreRule(line=locked_line(line, against_leads=True), points=0), settings)


def update_score_rule(*, actor: Actor, rule: ScoreRule, **settings: Any) -> ScoreRule:
    """Change settings of a rule; what is not given stays. Raises as creating does."""
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason="score rule changed"):
        line_id = ScoreRule.objects.filter(pk=rule.pk).values_list("line_id", flat=True).first()
        if line_id is None:
            raise NotVisible
        line = locked_line(BusinessLine(pk=line_id), against_leads=True)
        stored = ScoreRule.objects.get(pk=rule.pk)
        stored.line = line
        return _store(actor, stored, settings)


def renew_line_scores(*, actor: Actor, line: BusinessLine) -> None:
    """Have the leads of a line scored anew, such as after a job that was cancelled. Raises as creating does."""
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason="scored anew"):
        follow_rules(actor, locked_line(line, against_leads=True))


def _store(actor: Actor, rule: ScoreRule, settings: Mapping[str, Any]) -> ScoreRule:
    before = {name: getattr(rule, name) for name in CHANGEABLE}
    for name, value in settings.items():
        if name not in CHANGEABLE:
            raise TypeError(f"A score rule has no {name}.")
        setattr(rule, name, value)
    rule.name = " ".join(str(rule.name).split())
    rule.condition = rule.condition or None
    errors: dict[str, list[FieldError]] = {}
    for name, problem in _problems(rule):
        errors.setdefault(name, []).append(problem)
    if errors:
        raise ValidationFailed("invalid_rule", "The score rule needs corrections.", errors)
    is_new = rule.pk is None
    changed = [name for name in CHANGEABLE if getattr(rule, name) != before[name]]
    if not is_new and not changed:
        return rule
    rule.save()
    if rule.is_active or "is_active" in changed:
        follow_rules(actor, rule.line, scores_stay=not is_new and not OF_SCORES & set(changed))
    return rule


def _problems(rule: ScoreRule) -> Iterator[tuple[str, FieldError]]:
    others = ScoreRule.objects.filter(line=rule.line).exclude(pk=rule.pk)
    if not rule.name or len(rule.name) > 100:
        yield "name", FieldError("required", "Give it a name of at most 100 characters.")
    elif others.filter(name=rule.name).exists():
        yield "name", FieldError("unique", "Another rule of this line has this name.")
    if rule.pk is None and others.count() >= MOST_RULES:
        yield "name", FieldError("max", f"A line has at most {MOST_RULES} score rules. Join some of them.")
    if not isinstance(rule.points, int) or not 1 <= abs(rule.points) <= MOST_POINTS:
        message = f"Write a whole number from -{MOST_POINTS} to {MOST_POINTS}, not 0."
        yield "points", FieldError("range", message)
    if rule.condition is not None:
        yield from _condition_problems(rule)


def _condition_problems(rule: ScoreRule) -> Iterator[tuple[str, FieldError]]:
    kinds = score_kinds(line_definition(rule.line))
    if problems := list(condition_problems(rule.condition, kinds)):
        yield from problems
    elif any(
        condition.operator in PASSING_OPERATORS
        for condition in parse_rule(rule.condition, kinds).conditions()
    ):
        # Nobody writes the lead when a day has passed, and its score would be that of the day before.
        message = (
            "A score is kept with its lead, so a condition may not depend on today. Compare with a date."
        )
        yield "condition", FieldError("depends_on_today", message)
