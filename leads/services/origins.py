"""Writing sources and campaigns: by name when files bring them, one by one in the console."""

from collections.abc import Iterable
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Area
from core.database.bulk import insert_rows
from core.database.prepared import prepared_cursor
from core.errors import Conflict, FieldError, NotVisible, ValidationFailed
from core.rules import normalise_text
from core.rules.values import is_storable_text
from core.scope import current_organization_id, organization_scope
from leads.models import AcceptanceRule, Campaign, Lead, Source, WatchedPlace
from leads.models.origin import Origin
from leads.services.scoring.changing import follow_names, lines_that_read

OriginRow = TypeVar("OriginRow", bound=Origin)
# Held until the transaction ends, so that nobody withdraws an origin that a lead is just given. They do not
# keep one another waiting who look up the same names.
FIND = """
SELECT name_key, id FROM {table}
 WHERE organization_id = %s AND name_key = ANY(%s) AND deleted_at IS NULL ORDER BY id FOR KEY SHARE
"""
LONGEST_NAME = 200
COLUMNS = ("organization_id", "name", "name_key", "is_active", "created_at")


def origin_key(name: str) -> str:
    """Return the form in which names are compared; "" for one that is blank, too long or not storable."""
    cleaned = clean_name(name)
    key = normalise_text(cleaned)
    fits = len(cleaned) <= LONGEST_NAME and len(key) <= LONGEST_NAME and is_storable_text(cleaned)
    return key if fits else ""


def clean_name(name: str) -> str:
    """Return a name with single spaces."""
    return " ".join(name.split())


def resolve_sources(names: Iterable[str]) -> dict[str, int]:
    """Return the id of each source by `origin_key`, creating those that are not there.

    Works in the organisation in force. At most three queries, however many names; parallel imports that meet
    the same new name make it once.

    Raises:
        ValidationFailed: a name is blank or longer than 200 characters (`origin_key` tells before).
    """
    return _resolve(Source, names)


def resolve_campaigns(names: Iterable[str]) -> dict[str, int]:
    """Return the id of each campaign by `origin_key`, as `resolve_sources` does for sources."""
    return _resolve(Campaign, names)


def find_sources(names: Iterable[str]) -> dict[str, int]:
    """Return the id of each source that is there, by `origin_key`; nothing is made. One query."""
    keys = sorted({key for name in names if (key := origin_key(name))})
    return _ids_by_key(Source, keys) if keys else {}


def withdraw_origins_of(job_ids: Iterable[int | None]) -> None:
    """Withdraw the sources and campaigns that these jobs made, except those in use or changed since.

    Call it in the transaction in which the jobs' leads are taken back, or after it.
    """
    jobs = [job_id for job_id in job_ids if job_id is not None]
    for model, name in ((Source, "source"), (Campaign, "campaign")):
        history = model.history.model.objects
        made = history.filter(history_type="+", history_job_id__in=jobs).values_list("id", flat=True)
        changed = history.filter(history_type="~", id__in=list(made)).values_list("id", flat=True)
        # Locked before leads are looked for: whoever gives one of them to a lead comes before or after this.
        held = model.objects.select_for_update().filter(pk__in=set(made) - set(changed)).order_by("pk")
        ids = list(held.values_list("pk", flat=True))
        users = Lead.objects.filter(**{f"{name}_id__in": ids}).order_by()
        used = set(users.values_list(f"{name}_id", flat=True).distinct())
        if model is Source:
            for refers in (AcceptanceRule, WatchedPlace):
                rows = refers.objects.filter(source_id__in=ids).order_by()
                used |= set(rows.values_list("source_id", flat=True))
        model.objects.filter(pk__in=set(ids) - used).update(deleted_at=timezone.now())


def create_source(*, actor: Actor, name: str, reason: str = "") -> Source:
    """Add a source.

    Raises:
        NotPermitted: the actor may not configure.
        ValidationFailed: the name is blank or too long.
        Conflict: a source has this name, in whatever case.
    """
    return _create(Source, actor, name, reason)


def create_campaign(*, actor: Actor, name: str, reason: str = "") -> Campaign:
    """Add a campaign. Raises: as `create_source`."""
    return _create(Campaign, actor, name, reason)


