"""Files that people hand in and that are kept beside a row: payslips, photographs.

What a file is, is read from its bytes (`kinds`), never from its name or from what the sender says. Pictures are
drawn anew (`pictures`), so that nothing hides in them. Bytes lie in Django's default storage under names that
nobody can guess; nothing there is served directly. Who may read a file is for the app to say whose row it is
attached to (`purposes`).
"""

from core.kept_files.kinds import KINDS, PICTURES, FileKind
from core.kept_files.links import file_link
from core.kept_files.purposes import FileActor, register_purpose
from core.kept_files.refusals import FileRefused

__all__ = ["KINDS", "PICTURES", "FileActor", "FileKind", "FileRefused", "file_link", "register_purpose"]
