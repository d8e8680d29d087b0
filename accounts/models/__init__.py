from accounts.models.access import AccessRule
from accounts.models.membership import Membership, ReportingLine
from accounts.models.token_session import TokenSession
from accounts.models.user import User, email_key

__all__ = ["AccessRule", "Membership", "ReportingLine", "TokenSession", "User", "email_key"]
