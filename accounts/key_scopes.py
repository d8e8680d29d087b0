"""What a key is restricted to: a subset of the table of roles, written as `area:verb`.

A scope opens nothing by itself: a call may do what its scopes name and the owner's roles allow at that moment.
"""

from collections.abc import Iterable

from accounts.roles import GRANTS, WITHOUT_READING, Area

Permission = tuple[Area, str]

# A key that could make keys would outlive its own end.
WITHHELD = frozenset({Area.KEYS})
# Who works with leads needs the lines that they are written in.
WITH_LINES = frozenset({Area.LEADS, Area.LEAD_FILES})
USE_LINES: Permission = (Area.CONFIGURATION, "use")


def scope_name(area: Area, verb: str) -> str:
    """Return a scope as it is written."""
    return f"{area.value}:{verb}"


SCOPES: dict[str, Permission] = {
    scope_name(area, verb): (area, verb) for area, verb in GRANTS if area not in WITHHELD
}


def names_of(permissions: frozenset[Permission] | None) -> list[str] | None:
    """Return what an actor is restricted to as it is kept with a job; None for no restriction."""
    return None if permissions is None else sorted(scope_name(*each) for each in permissions)


def permissions_named(names: Iterable[str] | None) -> frozenset[Permission] | None:
    """Return what was kept by `names_of`."""
    return None if names is None else frozenset(SCOPES[name] for name in names if name in SCOPES)


def allowed_by(names: Iterable[str]) -> frozenset[Permission]:
    """Return what scopes allow together. A name that is known no more allows nothing.

    Nobody changes what they may not read, and whoever works with leads sees their lines.
    """
    named = {SCOPES[name] for name in names if name in SCOPES}
    allowed = {(area, verb) for area, verb in named if needed_beside(area, verb) in (None, *named)}
    if any(area in WITH_LINES for area, _verb in allowed):
        allowed.add(USE_LINES)
    return frozenset(allowed)


def needed_beside(area: Area, verb: str) -> Permission | None:
    """Return the scope without which another one allows nothing; None where there is no such."""
    return None if verb == "read" or verb in WITHOUT_READING else (area, "read")
