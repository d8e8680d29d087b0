"""Backup into one file, and restore from it: the database, the media, and what they should count.

A backup is a zip: `manifest.json`, `database.dump` (PostgreSQL's custom format) and `media/…`.
"""

from core.backup.making import BackupMade, make_backup
from core.backup.restoring import RestoreDone, restore_backup

__all__ = ["BackupMade", "RestoreDone", "make_backup", "restore_backup"]
