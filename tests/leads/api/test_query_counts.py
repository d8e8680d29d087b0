"""How many statements a writing call makes: as many for a lead of many fields as the table says, and no more.

What calls that read make is held in tests/performance.
"""

from collections.abc import Callable

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from tests.leads.api.conftest import Api
from tests.leads.api.test_leads import EVERYTHING

# Savepoints count too: outside a test they are the transaction's beginning and end.
ALLOWED = {
    "operations creates": 20,
    "agent creates": 20,
    "operations repeats": 15,
    "operations is refused": 8,
    "operations changes": 18,
    "operations changes the status": 11,
    "operations withdraws": 12,
}


def counted(call: Callable[[], HttpResponse]) -> tuple[int, int]:
    """The status of a call and how many statements it made."""
    with CaptureQueriesContext(connection) as queries:
        response = call()
    return response.status_code, len(queries)


@pytest.fixture
def calls(api_for, operations, line, actor_for):
    """Each call by its name, made once before it is counted: what a process loads once is not."""
    api: Api = api_for(operations)
    agent: Api = api_for(actor_for(Role.AGENT))
    numbers = iter(range(10, 99))

    def enquiry(**changes: object) -> dict[str, object]:
        data = {**EVERYTHING, "mobile": f"98450 123{next(numbers)}", **changes}
        return {"line": "loan", "data": data, "source": "Web"}

    api.post("/leads", enquiry())
    reference = api.create("loan", {"full_name": "Asha", "mobile": "9845055555"})["reference"]
    return {
        "operations creates": lambda: api.post("/leads", enquiry()),
        "agent creates": lambda: agent.post("/leads", enquiry()),
        "operations repeats": lambda: api.post("/leads", enquiry(mobile="9845055555")),
        "operations is refused": lambda: api.post("/leads", enquiry(age="x")),
        "operations changes": lambda: api.patch(f"/leads/{reference}", {"data": {"age": 33, "income": 5}}),
        "operations changes the status": lambda: api.patch(f"/leads/{reference}", {"status": "approved"}),
        "operations withdraws": lambda: api.delete(f"/leads/{reference}"),
    }


def test_calls_that_write_make_as_many_statements_as_the_table_allows(calls):
    made = {}
    for name, call in calls.items():
        status, made[name] = counted(call)
        assert status in (200, 201, 204, 400, 409)
    assert {name: number for name, number in made.items() if number > ALLOWED[name]} == {}
