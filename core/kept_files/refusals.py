"""Why a file is not kept."""

from typing import Any

from core.errors import ValidationFailed
from core.values import message, reasons


class FileRefused(ValidationFailed):
    """A file that is not kept; `code` is one of `core.values.reasons`."""

    def __init__(self, code: str, **parts: Any) -> None:
        super().__init__(code, message(code, **parts))
        self.parts = parts


__all__ = ["FileRefused", "reasons"]
