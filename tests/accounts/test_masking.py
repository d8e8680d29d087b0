"""Columns: who sees a field clearly, masked or not at all, and what a mask lets through."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.actor import Actor
from accounts.masking import Sight, is_editable, mask, shown, sight_everywhere, sight_of
from accounts.models import Membership, User
from accounts.roles import Area, Level, Role
from core.models import Organization


@dataclass
class Definition:
    pii: bool = False
    visible_to: list[str] = field(default_factory=list)
    editable_by: list[str] = field(default_factory=list)


def actor(*roles: Role, narrowing=None) -> Actor:
    return Actor(User(), Membership(), Organization(), frozenset(roles), narrowing or {})


PERSONAL = Definition(pii=True)
FINANCE_ONLY = Definition(pii=True, visible_to=["finance"])


@pytest.mark.parametrize(
    ("definition", "role", "may_edit", "expected"),
    [
        (Definition(), Role.AUDITOR, False, Sight.CLEAR),
        (PERSONAL, Role.AGENT, True, Sight.CLEAR),
        (PERSONAL, Role.AGENT, False, Sight.MASKED),
        (PERSONAL, Role.AUDITOR, False, Sight.MASKED),
        (PERSONAL, Role.FINANCE, False, Sight.MASKED),
        (FINANCE_ONLY, Role.FINANCE, False, Sight.CLEAR),
        (FINANCE_ONLY, Role.ADMIN, True, Sight.HIDDEN),
    ],
)
def test_who_sees_what(definition, role, may_edit, expected):
    assert sight_of(actor(role), definition, may_edit=may_edit) is expected


def test_the_system_sees_and_fills_everything():
    system = Actor.system(Organization())
    assert sight_of(system, FINANCE_ONLY, may_edit=True) is Sight.CLEAR
    assert is_editable(system, Definition(editable_by=["finance"]), may_edit=True)


@pytest.mark.parametrize(
    ("definition", "role", "may_edit", "expected"),
    [
        (Definition(), Role.AGENT, True, True),
        (Definition(), Role.AGENT, False, False),
        (Definition(editable_by=["operations"]), Role.AGENT, True, False),
        (Definition(editable_by=["operations"]), Role.OPERATIONS, True, True),
        (Definition(visible_to=["finance"]), Role.AGENT, True, False),
        (Definition(visible_to=["finance"], editable_by=["agent"]), Role.AGENT, True, False),
    ],
)
def test_who_may_fill_what(definition, role, may_edit, expected):
    assert is_editable(actor(role), definition, may_edit=may_edit) is expected


def test_a_filter_needs_a_clear_sight_of_every_lead_that_is_read():
    assert sight_everywhere(actor(Role.TEAM_LEADER), PERSONAL) is Sight.CLEAR
    assert sight_everywhere(actor(Role.AUDITOR), PERSONAL) is Sight.MASKED
    narrowed = {(Role.TEAM_LEADER, Area.LEADS, "write"): Level.OWN}
    assert sight_everywhere(actor(Role.TEAM_LEADER, narrowing=narrowed), PERSONAL) is Sight.MASKED


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("", "phone", ""),
        ("+919876544787", "phone", "••••4787"),
        ("12345", "phone", "••••"),
        ("meera@example.org", "email", "m•••@•••.org"),
        ("me@example.org", "email", "•••@•••.org"),
        ("no address", "email", "••••"),
        ("1978-03-04", "date", "••••"),
        ("ABCDE1234F", "text", "••••"),
        ("1250000.00", "money", "••••"),
    ],
)
def test_masks(text, kind, expected):
    assert mask(text, kind) == expected


@given(st.text(min_size=1), st.sampled_from(["text", "phone", "email", "date", "money", "json", "select"]))
def test_a_mask_is_stable_and_says_little(text, kind):
    masked = mask(text, kind)
    assert masked == mask(text, kind)
    assert "•" in masked
    assert len([character for character in masked if character.isdigit()]) <= 4
    if kind not in ("phone", "email"):
        assert masked == "••••"


def test_shown():
    assert shown("x@example.org", Sight.CLEAR, "email") == "x@example.org"
    assert shown("x@example.org", Sight.MASKED, "email") == "•••@•••.org"
    assert shown("x@example.org", Sight.HIDDEN, "email") == ""
