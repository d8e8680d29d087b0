"""Reading form links: by the token in an address, before any organisation is known, and in the console."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.actor import Actor
from accounts.models import Membership
from accounts.roles import Area, Level
from core.scope import Scope, current_scope, entered, system_scope
from leads.models import FormLink, FormLinkState, FormRefusals, FormSubmission, Lead, SubmissionOutcome
from leads.queries.leads import visible_leads

TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}")
# What history gives as the reason of all that is written through a form.
REASON_START = "form link: "


def find_form_link(token: str) -> FormLink | None:
    """Return the form link of an address, with line and organisation; None where there is none to tell of.

    A look-up like that of a sign-in: nobody has an organisation before it. One that works no more has no forms.
    """
    if not TOKEN.fullmatch(token):
        return None
    with system_scope(reason="form link"):
        return (
            FormLink.objects.filter(token=token, organization__is_active=True)
            .select_related("organization", "line")
            .first()
        )


def is_open(link: FormLink) -> bool:
    """Return whether a form takes enquiries, its limits apart. The line is loaded."""
    line = link.line
    takes_leads = line.is_active and line.version > 0 and line.deleted_at is None
    return link.state == FormLinkState.ACTIVE and not link.is_expired and takes_leads


@contextmanager
def form_link_scope(link: FormLink) -> Iterator[Scope]:
    """Work inside the organisation of a form link as nobody: history names the form, whoever is signed in."""
    outer = current_scope()
    with entered(
        Scope(
            organization_id=link.organization_id,
            request_id=outer.request_id,
            reason=f"{REASON_START}{link.title}",
        )
    ) as scope:
        yield scope


def form_actor(link: FormLink) -> Actor:
    """Return who fills in a form: somebody without a role, who sees and fills what everybody may.

    No permission hangs on it. The one thing that a form may do is what `leads.services.form_submissions` does.
    """
    nobody = Membership(organization=link.organization, roles=[])
    return Actor(None, nobody, link.organization, frozenset())


def form_named_by(reason: str | None) -> str:
    """Return the title of the form that a reason in history names; "" where it names none."""
    return reason.removeprefix(REASON_START) if reason and reason.startswith(REASON_START) else ""


def visible_form_links(actor: Actor) -> QuerySet[FormLink]:
    """Return the form links whose configuration the actor may read."""
    links = FormLink.objects.select_related("line", "source", "campaign", "owner__user")
    return links if actor.may(Area.CONFIGURATION, "read") else links.none()


def with_counts(links: QuerySet[FormLink]) -> QuerySet[FormLink]:
    """Add to form links how many enquiries came in, how many of them repeat a lead or are held, and how many
    were turned away."""
    came_in = FormSubmission.objects.filter(form_link=OuterRef("pk")).order_by().values("form_link")

    def counted(**outcome: object) -> Coalesce:
        number = came_in.annotate(number=Count("pk", filter=Q(**outcome))).values("number")
        return Coalesce(Subquery(number, output_field=IntegerField()), 0)

    refused = FormRefusals.objects.filter(form_link=OuterRef("pk")).order_by().values("form_link")
    return links.annotate(
        submissions_count=counted(),
        repeats_count=counted(outcome=SubmissionOutcome.REPEAT),
        held_count=counted(outcome=SubmissionOutcome.HELD),
        refused_count=Coalesce(
            Subquery(refused.annotate(number=Sum("count")).values("number"), output_field=IntegerField()), 0
        ),
    )


def visible_submissions(actor: Actor) -> QuerySet[FormSubmission]:
    """Return the enquiries through forms, for those who read all leads."""
    rows = FormSubmission.objects.select_related("form_link__line", "consent")
    return rows if actor.level(Area.LEADS, "read") is Level.ALL else rows.none()


def may_decide(actor: Actor) -> bool:
    """Return whether the actor sees and decides what is held: who writes all leads."""
    return actor.level(Area.LEADS, "write") is Level.ALL and actor.may(Area.LEADS, "create")


def held_submissions(actor: Actor) -> QuerySet[FormSubmission]:
    """Return what waits for a look, the oldest first; nothing for those who cannot decide."""
    held = visible_submissions(actor).filter(outcome=SubmissionOutcome.HELD).order_by("at", "pk")
    return held if may_decide(actor) else held.none()


def lead_of(actor: Actor, submission: FormSubmission) -> Lead | None:
    """Return the lead that an enquiry became or repeats, where the actor sees it."""
    return visible_leads(actor).filter(pk=submission.lead_id).first() if submission.lead_id else None
