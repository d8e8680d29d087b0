"""Migration operations that build the walls: row-level security, tenant keys, history triggers."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

# A sub-select is planned once per statement. NULLIF, because after SET LOCAL the setting is '' and not NULL.
CURRENT_ORGANIZATION = "(SELECT NULLIF(current_setting('app.organization_id', true), '')::bigint)"
CURRENT_ACTOR = "(SELECT NULLIF(current_setting('app.actor_id', true), '')::bigint)"

HISTORY_FUNCTION = """
CREATE OR REPLACE FUNCTION leadledger_record_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
-- Copies the rows of one statement into the table named by the first argument. The columns are those
-- which both tables have, so nothing is regenerated when a column comes or goes.
DECLARE
    shared text;
BEGIN
    SELECT string_agg(quote_ident(kept.attname), ', ' ORDER BY kept.attnum) INTO shared
      FROM pg_attribute kept
      JOIN pg_attribute source ON source.attname = kept.attname
     WHERE kept.attrelid = format('public.%I', TG_ARGV[0])::regclass AND source.attrelid = TG_RELID
       AND kept.attnum > 0 AND NOT kept.attisdropped AND source.attnum > 0 AND NOT source.attisdropped;
    EXECUTE format(
        'INSERT INTO public.%1$I (%2$s, history_date, history_type, history_user_id, history_request_id,'
        ' history_change_reason, history_job_id) SELECT %2$s, clock_timestamp(), $1, $2, $3, $4, $5 FROM changed_rows',
        TG_ARGV[0], shared)
    USING CASE TG_OP WHEN 'INSERT' THEN '+' WHEN 'UPDATE' THEN '~' ELSE '-' END,
          NULLIF(current_setting('app.actor_id', true), '')::bigint,
          COALESCE(current_setting('app.request_id', true), ''),
          NULLIF(current_setting('app.reason', true), ''),
          NULLIF(current_setting('app.job_id', true), '')::bigint;
    RETURN NULL;
END $$;
-- Who may make a trigger of it could write any history through a table of its own.
REVOKE ALL ON FUNCTION leadledger_record_history() FROM PUBLIC
"""

TRIGGER_EVENTS = (("insert", "INSERT", "NEW"), ("update", "UPDATE", "NEW"), ("delete", "DELETE", "OLD"))


class _ModelOperation(Operation):
    """An operation on the table of one model that changes no Django state."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str, **options: Any) -> None:
        self.model_name = model_name
        self.options = options

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__name__, [self.model_name], self.options

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        pass

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        self.build(schema_editor, to_state.apps.get_model(app_label, self.model_name))

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        self.remove(schema_editor, from_state.apps.get_model(app_label, self.model_name))

    def build(self, schema_editor: BaseDatabaseSchemaEditor, model: type[models.Model]) -> None:
        raise NotImplementedError

    def remove(self, schema_editor: BaseDatabaseSchemaEditor, model: type[models.Model]) -> None:
        raise NotImplementedError


class ProtectTable(_ModelOperation):
    """Enable row-level security: the application role sees and writes the current organisation's rows only.

    `visible` (and `writable`, where it differs) replace the condition for tables without an organisation
    of their own.
    Owner work (migrations, backup, `system_scope`) is outside the policy: ENABLE, without FORCE.
    """

    def _condition(self) -> str:
        return str(self.options.get("visible") or f"organization_id = {CURRENT_ORGANIZATION}")

    def build(self, schema_editor: BaseDatabaseSchemaEditor, model: type[models.Model]) -> None:
        table = schema_editor.quote_name(model._meta.db_table)
        visible = self._condition()
        writable = self.options.get("writable") or visible
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        schema_editor.execute(
            f"CREATE POLICY organization_wall ON {table} USING ({visible}) WITH CHECK ({writable})"
        )

    def remove(self, schema_editor: BaseDatabaseSchemaEditor, model: type[models.Model]) -> None:
        table = schema_editor.quote_name(model._meta.db_table)
        schema_editor.execute(f"DROP POLICY organization_wall ON {table}")
        schema_editor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")

    def describe(self) -> str:
        return f"Wall off the rows of {self.model_name} by organisation"


class RecordHistory(_ModelOperation):
    """Write history by statement-level triggers, so that bulk writes and raw SQL leave it too."""

    def build(self, schema_editor: BaseDatabaseSchemaEditor, model: type[models.Model]) -> None:
        table = model._meta.db_table
        history = self._history_table(model)
        for name, event, rows in TRIGGER_EVENTS:
            schema_editor.execute(
                f"CREATE TRIGGER history_{name} AFTER {event} ON {schema_editor.quote_name(table)}"
                f" REFERENCING {rows} TABLE AS changed_rows"
                f" FOR EACH STATEMENT EXECUTE FUNCTION leadledger_record_history('{history}')"
            )

    def remove(self, schema_editor: BaseDatabaseSchemaEditor, model: type[models.Model]) -> None:
        table = schema_editor.quote_name(model._meta.db_table)
        for name, _event, _rows in TRIGGER_EVENTS:
            schema_editor.execute(f"DROP TRIGGER history_{name} ON {table}")

    def describe(self) -> str:
        return f"Record the history of {self.model_name}"

    @staticmethod
    def _history_table(model: type[models.Model]) -> str:
        return f"{model._meta.app_label}_historical{model._meta.model_name}"


