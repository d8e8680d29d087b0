from accounts.models.access import AccessRule
from accounts.models.membership import Membership, ReportingLine
from accounts.models.user import User, email_key

__all__ = ["AccessRule", "Membership", "ReportingLine", "User", "email_key"]
