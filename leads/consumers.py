"""What leads deliver; importing the modules registers their consumers."""

import leads.services.arriving.telling  # noqa: F401
