"""Files below a prefix of a bucket, on a real server that speaks S3."""

import pytest

from core.models import Intake
from core.scope import organization_scope
from leads.models import Arrival, Lead, PlaceLook
from leads.services.arriving import create_watched_place, looking
from leads.services.arriving.looking import look_at
from tests.core.kept_files.test_storages import bucket, s3_server
from tests.leads.arriving.conftest import Watch

__all__ = ["bucket", "s3_server"]


class Prefix:
    """What lies below the organisation's prefix."""

    def __init__(self, watch: Watch, storage) -> None:
        self.client, self.bucket = storage.connection.meta.client, storage.bucket_name
        self.home = f"leadledger/incoming/{watch.organization.slug}/"

    def put(self, name: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=self.home + name, Body=content)

    def lying(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        names = [each["Key"].removeprefix(self.home).split("/") for each in found]
        return sorted("/".join(part for part in name if not part.startswith("20")) for name in names)


@pytest.fixture
def watch(db, root, bucket):
    made = Watch(root)
    with organization_scope(made.organization):
        yield made


@pytest.fixture
def prefix(watch, bucket):
    return Prefix(watch, bucket)


@pytest.fixture
def place(watch, prefix):
    return create_watched_place(
        actor=watch.desk.operations, kind="bucket", line=watch.desk.line, name="The bucket", path="web"
    )


def test_known_files_are_loaded_others_put_aside_and_neighbours_left_alone(watch, prefix, place, settings):
    watch.know()
    settings.INTAKE_MAX_BYTES = 200_000
    prefix.put("web/people.csv", watch.people(3))
    prefix.put("web/huge.csv", b"x" * 200_001)
    prefix.put("web/letter.pdf", b"%PDF-1.7")
    prefix.put("web/half.csv.part", watch.people())
    prefix.put("web/deeper/people.csv", watch.people())
    prefix.put("website/people.csv", watch.people())
    # What lies there is whole: one look takes it.
    assert watch.look(place, times=1) == 3
    assert PlaceLook.objects.get().error == ""
    assert prefix.lying() == [
        "web/deeper/people.csv", "web/done/people.csv", "web/failed/huge.csv", "web/failed/letter.pdf",
        "web/half.csv.part", "website/people.csv",
    ]  # fmt: skip
    watch.run_jobs()
    assert Lead.objects.count() == 3
    assert watch.look(place) == 0 and Arrival.objects.count() == 3
    # The very same again is put beside the first, and not loaded.
    prefix.put("web/letter.pdf", b"%PDF-1.7")
    watch.look(place)
    assert Arrival.objects.count() == 3 and len(prefix.lying()) == 7


def test_an_object_that_is_written_anew_meanwhile_is_another_arrival(watch, prefix, place, monkeypatch):
    watch.know()
    prefix.put("web/people.csv", watch.people(2))
    really = looking.put_away

    def meanwhile(*arguments):
        prefix.put("web/people.csv", watch.people(4))
        monkeypatch.setattr(looking, "put_away", really)
        really(*arguments)

    monkeypatch.setattr(looking, "put_away", meanwhile)
    look_at(place.pk)
    assert prefix.lying() == ["web/people.csv"]
    look_at(place.pk)
    watch.run_jobs()
    assert (Arrival.objects.count(), Lead.objects.count()) == (2, 6)


def test_a_bucket_that_is_away_is_told_and_comes_back(watch, prefix, place, bucket, settings):
    prefix.put("web/people.csv", watch.people(2))
    away = {**settings.STORAGES["default"]["OPTIONS"], "bucket_name": "nobodys"}
    kept = settings.STORAGES
    settings.STORAGES = {**kept, "default": {**kept["default"], "OPTIONS": away}}
    assert look_at(place.pk) == 0
    look = PlaceLook.objects.get()
    assert "NoSuchBucket" in look.error and look.failing_since and look.lease_until is None
    settings.STORAGES = kept
    assert look_at(place.pk) == 1 and Intake.objects.count() == 1
    look.refresh_from_db()
    assert (look.error, look.failing_since) == ("", None)
