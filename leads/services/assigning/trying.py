"""Trying a rule, in use or not, on leads that are there: nothing is claimed and nothing written."""

from collections import Counter

from django.utils import timezone

from accounts.actor import Actor
from core.rules import Moment
from leads.fields.line import line_definition
from leads.models import AssignmentMethod, AssignmentRule, AssignmentTurn
from leads.queries.assignments import Trial, named_counts
from leads.queries.leads import visible_leads
from leads.services.assigning.choosing import choose
from leads.services.assigning.claiming import open_loads
from leads.services.assigning.ready import made_ready

NEWEST = 500


def try_rule(actor: Actor, rule: AssignmentRule, *, newest: int = NEWEST) -> Trial:
    """Return whom the rule by itself, without those before it, would give the newest leads of its line."""
    leads = list(visible_leads(actor).filter(line_id=rule.line_id).order_by("-created_at", "-pk")[:newest])
    ready = made_ready([rule], line_definition(rule.line), actor.organization, at_any_time=True)
    if not ready:
        return Trial(len(leads), 0, [], False)
    moment = Moment(timezone.now(), actor.organization.zone)
    fitting = sum(ready[0].fits(lead, moment) for lead in leads)
    if not fitting:
        return Trial(len(leads), 0, [], True)
    people = ready[0].people
    given = AssignmentTurn.objects.filter(rule=rule).values_list("given", flat=True).first() or 0
    loads = open_loads(people) if rule.method == AssignmentMethod.LEAST_LOADED else {}
    weights = dict(zip(rule.people, rule.weights, strict=False))
    chosen = choose(rule.method, people, weights, turn=given, count=fitting, loads=loads)
    return Trial(len(leads), fitting, named_counts(Counter(owner for owner, _load in chosen)), True)
