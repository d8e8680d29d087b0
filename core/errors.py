"""The one family of errors that services raise and every door renders alike.

A message is written for the person who reads it: it says what is wrong and what to do next.
Pages show it beside the field, the API puts it in the standard error shape, commands print it on one line.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field: a stable `code` for machines, a `message` for people."""

    code: str
    message: str


class ApplicationError(Exception):
    """Something a user may be told. `fields` maps a field key to what is wrong with it."""

    status = 400

    def __init__(
        self,
        code: str,
        message: str,
        fields: Mapping[str, Iterable[FieldError]] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields: dict[str, list[FieldError]] = {
            name: list(errors) for name, errors in (fields or {}).items()
        }

    def __str__(self) -> str:
        return self.message


class ValidationFailed(ApplicationError):
    """The input cannot be accepted as it is."""

    status = 400


class NotSignedIn(ApplicationError):
    """Who asks has not proven who that is."""

    status = 401


class NotPermitted(ApplicationError):
    """The actor may see this, and may not do it."""

    status = 403

    def __init__(self, message: str = "Your role does not allow this. Ask an administrator.") -> None:
        super().__init__("permission_denied", message)


class NotVisible(ApplicationError):
    """The object does not exist for this actor; whether it exists for others is not told."""

    status = 404

    def __init__(self, message: str = "Nothing is here that you may see.") -> None:
        super().__init__("not_found", message)


class Conflict(ApplicationError):
    """The request was right when it was made, and the state has moved on since."""

    status = 409


class Contested(Conflict):
    """Others were quicker, and would hardly be so again: the same request may just be made once more."""

    # Seconds after which to do so.
    wait = 1


class TooLarge(ApplicationError):
    """The input exceeds a limit that protects everybody else."""

    status = 413


class TooMany(ApplicationError):
    """Asked too often. `wait`: seconds until asking again makes sense."""

    status = 429

    def __init__(self, code: str, message: str, wait: int) -> None:
        super().__init__(code, message)
        self.wait = wait


class Unavailable(ApplicationError):
    """Something that we rest on does not answer now. `wait`: seconds until asking again makes sense."""

    status = 503

    def __init__(self, code: str, message: str, wait: int = 60) -> None:
        super().__init__(code, message)
        self.wait = wait
