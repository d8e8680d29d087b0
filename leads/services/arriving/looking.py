"""Looking at watched places: each by one worker at a time, what is complete is taken and put away."""

import imaplib
from datetime import date, timedelta
from typing import Any

import structlog
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from core.errors import ApplicationError, Contested
from core.intake.cells import storable
from core.models import Organization
from core.scope import current_organization_id, organization_scope, system_scope
from leads.models import Arrival, ArrivalState, PlaceKind, PlaceLook, WatchedPlace
from leads.services.arriving.files import DONE, FAILED, Files, StillWritten, WaitingFile, opened
from leads.services.arriving.mailbox import look_into_mailbox
from leads.services.arriving.taking import Incoming, take

log = structlog.get_logger("leadledger.arrivals")

LEASE = timedelta(minutes=5)
# So many at a look; the next ones come with the next.
MOST_FILES = 200
LONGEST_ERROR = 500
UNEXPECTED = "Something went wrong here that nobody expected. It is logged: tell support when it was."
TROUBLES = (ApplicationError, OSError, BotoCoreError, ClientError, imaplib.IMAP4.error)
CLAIM = """
UPDATE leads_placelook SET lease_until = clock_timestamp() + make_interval(secs => %s), looked_at = clock_timestamp()
 WHERE organization_id = %s AND place_id = %s AND (lease_until IS NULL OR lease_until < clock_timestamp())
RETURNING id
"""


def look_at_every_place() -> int:
    """Look at the places of all organisations that are not paused; return how many files were taken.

    Any number of processes may call this at once. What goes wrong with a place stands beside it, and stops no other.
    """
    with system_scope(reason="watched places"):
        places = WatchedPlace.objects.filter(is_paused=False, organization__is_active=True)
        found = list(places.order_by("pk").values_list("organization_id", "pk"))
        organizations = Organization.objects.in_bulk({organization_id for organization_id, _pk in found})
    taken = 0
    for organization_id, place_id in found:
        with organization_scope(organizations[organization_id], reason="watched place"):
            taken += look_at(place_id)
    return taken


def look_at(place_id: int) -> int:
    """Look at one place of the organisation in force; return how many files were taken, 0 while somebody else looks."""
    if not _claim(place_id):
        return 0
    place = WatchedPlace.objects.select_related("line", "source", "organization").get(pk=place_id)
    look = PlaceLook.objects.get(place=place)
    # Where the look is broken off, what was wrong before still stands.
    error, taken = look.error, 0
    try:
        if place.kind == PlaceKind.MAILBOX:
            taken = look_into_mailbox(place, MOST_FILES, renew=lambda: _renew(place_id))
        else:
            with opened(place) as files:
                taken = _take_files(place, files, look)
        error = ""
    except TROUBLES as trouble:
        error = in_words(trouble)
        log.warning("place_not_looked_at", place_id=place.pk, error=type(trouble).__name__)
    except (OperationalError, InterfaceError):
        # The database is out of reach, for the other places as well.
        raise
    except Exception:
        # Whatever else it is, it must not keep the other places from being looked at.
        log.exception("place_not_looked_at", place_id=place.pk)
        error = UNEXPECTED
    finally:
        _release(look, error)
    return taken


def _take_files(place: WatchedPlace, files: Files, look: PlaceLook) -> int:
    waiting = files.waiting(look.seen)
    # What is not taken this time is complete the next time as well.
    look.seen = {file.name: file.stamp for file in waiting}
    taken = 0
    unread: OSError | None = None
    for file in [each for each in waiting if each.is_complete][:MOST_FILES]:
        try:
            arrival = take(place, _incoming(files, file))
        except StillWritten:
            continue
        except Contested:
            # Tried again at the next look.
            continue
        except OSError as trouble:
            # That one cannot be read holds up no other.
            unread = trouble
            continue
        taken += 1
        put_away(files, file, arrival, _today(place))
        del look.seen[file.name]
        _renew(place.pk)
    if unread is not None:
        raise unread
    return taken


def _incoming(files: Files, file: WaitingFile) -> Incoming:
    return Incoming(
        files.identity(file), file.name, file.size, lambda: files.chunks(file), refusal=file.refusal
    )


def put_away(files: Files, file: WaitingFile, arrival: Arrival, day: date) -> None:
    """Move a file that was taken out of the way, and note that it is."""
    if arrival.is_put_away:
        return
    files.put_away(file, FAILED if arrival.state == ArrivalState.FAILED else DONE, day, arrival.pk)
    Arrival.objects.filter(pk=arrival.pk).update(is_put_away=True)


def _today(place: WatchedPlace) -> date:
    return timezone.now().astimezone(place.organization.zone).date()


def _claim(place_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [LEASE.total_seconds(), current_organization_id(), place_id])
        return cursor.fetchone() is not None


def _renew(place_id: int) -> None:
    PlaceLook.objects.filter(place_id=place_id).update(lease_until=timezone.now() + LEASE)


def _release(look: PlaceLook, error: str) -> None:
    failing: Any = None
    if error:
        failing = look.failing_since or timezone.now()
    PlaceLook.objects.filter(pk=look.pk).update(
        lease_until=None, error=error, failing_since=failing, seen=look.seen
    )


def in_words(trouble: BaseException) -> str:
    """What went wrong, for people: without what a server may have repeated of our words."""
    if isinstance(trouble, ApplicationError):
        told = " ".join(
            [trouble.message, *(each.message for many in trouble.fields.values() for each in many)]
        )
    elif isinstance(trouble, ClientError):
        told = f"The bucket refuses: {trouble.response.get('Error', {}).get('Code', 'unknown')}."
    elif isinstance(trouble, imaplib.IMAP4.error):
        told = f"The mail server refuses: {trouble}"
    else:
        told = f"It cannot be reached: {getattr(trouble, 'strerror', None) or type(trouble).__name__}."
    return storable(" ".join(told.split()))[:LONGEST_ERROR]
