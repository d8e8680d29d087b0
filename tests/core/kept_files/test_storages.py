"""The contract of a storage of kept files, held by a folder and by a real server that speaks S3."""

import socket
import zipfile
from datetime import timedelta
from io import BytesIO

import boto3
import pytest
from botocore.config import Config
from django.core.files.base import ContentFile, File
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from moto.server import ThreadedMotoServer

from accounts.roles import Role
from core.backup.media import FRESH, PREFIX, add_media, discard, lay_out
from core.errors import Unavailable
from core.kept_files.storage import kept_storage
from core.models import StoredFile
from core.queries.files import open_content
from core.retention.files import orphaned_objects
from core.retention.registry import find_purge
from core.scope import organization_scope, system_scope
from core.services.files import FileLimits, store_file
from leads.services.leads import create_lead
from tests.factories import make_actor, make_organization
from tests.leads.lines.definitions import make_line

KEYS = {"aws_access_key_id": "someone", "aws_secret_access_key": "secret"}


@pytest.fixture(scope="module")
def s3_server():
    """The address of a server on this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server, settings, tmp_path):
    """The storage that the settings choose, in an empty bucket."""
    client = boto3.client("s3", endpoint_url=s3_server, region_name="us-east-1", **KEYS)
    client.create_bucket(Bucket="kept")
    settings.MEDIA_ROOT = tmp_path
    options = {"bucket_name": "kept", "endpoint_url": s3_server, "region_name": "us-east-1"}
    options |= {"access_key": "someone", "secret_key": "secret", "location": "leadledger"}
    chosen = {"BACKEND": "core.kept_files.bucket.BucketStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": chosen}
    yield kept_storage()
    listed = client.list_objects_v2(Bucket="kept").get("Contents", [])
    for each in listed:
        client.delete_object(Bucket="kept", Key=each["Key"])
    client.delete_bucket(Bucket="kept")


@pytest.fixture
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return kept_storage()


@pytest.fixture(params=["folder", "bucket"])
def storage(request):
    """Each of the two."""
    return request.getfixturevalue(request.param)


def test_what_was_saved_is_read_back_byte_by_byte(storage):
    content = bytes(range(256)) * 4_000
    name = storage.save("files/1/one", ContentFile(content))
    assert name == "files/1/one"
    assert (storage.exists(name), storage.size(name)) == (True, len(content))
    with storage.open(name) as opened:
        assert b"".join(opened.chunks(64 * 1024)) == content


def test_nothing_takes_the_place_of_another(storage):
    storage.save("files/1/one", ContentFile(b"first"))
    other = storage.save("files/1/one", ContentFile(b"second"))
    assert other != "files/1/one"
    with storage.open("files/1/one") as opened:
        assert opened.read() == b"first"


def test_what_is_not_there_is_said_alike(storage):
    assert not storage.exists("files/1/none")
    with pytest.raises(FileNotFoundError):
        storage.size("files/1/none")
    with pytest.raises(FileNotFoundError):
        storage.open("files/1/none")
    storage.delete("files/1/none")


def test_a_deleted_file_is_gone(storage):
    storage.save("files/1/one", ContentFile(b"first"))
    storage.delete("files/1/one")
    assert not storage.exists("files/1/one")


def test_it_tells_what_lies_in_a_folder_and_in_no_other(storage):
    for name in ("files/1/one", "files/1/two", "files/12/three", "exports/1/four"):
        storage.save(name, ContentFile(b"12345"))
    found = {each.name: each for each in storage.objects("files/1")}
    assert sorted(found) == ["files/1/one", "files/1/two"]
    assert found["files/1/one"].size == 5
    assert abs(found["files/1/one"].written_at - timezone.now()) < timedelta(minutes=1)
    assert list(storage.objects("files/99")) == []


def test_a_file_that_breaks_off_leaves_nothing(storage):
    class Broken(BytesIO):
        def read(self, *arguments):
            raise ConnectionResetError

        readinto = read

    with pytest.raises((ConnectionResetError, OSError)):
        storage.save("files/1/broken", File(Broken(b"x" * 10), name="broken"))
    # A folder may hold a piece of it, which no row knows and the nightly search removes.
    assert storage.is_local or list(storage.objects("files")) == []


@pytest.mark.django_db
def test_a_kept_file_goes_through_it_and_what_no_row_knows_is_removed_from_a_bucket(bucket):
    organization = make_organization("kept")
    actor = make_actor(organization, Role.ADMIN)
    with organization_scope(organization):
        limits = FileLimits(["txt"], 1_000)
        kept = store_file(
            actor=actor, purpose="a", about="b", filename="a.txt", chunks=[b"Hello"], limits=limits
        )
        assert b"".join(open_content(kept).chunks) == b"Hello"
        lost = bucket.save(f"files/{organization.pk}/lost", ContentFile(b"x"))
        later = timezone.now() + timedelta(days=1)
        assert list(orphaned_objects(later)) == [lost]
        purge = find_purge("core.orphaned_files")
        assert purge is not None
        assert purge.count(timezone.now() - timedelta(days=1)) == 0
        assert (purge.count(later), purge.delete(later, 10), purge.count(later)) == (1, 1, 0)
        assert bucket.exists(StoredFile.objects.get().path)


def test_a_backup_holds_the_kept_files_of_a_bucket_and_puts_back_what_is_missing(bucket, tmp_path):
    bucket.save("files/1/one", ContentFile(b"first"))
    bucket.save("files/2/two", ContentFile(b"second"))
    (tmp_path / "intake").mkdir()
    (tmp_path / "intake" / "list.csv").write_bytes(b"name\n")
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        assert add_media(archive) == (3, 16)
    bucket.delete("files/1/one")
    with zipfile.ZipFile(written) as archive:
        assert sorted(archive.namelist()) == [
            f"{PREFIX}{name}" for name in ("files/1/one", "files/2/two", "intake/list.csv")
        ]
        assert lay_out(archive) == 3
    with bucket.open("files/1/one") as opened:
        assert opened.read() == b"first"
    assert [each.name for each in bucket.objects("files")] == ["files/1/one", "files/2/two"]
    assert (tmp_path / FRESH / "intake" / "list.csv").exists()
    discard(FRESH)


def test_a_bucket_serves_nobody_else(bucket, s3_server):
    bucket.save("files/1/one", ContentFile(b"<script>"))
    client = boto3.client("s3", endpoint_url=s3_server, region_name="us-east-1", **KEYS)
    held = client.head_object(Bucket="kept", Key="leadledger/files/1/one")
    assert (held["ContentType"], held["ContentDisposition"]) == ("application/octet-stream", "attachment")
    grants = client.get_object_acl(Bucket="kept", Key="leadledger/files/1/one")["Grants"]
    assert all(grant["Grantee"]["Type"] == "CanonicalUser" for grant in grants)


@pytest.fixture
def away(bucket, settings):
    """A storage whose server does not answer."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        options = {
            **settings.STORAGES["default"]["OPTIONS"],
            "endpoint_url": f"http://127.0.0.1:{taken.getsockname()[1]}",
            "client_config": Config(connect_timeout=1, read_timeout=1, retries={"max_attempts": 1}),
        }
        settings.STORAGES = {
            **settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": options}
        }  # fmt: skip
        yield kept_storage()