class ReferencedByTenants(_ModelOperation):
    """UNIQUE (organization_id, id): what a tenant key of another table can point at."""

    def build(self, schema_editor: BaseDatabaseSchemaEditor, model: type[models.Model]) -> None:
        table = model._meta.db_table
        schema_editor.execute(
            f"ALTER TABLE {schema_editor.quote_name(table)}"
            f" ADD CONSTRAINT {schema_editor.quote_name(table + '_tenant_key')} UNIQUE (organization_id, id)"
        )

    def remove(self, schema_editor: BaseDatabaseSchemaEditor, model: type[models.Model]) -> None:
        table = model._meta.db_table
        schema_editor.execute(
            f"ALTER TABLE {schema_editor.quote_name(table)}"
            f" DROP CONSTRAINT {schema_editor.quote_name(table + '_tenant_key')}"
        )

    def describe(self) -> str:
        return f"Let tenant keys point at {self.model_name}"


class ReferencedByTenantsLater(ReferencedByTenants):
    """The same for a table that is large already: its index is built without locking it.

    The migration says `atomic = False` and does nothing else. Interrupted, it is simply run again.
    """

    def build(self, schema_editor: BaseDatabaseSchemaEditor, model: type[models.Model]) -> None:
        quote, table = schema_editor.quote_name, model._meta.db_table
        name = quote(table + "_tenant_key")
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        schema_editor.execute(
            f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {quote(table)} (organization_id, id)"
        )
        schema_editor.execute(f"ALTER TABLE {quote(table)} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}")


class TenantKey(_ModelOperation):
    """A foreign key that carries the organisation: (organization_id, x_id) → (organization_id, id).

    Plain foreign keys bypass row-level security, so a row of one organisation could name a row of another.
    """

    def __init__(self, model_name: str, field_name: str) -> None:
        super().__init__(model_name)
        self.field_name = field_name

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__name__, [self.model_name, self.field_name], {}

    def build(self, schema_editor: BaseDatabaseSchemaEditor, model: type[models.Model]) -> None:
        field: Any = model._meta.get_field(self.field_name)
        quote = schema_editor.quote_name
        schema_editor.execute(
            f"ALTER TABLE {quote(model._meta.db_table)} ADD CONSTRAINT {quote(self._name(model))}"
            f" FOREIGN KEY (organization_id, {quote(field.column)})"
            f" REFERENCES {quote(field.related_model._meta.db_table)} (organization_id, id)"
            " DEFERRABLE INITIALLY IMMEDIATE"
        )

    def remove(self, schema_editor: BaseDatabaseSchemaEditor, model: type[models.Model]) -> None:
        schema_editor.execute(
            f"ALTER TABLE {schema_editor.quote_name(model._meta.db_table)}"
            f" DROP CONSTRAINT {schema_editor.quote_name(self._name(model))}"
        )

    def describe(self) -> str:
        return f"Tie {self.model_name}.{self.field_name} to the same organisation"

    def _name(self, model: type[models.Model]) -> str:
        return f"{model._meta.db_table}_{self.field_name}_tenant_fk"


class GrantedSequence(Operation):
    """A sequence of its own that the application role may draw from."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, name: str) -> None:
        self.name = name

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__name__, [self.name], {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        pass

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        name = schema_editor.quote_name(self.name)
        role = schema_editor.quote_name(settings.DATABASE_APPLICATION_ROLE)
        schema_editor.execute(f"CREATE SEQUENCE {name}")
        schema_editor.execute(f"GRANT USAGE ON SEQUENCE {name} TO {role}")

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        schema_editor.execute(f"DROP SEQUENCE {schema_editor.quote_name(self.name)}")

    def describe(self) -> str:
        return f"Create the sequence {self.name}"


def tenant_walls(
    model_name: str, *, history: bool = True, referenced: bool = False, keys: tuple[str, ...] = ()
) -> list[Operation]:
    """Return the operations that every tenant table needs, in order.

    `history`: it has a history table and triggers. `referenced`: tenant keys of others point at it.
    `keys`: its own references to rows of the same organisation.
    """
    operations: list[Operation] = [ProtectTable(model_name)]
    if history:
        operations += [ProtectTable(f"historical{model_name}"), RecordHistory(model_name)]
    if referenced:
        operations.append(ReferencedByTenants(model_name))
    return operations + [TenantKey(model_name, key) for key in keys]
