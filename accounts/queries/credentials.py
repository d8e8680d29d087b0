"""Whom a credential belongs to: look-ups before anybody has an organisation."""

from django.db.models import QuerySet, Subquery

from accounts.models import Membership, TokenSession, User
from accounts.queries.access import rules_beside_membership
from core.database.compiled import CompiledQuery
from core.scope import system_scope


def _members_of_token(user: int, session: int) -> QuerySet[Membership]:
    """The memberships of a user to work with now, each with the stamp of the session."""
    stamp = TokenSession.objects.filter(pk=session, user_id=user, revoked_at=None)
    return (
        Membership.objects.filter(
            user_id=user, user__is_active=True, is_active=True, organization__is_active=True
        )
        .select_related("user", "organization")
        .annotate(access_rules=rules_beside_membership(), stamp=Subquery(stamp.values("password_stamp")))
        .order_by("organization__name", "id")
    )


MEMBERS_OF_TOKEN = CompiledQuery(_members_of_token, user=int, session=int)


def members_of_token(user_id: int, session_id: int) -> tuple[User, list[Membership]] | None:
    """Return the user of a token session and the memberships to work with now; None when the session has ended.

    One query, as for a session of the pages: nobody is let in by a token alone whose session or password is gone.
    """
    with system_scope(reason="sign-in"):
        memberships = MEMBERS_OF_TOKEN(user=user_id, session=session_id)
        if not memberships:
            session = (
                TokenSession.objects.select_related("user").filter(pk=session_id, user_id=user_id).first()
            )
            return (session.user, []) if session is not None and session.is_alive else None
    first = memberships[0]
    if first.stamp is None or not first.user.has_stamp(first.stamp):
        return None
    return first.user, memberships
