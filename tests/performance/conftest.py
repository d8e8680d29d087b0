"""100,000 leads, made once for a module of tests and rolled back after them."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from core.scope import Scope, entered
from tests.performance.many_leads import ManyLeads, analyze


@pytest.fixture(scope="module")
def many(django_db_setup: None, django_db_blocker: object) -> Iterator[ManyLeads]:
    """An organisation of 100,000 leads beside another of 5,000. The tests are marked with django_db."""
    with django_db_blocker.unblock(), entered(Scope()), transaction.atomic():  # type: ignore[attr-defined]
        assert connection.settings_dict["NAME"].startswith("test"), "Mark the test with django_db."
        made = ManyLeads("many", 100_000)
        made.neighbour = ManyLeads("few", 5_000, first=90_000_000)
        analyze()
        yield made
        transaction.set_rollback(True)
