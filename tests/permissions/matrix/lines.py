"""What a line of the permission matrix is: a method, a URL, and what each caller gets, by the table of roles.

`tests.permissions.matrix` says how to write one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from accounts.roles import Area, Level, Role, granted_level

CALLERS = (*(role.value for role in Role), "nobody", "visitor", "stranger")
Ids = dict[str, tuple[type, str] | str]
Status = int | frozenset[int]
# The caller came as far as the form's validation or the row's state; which of them is other tests' business.
TRIED: Status = frozenset({200, 302, 400, 409, 422})
# The console says in one way or another that there is nothing here for the caller.
AWAY: Status = frozenset({302, 403, 404})


@dataclass(frozen=True)
class Line:
    """One method of one URL. `expected`: caller → status."""

    method: str
    url: str
    expected: dict[str, Status]
    ids: Ids = field(default_factory=dict)
    data: Any = None
    is_api: bool = False
    by: tuple[Area, str] | None = None


def _reaches(role: Role, level: Level) -> bool:
    """Whether the role's level includes the rows of the matrix's world."""
    return level is Level.ALL or (role, level) in {
        (Role.TEAM_LEADER, Level.TEAM),
        (Role.AGENT, Level.OWN),
    }


def _only_others(role: Role, by: tuple[Area, str] | None) -> bool:
    """Whether the role reads some rows of the area, and not those of the matrix's world."""
    level = granted_level(frozenset([role]), by[0], "read") if by else Level.ALL
    return level is not Level.NONE and not _reaches(role, level)


def _expected(
    ok: Status, refused: int, by: tuple[Area, str] | None, ids: Ids, visitor: int, named: dict[str, Status]
) -> dict[str, Status]:
    expected: dict[str, Status] = {"nobody": 403, "visitor": visitor, "stranger": 404 if ids else ok}
    for role in Role:
        level = granted_level(frozenset([role]), *by) if by else Level.ALL
        if level is Level.NONE:
            expected[role.value] = 404 if ids and _only_others(role, by) else refused
        else:
            expected[role.value] = 404 if ids and not _reaches(role, level) else ok
    unknown = set(named) - set(CALLERS)
    assert not unknown, f"no such callers: {unknown}"
    return {**expected, **named}


def page(
    method: str,
    url: str,
    ok: Status = 200,
    *,
    by: tuple[Area, str] | None = None,
    refused: int = 403,
    ids: Ids | None = None,
    data: Any = None,
    **named: Status,
) -> Line:
    """A page: a visitor is sent to sign in."""
    return Line(method, url, _expected(ok, refused, by, ids or {}, 302, named), ids or {}, data)


def call(
    method: str,
    url: str,
    ok: Status = 200,
    *,
    by: tuple[Area, str] | None = None,
    refused: int = 403,
    ids: Ids | None = None,
    data: Any = None,
    **named: Status,
) -> Line:
    """An API call: a visitor gets 401."""
    expected = _expected(ok, refused, by, ids or {}, 401, named)
    return Line(method, url, expected, ids or {}, data, is_api=True, by=by)


def public(
    method: str, url: str, ok: int = 200, *, ids: Ids | None = None, data: Any = None, **named: int
) -> Line:
    """A page for everybody, signed in or not, in this organisation or another."""
    return Line(method, url, {**dict.fromkeys(CALLERS, ok), **named}, ids or {}, data)


def open_call(method: str, url: str, ok: Status, data: Any) -> Line:
    """An API call that needs no credential."""
    return Line(method, url, dict.fromkeys(CALLERS, ok), data=data, is_api=True)


CONSOLE_ROLES = (Role.ADMIN, Role.OPERATIONS, Role.FINANCE, Role.AUDITOR)
ELSEWHERE = {role.value: 302 for role in Role if role not in CONSOLE_ROLES}


def console(
    method: str,
    url: str,
    ok: Status = 200,
    *,
    by: tuple[Area, str] | None = None,
    refused: int = 403,
    ids: Ids | None = None,
    **named: Status,
) -> Line:
    """A page of the console: roles that it is not made for are sent away, and so is who names a row of others."""
    stranger: dict[str, Status] = {"stranger": AWAY} if ids else {}
    return page(method, url, ok, by=by, refused=refused, ids=ids, **{**ELSEWHERE, **stranger, **named})


def console_model(
    model: type[models.Model],
    area: Area,
    *,
    adds: bool = False,
    lists: int = 200,
    lists_nothing: int = 403,
    keeps_history: bool = True,
    actions: Sequence[str] = (),
    inapplicable: Sequence[str] = (),
) -> list[Line]:
    """The pages of one model: read and written as its area is, its history by who reads the audit trail.

    `actions` stand open to who may write; `inapplicable` ones to nobody, given the row of the matrix's world.
    """
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    read, write, row = (area, "read"), (area, "write"), {"object_id": (model, "pk")}
    audit = (Area.AUDIT, "read")
    nobody = {role.value: 403 for role in CONSOLE_ROLES}
    blind = {
        role.value: AWAY for role in CONSOLE_ROLES if granted_level(frozenset([role]), *read) is Level.NONE
    }
    # Who reads some rows of the area, and not that of the matrix's world.
    outside = {
        role.value: AWAY for role in CONSOLE_ROLES if _only_others(role, read) and role.value not in blind
    }
    return [
        console("GET", f"{name}_changelist", lists, by=read, refused=lists_nothing),
        console("GET", f"{name}_add", by=write) if adds else console("GET", f"{name}_add", 403),
        console("GET", f"{name}_change", by=read, ids=row, **blind, **outside),
        console(
            "GET", f"{name}_history", 200 if keeps_history else 404, by=audit, ids=row, **blind, **outside
        ),
        console("GET", f"{name}_delete", ids=row, **nobody),
        *(console("GET", f"{name}_{action}", by=write, ids=row, **outside) for action in actions),
        *(console("GET", f"{name}_{action}", ids=row, **nobody) for action in inapplicable),
    ]


def shapes(model: type[models.Model]) -> list[Line]:
    """Where the builders of a model's form have one part drawn again, which writes nothing: 404 for no such part."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_shape"
    write = (Area.CONFIGURATION, "write")
    return [
        console("POST", f"{name}_new", 404, by=write),
        console("POST", name, 404, by=write, ids={"object_id": (model, "pk")}),
    ]
