"""The checklist of an organisation that has no leads yet: what to do next, and where."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.roles import Area
from leads.pages.imports.presenting import proposal_url
from leads.queries.first_steps import first_steps


def checklist(actor: Actor) -> list[dict[str, Any]]:
    """The steps {title, text, is_done, url ("" where the actor may not, or it is too early)}.

    [] once all are done, and for who configures nothing.
    """
    done = first_steps(actor)
    if done is None:
        return []
    invites = actor.may(Area.ACCESS, "write")
    brings = done.has_line and actor.may(Area.LEAD_FILES, "write")
    steps = [
        {
            "title": _("Open a business line"),
            "text": _(
                "It says which fields a lead has. Take them from a spreadsheet of yours, or build them in the console."
            ),
            "is_done": done.has_line,
            "url": proposal_url(actor) or reverse("admin:leads_businessline_add"),
        },
        {
            "title": _("Invite your colleagues"),
            "text": _("Agents work leads, leaders see their teams.")
            if invites
            else _("Agents work leads, leaders see their teams. An administrator invites them."),
            "is_done": done.has_colleagues,
            "url": reverse("admin:accounts_membership_add") if invites else "",
        },
        {
            "title": _("Say who gets new leads"),
            "text": _(
                "In turn, by territory, or who has least: an assignment rule gives each lead an owner as it comes."
            ),
            "is_done": done.has_rule,
            "url": reverse("admin:leads_assignmentrule_add") if done.has_line else "",
        },
        {
            "title": _("Bring in your leads"),
            "text": _(
                "Every row is checked before anything is stored, and the whole file can be taken back."
            ),
            "is_done": done.has_leads,
            "url": reverse("leads:import_new") if brings else "",
        },
        {
            "title": _("Share a form"),
            "text": _("A link, or a part of your web site, by which people enquire by themselves."),
            "is_done": done.has_form,
            "url": reverse("admin:leads_formlink_add") if done.has_line else "",
        },
    ]
    return [] if all(step["is_done"] for step in steps) else steps
