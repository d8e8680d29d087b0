"""Applying a line's rules: to leads that are about to be written, one or a thousand, and to one that stands.

A rule's turns are claimed once for a batch, by one statement that adds to its counter. The row stays locked until the
leads are committed, so parallel creations take turns exactly; rules are claimed in the order of their numbers, so
that two batches wait for one another in one order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership
from accounts.queries.members import teams_of
from accounts.queries.memberships import subtree_ids
from accounts.roles import Area, Role
from core.database.bulk import insert_rows
from core.errors import Conflict
from core.rules import Moment, RuleError, normalise_text, parse_rule
from core.rules.predicates import Predicate
from core.scope import current_organization_id
from leads.fields.line import LineDefinition, line_definition
from leads.models import AssignmentMethod, AssignmentRule, BusinessLine, Lead, LeadAssignment, LeadStatus
from leads.services.assigning.choosing import choose
from leads.services.lead_rows import LeadRow
from leads.services.leads_given import give_lead
from leads.services.locking import Precondition, locked_lead

OPEN = (LeadStatus.NEW, LeadStatus.IN_PROGRESS)
# Who works leads, and may be given some.
WORKING = [Role.ADMIN, Role.OPERATIONS, Role.TEAM_LEADER, Role.AGENT]
CLAIM = """
INSERT INTO leads_assignmentturn AS turn (organization_id, rule_id, given) VALUES (%s, %s, %s)
    ON CONFLICT (organization_id, rule_id) DO UPDATE SET given = turn.given + EXCLUDED.given
RETURNING given - %s
"""
COLUMNS = (
    "organization_id", "lead_id", "rule_id", "owner_id", "rule_name", "method", "turn", "among", "load", "at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReadyRule:
    """A rule with its condition compiled and the people who may get leads now, in the rule's order."""

    rule: AssignmentRule
    predicate: Predicate | None
    places: frozenset[str]
    people: list[int]

    def fits(self, lead: Lead | LeadRow, moment: Moment) -> bool:
        if self.places and not self.places & {normalise_text(lead.city), normalise_text(lead.region)}:
            return False
        return self.predicate is None or self.predicate(lead.data, moment)


@dataclass(frozen=True, slots=True)
class Given:
    """What a rule decided about one lead; `turn` counts from 1."""

    lead_id: int
    rule: AssignmentRule
    owner_id: int
    turn: int
    among: int
    load: int | None


def ready_rules(line: BusinessLine, definition: LineDefinition) -> list[ReadyRule]:
    """Return the rules of a line that are in use and have somebody, in their order. One query without rules."""
    rules = list(AssignmentRule.objects.filter(line=line, is_active=True).order_by("position", "pk"))
    return made_ready(rules, definition) if rules else []


def made_ready(rules: Sequence[AssignmentRule], definition: LineDefinition) -> list[ReadyRule]:
    """Return those of some rules that can be applied: they have somebody, and read only fields that there are.

    A rule that reads a field which is gone fits nothing, until somebody corrects it.
    """
    pools = {rule.pk: _pool(rule) for rule in rules}
    wanted = {person for pool in pools.values() for person in pool}
    working = Membership.objects.filter(
        pk__in=wanted, is_active=True, user__is_active=True, roles__overlap=WORKING
    )
    there = set(working.values_list("pk", flat=True))
    found = []
    for rule in rules:
        people = [person for person in pools[rule.pk] if person in there]
        if people and (rule.condition is None or _reads_known_fields(rule, definition)):
            predicate = parse_rule(rule.condition, definition.kinds).compile() if rule.condition else None
            found.append(ReadyRule(rule, predicate, frozenset(rule.places), people))
    return found


def _pool(rule: AssignmentRule) -> list[int]:
    below: list[int] = []
    if rule.team_id is not None:
        team = Membership.objects.select_related("organization").get(pk=rule.team_id)
        below = [pk for pk in subtree_ids(team) if pk != team.pk]
    return list(dict.fromkeys([*rule.people, *below]))


