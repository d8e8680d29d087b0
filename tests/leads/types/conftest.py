"""Who works with the new types."""

from pathlib import Path
from typing import Any

import pytest

from accounts.actor import Actor
from accounts.roles import Role
from core.models import Organization
from tests.conftest import ActorFor


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    """Where files lie."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def operations(actor_for: ActorFor, in_organization: Organization) -> Actor:
    return actor_for(Role.OPERATIONS, name="Meera Iyer", email="meera@acme.example")


@pytest.fixture
def leader(actor_for: ActorFor, operations: Actor) -> Actor:
    return actor_for(Role.TEAM_LEADER, name="Leela Nair")


@pytest.fixture
def agent(actor_for: ActorFor, leader: Actor) -> Actor:
    return actor_for(Role.AGENT, name="Arjun Rao", email="arjun@acme.example", manager=leader)
