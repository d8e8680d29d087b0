"""What accounts remove when it is old."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import LoginLog, TokenSession
from core.retention import purge


@purge(
    "accounts.token_sessions",
    setting="RETENTION_SESSIONS_DAYS",
    title=_("Ended sessions of tokens"),
    whole_installation=True,
)
def ended_token_sessions(before: datetime) -> QuerySet[TokenSession]:
    """Sessions that expired or were revoked so long ago."""
    return TokenSession.objects.filter(Q(expires_at__lt=before) | Q(revoked_at__lt=before))


@purge(
    "accounts.login_log",
    setting="RETENTION_LOGIN_LOG_DAYS",
    title=_("Sign-ins"),
    whole_installation=True,
)
def old_sign_ins(before: datetime) -> QuerySet[LoginLog]:
    """Sign-ins and tries so long ago."""
    return LoginLog.objects.filter(at__lt=before)
