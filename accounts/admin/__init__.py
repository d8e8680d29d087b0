"""What accounts bring to the console: members, narrowed permissions, keys and sign-ins."""

from accounts.admin import access, keys, members

__all__ = ["access", "keys", "members"]
