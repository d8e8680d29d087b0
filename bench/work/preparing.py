"""The organisation that is measured: its people, its line, its leads."""

from typing import Any

from django.db import connection
from django.test import Client

from accounts.actor import Actor
from accounts.roles import Role
from accounts.services import create_user
from bench import sample
from bench.bare.models import OWN_TABLES
from core.models import Organization
from core.scope import organization_scope, system_scope
from core.services.organizations import create_organization
from leads.models import BusinessLine, Field
from leads.services.fields import add_field
from leads.services.lines import create_line, publish_line, update_line

SLUG = "bench"
PASSWORD = "a quiet river at dawn"
# key → (role, whom they report to)
PEOPLE: dict[str, tuple[Role, str]] = {
    "operations": (Role.OPERATIONS, ""),
    "leader": (Role.TEAM_LEADER, ""),
    "agent": (Role.AGENT, "leader"),
    "colleague": (Role.AGENT, "leader"),
    "stranger": (Role.AGENT, ""),
}
# Of a hundred leads: whose they are (the rest are nobody's), and where they stand (the rest are new).
OWNED = {"agent": 2, "colleague": 3, "leader": 1, "stranger": 14}
STANDING = {"in_progress": 20, "approved": 8, "rejected": 9, "converted": 3}
SPREAD = """
UPDATE leads_lead SET
    owner_id = (SELECT owner FROM unnest(%(owners)s::bigint[], %(owner_limits)s::int[]) AS who (owner, most)
                 WHERE id %% 100 < most ORDER BY most LIMIT 1),
    status = coalesce((SELECT word FROM unnest(%(words)s::text[], %(word_limits)s::int[]) AS stand (word, most)
                        WHERE id / 3 %% 100 < most ORDER BY most LIMIT 1), 'new')
 WHERE organization_id = %(organization)s AND (id %% 100 < %(most_owned)s OR id / 3 %% 100 < %(most_moved)s)
"""
FILLED = ("leads_lead", "leads_leadvalue", "leads_leadtoken", "leads_duplicatekey", "leads_historicallead")


def organization() -> Organization:
    """The organisation that is measured."""
    with system_scope(reason="bench"):
        return Organization.objects.get(slug=SLUG)


def organization_id() -> int:
    """Its number."""
    return int(organization().pk)


def actor(key: str) -> Actor:
    """One of PEOPLE."""
    from accounts.models import Membership

    members = Membership.objects.select_related("user", "organization")
    return Actor.of(members.get(user__email=f"{key}@{SLUG}.example"))


def make_organization() -> dict[str, str]:
    """Make the organisation, its people and its line; return e-mail by person."""
    made = create_organization(slug=SLUG, name="Bench Finance", currency="INR", timezone="Asia/Kolkata")
    with organization_scope(made, reason="bench"):
        system = Actor.system(made)
        members: dict[str, Any] = {}
        for key, (role, manager) in PEOPLE.items():
            members[key] = create_user(
                actor=system,
                email=f"{key}@{SLUG}.example",
                roles=[role],
                password=PASSWORD,
                name=f"{key.capitalize()} Bench",
                manager=members.get(manager),
            )
        _make_line(system, sample.LINE, "Loans")
    return {key: member.user.email for key, member in members.items()}


def add_lines(count: int) -> int:
    """Make so many more lines with the same fields; return how many definitions there are."""
    with organization_scope(organization(), reason="bench"):
        for number in range(count):
            _make_line(Actor.system(organization()), f"bench_{number:02}", f"Loans {number:02}")
        return Field.objects.count()


def _make_line(actor: Actor, code: str, name: str) -> None:
    made = create_line(actor=actor, code=code, name=name)
    for definition in sample.FIELDS:
        add_field(actor=actor, line=made, definition=definition)
    update_line(actor=actor, line=made, duplicate_match=["phone"])
    publish_line(actor=actor, line=made)


def line() -> BusinessLine:
    """The line that is measured."""
    return BusinessLine.objects.get(code=sample.LINE)


def line_is_there() -> bool:
    """Whether the line is there; what a process imports to say so, it has imported."""
    with organization_scope(organization(), reason="bench"):
        return line().version > 0


def sign_in(key: str) -> str:
    """Sign a person in to the pages; return the header Cookie."""
    client = Client()
    with system_scope(organization(), reason="bench"):
        client.force_login(actor(key).user)
    return "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())


def make_bare_tables() -> None:
    """Make the tables of the bare project, as the owner."""
    with system_scope(reason="bench"), connection.schema_editor() as editor:
        for model in OWN_TABLES:
            editor.create_model(model)


def spread_leads() -> int:
    """Give imported leads owners and statuses as a lived-in organisation has them, and let the planner know.

    Done by the owner without history: it is no part of what is measured. Returns how many leads there are.
    """
    with system_scope(organization(), reason="bench"), connection.cursor() as cursor:
        members = {key: actor(key).membership for key in OWNED}
        cursor.execute("ALTER TABLE leads_lead DISABLE TRIGGER USER")
        cursor.execute(
            SPREAD,
            {
                "organization": organization().pk,
                "owners": [members[key].pk for key in OWNED],
                "owner_limits": _running_total(OWNED),
                "words": list(STANDING),
                "word_limits": _running_total(STANDING),
                "most_owned": sum(OWNED.values()),
                "most_moved": sum(STANDING.values()),
            },
        )
        cursor.execute("ALTER TABLE leads_lead ENABLE TRIGGER USER")
        for table in FILLED:
            cursor.execute(f"VACUUM (ANALYZE) {table}")
        cursor.execute("SELECT count(*) FROM leads_lead")
        return int(cursor.fetchone()[0])


def _running_total(shares: dict[str, int]) -> list[int]:
    totals, total = [], 0
    for share in shares.values():
        total += share
        totals.append(total)
    return totals
