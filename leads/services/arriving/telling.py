"""Telling operations of what came and waits for them, or was not taken: by mail, once for each arrival."""

from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse

from accounts.models import Membership
from accounts.roles import Role
from core.outbox.mail import Mail, mail, send_mail_later
from core.outbox.registry import Delivery
from leads.models import Arrival, ArrivalState

TOPIC = "leads.arrival_needs_somebody"
# Whoever of operations comes first; more would read that somebody else has dealt with it.
MOST_TOLD = 5


def tell_operations(arrival: Arrival) -> None:
    """Owe operations a mail about an arrival, in the transaction that settles it."""
    members = Membership.objects.filter(
        is_active=True, user__is_active=True, roles__contains=[Role.OPERATIONS.value]
    ).order_by("pk")
    for member_id in members.values_list("pk", flat=True)[:MOST_TOLD]:
        send_mail_later(
            topic=TOPIC,
            aggregate=f"member:{member_id}",
            payload={"arrival": arrival.pk, "member": member_id},
        )


@mail(TOPIC)
def make_mail(delivery: Delivery) -> Mail | None:
    """The mail to one of operations; None when somebody has dealt with the file, or the member has left, meanwhile."""
    arrival = Arrival.objects.select_related("place", "intake").filter(pk=delivery.payload["arrival"]).first()
    member = (
        Membership.objects.select_related("user")
        .filter(pk=delivery.payload["member"], is_active=True)
        .first()
    )
    if arrival is None or member is None or arrival.state == ArrivalState.LOADING:
        return None
    if arrival.intake is not None and arrival.intake.load_job_id is not None:
        return None
    address = urljoin(settings.SITE_URL, reverse("admin:leads_arrival_change", args=[arrival.pk]))
    what = "waits for you" if arrival.state == ArrivalState.WAITING else "was not taken"
    # Who sent it and what it is called may be personal: the page tells.
    lines = [f"A file that came to the watched place “{arrival.place}” {what}.", arrival.reason, "", address]
    return Mail(member.user.email, f"A file for {arrival.place.name} {what}", "\n".join(lines) + "\n")
