"""Whom a credential belongs to: look-ups before anybody has an organisation."""

from django.db.models import Subquery

from accounts.models import Membership, TokenSession, User
from accounts.queries.access import rules_beside_membership
from core.scope import system_scope


def members_of_token(user_id: int, session_id: int) -> tuple[User, list[Membership]] | None:
    """Return the user of a token session and the memberships to work with now; None when the session has ended.

    One query, as for a session of the pages: nobody is let in by a token alone whose session or password is gone.
    """
    with system_scope(reason="sign-in"):
        stamp = TokenSession.objects.filter(pk=session_id, user_id=user_id, revoked_at=None)
        memberships = list(
            Membership.objects.filter(
                user_id=user_id, user__is_active=True, is_active=True, organization__is_active=True
            )
            .select_related("user", "organization")
            .annotate(access_rules=rules_beside_membership(), stamp=Subquery(stamp.values("password_stamp")))
            .order_by("organization__name", "id")
        )
        if not memberships:
            session = (
                TokenSession.objects.select_related("user").filter(pk=session_id, user_id=user_id).first()
            )
            return (session.user, []) if session is not None and session.is_alive else None
    first = memberships[0]
    if first.stamp is None or not first.user.has_stamp(first.stamp):
        return None
    return first.user, memberships
