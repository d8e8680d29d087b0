"""What a person's own page shows."""

from collections.abc import Iterable
from typing import Any

from allauth.mfa.utils import is_mfa_enabled

from accounts.models import Membership, User
from accounts.queries.members import manager_of
from accounts.roles import ROLE_LABELS
from core.scope import organization_scope, system_scope


def memberships_shown(memberships: Iterable[Membership]) -> list[dict[str, Any]]:
    """Return each of one person's own memberships as {organization, roles (labels), manager}."""
    shown = []
    for membership in memberships:
        with organization_scope(membership.organization):
            manager = manager_of(membership)
            shown.append(
                {
                    "organization": membership.organization,
                    "roles": [
                        ROLE_LABELS[role] for role in sorted(membership.role_set, key=list(ROLE_LABELS).index)
                    ],
                    "manager": str(manager) if manager else "",
                }
            )
    return shown


def uses_two_steps(user: User) -> bool:
    """Return whether the person signs in with a second step. The application role cannot read the secrets."""
    with system_scope(reason="own profile"):
        return is_mfa_enabled(user)
