"""What accounts bring to the console: members, narrowed permissions, keys and sign-ins, the working calendar."""

from accounts.admin import access, calendar, keys, members

__all__ = ["access", "calendar", "keys", "members"]