def test_a_server_that_does_not_answer_is_told_in_words(away):
    for attempt in (
        lambda: away.save("files/1/x", ContentFile(b"1")),
        lambda: away.open("files/1/x"),
        lambda: away.size("files/1/x"),
        lambda: away.delete("files/1/x"),
        lambda: list(away.objects("files")),
    ):
        with pytest.raises(Unavailable, match="try again"):
            attempt()


def test_who_is_refused_by_the_bucket_reads_no_name_of_it(bucket, s3_server, settings):
    options = {**settings.STORAGES["default"]["OPTIONS"], "bucket_name": "somebody-elses"}
    settings.STORAGES = {
        **settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": options}
    }  # fmt: skip
    with pytest.raises(Unavailable) as caught:
        kept_storage().save("files/1/x", ContentFile(b"1"))
    assert "somebody" not in str(caught.value)


@pytest.mark.django_db
def test_pages_and_calls_say_that_files_are_away(away, client):
    organization = make_organization("away")
    actor = make_actor(organization, Role.OPERATIONS)
    client.raise_request_exception = False
    with system_scope(reason="test"):
        client.force_login(actor.user)
    with organization_scope(organization):
        line = make_line(actor, [{"key": "name", "label": "Name", "type": "text", "maps_to": "name"}])
        lead = create_lead(actor=actor, line=line, values={"name": "Asha"}).lead
    file = SimpleUploadedFile("offer.pdf", b"%PDF-1.4\n%%EOF\n")
    page = client.post(f"/leads/{lead.reference}/attachments/", {"kind": "other", "file": file})
    assert (page.status_code, b"try again" in page.content) == (503, True)
    file.seek(0)
    call = client.post(f"/api/v1/leads/{lead.reference}/attachments", {"kind": "other", "file": file})
    assert (call.status_code, call.json()["errors"][0]["code"]) == (503, "files_unavailable")
    assert call.headers["Retry-After"] == "60"
    with organization_scope(organization):
        assert not StoredFile.objects.exists()
