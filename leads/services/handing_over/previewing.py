"""What a hand-over would do, without doing it."""

from collections import Counter
from dataclasses import dataclass, field

from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership
from core.rules import Moment
from leads.fields.line import line_definition
from leads.models import BusinessLine, HandOverMethod
from leads.queries.hand_overs import open_leads_of, team_for
from leads.services.assigning.ready import ReadyRule, ready_rules
from leads.services.handing_over.asking import check_hand_over

# So many of the newest are held against the rules: enough to see where they go.
NEWEST = 2_000


@dataclass(frozen=True, slots=True)
class Preview:
    """`shares`: who, or which rule, and how many leads, in order. Of many leads, the newest are told (`looked_at`)."""

    leads: int
    looked_at: int
    shares: list[tuple[str, int]] = field(default_factory=list)
    # By the rules: how many no rule fits; they go to the target, or stay.
    unfit: int = 0


def preview_hand_over(
    *,
    actor: Actor,
    source: Membership,
    method: str,
    target: Membership | None = None,
    manager: Membership | None = None,
) -> Preview:
    """Return what `hand_over` would do with these; raises what it raises."""
    check_hand_over(actor, source, method, target, manager)
    leads = open_leads_of(actor, source)
    count = leads.count()
    if method == HandOverMethod.PERSON:
        return Preview(count, count, [(str(target), count)])
    if method == HandOverMethod.TEAM:
        assert target is not None
        team = team_for(actor, source, target)
        more, rest = divmod(count, len(team))
        return Preview(count, count, [(str(each), more + (at < rest)) for at, each in enumerate(team)])
    return _by_rules(actor, source, count)


def _by_rules(actor: Actor, source: Membership, count: int) -> Preview:
    """How many leads each rule fits first, as if the person were in none."""
    moment = Moment(timezone.now(), actor.organization.zone)
    leads = list(open_leads_of(actor, source).order_by("-pk")[:NEWEST])
    lines = BusinessLine.objects.select_related("organization").in_bulk({lead.line_id for lead in leads})
    ready: dict[int, list[ReadyRule]] = {
        pk: [each for each in ready_rules(line, line_definition(line)) if set(each.people) != {source.pk}]
        for pk, line in lines.items()
    }
    found: Counter[str] = Counter()
    unfit = 0
    for lead in leads:
        rule = next((each.rule for each in ready[lead.line_id] if each.fits(lead, moment)), None)
        if rule is None:
            unfit += 1
        else:
            found[f"{lines[lead.line_id].name}: {rule.name}"] += 1
    return Preview(count, len(leads), found.most_common(), unfit)