def _reads_known_fields(rule: AssignmentRule, definition: LineDefinition) -> bool:
    try:
        parse_rule(rule.condition, definition.kinds)
    except RuleError:
        return False
    return True


def decide(
    line: BusinessLine, leads: Sequence[Lead | LeadRow], definition: LineDefinition
) -> dict[int, Given]:
    """Claim turns for the leads that rules fit; lead id → what was decided. Nothing else is written."""
    ready = ready_rules(line, definition)
    if not ready:
        return {}
    moment = Moment(timezone.now(), line.organization.zone)
    by_rule: dict[int, tuple[ReadyRule, list[int]]] = {}
    for lead in leads:
        found = next((each for each in ready if each.fits(lead, moment)), None)
        if found is not None:
            by_rule.setdefault(found.rule.pk, (found, []))[1].append(_number(lead))
    decided = {}
    for _pk, (each, lead_ids) in sorted(by_rule.items()):
        decided.update({given.lead_id: given for given in _given(each, lead_ids)})
    return decided


def _number(lead: Lead | LeadRow) -> int:
    return lead.pk if isinstance(lead, Lead) else lead.id


def _given(ready: ReadyRule, lead_ids: Sequence[int]) -> Iterable[Given]:
    rule, count = ready.rule, len(lead_ids)
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [current_organization_id(), rule.pk, count, count])
        turn = cursor.fetchone()[0]
    # Counted behind the lock: what others gave by this rule is committed by now.
    loads = open_loads(ready.people) if rule.method == AssignmentMethod.LEAST_LOADED else {}
    weights = dict(zip(rule.people, rule.weights, strict=False))
    chosen = choose(rule.method, ready.people, weights, turn=turn, count=count, loads=loads)
    for place, (lead_id, (owner_id, load)) in enumerate(zip(lead_ids, chosen, strict=True)):
        yield Given(lead_id, rule, owner_id, turn + place + 1, len(ready.people), load)


def open_loads(people: Sequence[int]) -> dict[int, int]:
    """Return member id → how many open leads the member owns."""
    counted = Lead.objects.filter(owner_id__in=people, status__in=OPEN).order_by()
    return dict(counted.values_list("owner_id").annotate(Count("pk")))


def assign_new_leads(line: BusinessLine, leads: Sequence[LeadRow], definition: LineDefinition) -> list[Given]:
    """Give leads that are about to be written their owners; hand the result to `keep_reasons` once they are."""
    decided = decide(line, leads, definition)
    if decided:
        owners = {given.owner_id for given in decided.values()}
        teams = teams_of(line.organization, owners)
        for lead in leads:
            if (given := decided.get(lead.id)) is not None:
                lead.owner_id = given.owner_id
                lead.team_id = teams.get(given.owner_id)
    return list(decided.values())


def keep_reasons(decided: Iterable[Given]) -> None:
    """Write down why leads went where they did."""
    organization_id, now = current_organization_id(), timezone.now()
    rows = [
        (
            organization_id, given.lead_id, given.rule.pk, given.owner_id, given.rule.name, given.rule.method,
            given.turn, given.among, given.load, now.isoformat(),
        )
        for given in decided
    ]  # fmt: skip
    insert_rows(LeadAssignment, COLUMNS, rows)


@transaction.atomic
def assign_by_rule(*, actor: Actor, reference: str, precondition: Precondition | None = None) -> Lead:
    """Give a lead to whom the rules of its line say, and tell that person.

    Raises:
        NotVisible, NotPermitted: as `assign_lead`; also where the rules choose somebody beyond the actor's reach.
        Conflict: no rule fits.
    """
    lead = locked_lead(actor, reference, "assign", precondition)
    actor.require(Area.LEADS, "assign")
    line = BusinessLine.objects.select_related("organization").get(pk=lead.line_id)
    decided = decide(line, [lead], line_definition(line))
    if lead.pk not in decided:
        raise Conflict("no_rule", "No assignment rule fits this lead. Choose a person, or add a rule.")
    owner = Membership.objects.select_related("organization").get(pk=decided[lead.pk].owner_id)
    give_lead(actor, lead, owner)
    keep_reasons(decided.values())
    return lead
