"""The loan line and who loads files into it; files lie in a folder of the test's own."""

from pathlib import Path
from typing import Any

import pytest

from accounts.actor import Actor
from accounts.roles import Role
from core.models import Organization
from tests.conftest import ActorFor
from tests.leads.loans import make_loan_line


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    """Where received files lie."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def operations(actor_for: ActorFor, in_organization: Organization) -> Actor:
    """Somebody of operations, in an organisation with the published loan line."""
    actor = actor_for(Role.OPERATIONS)
    make_loan_line(actor)
    return actor
