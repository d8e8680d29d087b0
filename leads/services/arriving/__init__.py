"""Files that come by themselves: watched folders, prefixes of a bucket, mailboxes."""

from leads.services.arriving.places import (
    create_watched_place,
    pause_watched_place,
    resume_watched_place,
    update_watched_place,
)

__all__ = ["create_watched_place", "pause_watched_place", "resume_watched_place", "update_watched_place"]
