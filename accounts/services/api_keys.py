"""Keys of the API: made, rotated and revoked. A secret is told once, to whoever makes it, and kept nowhere."""

import datetime as dt
import hashlib
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.key_scopes import SCOPES, needed_beside, scope_name
from accounts.models import ApiKey, LoginMethod, Membership
from accounts.queries.api_keys import get_api_key
from accounts.roles import Area, Level, Role
from accounts.services.login_log import log_sign_in
from accounts.services.reporting import lock_members
from accounts.services.visitors import Visitor
from core.errors import Conflict, FieldError, NotPermitted, NotVisible, ValidationFailed
from core.scope import system_scope

PREFIX_START, PREFIX_LENGTH = "ll", 12
PREFIX_LETTERS = string.ascii_lowercase + string.digits
SECRET_BYTES = 32
LONGEST_NAME = 100
USUAL_LIFETIME, LONGEST_LIFETIME = dt.timedelta(days=365), dt.timedelta(days=731)
LONGEST_OVERLAP = dt.timedelta(days=7)
MOST_KEYS = 20
MOST_CALLS_PER_MINUTE = 10_000


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. `text` is what a caller sends; it cannot be told again."""

    key: ApiKey
    text: str

    def __repr__(self) -> str:
        return f"NewKey({self.key.prefix})"


def create_api_key(
    *,
    actor: Actor,
    name: str,
    scopes: Iterable[str],
    owner: Membership | None = None,
    expires_at: dt.datetime | None = None,
    calls_per_minute: int | None = None,
    visitor: Visitor | None = None,
    reason: str = "",
) -> NewKey:
    """Make a key that acts as its owner: the actor, or a partner's system.

    Nobody makes a key that acts as another person: what is done is to be told by who did it. `expires_at` is in a
    year unless said otherwise; `calls_per_minute` is that of everybody unless an administrator says otherwise.

    Raises:
        NotPermitted: the actor may not make keys, or not this one.
        ValidationFailed: a value is not allowed, or a scope is nothing that the owner may do; by field.
        Conflict: the owner has as many keys as anybody may have.
    """
    level = actor.require(Area.KEYS, "write")
    member = _checked_owner(actor, level, owner)
    if calls_per_minute is not None and level is not Level.ALL:
        raise NotPermitted("Only an administrator gives a key a limit of its own.")
    values = {
        "name": _checked_name(name),
        "scopes": _checked_scopes(Actor.of(member), scopes),
        "expires_at": _checked_expiry(expires_at),
        "calls_per_minute": _checked_limit(calls_per_minute),
    }
    with transaction.atomic(), system_scope(actor.organization, reason=reason or "key made"):
        lock_members(actor.organization)
        _refuse_too_many(member)
        made = _make(member, **values)
    if member.user_id is not None and actor.membership is not None:
        log_sign_in(
            user=member.user,
            method=LoginMethod.KEY,
            visitor=visitor or Visitor(),
            organization=actor.organization,
        )
    return made


def rotate_api_key(
    *,
    actor: Actor,
    prefix: str,
    overlap: dt.timedelta = dt.timedelta(0),
    visitor: Visitor | None = None,
    reason: str = "",
) -> NewKey:
    """Put a new key in the place of one; the old one serves for `overlap` more, so that nothing stands still.

    Raises:
        NotPermitted, NotVisible: as `revoke_api_key`; the key is another person's, whose new one the actor would
            be told.
        ValidationFailed: the overlap is longer than seven days.
        Conflict: the key is not in force any more; or both would be more than anybody may have.
    """
    old = _key_to_change(actor, prefix)
    if not _may_be_told(actor, old.owner):
        raise NotPermitted(
            "A key acts as its owner, who alone is told a new one. Revoke it, if it has to end."
        )
    if not dt.timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise _refusal("overlap", "max", f"The old key serves {LONGEST_OVERLAP.days} days longer at most.")
    with transaction.atomic(), system_scope(actor.organization, reason=reason or "key rotated"):
        lock_members(actor.organization)
        key = (
            ApiKey.objects.select_for_update()
            .select_related("owner__user", "owner__organization")
            .get(pk=old.pk)
        )
        if key.state != "active":
            raise Conflict("key_not_active", f"This key is {key.state}. Make a new one.")
        now = timezone.now()
        if overlap:
            # Else keys that serve a week longer, rotated again and again, would be as many as one likes.
            _refuse_too_many(key.owner)
            key.expires_at = min(key.expires_at, now + overlap)
        else:
            key.revoked_at = now
        lifetime = old.expires_at - old.created_at
        key.save(update_fields=["expires_at", "revoked_at"])
        made = _make(
            key.owner,
            name=key.name,
            scopes=key.scopes,
            expires_at=now + lifetime,
            calls_per_minute=key.calls_per_minute,
        )
    log_sign_in(
        user=key.owner.user,
        method=LoginMethod.KEY,
        visitor=visitor or Visitor(),
        organization=actor.organization,
    )
    return made


def revoke_api_key(*, actor: Actor, prefix: str, reason: str = "") -> ApiKey:
    """End a key at once; one that has ended stays so.

    Raises:
        NotPermitted: the actor may see the key and not change it.
        NotVisible: there is no such key for the actor.
    """
    found = _key_to_change(actor, prefix)
    with transaction.atomic(), system_scope(actor.organization, reason=reason or "key revoked"):
        key = ApiKey.objects.select_for_update().get(pk=found.pk)
        if key.revoked_at is None:
            key.revoked_at = timezone.now()
            key.save(update_fields=["revoked_at"])
    found.revoked_at = key.revoked_at
    return found


def digest(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _make(owner: Membership, **values: object) -> NewKey:
    secret = secrets.token_urlsafe(SECRET_BYTES)
    letters = "".join(secrets.choice(PREFIX_LETTERS) for _ in range(PREFIX_LENGTH))
    key = ApiKey(
        organization_id=owner.organization_id,
        owner=owner,
        prefix=f"{PREFIX_START}{letters}",
        secret_digest=digest(secret),
        **values,
    )
    key.save(force_insert=True)
    return NewKey(key, f"{key.prefix}.{secret}")


def _key_to_change(actor: Actor, prefix: str) -> ApiKey:
    key = get_api_key(actor, prefix)
    level = actor.require(Area.KEYS, "write")
    if level is not Level.ALL and (actor.membership is None or key.owner_id != actor.membership.pk):
        raise NotPermitted
    return key


def _checked_owner(actor: Actor, level: Level, owner: Membership | None) -> Membership:
    if owner is None or (actor.membership is not None and owner.pk == actor.membership.pk):
        if actor.membership is None:
            raise _refusal("owner", "required", "Say whose key it is.")
        return actor.membership
    if level is not Level.ALL:
        raise NotPermitted("You make keys for yourself alone.")
    if owner.organization_id != actor.organization.pk or owner.deleted_at is not None:
        raise NotVisible
    if not owner.is_active:
        raise _refusal("owner", "inactive", f"{owner} has no access any more.")
    if not _may_be_told(actor, owner):
        message = "A key acts as its owner: make one for yourself, or for a partner's system."
        raise _refusal("owner", "person", message)
    return owner


def _may_be_told(actor: Actor, owner: Membership) -> bool:
    """Whether the actor may hold a key that acts as `owner`: oneself, a partner's system; commands, anybody."""
    own = actor.membership is None or owner.pk == actor.membership.pk
    return own or owner.role_set == {Role.PARTNER}


