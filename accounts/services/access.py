"""Narrowing what the table of roles grants, within one organisation."""

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import AccessRule
from accounts.roles import AREA_LABELS, GRANTS, LEVEL_LABELS, LEVEL_ORDER, ROLE_LABELS, Area, Level, Role
from accounts.services.reporting import lock_members
from core.errors import FieldError, NotVisible, ValidationFailed
from core.scope import organization_scope


def narrow_access(
    *, actor: Actor, role: Role | str, area: Area | str, verb: str, level: Level | str, reason: str = ""
) -> AccessRule:
    """Let `role` reach at most `level` for the verb in the area, from the next request on.

    Raises:
        NotPermitted: the actor may not configure the organisation.
        ValidationFailed: the table grants no more than that, or the role is the administrator's.
    """
    actor.require(Area.CONFIGURATION, "write")
    known = _checked(role, area, verb)
    limit = _checked_level(*known, level)
    chosen = {"role": known[0], "area": known[1], "verb": verb}
    with transaction.atomic(), organization_scope(actor.organization, reason=reason or "access narrowed"):
        lock_members(actor.organization)
        rule = AccessRule.objects.filter(**chosen).first() or AccessRule(**chosen)
        rule.level = limit
        rule.save()
    return rule


def lift_rule(*, actor: Actor, rule: AccessRule, reason: str = "") -> None:
    """Take a narrowing back: the table of roles holds again.

    Raises:
        NotPermitted, NotVisible: the actor may not configure the organisation; the rule is not there.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason=reason or "narrowing lifted"):
        if not AccessRule.objects.filter(pk=rule.pk).update(deleted_at=timezone.now()):
            raise NotVisible


def _checked(role: Role | str, area: Area | str, verb: str) -> tuple[Role, Area, str]:
    if role not in set(Role):
        raise _refusal("role", "unknown", f"No such role: {role}.")
    if area not in set(Area) or (Area(area), verb) not in GRANTS:
        raise _refusal(
            "verb", "unknown", f"Nothing is granted for {verb} in {area}. Choose one of the table."
        )
    if role == Role.ADMIN:
        raise _refusal("role", "administrator", "An administrator is never narrowed: somebody must undo it.")
    return Role(role), Area(area), verb


def _checked_level(role: Role, area: Area, verb: str, level: Level | str) -> Level:
    if level not in set(Level):
        raise _refusal("level", "unknown", f"No such level: {level}.")
    granted = GRANTS[area, verb].get(role, Level.NONE)
    if LEVEL_ORDER.index(Level(level)) >= LEVEL_ORDER.index(granted):
        message = (
            f"{ROLE_LABELS[role]} reaches “{LEVEL_LABELS[granted]}” for {verb} in “{AREA_LABELS[area]}”."
            " Choose less: access can be narrowed, not widened."
        )
        raise _refusal("level", "widening", message)
    return Level(level)


def _refusal(field: str, code: str, message: str) -> ValidationFailed:
    return ValidationFailed(f"invalid_{field}", message, {field: [FieldError(code, message)]})
