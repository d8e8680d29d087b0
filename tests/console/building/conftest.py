"""A line whose fields are built on in the console."""

import pytest

from accounts.roles import Role
from tests.console.pages import Console
from tests.leads.lines.definitions import make_line

FIELDS = [
    {"key": "job", "label": "Job", "type": "select", "choices": ["Salaried", "Self employed"], "section": "Work"},
    {"key": "pay", "label": "Pay", "type": "money", "section": "Work"},
    {"key": "rent", "label": "Rent", "type": "money"},
    {"key": "vip", "label": "Important", "type": "boolean"},
    {"key": "shop", "label": "Shop", "type": "text"},
]  # fmt: skip


@pytest.fixture
def actor(actor_for):
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def console(actor, client_for):
    return Console(client_for(actor))


@pytest.fixture
def line(actor, in_organization):
    return make_line(actor, FIELDS)
