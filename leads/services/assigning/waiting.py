"""Giving the leads that wait: when the hours of a rule's people begin, or a new day does, in the order of arrival.

Any number of workers may look at once. One of them has a line at a time, and each batch commits by itself, so that what
was given stays given and is given once.
"""

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from core.models import Organization
from core.scope import current_organization_id, organization_scope, system_scope
from leads.fields.line import LineDefinition, line_definition
from leads.models import BusinessLine, Lead, WaitingLead, WaitingReason
from leads.services.assigning.applying import Decision, decide, keep_reasons
from leads.services.assigning.ready import ReadyRule, ready_rules
from leads.services.leads_given import Move, give_many, lock_waiting

BATCH = 500
# Leads that wait for one of these are looked at before their time where the hours have changed meanwhile.
TIMED = (WaitingReason.OFF_WORK, WaitingReason.FULL)


def give_waiting_everywhere() -> int:
    """Give what may be given by now, in every organisation; return how many leads."""
    with system_scope(reason="waiting leads"):
        waiting = WaitingLead.objects.order_by().values("organization").distinct()
        organizations = list(Organization.objects.filter(pk__in=waiting, is_active=True).order_by("pk"))
    given = 0
    for organization in organizations:
        with organization_scope(organization, reason="given when its time came"):
            given += give_waiting_leads(organization)
    return given


def give_waiting_leads(organization: Organization) -> int:
    """Give what may be given by now in the organisation in force; return how many leads."""
    line_ids = WaitingLead.objects.order_by().values("line").distinct()
    lines = BusinessLine.objects.filter(pk__in=line_ids).select_related("organization").order_by("pk")
    return sum(_give_of_line(line) for line in lines)


def _give_of_line(line: BusinessLine) -> int:
    given, after = 0, 0
    while True:
        with transaction.atomic():
            if not _is_ours(line):
                return given
            definition = line_definition(line)
            rows = _due(line, ready_rules(line, definition), after)
            if not rows:
                return given
            after = rows[-1].lead_id
            given += _give_batch(line, definition, rows)


def _is_ours(line: BusinessLine) -> bool:
    """Whether no other worker gives leads of this line at the moment; held until the transaction ends."""
    key = f"leads.waiting:{current_organization_id()}:{line.pk}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [key])
        return bool(cursor.fetchone()[0])


def _due(line: BusinessLine, ready: list[ReadyRule], after: int) -> list[WaitingLead]:
    """The next of those whose time has come, or whose rule gives leads now, or gives none any more."""
    open_rules = [each.rule.pk for each in ready if each.people]
    known_rules = [each.rule.pk for each in ready]
    due = Q(until__lte=timezone.now()) | Q(reason=WaitingReason.OFF_WORK, rule__in=open_rules)
    gone = Q(reason__in=TIMED) & ~Q(rule__in=known_rules)
    return list(WaitingLead.objects.filter(due | gone, line=line, lead__gt=after).order_by("lead_id")[:BATCH])


def _give_batch(line: BusinessLine, definition: LineDefinition, rows: list[WaitingLead]) -> int:
    ids = [row.lead_id for row in rows]
    leads = list(Lead.objects.select_for_update().filter(pk__in=ids, owner__isnull=True).order_by("pk"))
    lock_waiting(WaitingLead.objects.filter(lead__in=ids))
    # Read behind the locks: who changes rules has leads looked at again, and waits here to say so.
    ready = ready_rules(line, definition)
    decision = decide(line, leads, definition, ready)
    moves = [
        Move(lead.pk, None, decision.given[lead.pk].owner_id) for lead in leads if lead.pk in decision.given
    ]
    give_many(line.organization, moves, by=None)
    keep_reasons(Decision(given=decision.given), line_id=line.pk)
    # Withdrawn, or somebody's by now.
    WaitingLead.objects.filter(lead__in=set(ids) - {lead.pk for lead in leads}).delete()
    kept = [row for row in rows if row.lead_id in {lead.pk for lead in leads} - decision.given.keys()]
    for row in kept:
        wait = decision.waiting.get(row.lead_id)
        if wait is None:
            row.reason, row.until = WaitingReason.NO_RULE, None
        else:
            row.rule, row.reason, row.until = wait.rule, wait.reason, wait.until
    WaitingLead.objects.bulk_update(kept, ["rule", "reason", "until"], batch_size=BATCH)
    return len(moves)
