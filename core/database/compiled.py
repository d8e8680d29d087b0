"""Querysets that are composed once per process and planned once per connection.

Django composes a queryset's SQL anew each time, which takes longer than PostgreSQL needs for a row or two. What every
call asks, such as who calls, is composed here the first time with marks in place of its parameters; after that only
the parameters are filled in. The rows come out as from the queryset: instances, with what it selects beside them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
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


# The parameters of a statement in their order: those with a name are filled in, the others stay as they are.
Named = list[tuple[str | None, Any]]


class Marks:
    """Marks that stand for the parameters of a queryset while it is composed, and for the organisation in force."""

    def __init__(self, parameters: Mapping[str, type[int] | type[str]]) -> None:
        self._marks: dict[str, Any] = {
            name: _FIRST_MARK + number if kind is int else f"\ue000{name}"
            for number, (name, kind) in enumerate(parameters.items(), start=1)
        }

    @staticmethod
    def kind() -> tuple[bool, bool]:
        """What statements differ by: what the system may ask without an organisation, nobody else may."""
        scope = current_scope()
        return scope.organization_id is None, scope.system

    @contextmanager
    def in_force(self) -> Iterator[dict[str, Any]]:
        """Compose in the block, with these marks as values of the parameters, and one as the organisation."""
        scope = current_scope()
        with entered(scope if scope.organization_id is None else replace(scope, organization_id=_FIRST_MARK)):
            yield self._marks

    def named(self, parameters: Iterable[Any]) -> Named:
        """Return the parameters of what was composed, each mark as its name."""
        names = {mark: name for name, mark in self._marks.items()} | {_FIRST_MARK: _ORGANIZATION}
        found = [(names.get(each) if isinstance(each, int | str) else None, each) for each in parameters]
        missing = set(self._marks) - {name for name, _value in found}
        if missing:
            raise ValueError(f"The queryset does not compare with {', '.join(sorted(missing))}.")
        return found

    @staticmethod
    def filled(parameters: Named, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the parameters with these values, and the organisation in force."""
        given = {**values, _ORGANIZATION: current_scope().organization_id}
        return tuple(value if name is None else given[name] for name, value in parameters)


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
        self._marks = Marks(parameters)
        self._composed: dict[tuple[bool, bool], _Composed[Row]] = {}

    def __call__(self, **values: Any) -> list[Row]:
        """Return the rows for these values of the parameters."""
        kind = self._marks.kind()
        composed = self._composed.get(kind)
        if composed is None:
            with self._marks.in_force() as marks:
                composed = self._composed[kind] = _Composed(self._build(**marks), self._marks)
        return composed.rows(values)

    def first(self, **values: Any) -> Row | None:
        """Return the first row, None where there is none."""
        return next(iter(self(**values)), None)


class _Composed(Generic[Row]):
    """The statement of a queryset, its parameters in place or named, and Django's reader of its rows."""

    def __init__(self, rows: models.QuerySet[Row], marks: Marks) -> None:
        self._rows = rows
        self._compiler = rows.query.get_compiler(rows.db)
        self._sql, parameters = self._compiler.as_sql()
        self._converters = self._compiler.get_converters([part[0] for part in self._compiler.select])
        self._parameters = marks.named(parameters)

    def rows(self, values: Mapping[str, Any]) -> list[Row]:
        compiler = copy(self._compiler)
        compiler.connection = cast(Any, connection)  # this thread's
        filled = Marks.filled(self._parameters, values)
        compiler.as_sql = lambda *_how, **_more: (self._sql, filled)
        compiler.get_converters = lambda _select: self._converters
        reader = instances_read_by(compiler, self._rows)
        try:
            with connection.preparing():  # type: ignore[attr-defined]
                return list(reader)
        except NotSupportedError:
            if connection.in_atomic_block:
                raise
            # A migration came in between: `preparing` has ended the plans, so it is asked once more without one.
            return list(reader)


def instances_read_by(compiler: Any, rows: models.QuerySet[Row]) -> Iterable[Row]:
    """Return Django's reader of a queryset's rows, over a compiler of it: instances with what is selected beside."""
    composed = SimpleNamespace(  # all that the reader asks of a queryset
        db=rows.db,
        model=rows.model,
        query=SimpleNamespace(get_compiler=lambda using: compiler),
        _known_related_objects={},
    )
    return ModelIterable(composed)  # type: ignore[arg-type]
