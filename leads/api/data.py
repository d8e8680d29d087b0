"""The `data` of a body: which of its keys the caller may know, and its problems under their place in the body."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from accounts.actor import Actor
from core.errors import FieldError, ValidationFailed
from leads.fields.access import visible_fields
from leads.fields.line import line_definition
from leads.models import BusinessLine

Problems = dict[str, list[FieldError]]


class DataOfLine:
    """The `data` of bodies about one line, for one actor."""

    def __init__(self, actor: Actor, line: BusinessLine) -> None:
        self.line = line
        self.known = {item.key for item in visible_fields(actor, line_definition(line))}

    def refuse_unknown(self, keys: Iterable[str]) -> None:
        """Refuse keys that are no fields of the line, those that the actor must not know of among them.

        Raises:
            ValidationFailed: by key, as `data.<key>`.
        """
        message = "This line has no field “{}”. See /api/v1/lines/{}/schema."
        if errors := {
            f"data.{key}": [FieldError("unknown_field", message.format(key[:60], self.line.code))]
            for key in keys
            if key not in self.known
        }:
            raise _failed(errors)

    def placed(self, error: ValidationFailed) -> ValidationFailed:
        """Return the error that says where in the body each problem is that a service found with the fields."""
        if not error.fields:
            return error
        # What is wrong with a field that the actor must not know of is told without it.
        errors = {f"data.{key}": problems for key, problems in error.fields.items() if key in self.known}
        if len(errors) < len(error.fields):
            message = (
                "A field that your role does not see needs a value. Ask operations to capture this lead."
            )
            errors["data"] = [FieldError("hidden_field", message)]
        return _failed(errors)


def refuse_unknown_fields(actor: Actor, line: BusinessLine, keys: Iterable[str]) -> None:
    """Refuse keys that are no fields of the line, as `DataOfLine.refuse_unknown` does."""
    DataOfLine(actor, line).refuse_unknown(keys)


@contextmanager
def problems_of_data(actor: Actor, line: BusinessLine) -> Iterator[None]:
    """Say where in the body each problem that a service finds with the fields is."""
    try:
        yield
    except ValidationFailed as error:
        raise DataOfLine(actor, line).placed(error) from error


def _failed(errors: Problems) -> ValidationFailed:
    return ValidationFailed("invalid", "Some fields need a correction.", errors)
