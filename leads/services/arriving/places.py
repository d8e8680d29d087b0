"""The writers of watched places."""

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings as django_settings
from django.db import IntegrityError, transaction

from accounts.actor import Actor
from accounts.roles import Area
from core.errors import Conflict, FieldError, NotVisible, ValidationFailed
from core.kept_files.storage import kept_storage
from core.network import address_of
from core.rules.values import is_storable_text
from core.scope import organization_scope
from core.secrets import encrypt
from leads.models import BusinessLine, MailSecurity, PlaceKind, PlaceLook, WatchedPlace

CHANGEABLE = (
    "name", "source", "on_duplicate", "loads_known", "path", "host", "port", "security", "username", "mailbox",
    "done_mailbox", "allowed_senders",
)  # fmt: skip
# With another of these the password would go to somebody else.
WHOSE_PASSWORD = ("host", "port", "security", "username")
HOST = re.compile(r"[A-Za-z0-9:]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?")
SENDER = re.compile(r"[^@\s]*@[^@\s]+\.[^@\s.]+")
# What this application makes in a watched folder.
DONE, FAILED = "done", "failed"
LONGEST_NAME, LONGEST_PATH, MOST_SENDERS = 100, 200, 500

Errors = dict[str, list[FieldError]]


def create_watched_place(
    *,
    actor: Actor,
    kind: str,
    line: BusinessLine,
    password: str = "",
    needs_password: bool = True,
    **settings: Any,
) -> WatchedPlace:
    """Watch a place from now on; `settings` are those of CHANGEABLE. Neither its kind nor its line ever changes.

    A mailbox that is brought in by a configuration file has no password yet, and is to be paused.

    Raises NotPermitted, or ValidationFailed with everything wrong, by setting.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason="watched place added"):
        place = WatchedPlace(kind=kind, line=line, organization=actor.organization)
        _store(place, settings, password, needs_password=needs_password)
        PlaceLook.objects.create(place=place)
    return place


def update_watched_place(
    *,
    actor: Actor,
    place: WatchedPlace,
    password: str = "",
    needs_password: bool = True,
    **settings: Any,
) -> WatchedPlace:
    """Change settings of a place; what is not given stays, and so does the password. Raises as creating does.

    Who names another server or user types the password again: the old one is not sent to somebody else.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason="watched place changed"):
        stored = _locked(place)
        _store(stored, settings, password, needs_password=needs_password)
    return stored


def pause_watched_place(*, actor: Actor, place: WatchedPlace) -> WatchedPlace:
    """Look at a place no more; what lies there stays. Raises NotPermitted, NotVisible."""
    return _pause(actor, place, True)


def resume_watched_place(*, actor: Actor, place: WatchedPlace) -> WatchedPlace:
    """Look at a place again. Raises NotPermitted, NotVisible."""
    return _pause(actor, place, False)


def _pause(actor: Actor, place: WatchedPlace, is_paused: bool) -> WatchedPlace:
    actor.require(Area.CONFIGURATION, "write")
    reason = "watched place paused" if is_paused else "watched place resumed"
    with transaction.atomic(), organization_scope(actor.organization, reason=reason):
        stored = _locked(place)
        if stored.is_paused != is_paused:
            stored.is_paused = is_paused
            stored.save(update_fields=["is_paused"])
    return stored


def _locked(place: WatchedPlace) -> WatchedPlace:
    rows = WatchedPlace.objects.select_for_update(no_key=True, of=("self",))
    stored = rows.select_related("line", "source", "organization").filter(pk=place.pk).first()
    if stored is None:
        raise NotVisible
    return stored


def _store(
    place: WatchedPlace, settings: Mapping[str, Any], password: str, *, needs_password: bool = True
) -> None:
    before = {name: getattr(place, name) for name in WHOSE_PASSWORD}
    for name, value in settings.items():
        if name not in CHANGEABLE:
            raise TypeError(f"A watched place has no {name}.")
        setattr(place, name, value)
    _tidy(place)
    errors: Errors = {}
    _check_name(place, errors)
    if place.kind == PlaceKind.MAILBOX:
        is_elsewhere = any(getattr(place, name) != value for name, value in before.items())
        if not password and (is_elsewhere if place.password else needs_password):
            _add(errors, "password", "required", "Type the password: it is for this server and user alone.")
        _check_mailbox(place, errors)
    else:
        _check_path(place, errors)
    if errors:
        raise ValidationFailed("invalid_place", "The watched place needs corrections.", errors)
    if password:
        place.password = encrypt(password)
    try:
        with transaction.atomic():
            place.save()
    except IntegrityError:
        message = "Another watched place has this name or this folder. Choose another one."
        raise Conflict("place_taken", message, {"name": [FieldError("unique", message)]}) from None


