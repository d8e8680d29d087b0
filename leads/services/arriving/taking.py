"""Taking what came: one arrival and one import for each file, however many workers see it, whenever one is lost.

The arrival, the import and the job that loads it commit together. A worker that is lost before leaves nothing but
bytes that no row knows; one that is lost afterwards leaves a file that the next look only puts away.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actor import Actor
from core.errors import ApplicationError
from core.intake.cells import storable
from core.intake.planning import DRIFT
from core.models import Intake, IntakeState
from core.services.intakes import load_intake, receive_file
from leads.models import Arrival, ArrivalState, WatchedPlace
from leads.services.arriving.telling import tell_operations

LONGEST_REASON, LONGEST_NAME = 500, 255
ARRIVED = "arrived"
NOT_ALLOWED = "sender", "Its sender is not among those whose files this place takes."
QUESTIONS = {
    "correction": "It is an error workbook that comes back. Look at it, and load it.",
    "drift": "Its columns only resemble those of a saved mapping. Say how they are read.",
    "unknown_header": "No saved mapping knows its columns. Match them, and save the mapping for the next file.",
    "asks": "This place loads nothing by itself. Look at the file, and load it.",
}


@dataclass(frozen=True, slots=True)
class Incoming:
    """Something that came. `identity` tells it from all others of the place; `refusal`: (code, why it is not taken)."""

    identity: str
    name: str
    size: int
    chunks: Callable[[], Iterable[bytes]]
    refusal: tuple[str, str] | None = None
    sender: str = ""
    subject: str = ""
    message_id: str = ""


def take(place: WatchedPlace, incoming: Incoming) -> Arrival:
    """Take something that came, once; return its arrival, of this time or an earlier one. Never twice at once.

    What was not taken, or was rolled back since, is tried anew when it comes again.
    """
    with transaction.atomic():
        arrival, is_new = _claimed(place, incoming)
        if not is_new:
            if not arrival.is_put_away:
                # Somebody took it, and was lost before it was put away.
                return arrival
            arrival.times += 1
            arrival.is_put_away = False
            if not _may_try_again(arrival):
                arrival.save(update_fields=["times", "is_put_away"])
                return arrival
        _settle(place, arrival, incoming)
        arrival.at = timezone.now()
        arrival.save()
        if arrival.state != ArrivalState.LOADING and arrival.code != NOT_ALLOWED[0]:
            # Whoever writes to a mailbox must not be able to send operations a mail for each of theirs.
            tell_operations(arrival)
    return arrival


def _claimed(place: WatchedPlace, incoming: Incoming) -> tuple[Arrival, bool]:
    arrival = Arrival(
        place=place,
        identity=incoming.identity,
        name=storable(incoming.name)[-LONGEST_NAME:] or "?",
        size=incoming.size,
        sender=storable(incoming.sender)[:254],
        subject=storable(incoming.subject)[:255],
        message_id=storable(incoming.message_id)[:255],
    )
    try:
        # Whoever else takes the same at this moment is waited for.
        with transaction.atomic():
            arrival.save(force_insert=True)
    except IntegrityError:
        rows = Arrival.objects.select_for_update(no_key=True, of=("self",)).select_related("intake")
        return rows.get(place=place, identity=incoming.identity), False
    return arrival, True


def _may_try_again(arrival: Arrival) -> bool:
    intake = arrival.intake
    if intake is None:
        return True
    return intake.deleted_at is not None or intake.state == IntakeState.ROLLED_BACK


def _settle(place: WatchedPlace, arrival: Arrival, incoming: Incoming) -> None:
    arrival.intake, arrival.code, arrival.reason = None, "", ""
    if incoming.refusal is not None:
        _fail(arrival, *incoming.refusal)
        return
    actor = Actor.system(place.organization)
    try:
        with transaction.atomic():
            arrival.intake = _received(actor, place, arrival, incoming)
    except ApplicationError as error:
        _fail(arrival, error.code, error.message)
        return
    _go_on(actor, place, arrival, arrival.intake)


def _received(actor: Actor, place: WatchedPlace, arrival: Arrival, incoming: Incoming) -> Intake:
    options: dict[str, Any] = {}
    if place.source_id is not None:
        options["source_id"] = place.source_id
    if place.on_duplicate:
        options["on_duplicate"] = place.on_duplicate
    intake = receive_file(
        actor=actor,
        importer="leads",
        target=place.line.code,
        filename=incoming.name,
        chunks=incoming.chunks(),
        options=options,
    )
    intake.notices.append({"code": ARRIVED, "message": origin_in_words(place, arrival)})
    intake.save(update_fields=["notices"])
    return intake


def origin_in_words(place: WatchedPlace, arrival: Arrival) -> str:
    """Say where a file came from."""
    if not arrival.sender:
        return storable(f"It came to the watched place “{place.name}”.")
    subject = f", “{arrival.subject}”" if arrival.subject else ""
    return storable(f"It came to the watched place “{place.name}” from {arrival.sender}{subject}.")


def _go_on(actor: Actor, place: WatchedPlace, arrival: Arrival, intake: Intake) -> None:
    """Load a file whose columns a saved mapping knows; any other waits for a person."""
    if (question := _question(place, intake)) is not None:
        _wait(arrival, question, QUESTIONS[question])
        return
    try:
        with transaction.atomic():
            load_intake(actor=actor, intake_id=intake.pk)
        arrival.state = ArrivalState.LOADING
    except ApplicationError as error:
        _wait(arrival, error.code, error.message)


def _question(place: WatchedPlace, intake: Intake) -> str | None:
    if intake.corrects_id is not None:
        return "correction"
    if intake.saved_mapping_id is None:
        return "unknown_header"
    if intake.options.get(DRIFT):
        return "drift"
    return None if place.loads_known else "asks"


def _wait(arrival: Arrival, code: str, reason: str) -> None:
    arrival.state, arrival.code = ArrivalState.WAITING, code[:60]
    arrival.reason = storable(reason)[:LONGEST_REASON]


def _fail(arrival: Arrival, code: str, reason: str) -> None:
    arrival.state, arrival.code = ArrivalState.FAILED, code[:60]
    arrival.reason = storable(reason)[:LONGEST_REASON]
