"""What somebody who leaves has open here: leads, follow-ups, places in assignment rules."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actor import Actor
from accounts.models import Membership
from accounts.roles import Area
from accounts.services.leaving import OpenEnd
from leads.queries.hand_overs import open_work


def leads_of_who_leaves(actor: Actor, member: Membership) -> list[OpenEnd]:
    """Return the open leads and follow-ups of a person, with the page that hands them over, and the rules."""
    if not actor.may(Area.LEADS, "assign"):
        return []
    work = open_work(actor, member)
    url = reverse("leads:hand_over", args=[member.pk])
    ends = []
    if work.leads:
        text = ngettext("%(number)s open lead", "%(number)s open leads", work.leads)
        ends.append(OpenEnd(text % {"number": work.leads}, url))
    follow_ups = work.follow_ups + work.follow_ups_elsewhere
    if follow_ups:
        text = ngettext("%(number)s open follow-up", "%(number)s open follow-ups", follow_ups)
        ends.append(OpenEnd(text % {"number": follow_ups}, url))
    if work.reports:
        text = ngettext("%(number)s person reports here", "%(number)s people report here", len(work.reports))
        ends.append(OpenEnd(text % {"number": len(work.reports)}, url))
    for rule in work.rules:
        where = ""
        if actor.may(Area.CONFIGURATION, "write"):
            where = reverse("admin:leads_assignmentrule_change", args=[rule.pk])
        name = _("Named in the assignment rule “%(rule)s” of %(line)s") % {
            "rule": rule.name,
            "line": rule.line.name,
        }
        ends.append(OpenEnd(name, where))
    return ends
