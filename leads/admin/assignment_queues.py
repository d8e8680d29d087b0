"""What of assignment waits for somebody: rules that nobody is left in, leads that no rule fits any more, open leads of
people who left."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.admin.dashboard import Queue, QueueItem, register_queue
from leads.queries.assignments import deserted_rules, forgotten_leads
from leads.queries.hand_overs import idle_owners, reach_over_all

SHOWN = 5


@register_queue(12)
def rules_without_anybody(actor: Any) -> Queue | None:
    """Rules in use in which nobody has access any more."""
    if not actor.may("configuration", "write"):
        return None
    rules = deserted_rules(actor)
    return Queue(
        title=_("Assignment rules without anybody"),
        icon="person_off",
        count=len(rules),
        link=reverse("admin:leads_assignmentrule_changelist"),
        advice=_(
            "Everybody they name has left: they give no leads. Name somebody, or take the rule out of use."
        ),
        items=[
            QueueItem(rule.name, reverse("admin:leads_assignmentrule_change", args=[rule.pk]), rule.line.name)
            for rule in rules[:SHOWN]
        ],
    )


@register_queue(13)
def leads_without_a_rule(actor: Any) -> Queue | None:
    """Leads that waited for a rule, which fits them no more."""
    if not actor.may("configuration", "write") or not actor.may("leads", "read"):
        return None
    leads = forgotten_leads(actor)
    first = list(leads[:SHOWN])
    return Queue(
        title=_("Leads that no rule fits any more"),
        icon="hourglass_disabled",
        count=leads.count() if len(first) == SHOWN else len(first),
        link=reverse("admin:leads_assignmentrule_changelist"),
        advice=_("They waited for people at work until the rules changed. Assign them, or change the rules."),
        items=[QueueItem(lead.reference, reverse("leads:detail", args=[lead.reference])) for lead in first],
    )


@register_queue(14)
def work_of_who_left(actor: Any) -> Queue | None:
    """People without access who still own open leads."""
    if not actor.may("leads", "assign") or not reach_over_all(actor):
        return None
    left = [each for each in idle_owners(actor) if not each.member.is_active]
    return Queue(
        title=_("Open leads of people who left"),
        icon="person_off",
        count=len(left),
        link=reverse("leads:hand_overs"),
        advice=_("Nobody works them. Hand them over."),
        items=[
            QueueItem(
                str(each.member),
                reverse("leads:hand_over", args=[each.member.pk]),
                ngettext("%(number)s open lead", "%(number)s open leads", each.leads)
                % {"number": each.leads},
            )
            for each in left[:SHOWN]
        ],
    )
