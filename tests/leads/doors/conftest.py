"""The house, made once for each module."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.scope import Scope, entered, organization_scope
from tests.leads.doors.house import House, taken_back


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[House]:
    with django_db_blocker.unblock(), entered(Scope()), taken_back():
        yield House()


@pytest.fixture
def house(built: House, db: None) -> Iterator[House]:
    """The house, inside its organisation; what a test writes is taken back."""
    with organization_scope(built.organization), taken_back():
        yield built
