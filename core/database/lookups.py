"""Conditions that Django has no lookup for."""

from typing import Any

from django.db.models import ForeignObject, Lookup


@ForeignObject.register_lookup
class AnyOf(Lookup):
    """`owner_id__any=[…]`: as `__in`, but one parameter however many there are: the statement stays the same."""

    lookup_name = "any"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return `column = ANY (array)`, which uses an index as `IN` does."""
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = ANY (%s)", (*parameters, self.rhs)
