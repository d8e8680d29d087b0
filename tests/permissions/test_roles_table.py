"""The table of roles in code against the table of the product, transcribed word for word.

The later rows (approvals, MIS, commissions, visits) come with their areas: an area that no row here speaks of
fails the test.
"""

import pytest

from accounts.roles import AREA_LABELS, GRANTS, ROLE_LABELS, Area, Level, Role

ROLES = [Role.ADMIN, Role.OPERATIONS, Role.TEAM_LEADER, Role.AGENT, Role.FINANCE, Role.AUDITOR, Role.PARTNER]

# Row → what the product says for each role, in the order of ROLES.
PRODUCT: dict[str, list[str]] = {
    "users, roles, keys, organisation settings": [
        "write", "—", "read own team", "own profile", "—", "read", "—",
    ],
    "fields, lines, flows, partners, rules, MIS layouts, source formats": [
        "write", "write", "read", "use", "read", "read", "own line's schema",
    ],
    "leads, milestones, engagement": [
        "all", "all", "own subtree: read, edit, assign", "own: read, edit, create", "read", "read",
        "sent by or routed to it: read, report status",
    ],
    "load lead, MIS, sales files": [
        "write", "write", "lead files for own team", "—", "sales files", "—", "leads by API",
    ],
    "audit trail, exports log": [
        "read", "read own area", "—", "own data and who viewed it", "read own area", "read", "—",
    ],
}  # fmt: skip

Grants = dict[tuple[Area, str], Level]
READ_CONFIGURATION: Grants = {
    (Area.CONFIGURATION, "read"): Level.ALL,
    (Area.CONFIGURATION, "use"): Level.ALL,
}

# What each phrase of a row means in code. Nothing stands for "no grant at all".
MEANING: dict[str, dict[str, Grants]] = {
    "users, roles, keys, organisation settings": {
        "write": {
            (Area.ACCESS, "read"): Level.ALL,
            (Area.ACCESS, "write"): Level.ALL,
            (Area.KEYS, "read"): Level.ALL,
            (Area.KEYS, "write"): Level.ALL,
        },
        "read": {(Area.ACCESS, "read"): Level.ALL, (Area.KEYS, "read"): Level.ALL},
        "read own team": {(Area.ACCESS, "read"): Level.TEAM},
        "own profile": {(Area.ACCESS, "read"): Level.OWN},
        "—": {},
    },
    "fields, lines, flows, partners, rules, MIS layouts, source formats": {
        "write": {**READ_CONFIGURATION, (Area.CONFIGURATION, "write"): Level.ALL},
        "read": READ_CONFIGURATION,
        "use": {(Area.CONFIGURATION, "use"): Level.ALL},
        "own line's schema": {(Area.CONFIGURATION, "use"): Level.OWN},
    },
    "leads, milestones, engagement": {
        "all": {(Area.LEADS, verb): Level.ALL for verb in ("read", "write", "create", "assign", "delete")},
        # A leader loads files for the team (the next row), and so creates leads in it.
        "own subtree: read, edit, assign": {
            (Area.LEADS, verb): Level.TEAM for verb in ("read", "write", "create", "assign")
        },
        "own: read, edit, create": {(Area.LEADS, verb): Level.OWN for verb in ("read", "write", "create")},
        "read": {(Area.LEADS, "read"): Level.ALL},
        # What it sends by API (the next row) it creates.
        "sent by or routed to it: read, report status": {
            (Area.LEADS, "read"): Level.OWN,
            (Area.LEADS, "create"): Level.OWN,
        },
    },
    "load lead, MIS, sales files": {
        "write": {(Area.LEAD_FILES, "read"): Level.ALL, (Area.LEAD_FILES, "write"): Level.ALL},
        "lead files for own team": {
            (Area.LEAD_FILES, "read"): Level.OWN,
            (Area.LEAD_FILES, "write"): Level.OWN,
        },
        "—": {},
        "sales files": {},  # they come with commissions
        "leads by API": {},  # no file: creating leads, above
    },
    "audit trail, exports log": {
        "read": {(Area.AUDIT, "read"): Level.ALL},
        "read own area": {(Area.AUDIT, "read"): Level.ALL},  # the screens show the areas the role works in
        "own data and who viewed it": {(Area.AUDIT, "read"): Level.OWN},
        "—": {},
    },
}
# An auditor reads everything, though the table's row about loading files says nothing of reading them.
READ_EVERYTHING: Grants = {(Area.LEAD_FILES, "read"): Level.ALL}


# Operations connect systems, and partners' systems change their keys themselves: each its own, which do no more
# than their owners.
OWN_KEYS: Grants = {(Area.KEYS, "read"): Level.OWN, (Area.KEYS, "write"): Level.OWN}


@pytest.mark.parametrize("role", ROLES)
def test_the_code_grants_what_the_product_says_and_no_more(role):
    expected: Grants = dict(READ_EVERYTHING) if role is Role.AUDITOR else {}
    if role in (Role.OPERATIONS, Role.PARTNER):
        expected |= OWN_KEYS
    for row, cells in PRODUCT.items():
        expected |= MEANING[row][cells[ROLES.index(role)]]
    granted = {
        key: levels[role] for key, levels in GRANTS.items() if levels.get(role, Level.NONE) is not Level.NONE
    }
    assert granted == expected


def test_every_role_and_area_has_its_place():
    assert set(ROLES) == set(Role) == set(ROLE_LABELS)
    spoken_of = {area for row in MEANING.values() for grants in row.values() for area, _verb in grants}
    assert spoken_of == set(Area) == set(AREA_LABELS), "transcribe the product's row for the new area"


def test_administrators_reach_whatever_anybody_reaches():
    assert [key for key, levels in GRANTS.items() if levels.get(Role.ADMIN) is not Level.ALL] == []
