"""The purges: what grows old, how long it is kept, and how a batch of it is removed."""

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules

from core.scope import system_scope

OldRows = Callable[[datetime], models.QuerySet[Any]]
Rows = TypeVar("Rows", bound=OldRows)


@dataclass(frozen=True, slots=True)
class Purge:
    """What is removed when it is older than a setting says.

    `count(before)` says how much there is to remove; `delete(before, limit)` removes about `limit` of it and
    returns how much it removed, 0 when nothing is left. Both run inside one organisation, as the application
    role; those of `whole_installation` run as the owner of the tables, for what belongs to no organisation.
    """

    name: str
    title: str | Promise
    setting: str
    count: Callable[[datetime], int]
    delete: Callable[[datetime, int], int]
    whole_installation: bool = False

    @property
    def days(self) -> int:
        """How many days are kept; 0 keeps for ever."""
        return int(getattr(settings, self.setting))

    @property
    def before(self) -> datetime | None:
        """What is older than this moment goes; None where all is kept."""
        return timezone.now() - timedelta(days=self.days) if self.days > 0 else None

    def scope(self) -> AbstractContextManager[Any]:
        """The scope in which `count` and `delete` run, within the organisation's."""
        return system_scope(reason=self.name) if self.whole_installation else nullcontext()


_purges: dict[str, Purge] = {}


def purge(
    name: str, *, setting: str, title: str | Promise, whole_installation: bool = False
) -> Callable[[Rows], Rows]:
    """Register old rows of one table: a function of a moment that returns those older, as a query set.

    The rows are removed by their primary keys, without loading them and without following references: what is
    referred to must not be among them. Rows that somebody has locked are left for the next day. Where an index
    finds the oldest first, the query set says so by `order_by`.

    Args:
        name: dotted, the app first, such as core.jobs; the record of the last run is kept by it.
        setting: the name of the setting that holds the days.
        title: what it is, for people, in the plural.
        whole_installation: the rows belong to no organisation.
    """

    def register(old_rows: Rows) -> Rows:
        register_purge(
            Purge(
                name=name,
                title=title,
                setting=setting,
                count=lambda before: old_rows(before).count(),
                delete=functools.partial(_delete_rows, old_rows),
                whole_installation=whole_installation,
            )
        )
        return old_rows

    return register


def register_purge(new: Purge) -> None:
    """Register a purge that knows itself how to count and to remove."""
    if new.name in _purges:
        raise ValueError(f"The purge {new.name} is registered twice.")
    if not hasattr(settings, new.setting):
        raise ValueError(f"The purge {new.name} names the setting {new.setting}, which there is none of.")
    _purges[new.name] = new


@functools.cache
def _discover() -> None:
    autodiscover_modules("purges", "retention.purges", "retention.files")


def registered_purges() -> list[Purge]:
    """Return every purge, by name."""
    _discover()
    return [_purges[name] for name in sorted(_purges)]


def find_purge(name: str) -> Purge | None:
    """Return the purge of that name; None where no app registers it any more."""
    _discover()
    return _purges.get(name)


def _delete_rows(old_rows: OldRows, before: datetime, limit: int) -> int:
    with transaction.atomic():
        rows = old_rows(before)
        # In the purge's own order, never in the model's: the index that finds old rows decides.
        rows = rows.order_by(*rows.query.order_by).select_for_update(of=("self",), skip_locked=True)
        chosen = list(rows.values_list("pk", flat=True)[:limit])
        if chosen:
            rows.model._base_manager.filter(pk__in=chosen)._raw_delete(rows.db)
    return len(chosen)
