"""The roles of an organisation and what each may do: the table in code that the permission matrix tests.

Operations may narrow it in the console, never widen it.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _


class Role(StrEnum):
    """A role of a person in one organisation; a person may hold several."""

    ADMIN = "admin"
    OPERATIONS = "operations"
    TEAM_LEADER = "team_leader"
    AGENT = "agent"
    FINANCE = "finance"
    AUDITOR = "auditor"
    PARTNER = "partner"


ROLE_LABELS = {
    Role.ADMIN: _("Administrator"),
    Role.OPERATIONS: _("Operations"),
    Role.TEAM_LEADER: _("Team leader"),
    Role.AGENT: _("Agent"),
    Role.FINANCE: _("Finance"),
    Role.AUDITOR: _("Auditor"),
    Role.PARTNER: _("Partner system"),
}


class Area(StrEnum):
    """What a permission is about; the rows of the table."""

    ACCESS = "access"  # users, roles, organisation settings
    KEYS = "keys"  # keys of the API
    CONFIGURATION = "configuration"  # fields, lines, flows, partners, rules, layouts
    LEADS = "leads"
    LEAD_FILES = "lead_files"
    AUDIT = "audit"


AREA_LABELS = {
    Area.ACCESS: _("People, roles and organisation settings"),
    Area.KEYS: _("API keys"),
    Area.CONFIGURATION: _("Lines, fields and other configuration"),
    Area.LEADS: _("Leads"),
    Area.LEAD_FILES: _("Lead files"),
    Area.AUDIT: _("Audit trail"),
}


class Level(StrEnum):
    """How far a permission reaches over the rows of its area."""

    NONE = "none"
    OWN = "own"  # the actor's own rows
    TEAM = "team"  # the actor's current subtree
    ALL = "all"  # the whole organisation


LEVEL_LABELS = {
    Level.NONE: _("Nothing"),
    Level.OWN: _("Own"),
    Level.TEAM: _("Own team"),
    Level.ALL: _("All"),
}
LEVEL_ORDER = (Level.NONE, Level.OWN, Level.TEAM, Level.ALL)


# (area, verb) → role → level. Verbs: read, write (create and edit), assign.
GRANTS: dict[tuple[Area, str], dict[Role, Level]] = {
    (Area.ACCESS, "read"): {
        Role.ADMIN: Level.ALL,
        Role.TEAM_LEADER: Level.TEAM,
        Role.AGENT: Level.OWN,
        Role.AUDITOR: Level.ALL,
    },
    (Area.ACCESS, "write"): {Role.ADMIN: Level.ALL},
    # A key acts as its owner, who sees to it. Systems of partners rotate their own.
    (Area.KEYS, "read"): {
        Role.ADMIN: Level.ALL,
        Role.OPERATIONS: Level.OWN,
        Role.AUDITOR: Level.ALL,
        Role.PARTNER: Level.OWN,
    },
    (Area.KEYS, "write"): {Role.ADMIN: Level.ALL, Role.OPERATIONS: Level.OWN, Role.PARTNER: Level.OWN},
    (Area.CONFIGURATION, "read"): {
        Role.ADMIN: Level.ALL,
        Role.OPERATIONS: Level.ALL,
        Role.TEAM_LEADER: Level.ALL,
        Role.FINANCE: Level.ALL,
        Role.AUDITOR: Level.ALL,
    },
    # To use a line is to see its schema and capture leads with it.
    (Area.CONFIGURATION, "use"): {**dict.fromkeys(Role, Level.ALL), Role.PARTNER: Level.OWN},
    (Area.CONFIGURATION, "write"): {Role.ADMIN: Level.ALL, Role.OPERATIONS: Level.ALL},
    (Area.LEADS, "read"): {
        Role.ADMIN: Level.ALL,
        Role.OPERATIONS: Level.ALL,
        Role.TEAM_LEADER: Level.TEAM,
        Role.AGENT: Level.OWN,
        Role.FINANCE: Level.ALL,
        Role.AUDITOR: Level.ALL,
        Role.PARTNER: Level.OWN,
    },
    (Area.LEADS, "write"): {
        Role.ADMIN: Level.ALL,
        Role.OPERATIONS: Level.ALL,
        Role.TEAM_LEADER: Level.TEAM,
        Role.AGENT: Level.OWN,
    },
    (Area.LEADS, "create"): {
        Role.ADMIN: Level.ALL,
        Role.OPERATIONS: Level.ALL,
        Role.TEAM_LEADER: Level.TEAM,
        Role.AGENT: Level.OWN,
        Role.PARTNER: Level.OWN,
    },
    (Area.LEADS, "assign"): {Role.ADMIN: Level.ALL, Role.OPERATIONS: Level.ALL, Role.TEAM_LEADER: Level.TEAM},
    (Area.LEADS, "delete"): {Role.ADMIN: Level.ALL, Role.OPERATIONS: Level.ALL},
    (Area.LEAD_FILES, "read"): {
        Role.ADMIN: Level.ALL,
        Role.OPERATIONS: Level.ALL,
        Role.TEAM_LEADER: Level.OWN,
        Role.AUDITOR: Level.ALL,
    },
    (Area.LEAD_FILES, "write"): {
        Role.ADMIN: Level.ALL,
        Role.OPERATIONS: Level.ALL,
        Role.TEAM_LEADER: Level.OWN,
    },
    (Area.AUDIT, "read"): {
        Role.ADMIN: Level.ALL,
        Role.OPERATIONS: Level.ALL,
        Role.AUDITOR: Level.ALL,
        Role.FINANCE: Level.ALL,
        Role.AGENT: Level.OWN,
    },
}
# Verbs that need no reading: who only captures leads need not see them afterwards.
WITHOUT_READING = frozenset({"create", "use"})

# What an organisation allows less than the table does: (role, area, verb) → the widest level.
Narrowing = Mapping[tuple[Role, Area, str], Level]
NOTHING_NARROWED: Narrowing = MappingProxyType({})


def lesser(first: Level, second: Level) -> Level:
    """Return the narrower of two levels."""
    return min(first, second, key=LEVEL_ORDER.index)


def granted_level(
    roles: frozenset[Role], area: Area, verb: str, narrowing: Narrowing = NOTHING_NARROWED
) -> Level:
    """Return the widest level that any of `roles` grants for the verb in the area, once narrowed."""
    if not narrowing:
        return _table_level(roles, area, verb)
    return _widest(roles, area, verb, narrowing)


@lru_cache(maxsize=4_096)
def _table_level(roles: frozenset[Role], area: Area, verb: str) -> Level:
    """What the table grants: a page asks some hundred times."""
    return _widest(roles, area, verb, NOTHING_NARROWED)


def _widest(roles: frozenset[Role], area: Area, verb: str, narrowing: Narrowing) -> Level:
    return max(
        (_role_level(role, area, verb, narrowing) for role in roles),
        key=LEVEL_ORDER.index,
        default=Level.NONE,
    )


def _role_level(role: Role, area: Area, verb: str, narrowing: Narrowing) -> Level:
    level = lesser(
        GRANTS.get((area, verb), {}).get(role, Level.NONE), narrowing.get((role, area, verb), Level.ALL)
    )
    # Nobody changes what they may not read.
    return level if verb in WITHOUT_READING else lesser(level, narrowing.get((role, area, "read"), Level.ALL))