def _checked_name(name: str) -> str:
    tidy = " ".join(name.split())
    if not tidy:
        raise _refusal("name", "required", "Name what the key is for, such as “Branch website”.")
    if len(tidy) > LONGEST_NAME:
        raise _refusal("name", "max_length", f"A name has at most {LONGEST_NAME} characters.")
    return tidy


def _checked_scopes(owner: Actor, scopes: Iterable[str]) -> list[str]:
    chosen = set(scopes)
    if not chosen:
        raise _refusal("scopes", "required", "Choose at least one scope.")
    if unknown := sorted(chosen - SCOPES.keys()):
        known = ", ".join(SCOPES)
        raise _refusal("scopes", "unknown", f"No such scope: {', '.join(unknown)}. Scopes are {known}.")
    for name in sorted(chosen):
        area, verb = SCOPES[name]
        if not owner.may(area, verb):
            message = f"{owner.label} may not do that: {name}. Choose what the owner's roles allow."
            raise _refusal("scopes", "not_allowed", message)
        beside = needed_beside(area, verb)
        if beside is not None and scope_name(*beside) not in chosen:
            raise _refusal("scopes", "needs_reading", f"{name} needs {scope_name(*beside)} beside it.")
    return [name for name in SCOPES if name in chosen]


def _checked_expiry(expires_at: dt.datetime | None) -> dt.datetime:
    now = timezone.now()
    if expires_at is None:
        return now + USUAL_LIFETIME
    if not now < expires_at <= now + LONGEST_LIFETIME:
        message = f"A key expires in the future, in {LONGEST_LIFETIME.days} days at most."
        raise _refusal("expires_at", "invalid", message)
    return expires_at


def _checked_limit(calls: int | None) -> int | None:
    if calls is not None and not 1 <= calls <= MOST_CALLS_PER_MINUTE:
        raise _refusal("calls_per_minute", "invalid", f"Write a number from 1 to {MOST_CALLS_PER_MINUTE}.")
    return calls


def _refuse_too_many(owner: Membership) -> None:
    in_force = ApiKey.objects.filter(owner=owner, revoked_at=None, expires_at__gt=timezone.now())
    if in_force.count() >= MOST_KEYS:
        raise Conflict("too_many_keys", f"{owner} has {MOST_KEYS} keys already. Revoke one that is not used.")


def _refusal(field: str, code: str, message: str) -> ValidationFailed:
    return ValidationFailed(f"invalid_{field}", message, {field: [FieldError(code, message)]})
