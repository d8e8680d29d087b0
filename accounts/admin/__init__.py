"""What accounts bring to the console: members and narrowed permissions."""

from accounts.admin import access, members

__all__ = ["access", "members"]
