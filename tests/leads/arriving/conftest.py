"""A watched root, a line with a saved mapping, and places that are watched."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.jobs import run_job_inline
from core.models import Job, JobState
from core.scope import organization_scope
from core.services.intakes import discard_intake
from core.services.saved_mappings import save_mapping
from leads.models import Arrival, WatchedPlace
from leads.services.arriving import create_watched_place
from leads.services.arriving.looking import look_at
from tests.leads.accepting.conftest import Desk, make_desk


class Watch:
    """A desk with a watched folder. `drop` puts a file there that is old enough."""

    def __init__(self, root: Path) -> None:
        self.desk: Desk = make_desk()
        self.organization = self.desk.operations.organization
        self.root = root
        self.home = root / self.organization.slug
        self.home.mkdir()

    def folder(self, path: str = "website", **settings: Any) -> WatchedPlace:
        (self.home / path).mkdir(parents=True, exist_ok=True)
        return create_watched_place(
            actor=self.desk.operations,
            kind="folder",
            line=self.desk.line,
            **{"name": f"Folder {path}", "path": path, "source": self.desk.source, **settings},
        )

    def know(self) -> None:
        """Save a mapping for the header of `people`."""
        intake = self.desk.receive(self.people(1))
        save_mapping(actor=self.desk.operations, intake_id=intake.pk, name="From the website")
        discard_intake(actor=self.desk.operations, intake_id=intake.pk)

    def people(self, rows: int = 3) -> bytes:
        """A file without sources."""
        lines = self.desk.file(rows).decode().splitlines()
        return "\n".join(line.rpartition(",")[0] for line in lines).encode()

    def drop(self, content: bytes, name: str = "people.csv", path: str = "website", age: float = 60) -> Path:
        place = self.home / path / name
        place.write_bytes(content)
        then = time.time() - age
        os.utime(place, (then, then))
        return place

    def look(self, place: WatchedPlace, times: int = 2) -> int:
        """Look so often; the first look only sees that a file is there."""
        return sum(look_at(place.pk) for _ in range(times))

    def run_jobs(self) -> None:
        for job in Job.objects.filter(state=JobState.QUEUED).order_by("pk"):
            run_job_inline(job)

    def arrivals(self) -> list[tuple[str, str, str]]:
        found = Arrival.objects.order_by("pk")
        return [(each.name, each.state, each.code) for each in found]

    def lying(self, path: str = "website") -> list[str]:
        """Whatever lies in a watched folder, days aside."""
        found = [each for each in (self.home / path).rglob("*") if not each.is_dir() or each.is_symlink()]
        return sorted("/".join(_without_day(each.relative_to(self.home / path))) for each in found)


def _without_day(path: Path) -> list[str]:
    return [part for part in path.parts if not part.startswith("20")]


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def root(settings: Any, tmp_path: Path) -> Path:
    made = tmp_path / "watched"
    made.mkdir()
    settings.WATCHED_ROOT = str(made)
    return made


@pytest.fixture
def watch(db: None, root: Path) -> Iterator[Watch]:
    made = Watch(root)
    with organization_scope(made.organization):
        yield made
