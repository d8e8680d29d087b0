"""Figures at once where they are cheap, else those that a job has counted, with the moment as of which they hold."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.models import UNFINISHED, Job
from leads.models import CountedFigures
from leads.queries.statistics.asking import LineFigures
from leads.queries.statistics.fields import field_figures
from leads.queries.statistics.overview import count_tallied, fill_rates
from leads.queries.statistics.quality import line_quality
from leads.queries.statistics.values import Values

COUNT_FIGURES = "leads.count_figures"
# Up to so many leads are read, and so many index rows, while somebody waits.
AT_ONCE = 50_000
AT_ONCE_INDEXED = 100_000
STATES = [("live", "live"), ("counted", "counted"), ("not_counted", "not_counted")]
FILLED, QUALITY = "filled", "quality"
FIELD = "field:"


@dataclass(frozen=True, slots=True)
class Counted:
    """Figures and the moment as of which they hold (None: now), or none yet; `job` counts them at this moment."""

    figures: dict[str, Any] | None
    counted_at: dt.datetime | None = None
    job: Job | None = None

    @property
    def state(self) -> str:
        """`live`, `counted`, or `not_counted`."""
        if self.figures is None:
            return "not_counted"
        return "counted" if self.counted_at else "live"


def compute(figures: LineFigures, what: str) -> dict[str, Any]:
    """Count figures now, however long it takes. `what` is FILLED, QUALITY, or FIELD with a name of the catalog."""
    counting: dict[str, Callable[[LineFigures], dict[str, Any]]] = {FILLED: fill_rates, QUALITY: line_quality}
    if what in counting:
        return counting[what](figures)
    entry = figures.entries[what.removeprefix(FIELD)]
    return field_figures(figures, entry, count_tallied(figures))


def counted_figures(figures: LineFigures, what: str) -> Counted:
    """Return figures without reading more leads than a request may."""
    total = count_tallied(figures)
    if total <= AT_ONCE or (total <= AT_ONCE_INDEXED and _is_indexed(figures, what)):
        return Counted(compute(figures, what))
    key = figures.key(what)
    row = CountedFigures.objects.filter(key=key).first()
    job = counting_job(figures, key)
    return Counted(row.figures, row.counted_at, job) if row else Counted(None, job=job)


def counting_job(figures: LineFigures, key: str) -> Job | None:
    """Return the job that counts these very figures for the actor now."""
    jobs = Job.objects.filter(kind=COUNT_FIGURES, state__in=UNFINISHED, parameters__key=key)
    return jobs.filter(created_by=figures.actor.user).order_by("-id").first()


def _is_indexed(figures: LineFigures, what: str) -> bool:
    return what.startswith(FIELD) and Values(figures, figures.entries[what.removeprefix(FIELD)]).is_indexed
