"""Rows about people and credentials as calls answer them."""

from collections.abc import Mapping
from typing import Any

from accounts.models import ApiKey, LoginLog, Membership
from accounts.queries.teams import Place


def person(member: Membership | None) -> dict[str, Any] | None:
    """A member as a reference."""
    return None if member is None else {"id": member.pk, "name": str(member)}


def member_payload(member: Membership, managers: Mapping[int, Membership]) -> dict[str, Any]:
    """A member in full, `managers` as of today."""
    return {
        "id": member.pk,
        "email": member.user.email,
        "name": member.name,
        "phone": member.phone,
        "roles": list(member.roles),
        "manager": person(managers.get(member.pk)),
        "is_active": member.is_active,
        "created_at": member.created_at.isoformat(),
    }


def team_payload(leader: Membership, places: list[Place]) -> dict[str, Any]:
    """A leader with everybody below."""
    members = [
        {**(person(place.member) or {}), "manager": place.manager_id, "depth": place.depth}
        for place in places
    ]
    return {"leader": person(leader), "size": len(members), "members": members}


def key_payload(key: Any) -> dict[str, Any]:
    """A key, read with its `used_at`; its secret is known to nobody here."""
    return {
        "prefix": key.prefix,
        "name": key.name,
        "owner": person(key.owner),
        "scopes": list(key.scopes),
        "calls_per_minute": key.calls_per_minute,
        "state": key.state,
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at.isoformat(),
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
        "last_used_at": key.used_at.isoformat() if getattr(key, "used_at", None) else None,
    }


def new_key_payload(key: ApiKey, text: str) -> dict[str, Any]:
    """A key that was just made, with what to call with."""
    return {**key_payload(key), "key": text}


def login_payload(log: LoginLog) -> dict[str, Any]:
    """A sign-in, or a try."""
    return {
        "id": log.pk,
        "at": log.at.isoformat(),
        "member": person(log.membership),
        "method": log.method,
        "succeeded": log.succeeded,
        "reason": log.reason,
        "address": log.address,
        "device": log.device,
    }
