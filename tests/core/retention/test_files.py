"""Files that are removed: exports that are old, checks that led to nothing, files that no row knows."""

import os
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.roles import Role
from core.files_out.storage import new_file
from core.intake.storage import local_path, store_file
from core.jobs import run_job_inline
from core.models import Intake, Job, JobState, StoredFile
from core.scope import organization_scope, system_scope
from core.services.intakes import check_intake, load_intake
from leads.services.exports import EXPORT
from tests.core.retention.test_purges import delete
from tests.leads.intake.sheets import csv_of, person
from tests.leads.loans import make_loan_line, receive

pytestmark = pytest.mark.django_db


def make_older(place: Path, days: float) -> None:
    moment = (timezone.now() - timedelta(days=days)).timestamp()
    os.utime(place, (moment, moment))


def an_export(days: float) -> Job:
    with new_file() as (name, place):
        place.write_bytes(b"rows")
    return Job.objects.create(
        kind=EXPORT,
        title="An export",
        state=JobState.DONE,
        finished_at=timezone.now() - timedelta(days=days),
        result={"rows": 1, "file": name, "filename": "leads.csv", "bytes": 4},
    )


def test_the_file_of_an_old_export_goes_and_its_row_says_so(
    in_organization, django_capture_on_commit_callbacks
):
    old, young = an_export(8), an_export(6)
    with django_capture_on_commit_callbacks(execute=True):
        assert delete("core.export_files", in_organization) == 1

    assert not local_path(old.result["file"]).exists()
    assert local_path(young.result["file"]).exists()
    old.refresh_from_db()
    assert old.result == {"rows": 1, "filename": "leads.csv", "bytes": 4, "expired": True}


def test_the_record_of_an_export_stays_for_two_years_and_goes_after_its_file(in_organization):
    kept, with_file, gone = an_export(700), an_export(800), an_export(800)
    Job.objects.filter(pk__in=[kept.pk, gone.pk]).update(result={"rows": 1, "expired": True})

    assert delete("core.exports", in_organization) == 1
    assert set(Job.objects.values_list("pk", flat=True)) == {kept.pk, with_file.pk}


def test_a_file_that_no_row_knows_goes_after_two_days(in_organization, other_organization):
    stored = {}
    for name, days in (("old", 3), ("fresh", 1)):
        stored[name] = local_path(store_file([b"x"]).path)
        make_older(stored[name], days)
    with organization_scope(other_organization):
        stored["theirs"] = local_path(store_file([b"x"]).path)
        make_older(stored["theirs"], 3)

    assert delete("core.orphaned_files", in_organization) == 1
    assert [name for name, place in stored.items() if place.exists()] == ["fresh", "theirs"]


def test_a_kept_file_whose_call_was_taken_back_goes_and_others_stay(in_organization):
    places = {}
    for name in ("known", "unknown"):
        path = default_storage.save(f"files/{in_organization.pk}/{uuid.uuid4().hex}", ContentFile(b"x"))
        places[name] = local_path(path)
        make_older(places[name], 3)
        if name == "known":
            StoredFile.objects.create(name="a.pdf", size=1, sha256="", path=path, purpose="x", about="y")

    assert delete("core.orphaned_files", in_organization) == 1
    assert [name for name, place in places.items() if place.exists()] == ["known"]


def test_files_of_rows_and_what_lies_beside_them_stay(in_organization):
    path, export = store_file([b"x"]).path, an_export(3)
    Intake.objects.create(importer="leads", target="loans", filename="a.csv", path=path)
    places = [local_path(path), local_path(f"{path}.errors.xlsx"), local_path(export.result["file"])]
    places[1].write_bytes(b"errors")
    for place in places:
        make_older(place, 3)

    assert delete("core.orphaned_files", in_organization) == 0
    assert all(place.exists() for place in places)


def test_what_a_crashed_export_left_unfinished_goes(in_organization):
    with pytest.raises(RuntimeError), new_file() as (_name, place):
        place.write_bytes(b"half")
        left = place.with_name("0" * 32 + ".part")
        place.rename(left)
        raise RuntimeError
    make_older(left, 3)

    assert delete("core.orphaned_files", in_organization) == 1


def test_files_of_folders_that_nobody_speaks_for_stay(in_organization):
    foreign = Path(settings.MEDIA_ROOT) / "logos" / str(in_organization.pk) / "logo.png"
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"x")
    make_older(foreign, 300)

    assert delete("core.orphaned_files", in_organization) == 0
    assert foreign.exists()


@pytest.fixture
def operations(actor_for, in_organization):
    actor = actor_for(Role.OPERATIONS)
    make_loan_line(actor)
    return actor


def make_received_long_ago(*intakes: Intake) -> None:
    with system_scope():
        Intake.objects.filter(pk__in=[intake.pk for intake in intakes]).update(
            created_at=timezone.now() - timedelta(days=31)
        )


def test_a_file_that_was_only_checked_is_discarded_after_a_month(
    operations, in_organization, django_capture_on_commit_callbacks
):
    checked, loaded, young = (receive(operations, csv_of(person(n))) for n in (1, 2, 3))
    run_job_inline(check_intake(actor=operations, intake_id=checked.pk, inline=True))
    run_job_inline(load_intake(actor=operations, intake_id=loaded.pk, inline=True))
    make_received_long_ago(checked, loaded)

    with django_capture_on_commit_callbacks(execute=True):
        assert delete("core.checked_files", in_organization) == 1

    assert not local_path(checked.path).exists()
    assert set(Intake.objects.values_list("pk", flat=True)) == {loaded.pk, young.pk}
    assert local_path(loaded.path).exists()
