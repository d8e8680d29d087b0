"""Files are what their bytes say; what could hurt is not kept, and nothing of it stays."""

import datetime as dt
import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.errors import NotVisible
from core.integrity.checks import check_kept_files
from core.kept_files import KINDS, PICTURES, FileRefused, file_link
from core.kept_files.kinds import recognise
from core.kept_files.links import Held, read_held, read_link
from core.kept_files.names import LONGEST, clean_name
from core.models import StoredFile
from core.queries.files import get_file, open_content
from core.services.files import FileLimits, attach_files, remove_unattached, store_file
from tests.core.kept_files import samples

ANY = FileLimits(tuple(KINDS), 5 * 2**20)
PICTURE = FileLimits(PICTURES, 5 * 2**20, as_picture=True)


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def actor(actor_for, in_organization):
    return actor_for("agent")


def keep(actor, content, filename="a.pdf", limits=ANY, **options):
    return store_file(
        actor=actor, purpose="tests", about="x", filename=filename, chunks=[content], limits=limits, **options
    )


def kind_of(content, filename="x"):
    found = recognise(io.BytesIO(content), filename)
    return found.name if found else None


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (samples.PDF, "pdf"),
        (samples.picture("JPEG"), "jpg"),
        (samples.picture("PNG"), "png"),
        (samples.picture("WEBP"), "webp"),
        (samples.picture("GIF"), "gif"),
        (samples.DOCX, "docx"),
        (samples.XLSX, "xlsx"),
        (samples.open_document("text"), "odt"),
        (samples.open_document("spreadsheet"), "ods"),
        ("Ünïcode, text\nहिन्दी".encode() * 9_000, "txt"),
        (b"\xef\xbb\xbfplain", "txt"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_known(content, kind):
    assert kind_of(content) == kind


HOSTILE = {
    "a program for Windows": b"MZ\x90\0" + b"\0" * 60,
    "a program for Linux": b"\x7fELF\x02",
    "a shell script": b"#!/bin/sh\nrm -rf /",
    "a page": b"<!DOCTYPE html><p>x",
    "a drawing with a script": b"  \n<svg xmlns='http://www.w3.org/2000/svg' onload='x()'>",
    "XML": b"<?xml version='1.0'?><svg/>",
    "text with a script": b"text first <script>alert(1)</script>",
    "a RAR": b"Rar!\x1a\x07\0",
    "an old Office document": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "a ZIP": samples.packed("a.txt"),
    "macros": samples.packed("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
    "Java": samples.packed("META-INF/MANIFEST.MF", "A.class"),
    "half a document": samples.DOCX[:40],
    "a false document": b"PK\x03\x04" + b"x" * 50,
    "UTF-16": "half".encode("utf-16"),
    "Latin-1": b"caf\xe9",
    "text with NUL": b"text\0text",
    "text with escapes": b"esc\x1b[31m",
    "a shifted PDF": b" %PDF-1.7",
    "a bitmap": b"BM" + b"\0" * 60,
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_what_is_not_taken(content, actor):
    assert kind_of(content) is None
    with pytest.raises(FileRefused) as refused:
        keep(actor, content)
    assert refused.value.code == "file_type"


@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda tail: b"PK\x03\x04" + tail))
def test_no_bytes_make_it_stumble(content):
    kind_of(content)


def test_a_kept_file_is_named_by_what_it_is(actor, media):
    file = keep(actor, samples.PDF, "../../etc/pass\u202ewd.html")
    assert (file.name, file.content_type, file.size) == ("passwd.pdf", "application/pdf", len(samples.PDF))
    assert file.path.startswith(f"files/{actor.organization.pk}/") and "pass" not in file.path
    place = media / file.path
    assert place.read_bytes() == samples.PDF
    assert place.stat().st_mode & 0o777 == 0o600 and place.parent.stat().st_mode & 0o777 == 0o700
    assert b"".join(open_content(file).chunks) == samples.PDF


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("C:\\x\\pay slip.PDF", "pay slip.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
        ("gpj.\u202eexe", "gpj.pdf"),
        ("वेतन पर्ची.pdf", "वेतन पर्ची.pdf"),
        ("...", "file.pdf"),
        ("", "file.pdf"),
        ("\0\ufeff", "file.pdf"),
        ('<img src=x>"&;', "_img src_x__&_.pdf"),
    ],
)
def test_names(given_name, kept):
    assert clean_name(given_name, "pdf") == kept