def rename_source(*, actor: Actor, source: Source, name: str, reason: str = "") -> Source:
    """Change the name of a source, for all its leads.

    Raises: as `create_source`; NotVisible when it is gone.
    """
    return _change(Source, actor, source, {"name": name}, reason or "renamed")


def rename_campaign(*, actor: Actor, campaign: Campaign, name: str, reason: str = "") -> Campaign:
    """Change the name of a campaign, for all its leads. Raises: as `rename_source`."""
    return _change(Campaign, actor, campaign, {"name": name}, reason or "renamed")


def set_source_active(*, actor: Actor, source: Source, is_active: bool, reason: str = "") -> Source:
    """Retire a source, or offer it again; its leads keep it.

    Raises: NotPermitted, NotVisible.
    """
    return _change(Source, actor, source, {"is_active": is_active}, reason or _why(is_active))


def set_campaign_active(*, actor: Actor, campaign: Campaign, is_active: bool, reason: str = "") -> Campaign:
    """Retire a campaign, or offer it again; its leads keep it. Raises: NotPermitted, NotVisible."""
    return _change(Campaign, actor, campaign, {"is_active": is_active}, reason or _why(is_active))


def _why(is_active: bool) -> str:
    return "offered again" if is_active else "retired"


def _resolve(model: type[OriginRow], names: Iterable[str]) -> dict[str, int]:
    wanted: dict[str, str] = {}
    for name in names:
        wanted.setdefault(_checked_key(name), clean_name(name))
    if not wanted:
        return {}
    found = _ids_by_key(model, wanted)
    missing = sorted(wanted.keys() - found.keys())
    if missing:
        # In one order everywhere, so that parallel imports of the same new names wait and do not deadlock.
        now = timezone.now()
        rows = [(current_organization_id(), wanted[key], key, True, now) for key in missing]
        with transaction.atomic(savepoint=False):
            insert_rows(model, COLUMNS, rows, ignore_conflicts=True)
        found |= _ids_by_key(model, missing)
    return found


def _ids_by_key(model: type[OriginRow], keys: Iterable[str]) -> dict[str, int]:
    with prepared_cursor() as cursor:
        cursor.execute(FIND.format(table=model._meta.db_table), [current_organization_id(), list(keys)])
        return dict(cursor.fetchall())


def _checked_key(name: str) -> str:
    key = origin_key(name)
    if not key:
        message = f"Write a name of 1 to {LONGEST_NAME} characters."
        raise ValidationFailed("invalid_name", message, {"name": [FieldError("invalid", message)]})
    return key


def _create(model: type[OriginRow], actor: Actor, name: str, reason: str) -> OriginRow:
    actor.require(Area.CONFIGURATION, "write")
    row = model(organization=actor.organization, name=clean_name(name), name_key=_checked_key(name))
    with transaction.atomic(), organization_scope(actor.organization, reason=reason or "added"):
        _save(row, force_insert=True)
    return row


def _change(
    model: type[OriginRow], actor: Actor, origin: OriginRow, changes: dict[str, object], reason: str
) -> OriginRow:
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason=reason):
        # Lines before origins, as those lock them who write leads.
        lines = lines_that_read(str(model._meta.model_name)) if "name" in changes else []
        row = model.objects.select_for_update(no_key=True).filter(pk=origin.pk).first()
        if row is None:
            raise NotVisible
        if "name" in changes:
            changes = {
                "name": clean_name(str(changes["name"])),
                "name_key": _checked_key(str(changes["name"])),
            }
        changed = [name for name, value in changes.items() if getattr(row, name) != value]
        for name in changed:
            setattr(row, name, changes[name])
        if changed:
            _save(row, update_fields=changed)
        if "name" in changed:
            follow_names(actor, lines)
    return row


def _save(row: Origin, **how: object) -> None:
    try:
        with transaction.atomic():
            row.save(**how)  # type: ignore[arg-type]
    except IntegrityError:
        kind = row._meta.verbose_name
        message = f"There is a {kind} named “{row.name}” already. Use that one, or choose another name."
        raise Conflict("name_taken", message, {"name": [FieldError("unique", message)]}) from None
