"""Many leads in seconds, made by the database: rows as the services write them, without Python in between.

Values follow the lead's number, so that tests know how common each is: see SHARES.
"""

from django.db import connection

from accounts.actor import Actor
from accounts.roles import Role
from core.models import Organization
from core.scope import system_scope
from leads.fields.line import line_definition
from leads.models import BusinessLine
from tests.factories import make_actor, make_organization
from tests.leads.lines.definitions import make_line

FIELDS = [
    {"key": "full_name", "label": "Name", "type": "text", "maps_to": "name"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone"},
    {"key": "mail", "label": "Mail", "type": "email", "maps_to": "email"},
    {"key": "town", "label": "Town", "type": "text", "maps_to": "city", "indexed": True},
    {"key": "kind", "label": "Kind", "type": "select", "choices": ["common", "rare"], "indexed": True},
    {"key": "income", "label": "Income", "type": "money", "indexed": True},
    {"key": "born", "label": "Born", "type": "date", "indexed": True},
    {
        "key": "wants",
        "label": "Wants",
        "type": "multi_select",
        "choices": ["car", "home", "gold"],
        "indexed": True,
    },
    {"key": "remark", "label": "Remark", "type": "text"},
    {"key": "code", "label": "Code", "type": "text", "unique": True},
]
# Each lead's number n decides: kind is rare for one in 5,000 and else common; 50 towns; income n rupees;
# 20,000 days of birth; car for all, home for one in ten, gold for one in 2,000; one in 20 belongs to the
# agent.

LEADS = """
INSERT INTO leads_lead (id, organization_id, line_id, version, reference, name, phone, email, city, region,
status,
    stage, owner_id, data, compare, repeat_enquiries, created_at, updated_at)
SELECT n + %(first)s, %(organization)s, %(line)s, 1, 'L' || lpad((n + %(first)s)::text, 8, '0'),
    (ARRAY['Asha','Ravi','Meera','Vikram','Divya'])[1 + n %% 5] || ' Family' || (n %% 1000),
    '+919' || lpad((n %% 1000000000)::text, 9, '0'), 'lead' || n || '@mail.example', 'Town ' || (n %% 50), '',
    (ARRAY['new','in_progress','approved','rejected','converted'])[1 + n %% 5],
    'new', CASE WHEN n %% 20 = 0 THEN %(agent)s ELSE %(other)s END,
    jsonb_build_object(
        'full_name', (ARRAY['Asha','Ravi','Meera','Vikram','Divya'])[1 + n %% 5] || ' Family' || (n %% 1000),
        'mobile', '+919' || lpad((n %% 1000000000)::text, 9, '0'), 'mail', 'lead' || n || '@mail.example',
        'town', 'Town ' || (n %% 50), 'kind', CASE WHEN n %% 5000 = 0 THEN 'rare' ELSE 'common' END,
        'income', n || '.00', 'born', (date '1950-01-01' + n %% 20000)::text,
        'wants', CASE WHEN n %% 2000 = 0 THEN '["car","gold"]' WHEN n %% 10 = 0 THEN '["car","home"]'
                 ELSE '["car"]' END::jsonb,
        'remark', 'remark number ' || n || repeat(' and more', 20), 'code', 'code-' || n),
    '{}'::jsonb, 0, now() - (%(count)s - n) * interval '1 minute', now()
  FROM generate_series(1, %(count)s) AS n
"""
VALUES = """
INSERT INTO leads_leadvalue (lead_id, field_id, position, organization_id, {column}, created_at)
SELECT id, %(field)s, {position}, organization_id, {value}, created_at FROM leads_lead, {items}
 WHERE organization_id = %(organization)s
"""
TOKENS = """
INSERT INTO leads_leadtoken (organization_id, token, lead_id)
SELECT organization_id, token, id
  FROM leads_lead, unnest(string_to_array(lower(name), ' ') || ARRAY[email, split_part(email, '@', 1),
       substr(phone, 4), '<' || reverse(substr(phone, 2)), data->>'code']) AS token
 WHERE organization_id = %(organization)s
"""
ANALYZED = ("leads_lead", "leads_leadvalue", "leads_leadtoken", "leads_historicallead", "leads_field")


class ManyLeads:
    """An organisation with many leads in one line, and people of three kinds."""

    def __init__(self, slug: str, count: int, first: int = 10_000_000) -> None:
        self.organization: Organization = make_organization(slug)
        self.operations: Actor = make_actor(self.organization, Role.OPERATIONS)
        self.leader: Actor = make_actor(self.organization, Role.TEAM_LEADER)
        self.agent: Actor = make_actor(self.organization, Role.AGENT, manager=self.leader)
        self.auditor: Actor = make_actor(self.organization, Role.AUDITOR)
        self.count = count
        self.neighbour: ManyLeads | None = None
        self.line: BusinessLine = self._fill(first)

    def _fill(self, first: int) -> BusinessLine:
        with system_scope(self.organization, reason="test data"), connection.cursor() as cursor:
            line = make_line(self.operations, FIELDS)
            known = {
                "organization": self.organization.pk,
                "line": line.pk,
                "count": self.count,
                "first": first,
                "agent": self.agent.membership.pk,
                "other": self.operations.membership.pk,
            }
            cursor.execute(LEADS, known)
            for item in line_definition(line).indexed:
                cursor.execute(_values(item.key), {**known, "field": item.id})
            cursor.execute(TOKENS, known)
        return line


def analyze() -> None:
    """Let the planner know what is there, as autovacuum would."""
    with system_scope(reason="test data"), connection.cursor() as cursor:
        for table in ANALYZED:
            cursor.execute(f"ANALYZE {table}")


def _values(key: str) -> str:
    column, value = {
        "town": ("text_value", "lower(data->>'town')"),
        "kind": ("text_value", "data->>'kind'"),
        "income": ("number_value", "((data->>'income')::numeric * 100)::bigint"),
        "born": ("date_value", "(data->>'born')::date"),
        "wants": ("text_value", "choice"),
    }[key]
    several = key == "wants"
    items = (
        "jsonb_array_elements_text(data->'wants') WITH ORDINALITY AS each (choice, number)"
        if several
        else "(SELECT 1) AS one"
    )
    return VALUES.format(column=column, value=value, items=items, position="number - 1" if several else "0")
