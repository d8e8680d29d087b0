"""What the people of the demo keep of their lists: views of their own and for all, and a few tags."""

from accounts.actor import Actor
from accounts.models import Membership
from core.models import Organization
from core.scope import organization_scope
from leads.models import BusinessLine, Lead, LeadStatus
from leads.services.saved_views import save_view
from leads.services.tags import set_lead_tags

TAGS = ("Hot", "Callback", "VIP")
TAGGED = 24


def keep_lists(organization: Organization, members: dict[str, Membership]) -> None:
    """Save views of home loans and put tags on some of its leads."""
    operations = Actor.of(members["operations@sunrise.example"])
    agent = Actor.of(members["agent@sunrise.example"])
    line = BusinessLine.objects.get(code="home_loan")
    with organization_scope(organization, actor_id=_user(operations), reason="demo"):
        worked = Lead.objects.filter(line=line, status=LeadStatus.IN_PROGRESS).order_by("-pk")
        for number, reference in enumerate(worked.values_list("reference", flat=True)[:TAGGED]):
            tags = [TAGS[number % 3], *(["VIP"] if number % 5 == 0 else [])]
            set_lead_tags(actor=operations, reference=reference, tags=tags)
        views = (
            {"name": "Pipeline", "layout": "board", "columns": ["tags", "source"]},
            {
                "name": "Nobody's yet",
                "conditions": {
                    "all": [
                        {"field": "owner", "op": "is_empty"},
                        {"field": "status", "op": "eq", "value": "new"},
                    ]
                },
                "columns": ["stage", "source", "campaign"],
            },
        )
        for settings in views:
            save_view(actor=operations, line=line, settings={"sharing": "organization", **settings})
    with organization_scope(organization, actor_id=_user(agent), reason="demo"):
        hot = {"field": "tag", "op": "has_any", "value": ["Hot", "VIP"]}
        settings = {"name": "My hot ones", "conditions": hot, "columns": ["stage", "tags"]}
        save_view(actor=agent, line=line, settings=settings)


def _user(actor: Actor) -> int | None:
    return actor.user.pk if actor.user else None
