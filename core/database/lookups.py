"""Conditions that Django has no lookup for."""

from typing import Any

from django.db.models import Field, ForeignObject, Lookup


@Field.register_lookup
@ForeignObject.register_lookup
class AnyOf(Lookup):
    """`owner_id__any=[…]`: as `__in`, but one parameter however many there are: the statement stays the same."""

    lookup_name = "any"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return `column = ANY (array)`, which uses an index as `IN` does."""
        column, parameters = self.process_lhs(compiler, connection)
        kind = self.lhs.output_field.db_type(connection)
        return f"{column} = ANY (%s::{kind}[])", (*parameters, self.rhs)
