"""What accounts deliver; importing the modules registers their consumers."""

import accounts.services.invitations  # noqa: F401
