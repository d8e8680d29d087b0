"""The keys an actor may see, and the one that a call is made with."""

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.actor import Actor
from accounts.models import ApiKey, ApiKeyUse
from accounts.queries.access import rules_beside_membership
from accounts.roles import Area, Level
from core.errors import NotVisible
from core.scope import system_scope


def visible_api_keys(actor: Actor) -> QuerySet[ApiKey]:
    """Return the keys that `actor` may see, each with `used_at`: all, or the actor's own."""
    keys = ApiKey.objects.select_related("owner__user").annotate(used_at=_last_use())
    level = actor.level(Area.KEYS, "read")
    if level is Level.ALL:
        return keys
    if level is Level.NONE or actor.membership is None:
        return keys.none()
    return keys.filter(owner=actor.membership)


def get_api_key(actor: Actor, prefix: str) -> ApiKey:
    """Return one key that `actor` may see; raises NotVisible for any other prefix."""
    key = visible_api_keys(actor).filter(prefix=prefix).first()
    if key is None:
        raise NotVisible
    return key


def key_of_call(prefix: str) -> ApiKey | None:
    """Return the key with that prefix, its owner's user, organisation and rules loaded. One query.

    A sign-in look-up: whose key it is says in which organisation.
    """
    with system_scope(reason="sign-in"):
        key = (
            ApiKey.objects.filter(prefix=prefix)
            .select_related("owner__user", "owner__organization")
            .annotate(used_at=_last_use(), access_rules=rules_beside_membership())
            .first()
        )
    if key is not None:
        key.owner.access_rules = key.access_rules
    return key


def _last_use() -> Subquery:
    # The base manager, because a sign-in look-up names no organisation: the condition does.
    return Subquery(ApiKeyUse._base_manager.filter(api_key=OuterRef("pk")).values("used_at")[:1])
