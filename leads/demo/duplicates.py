"""Leads of the demo that came twice: one pair that was made one, others that wait in the queue."""

from accounts.actor import Actor
from accounts.models import Membership
from core.jobs import run_job_inline
from core.models import Organization
from core.scope import organization_scope
from leads.fields.access import editable_keys
from leads.fields.line import line_definition
from leads.models import BusinessLine, Lead
from leads.services.leads import create_lead
from leads.services.merging import merge_leads
from leads.services.pairing import find_pairs

# How many leads of the agent's come again, by another way and written a little differently.
AGAIN = 4


def make_duplicates(organization: Organization, members: dict[str, Membership]) -> None:
    """Let people enquire again under another number, and the pairs be found; one of them is merged."""
    operations = Actor.of(members["operations@sunrise.example"])
    agent = members["agent@sunrise.example"]
    line = BusinessLine.objects.get(code="home_loan")
    definition = line_definition(line)
    fields = {attribute: item.key for attribute, item in definition.core_fields.items()}
    fillable = editable_keys(Actor.of(agent), definition)
    people = (
        Lead.objects.filter(line=line, owner=agent).exclude(name="").exclude(city="").order_by("pk")[:AGAIN]
    )
    pairs = []
    with organization_scope(organization, actor_id=agent.user_id, reason="demo"):
        for number, lead in enumerate(people):
            values = {
                **{key: value for key, value in lead.data.items() if key in fillable},
                fields["name"]: f"{lead.name.split()[0]}  {' '.join(lead.name.split()[1:])}".title(),
                fields["city"]: lead.city,
                fields["phone"]: f"99000 8800{number}",
            }
            made = create_lead(
                actor=Actor.of(agent), line=line, values=values, attributes={"source": "Referral"}
            )
            if made.lead is not None:
                pairs.append((lead.reference, made.lead.reference))
    with organization_scope(
        organization, actor_id=operations.user.pk if operations.user else None, reason="demo"
    ):
        for keep, lose in pairs[:1]:
            merge_leads(actor=operations, keep=keep, lose=lose)
        run_job_inline(find_pairs(actor=operations))
