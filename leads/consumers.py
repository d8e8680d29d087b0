"""What leads deliver; importing the modules registers their consumers."""

import leads.services.arriving.telling
import leads.services.digests.mailing  # noqa: F401
