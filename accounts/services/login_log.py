"""Writing down who proved to be somebody, and who tried to."""

from django.utils import timezone

from accounts.models import LoginLog, LoginMethod, LoginReason, Membership, User
from accounts.services.visitors import Visitor
from core.models import Organization
from core.scope import current_scope, system_scope


def log_sign_in(
    *,
    user: User | None,
    method: LoginMethod,
    visitor: Visitor,
    reason: LoginReason = LoginReason.NONE,
    organization: Organization | None = None,
) -> None:
    """Write down an attempt for every organisation that the user works in, or for the one that is meant.

    `reason` says why it failed; without one it succeeded. `user` is None where nobody has the address.
    """
    with system_scope(reason="login log"):
        members: list[Membership | None] = [*_members(user, organization)]
        LoginLog.objects.bulk_create(
            LoginLog(
                organization_id=member.organization_id if member else None,
                membership=member,
                user=user,
                method=method,
                reason=reason,
                address=visitor.address,
                device=visitor.device,
                request_id=current_scope().request_id,
                at=timezone.now(),
            )
            for member in members or [None]
        )


def _members(user: User | None, organization: Organization | None) -> list[Membership]:
    if user is None:
        return []
    members = Membership.objects.filter(user=user, is_active=True)
    return list(members if organization is None else members.filter(organization=organization))
