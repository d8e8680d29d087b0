"""Reading watched places and what came to them."""

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.actor import Actor
from accounts.roles import Area, Level
from core.models import BUSY, IntakeState
from leads.models import Arrival, ArrivalState, PlaceLook, WatchedPlace


def visible_places(actor: Actor) -> QuerySet[WatchedPlace]:
    """Return the places whose configuration the actor may read: with the last look, what went wrong, the last file."""
    places = WatchedPlace.objects.select_related("line", "source").order_by("name", "pk")
    if not actor.may(Area.CONFIGURATION, "read"):
        return places.none()
    look = PlaceLook.objects.filter(place=OuterRef("pk"))
    last = Arrival.objects.filter(place=OuterRef("pk")).order_by("-pk")
    return places.annotate(
        looked_at=Subquery(look.values("looked_at")[:1]),
        look_error=Subquery(look.values("error")[:1]),
        failing_since=Subquery(look.values("failing_since")[:1]),
        last_arrival_at=Subquery(last.values("at")[:1]),
        last_arrival_name=Subquery(last.values("name")[:1]),
    )


def visible_arrivals(actor: Actor) -> QuerySet[Arrival]:
    """Return what came, the newest first, for those who read all lead files: names and senders may be personal."""
    rows = Arrival.objects.select_related("place__line", "intake__job", "intake__load_job").order_by("-pk")
    return rows if actor.level(Area.LEAD_FILES, "read") is Level.ALL else rows.none()


def waiting_arrivals(actor: Actor) -> QuerySet[Arrival]:
    """Return the files that wait for a person, the oldest first; those that somebody dealt with wait no more."""
    waiting = visible_arrivals(actor).filter(
        state=ArrivalState.WAITING,
        intake__deleted_at__isnull=True,
        intake__state__in=[IntakeState.RECEIVED, IntakeState.CHECKING, IntakeState.CHECKED],
    )
    return waiting.order_by("pk")


def outcome_of(arrival: Arrival) -> str:
    """Say how far a file is: failed, waiting, discarded, or the state of its import."""
    intake = arrival.intake
    if intake is None:
        return ArrivalState.FAILED.value
    if intake.deleted_at is not None:
        return "discarded"
    if arrival.state == ArrivalState.WAITING and intake.load_job_id is None:
        return ArrivalState.WAITING.value
    state = intake.current_state
    return IntakeState.LOADING.value if state in BUSY else state.value
