"""The outcome of coercing one cell: a value, or the reason why there is none."""

from typing import Any, Generic, NamedTuple, TypeVar

Value = TypeVar("Value")


class Coerced(NamedTuple, Generic[Value]):
    """The cell as a typed value (`None` for an empty cell), with the code of a warning if one is due."""

    value: Value
    warning: str | None = None


class Refused(NamedTuple):
    """The cell cannot be read as asked; `code` is one of `core.values.reasons`."""

    code: str


EMPTY: Coerced[Any] = Coerced(None)
