"""Two organisations, each with a row of every model, and the means to attack one from the other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from core.scope import Scope, entered, organization_scope, system_scope
from tests.factories import ROWS, World, make_organization
from tests.walls.catalog import made_models, read_tables, tenant_models

WHOLE = "SELECT coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM {} t WHERE {} = %s"


@dataclass
class Walls:
    """`ours` attacks, `theirs` must neither be seen nor changed."""

    ours: World
    theirs: World

    def tables(self) -> dict[str, str]:
        """Table → the column that holds its organisation."""
        named = {model._meta.db_table: "organization_id" for model in tenant_models()}
        return {**named, "core_organization": "id", "core_historicalorganization": "id"}

    def digest(self) -> dict[str, str]:
        """A digest of everything that is theirs, by table, as the owner sees it."""
        with system_scope(), connection.cursor() as cursor:
            digests = {}
            for table, column in self.tables().items():
                cursor.execute(WHOLE.format(table, column), [self.theirs.organization.pk])
                digests[table] = cursor.fetchone()[0]
            cursor.execute(
                "SELECT coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM accounts_user t"
            )
            return {**digests, "accounts_user": cursor.fetchone()[0]}

    def attempt(self, statement: str, parameters: Any = None) -> tuple[str, int, list[Any]]:
        """Run one statement as the application role within our organisation, and take it back.

        Returns the SQLSTATE ("" when it ran), the number of rows it touched, and the rows it returned.
        """
        with organization_scope(self.ours.organization, actor_id=self.ours.admin.user.pk):
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(statement, parameters)
                    rows = cursor.fetchall() if cursor.description else []
                    outcome = "", cursor.rowcount, rows
                    transaction.set_rollback(True)
                    return outcome
            except DatabaseError as error:
                return getattr(error.__cause__, "sqlstate", "?"), 0, []


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[Walls]:
    """Both organisations, with a row of every model in each; a model that nobody registered is named."""
    missing = [model._meta.label for model in made_models() if model not in ROWS]
    assert not missing, f"no row_of(…) in tests/factories.py makes a row of: {', '.join(missing)}"
    with django_db_blocker.unblock(), entered(Scope()), transaction.atomic():
        assert connection.settings_dict["NAME"].startswith("test"), "Mark the test with django_db."
        made = Walls(World(make_organization("ours")), World(make_organization("theirs")))
        for world in (made.ours, made.theirs):
            for model in made_models():
                world.row(model)
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def walls(built: Walls, db: None) -> Walls:
    """Both organisations, made once for a module; what a test changes of them is taken back."""
    return built


@pytest.fixture
def untouched(walls: Walls) -> Iterator[Callable[[], None]]:
    """After the test, everything of theirs is as it was."""
    before = walls.digest()
    yield
    after = walls.digest()
    assert [table for table in before if before[table] != after[table]] == []


@pytest.fixture
def tables(db: None) -> Any:
    """Every table of the schema by name, as PostgreSQL knows it."""
    return read_tables()