def _tidy(place: WatchedPlace) -> None:
    for name in ("name", "host", "username", "mailbox", "done_mailbox"):
        setattr(place, name, " ".join(str(getattr(place, name)).split()))
    place.path = place.path.strip().strip("/")
    place.allowed_senders = list(dict.fromkeys(each.strip().lower() for each in place.allowed_senders))


def _add(errors: Errors, name: str, code: str, message: str) -> None:
    errors.setdefault(name, []).append(FieldError(code, message))


def _check_name(place: WatchedPlace, errors: Errors) -> None:
    if not place.name or len(place.name) > LONGEST_NAME or not is_storable_text(place.name):
        _add(errors, "name", "required", f"Give it a name of at most {LONGEST_NAME} characters.")
    elif WatchedPlace.objects.filter(name=place.name).exclude(pk=place.pk).exists():
        _add(errors, "name", "unique", "Another watched place has this name.")
    if place.kind not in PlaceKind.values:
        _add(errors, "kind", "choice", f"Choose one of {', '.join(PlaceKind.values)}.")


def _check_path(place: WatchedPlace, errors: Errors) -> None:
    if place.kind == PlaceKind.FOLDER and not django_settings.WATCHED_ROOT:
        _add(
            errors,
            "kind",
            "off",
            "This installation watches no folders. Its operator names one: WATCHED_ROOT.",
        )
    if place.kind == PlaceKind.BUCKET and kept_storage().is_local:
        _add(errors, "kind", "off", "This installation has no bucket. Its operator names one: S3_BUCKET.")
    if not is_plain_path(place.path):
        _add(
            errors, "path", "path",
            "Write a folder such as leads/website: letters, digits and - _ . between slashes, nothing hidden.",
        )  # fmt: skip
    elif WatchedPlace.objects.filter(kind=place.kind, path=place.path).exclude(pk=place.pk).exists():
        _add(errors, "path", "unique", "This folder is watched already.")


def is_plain_path(path: str) -> bool:
    """Whether a path leads down from where it starts, by plain names, and not into what this application makes."""
    if len(path) > LONGEST_PATH or not is_storable_text(path):
        return False
    parts = path.split("/") if path else []
    return all(re.fullmatch(r"[\w-][\w.\- ]*", part) and part not in (DONE, FAILED) for part in parts)


def _check_mailbox(place: WatchedPlace, errors: Errors) -> None:
    allows_private = bool(django_settings.MAILBOX_PRIVATE_HOSTS)
    if not 1 <= int(place.port) <= 65_535:
        _add(errors, "port", "range", "Write a port from 1 to 65535; 993 is that of TLS.")
    elif not HOST.fullmatch(place.host):
        _add(errors, "host", "invalid", "Write the name of the server, such as imap.example.com.")
    else:
        try:
            address_of(place.host, place.port, allows_private=allows_private)
        except ValidationFailed as refusal:
            errors.setdefault("host", []).extend(refusal.fields["host"])
    if place.security not in MailSecurity.values:
        _add(errors, "security", "choice", f"Choose one of {', '.join(MailSecurity.values)}.")
    elif place.security == MailSecurity.NONE and not allows_private:
        _add(
            errors,
            "security",
            "encrypted",
            "The way to a mailbox has to be encrypted. Choose TLS or STARTTLS.",
        )
    for name in ("username", "mailbox"):
        if not getattr(place, name):
            _add(errors, name, "required", "Fill this in.")
    for name in ("username", "mailbox", "done_mailbox"):
        text = getattr(place, name)
        if not text.isprintable() or not text.isascii() or any(sign in text for sign in '"\\'):
            _add(errors, name, "invalid", "Write plain letters, digits and signs, without quotes.")
    if place.done_mailbox and place.done_mailbox == place.mailbox:
        _add(errors, "done_mailbox", "same", "Messages are there already. Name another mailbox, or none.")
    if not place.allowed_senders or len(place.allowed_senders) > MOST_SENDERS:
        _add(errors, "allowed_senders", "required", "Say whose files are taken: addresses, or @example.com.")
    elif wrong := [each for each in place.allowed_senders if not SENDER.fullmatch(each) or len(each) > 254]:
        _add(errors, "allowed_senders", "invalid", f"“{wrong[0][:60]}” is neither an address nor a domain.")
