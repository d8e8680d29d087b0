"""Querysets that are composed once per process and planned once per connection.

Django composes a queryset's SQL anew each time, which takes longer than PostgreSQL needs for a row or two. What every
call asks, such as who calls, is composed here the first time with marks in place of its parameters; after that only
the parameters are filled in. The rows come out as from the queryset: instances, with what it selects beside them.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Generic, TypeVar, cast

from django.db import connection, models
from django.db.models.query import ModelIterable
from django.db.utils import NotSupportedError

from core.scope import current_scope, entered

Row = TypeVar("Row", bound=models.Model)
# Numbers and texts that no query holds by itself.
_FIRST_MARK = 2**62 + 7_919
_ORGANIZATION = "organization in force"


class CompiledQuery(Generic[Row]):
    """A queryset of model instances with parameters.

    Called with the parameters' values it returns the rows as a list. The organisation in force when it is called is a
    parameter by itself, so managers filter by it as they always do, and refuse where there is none.
    """

    def __init__(
        self, build: Callable[..., models.QuerySet[Row]], **parameters: type[int] | type[str]
    ) -> None:
        """`build` gets a mark for each of the `parameters`, by name, and uses each as a value to compare with."""
        self._build = build
        self._marks: dict[str, Any] = {
            name: _FIRST_MARK + number if kind is int else f"\ue000{name}"
            for number, (name, kind) in enumerate(parameters.items(), start=1)
        }
        # By what managers ask of a scope: what the system may ask without an organisation, nobody else may.
        self._composed: dict[tuple[bool, bool], _Composed[Row]] = {}

    def __call__(self, **values: Any) -> list[Row]:
        """Return the rows for these values of the parameters."""
        scope = current_scope()
        kind = (scope.organization_id is None, scope.system)
        composed = self._composed.get(kind)
        if composed is None:
            composed = self._composed[kind] = self._compose()
        return composed.rows({**values, _ORGANIZATION: scope.organization_id})

    def first(self, **values: Any) -> Row | None:
        """Return the first row, None where there is none."""
        return next(iter(self(**values)), None)

    def _compose(self) -> "_Composed[Row]":
        scope = current_scope()
        marks = dict(self._marks)
        if scope.organization_id is not None:
            marks[_ORGANIZATION] = _FIRST_MARK
            scope = replace(scope, organization_id=_FIRST_MARK)
        with entered(scope):
            return _Composed(self._build(**self._marks), {mark: name for name, mark in marks.items()})


class _Composed(Generic[Row]):
    """The statement of a queryset, its parameters in place or named, and Django's reader of its rows."""

    def __init__(self, rows: models.QuerySet[Row], names: dict[Any, str]) -> None:
        self._rows = rows
        self._compiler = rows.query.get_compiler(rows.db)
        self._sql, parameters = self._compiler.as_sql()
        self._converters = self._compiler.get_converters([part[0] for part in self._compiler.select])
        self._parameters = [(names.get(each), each) for each in parameters]
        missing = set(names.values()) - {name for name, _value in self._parameters} - {_ORGANIZATION}
        if missing:
            raise ValueError(f"The queryset does not compare with {', '.join(sorted(missing))}.")

    def rows(self, values: dict[str, Any]) -> list[Row]:
        compiler = copy(self._compiler)
        compiler.connection = cast(Any, connection)  # this thread's
        filled = tuple(value if name is None else values[name] for name, value in self._parameters)
        compiler.as_sql = lambda *_how, **_more: (self._sql, filled)
        compiler.get_converters = lambda _select: self._converters
        # All that the reader asks of a queryset.
        composed = SimpleNamespace(
            db=self._rows.db,
            model=self._rows.model,
            query=SimpleNamespace(get_compiler=lambda using: compiler),
            _known_related_objects={},
        )
        try:
            with connection.preparing():  # type: ignore[attr-defined]
                return list(ModelIterable(composed))  # type: ignore[arg-type]
        except NotSupportedError:
            if connection.in_atomic_block:
                raise
            # A migration came in between: `preparing` has ended the plans, so it is asked once more without one.
            return list(ModelIterable(composed))  # type: ignore[arg-type]