@given(st.text(max_size=400))
def test_every_name_is_one_line_without_a_path(given_name):
    name = clean_name(given_name, "jpg")
    assert name.endswith(".jpg") and len(name) <= LONGEST and name.isprintable()
    assert not set(name) & set('/\\<>:"|?*\r\n\0')


@pytest.mark.parametrize(
    ("content", "limits", "code"),
    [
        (b"", ANY, "file_empty"),
        (b"x" * 1_001, FileLimits(["txt"], 1_000), "file_too_large"),
        (samples.PDF, FileLimits(["jpg"], 1_000), "file_type"),
        (samples.PDF, PICTURE, "file_type"),
        (samples.picture()[:-300], PICTURE, "picture_damaged"),
        (b"\xff\xd8\xff" + samples.SCRIPT, PICTURE, "picture_damaged"),
        (b"GIF89a" + samples.SCRIPT, PICTURE, "picture_damaged"),
        (b"RIFF\0\0\0\0WEBPVP8 ", PICTURE, "picture_damaged"),
        (samples.promised_picture(50_000, 50_000), PICTURE, "picture_too_large"),
        (samples.promised_picture(2**31 - 1, 2**31 - 1), PICTURE, "picture_too_large"),
        (samples.promised_picture(8_000, 7_000), PICTURE, "picture_too_large"),
        (samples.promised_picture(4_000, 4_000), PICTURE, "picture_damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_leaves_nothing(content, limits, code, actor, media):
    with pytest.raises(FileRefused) as refused:
        keep(actor, content, limits=limits)
    assert refused.value.code == code and refused.value.message.endswith(".")
    assert not StoredFile.objects.exists() and not [path for path in media.rglob("*") if path.is_file()]


def test_a_body_that_never_ends_is_left_at_the_limit(actor):
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 100_000

    tracemalloc.start()
    with pytest.raises(FileRefused):
        store_file(actor=actor, purpose="tests", about="x", filename="x", chunks=endless(), limits=ANY)
    assert taken <= 54 and tracemalloc.get_traced_memory()[1] < 20 * 2**20
    tracemalloc.stop()


def test_a_disk_that_is_full_leaves_no_row(actor, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(default_storage, "save", full)
    with pytest.raises(OSError, match="No space"):
        keep(actor, samples.PDF)
    assert not StoredFile.objects.exists()


# Pictures


def drawn(actor, content):
    file = keep(actor, content, "photo.jpg", PICTURE)
    return file, b"".join(open_content(file).chunks)


def test_a_large_photograph_is_turned_and_made_smaller(actor):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned
    file = keep(actor, samples.picture(size=(4_000, 2_000), exif=exif), limits=PICTURE)
    assert (file.width, file.height) == (1_500, 3_000)


def test_a_packed_document_with_an_endless_list_of_parts_is_not_opened(monkeypatch):
    def fail(*_arguments):
        raise AssertionError("its list of parts was read")

    content = samples.packed(*(f"{number}{'x' * 200}" for number in range(9_000)))
    monkeypatch.setattr(zipfile, "ZipFile", fail)
    assert kind_of(content) is None


def test_a_picture_is_drawn_anew_upright_and_tells_nothing(actor):
    original = samples.located_picture()
    assert b"SecretPhone" in original
    file, kept = drawn(actor, original)
    picture = Image.open(io.BytesIO(kept))
    assert (picture.width, picture.height) == (file.width, file.height) == (40, 60)
    assert not picture.getexif() and "comment" not in picture.info
    assert b"SecretPhone" not in kept and b"Asha" not in kept


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_nothing_hides_behind_a_picture(actor, kind):
    _file, kept = drawn(actor, samples.picture(kind) + samples.SCRIPT)
    assert b"script" not in kept


@pytest.mark.parametrize(
    ("kind", "mode", "kept"),
    [
        ("PNG", "RGBA", "png"),
        ("PNG", "RGB", "jpg"),
        ("PNG", "L", "jpg"),
        ("GIF", "RGB", "jpg"),
        ("JPEG", "CMYK", "jpg"),
    ],
)
def test_modes(actor, kind, mode, kept):
    content = samples.picture(kind, mode=mode, **({"colour": (1, 2, 3, 4)} if mode == "CMYK" else {}))
    file, _content = drawn(actor, content)
    assert file.name == f"photo.{kept}" and file.content_type == KINDS[kept].content_type


def test_a_large_picture_becomes_smaller(actor):
    file, _content = drawn(actor, samples.picture("PNG", (4_000, 100)))
    assert (file.width, file.height) == (3_000, 75)


# Who reads, and what goes


def test_an_unattached_file_is_its_uploaders_alone(actor, actor_for, other_organization):
    file = keep(actor, samples.PDF)
    assert get_file(actor, file.pk) == file
    colleague = actor_for("admin")
    with pytest.raises(NotVisible):
        get_file(colleague, file.pk)
    taken = attach_files(actor=colleague, purpose="tests", file_ids=[file.pk], subject_id=1)
    assert taken == frozenset()
    assert attach_files(actor=actor, purpose="other", file_ids=[file.pk], subject_id=1) == frozenset()
    assert attach_files(actor=actor, purpose="tests", file_ids=[file.pk], subject_id=1) == {file.pk}
    assert attach_files(actor=actor, purpose="tests", file_ids=[file.pk], subject_id=2) == frozenset()
    # Attached for a purpose that nobody registered, it is nobody's.
    with pytest.raises(NotVisible):
        get_file(actor, file.pk)


def test_links_expire_and_cannot_be_made_up(settings):
    link = file_link(7, 9, shows=True)
    signed = link.removeprefix("/files/").removesuffix("/")
    claim = read_link(signed)
    assert (claim.organization_id, claim.file_id, claim.shows) == (7, 9, True)
    for wrong in (signed[:-1], signed + "x", "x", "", Held(9, "x", 1).signed()):
        with pytest.raises(NotVisible):
            read_link(wrong)
    assert read_held(signed) is None and read_held("x" * 5_000) is None
    assert read_held(Held(9, "वेतन.pdf", 1).signed()) == Held(9, "वेतन.pdf", 1)
    later = timezone.now() + dt.timedelta(seconds=settings.FILE_LINK_SECONDS + 2)
    with time_machine.travel(later, tick=False), pytest.raises(NotVisible, match="expired"):
        read_link(signed)


def test_what_nobody_attached_is_removed_after_a_day(actor, media, django_capture_on_commit_callbacks):
    old, fresh, attached = (keep(actor, samples.PDF) for _number in range(3))
    attach_files(actor=actor, purpose="tests", file_ids=[attached.pk], subject_id=1)
    day = timezone.now() - dt.timedelta(days=1)
    StoredFile.objects.filter(pk__in=[old.pk, attached.pk]).update(created_at=day - dt.timedelta(hours=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert remove_unattached(day, 10) == 1
        assert remove_unattached(day, 10) == 0
    assert set(StoredFile.objects.values_list("pk", flat=True)) == {fresh.pk, attached.pk}
    assert not (media / old.path).exists() and (media / fresh.path).exists()


def test_integrity_names_bytes_that_are_gone(actor, media):
    sound, gone, changed, lost = (keep(actor, samples.PDF) for _number in range(4))
    (media / gone.path).unlink()
    (media / changed.path).write_bytes(b"other")
    StoredFile.objects.filter(pk=lost.pk).update(attached_at=timezone.now())
    found = check_kept_files(actor.organization)
    assert found.tried == 4
    assert found.breaks == [
        f"file {gone.pk} is not in the storage",
        f"file {changed.pk} has 5 bytes instead of {sound.size}",
        f"file {lost.pk} is attached to nothing",
    ]
