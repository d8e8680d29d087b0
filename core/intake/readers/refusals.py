"""The one error a reader raises: the file cannot be taken, and what to do about it."""

from core.errors import ApplicationError


class FileRefused(ApplicationError):
    """A file that is not read at all. `code` is stable; `message` says what is wrong and what to do next."""
