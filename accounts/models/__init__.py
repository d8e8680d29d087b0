from accounts.models.access import AccessRule
from accounts.models.api_key import ApiKey, ApiKeyUse
from accounts.models.calendar import Absence, Holiday, WorkingHours
from accounts.models.login_log import LoginLog, LoginMethod, LoginReason
from accounts.models.membership import Membership, ReportingLine
from accounts.models.token_session import TokenSession
from accounts.models.user import User, email_key

__all__ = [
    "Absence",
    "AccessRule",
    "ApiKey",
    "ApiKeyUse",
    "Holiday",
    "LoginLog",
    "LoginMethod",
    "LoginReason",
    "Membership",
    "ReportingLine",
    "TokenSession",
    "User",
    "WorkingHours",
    "email_key",
]
