"""Lists of plain rows: filtered by name, ordered, a page at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters import BooleanFilter, CharFilter, FilterSet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from core.api.paging import page_size
from core.errors import FieldError, ValidationFailed
from core.rules.values import is_storable_text

OWN_PARAMETERS = frozenset({"cursor", "page_size", "ordering"})


class Page(CursorPagination):
    """One page of a list, read when it is made: `rows`, and the addresses of the pages beside it.

    `orderings` names the orders that may be asked for, each by fields that together are unique; the first one
    holds where none is. `-` before a name reverses it.

    Raises:
        ValidationFailed: a parameter is unknown or not understood; by parameter.
    """

    # How many rows may be alike in what they are ordered by.
    offset_cutoff = 100_000

    def __init__(
        self,
        request: Request,
        rows: QuerySet[Any],
        *,
        filters: type[FilterSet],
        orderings: Mapping[str, Sequence[str]],
    ) -> None:
        found = _filtered(request, rows, filters)
        self._model = rows.model
        self.ordering = _ordering(request.query_params.get("ordering", ""), orderings)
        try:
            self.rows: list[Any] = self.paginate_queryset(found, request) or []
        except NotFound:
            raise _refusal(
                "cursor", "invalid_cursor", "This cursor leads nowhere. Begin without one."
            ) from None

    def decode_cursor(self, request: Request) -> Any:
        """Return the place that the cursor names. Raises NotFound for one that no list has handed out."""
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None:
            field = self._model._meta.get_field(self.ordering[0].removeprefix("-"))
            try:
                field.to_python(cursor.position)
            except ValidationError:
                raise NotFound from None
            if not is_storable_text(str(cursor.position)):
                raise NotFound
        return cursor

    def get_page_size(self, request: Request) -> int:
        return page_size(request)

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:
        return tuple(self.ordering)

    def answer(self, results: Sequence[Any]) -> dict[str, Any]:
        """Return the body of the answer, `results` standing for the rows."""
        return {"next": self.get_next_link(), "previous": self.get_previous_link(), "results": results}


def _filtered(request: Request, rows: QuerySet[Any], filters: type[FilterSet]) -> QuerySet[Any]:
    known = set(filters.base_filters)
    for name in request.query_params:
        if name not in known | OWN_PARAMETERS:
            message = f"Nothing here is filtered by “{name[:60]}”. Use {', '.join(sorted(known))}."
            raise _refusal(name, "unknown_filter", message)
        chosen_filter = filters.base_filters.get(name)
        if chosen_filter is not None and type(chosen_filter) is not CharFilter:
            _check_given(name, request.query_params[name])
        if isinstance(chosen_filter, BooleanFilter):
            _check_boolean(name, request.query_params[name])
    chosen = filters(request.query_params, queryset=rows)
    if not chosen.is_valid():
        fields = {
            name: [
                FieldError(error.code or "invalid", " ".join(error.messages)) for error in errors.as_data()
            ]
            for name, errors in chosen.errors.items()
        }
        raise ValidationFailed("invalid_filter", "A parameter is not understood.", fields)
    return chosen.qs


def _check_given(name: str, written: str) -> None:
    """Refuse a parameter without a value: the filter would take it for none, without a word."""
    if not written.strip():
        raise _refusal(name, "blank", "Write a value, or leave the parameter out.")


def _check_boolean(name: str, written: str) -> None:
    """Refuse what is neither true nor false: the filter would take it for nothing at all, without a word."""
    if written.strip().lower() not in ("true", "false"):
        raise _refusal(name, "wrong_type", "Write true or false.")


def _ordering(written: str, orderings: Mapping[str, Sequence[str]]) -> list[str]:
    name = written.removeprefix("-") or next(iter(orderings))
    if name not in orderings:
        message = f"Order by {', '.join(orderings)}; a minus before it reverses."
        raise _refusal("ordering", "invalid_ordering", message)
    fields = orderings[name]
    if not written.startswith("-"):
        return list(fields)
    return [field.removeprefix("-") if field.startswith("-") else f"-{field}" for field in fields]


def _refusal(name: str, code: str, message: str) -> ValidationFailed:
    return ValidationFailed(code, message, {name: [FieldError(code, message)]})
