"""Reading what an organisation has narrowed."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from accounts.models import AccessRule
from accounts.roles import Area, Level, Narrowing, Role
from core.scope import system_scope


def narrowing_of(rules: Iterable[Mapping[str, Any]]) -> Narrowing:
    """Return rules as permissions read them; one about a role or area that is gone has no effect."""
    known = (set(Role), set(Area), set(Level))
    return {
        (Role(rule["role"]), Area(rule["area"]), rule["verb"]): Level(rule["level"])
        for rule in rules
        if all(rule[name] in values for name, values in zip(("role", "area", "level"), known, strict=True))
    }


def load_narrowing(organization_id: int) -> Narrowing:
    """Return what an organisation allows less than the table of roles does. One query."""
    with system_scope(organization_id):
        return narrowing_of(AccessRule.objects.values("role", "area", "verb", "level"))


def rules_beside_membership() -> ArraySubquery:
    """Return the rules of a membership's organisation as a column, for a look-up that must stay one query.

    The base manager, because a sign-in look-up names no organisation: the condition does.
    """
    return ArraySubquery(
        AccessRule._base_manager.filter(organization_id=OuterRef("organization_id"), deleted_at__isnull=True)
        .order_by("id")
        .values(rule=JSONObject(role="role", area="area", verb="verb", level="level"))
    )
