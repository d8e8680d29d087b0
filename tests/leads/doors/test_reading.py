"""What a field's rights keep from somebody is in no raw answer of a page or a call."""

import pytest

from accounts.roles import Role
from tests.leads.doors.house import ROLES, House, body, taken_back, told
from tests.leads.doors.registry import QUERIES, THAT_TELL
from tests.permissions.matrix import CALLS, CONSOLE, PAGES, Line

AT_ONCE = (Role.AGENT, Role.AUDITOR)
SLOWLY = [role for role in ROLES if role not in AT_ONCE]


def telling(house: House, role: Role, lines: list[Line], reader: Role) -> dict[str, list[str]]:
    """Which doors tell a role what the reader may not read: by URL and query, the values."""
    client, found = house.client(house.actors[role]), {}
    for line in lines:
        if line.method != "GET":
            continue
        for query in ("", *QUERIES.get(line.url, ())):
            with taken_back():
                response = client.get(f"{house.address(line)}?{house.named(query)}")
                text = body(response)
            assert response.status_code != 500, f"{line.url}?{query}"
            if values := told(reader, text):
                found[f"{line.url}?{query}"] = values
    return found


@pytest.mark.parametrize(
    "role", [*AT_ONCE, *(pytest.param(role, marks=pytest.mark.verify) for role in SLOWLY)]
)
def test_no_page_and_no_call_tells_a_value(house: House, role: Role) -> None:
    assert telling(house, role, [*PAGES, *CALLS], role) == {}


@pytest.mark.verify
@pytest.mark.parametrize("role", [Role.OPERATIONS, Role.AUDITOR, Role.FINANCE])
def test_no_page_of_the_console_tells_a_value(house: House, role: Role) -> None:
    assert telling(house, role, CONSOLE, role) == {}


@pytest.mark.verify
def test_the_same_addresses_tell_an_administrator(house: House) -> None:
    """Else the others might be told nothing because nothing was there."""
    found = telling(house, Role.ADMIN, [*PAGES, *CALLS, *CONSOLE], Role.AUDITOR)
    assert sorted(THAT_TELL - {address.partition("?")[0] for address in found}) == []
