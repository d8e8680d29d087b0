from accounts.models.membership import Membership, ReportingLine
from accounts.models.user import User

__all__ = ["Membership", "ReportingLine", "User"]
