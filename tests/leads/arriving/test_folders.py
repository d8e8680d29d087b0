"""Files in watched folders: taken once when they are whole, put away, and never by the way of a link."""

import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from unittest.mock import Mock

import pytest
from django.db import connection

from core.jobs import run_job_inline
from core.models import Intake, IntakeState, OutboxMessage
from core.queries.intakes import get_intake
from core.scope import organization_scope
from core.services.intakes import accept_drift, load_intake, roll_back_intake
from leads.models import Arrival, ArrivalState, Lead, PlaceLook
from leads.queries.arrivals import outcome_of, visible_places, waiting_arrivals
from leads.services.arriving import files, looking, pause_watched_place, taking
from leads.services.arriving.files import FolderFiles
from leads.services.arriving.looking import look_at, look_at_every_place
from leads.services.arriving.telling import TOPIC
from tests.leads.arriving.conftest import Watch


def test_a_known_file_is_loaded_by_itself_with_the_place_as_its_source(watch):
    watch.know()
    place = watch.folder()
    watch.drop(watch.people(3))
    assert watch.look(place, times=1) == 0, "it may still be written"
    assert watch.look(place, times=1) == 1
    assert watch.lying() == ["done/people.csv"]
    watch.run_jobs()
    arrival = Arrival.objects.get()
    assert (arrival.state, arrival.is_put_away, outcome_of(arrival)) == ("loading", True, "loaded")
    intake = Intake.objects.get(pk=arrival.intake_id)
    assert (intake.state, intake.accepted) == (IntakeState.LOADED, 3)
    assert "Folder website" in intake.notices[-1]["message"]
    assert Lead.objects.filter(source=watch.desk.source).count() == 3
    assert not OutboxMessage.objects.filter(topic=TOPIC).exists()
    assert watch.look(place) == 0 and Arrival.objects.count() == 1


def test_a_file_that_is_being_written_is_left_alone(watch):
    place = watch.folder()
    fresh = watch.drop(watch.people(), "fresh.csv", age=2)
    watch.drop(watch.people(), "half.csv.part")
    watch.drop(watch.people(), ".hidden.csv")
    assert watch.look(place, times=3) == 0
    assert watch.lying() == [".hidden.csv", "fresh.csv", "half.csv.part"]
    os.utime(fresh, (1, 1))
    assert watch.look(place, times=1) == 0, "it has changed since the last look"
    assert watch.look(place, times=1) == 1
    assert watch.lying() == [".hidden.csv", "done/fresh.csv", "half.csv.part"]


def test_a_file_that_changes_while_it_is_read_leaves_nothing(watch, monkeypatch):
    place = watch.folder()
    dropped = watch.drop(watch.people())
    watch.look(place, times=1)
    really = files.FolderFiles.chunks
    monkeypatch.setattr(files.FolderFiles, "identity", lambda self, file: files.digest("as it was"))
    monkeypatch.setattr(files.FolderFiles, "chunks", lambda self, file: _then(really, self, file, dropped))
    assert watch.look(place, times=1) == 0
    assert not Arrival.objects.exists() and not Intake.objects.exists()
    assert watch.lying() == ["people.csv"]


def _then(really, self, file, dropped):
    dropped.write_bytes(b"other")
    yield from really(self, file)


@pytest.mark.parametrize("kind", ["unknown", "drifted", "asks"])
def test_what_nobody_knows_waits_for_a_person_who_is_told(watch, kind):
    if kind != "unknown":
        watch.know()
    place = watch.folder(loads_known=kind != "asks")
    content = watch.people()
    watch.drop(content.replace(b"Income", b"Income a month") if kind == "drifted" else content)
    watch.look(place)
    codes = {"unknown": "unknown_header", "drifted": "drift", "asks": "asks"}
    assert watch.arrivals() == [("people.csv", "waiting", codes[kind])]
    assert watch.lying() == ["done/people.csv"]
    arrival = waiting_arrivals(watch.desk.operations).get()
    assert OutboxMessage.objects.filter(topic=TOPIC).count() == 1
    actor = watch.desk.operations
    if kind == "drifted":
        accept_drift(actor=actor, intake_id=arrival.intake_id)
    run_job_inline(load_intake(actor=actor, intake_id=arrival.intake_id, inline=True))
    assert get_intake(actor, arrival.intake_id).accepted == 3
    assert not waiting_arrivals(actor).exists()
    arrival = Arrival.objects.select_related("intake__job").get()
    assert outcome_of(arrival) == "loaded"
    assert Lead.objects.filter(source=watch.desk.source).count() == 3


def test_bad_files_are_put_aside_with_their_reason(watch, settings):
    settings.INTAKE_MAX_BYTES = 200_000
    place = watch.folder()
    bomb = BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        archive.writestr("xl/workbook.xml", b" " * 60_000_000)
    watch.drop(bomb.getvalue(), "bomb.xlsx")
    watch.drop(b"x" * 200_001, "huge.csv")
    watch.drop(b"%PDF-1.7 no table", "letter.pdf")
    watch.drop(b"", "empty.csv")
    secret = watch.root / "secret.csv"
    secret.write_bytes(watch.people())
    (watch.home / "website" / "link.csv").symlink_to(secret)
    os.mkfifo(watch.home / "website" / "pipe.csv")
    watch.look(place)
    told = {name: (state, code) for name, state, code in watch.arrivals()}
    assert {state for state, _code in told.values()} == {"failed"} and len(told) == 6
    assert told["huge.csv"][1] == "file_too_large" and told["link.csv"][1] == "not_a_file"
    assert all(each.startswith("failed/") for each in watch.lying())
    assert secret.exists() and not Intake.objects.exists()
    assert all(Arrival.objects.values_list("reason", flat=True))
    assert PlaceLook.objects.get().error == ""


def test_a_file_that_cannot_be_read_stays_in_trouble_until_it_can(watch, monkeypatch):
    place = watch.folder()
    watch.drop(watch.people())
    with monkeypatch.context() as patch:
        patch.setattr(FolderFiles, "chunks", Mock(side_effect=PermissionError(13, "Permission denied")))
        watch.look(place)
        since = PlaceLook.objects.get().failing_since
        for _ in range(2):
            look_at(place.pk)
            look = PlaceLook.objects.get()
            assert "Permission denied" in look.error and look.failing_since == since
    assert look_at(place.pk) == 1
    assert PlaceLook.objects.get().error == "" and PlaceLook.objects.get().seen == {}


def test_links_in_the_way_are_not_gone_through(watch, tmp_path):
    place = watch.folder("site")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "people.csv").write_bytes(watch.people())
    (watch.home / "site").rmdir()
    (watch.home / "site").symlink_to(outside)
    assert watch.look(place) == 0
    assert "link" in PlaceLook.objects.get().error
    (watch.home / "site").unlink()
    watch.look(place)
    assert "There is no folder" in PlaceLook.objects.get().error
    (watch.home / "site").mkdir()
    (watch.home / "site" / "done").symlink_to(outside)
    watch.drop(watch.people(), path="site")
    watch.look(place)
    assert sorted(each.name for each in outside.iterdir()) == ["people.csv"]
    assert Arrival.objects.get().is_put_away is False and "link" in PlaceLook.objects.get().error
    (watch.home / "site" / "done").unlink()
    watch.look(place)
    assert Arrival.objects.get().is_put_away and Intake.objects.count() == 1


def test_the_very_same_file_is_taken_once_and_anew_when_it_was_rolled_back(watch):
    watch.know()
    place = watch.folder()
    content = watch.people()
    for _ in range(2):
        watch.drop(content)
        watch.look(place)
        watch.run_jobs()
    arrival = Arrival.objects.get()
    assert (arrival.times, Intake.objects.exclude(load_job=None).count()) == (2, 1)
    assert len(watch.lying()) == 2 and all(each.startswith("done/people") for each in watch.lying())
    run_job_inline(roll_back_intake(actor=watch.desk.operations, intake_id=arrival.intake_id, inline=True))
    watch.drop(content)
    watch.look(place)
    watch.run_jobs()
    assert Arrival.objects.get().times == 3 and Lead.objects.count() == 3
    # Elsewhere it is another file, of the same bytes: the intake machine knows them.
    other = watch.folder("other")
    watch.drop(content, path="other")
    watch.look(other)
    assert watch.arrivals()[1][1] == "failed"


def test_a_worker_that_is_lost_between_taking_and_putting_away_is_made_up_for(watch, monkeypatch):
    watch.know()
    place = watch.folder()
    watch.drop(watch.people())

    class Killed(BaseException):
        pass

    def lost(*arguments):
        raise Killed

    watch.look(place, times=1)
    with monkeypatch.context() as patch:
        patch.setattr(looking, "put_away", lost)
        with pytest.raises(Killed):
            look_at(place.pk)
    assert watch.lying() == ["people.csv"] and Arrival.objects.get().state == ArrivalState.LOADING
    watch.look(place)
    assert watch.lying() == ["done/people.csv"]
    arrival = Arrival.objects.get()
    assert (arrival.times, arrival.is_put_away, Intake.objects.exclude(load_job=None).count()) == (1, True, 1)


def test_a_worker_that_is_lost_while_taking_leaves_it_to_the_next(watch, monkeypatch):
    place = watch.folder()
    watch.drop(watch.people())
    watch.look(place, times=1)

    def lost(arrival):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(taking, "tell_operations", lost)
        with pytest.raises(KeyboardInterrupt):
            look_at(place.pk)
    assert not Arrival.objects.exists() and not Intake.objects.exists()
    assert watch.look(place) == 1 and Intake.objects.count() == 1


def test_a_paused_place_and_one_that_is_looked_at_are_not_looked_at(watch):
    place = watch.folder()
    watch.drop(watch.people())
    pause_watched_place(actor=watch.desk.operations, place=place)
    for _ in range(2):
        look_at_every_place()
    assert PlaceLook.objects.get().looked_at is None and watch.lying() == ["people.csv"]
    assert looking._claim(place.pk) and look_at(place.pk) == 0


def test_organisations_see_their_own_folder_alone(watch, root):
    other = Watch(root)
    place = watch.folder("shared")
    with organization_scope(other.organization):
        theirs = other.folder("shared")
        other.drop(other.people(), path="shared")
    watch.look(place)
    assert watch.lying("shared") == []
    with organization_scope(other.organization):
        assert [each.pk for each in visible_places(other.desk.operations)] == [theirs.pk]
    for _ in range(2):
        look_at_every_place()
    assert not Arrival.objects.exists()
    with organization_scope(other.organization):
        assert Arrival.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_eight_workers_at_once_make_one_import_of_each_file(root, monkeypatch):
    made = Watch(root)
    with organization_scope(made.organization):
        made.know()
        place = made.folder()
        for number in range(3):
            made.drop(made.people(), f"people{number}.csv")
        made.look(place, times=1)
    # Not even the lease keeps them from one another.
    monkeypatch.setattr(looking, "_claim", lambda place_id: True)

    def work(_number):
        try:
            with organization_scope(made.organization):
                look_at(place.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as together:
        list(together.map(work, range(8)))
    with organization_scope(made.organization):
        assert Arrival.objects.count() == 3
        assert Intake.objects.exclude(load_job=None).count() == 3
        assert made.lying() == [f"done/people{number}.csv" for number in range(3)]
