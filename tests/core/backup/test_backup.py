"""Backup and restore: a real round trip, and restores that fail without having changed anything."""

import io
import json
import stat
import subprocess
import zipfile

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.roles import Role
from core.backup import databases, make_backup, media, programs, restore_backup
from core.backup.archive import DATABASE, MANIFEST
from core.backup.counts import all_tables
from core.backup.programs import find_program
from core.errors import ApplicationError, Conflict
from core.models import Organization
from core.scope import organization_scope, system_scope
from leads.models import Lead, LeadToken, Source
from tests.factories import ROWS, World, make_actor, make_organization
from tests.walls.catalog import made_models, read_tables

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def media_folder(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    (settings.MEDIA_ROOT / "intake" / "1").mkdir(parents=True)
    (settings.MEDIA_ROOT / "intake" / "1" / "leads.csv").write_bytes(b"name\nAsha\n" * 1000)
    (settings.MEDIA_ROOT / "photo.jpg").write_bytes(bytes(range(256)))
    return settings.MEDIA_ROOT


@pytest.fixture
def world(db) -> World:
    world = World(make_organization("acme"))
    for model in made_models():
        if model in ROWS:
            world.row(model)
    return world


@pytest.fixture
def backup(world, tmp_path):
    return make_backup(tmp_path / "monday.zip")


# Rows of it are folded into fewer at any time: what they add up to is what counts.
ADDED_UP = {
    "leads_leadtally": """(
        SELECT organization_id, line_id, day, source_id, status, stage, owner_id, sum(leads) FROM leads_leadtally
         GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(leads) <> 0)"""
}


def everything() -> dict[str, str]:
    """Every row of every table, as text, except sessions."""
    with system_scope(), connection.cursor() as cursor:
        rows = {}
        for table in all_tables():
            rows_of = ADDED_UP.get(table, table)
            cursor.execute(
                f"SELECT coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text)), '') FROM {rows_of} t"
            )
            rows[table] = cursor.fetchone()[0]
    return {table: digest for table, digest in rows.items() if table != "django_session"}


def files() -> dict[str, bytes]:
    return {str(path.relative_to(media.media_root())): path.read_bytes() for path in media.media_files()}


def databases_beside() -> list[str]:
    name = connection.settings_dict["NAME"]
    with system_scope(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s AND datname <> %s", [f"{name}\\_%", name]
        )
        return [row[0] for row in cursor.fetchall()]


def privileges() -> dict[str, frozenset[str]]:
    return {name: table.privileges for name, table in read_tables().items()}


def change_everything(world: World) -> None:
    make_actor(make_organization("later"), Role.ADMIN)
    with organization_scope(world.organization):
        Source.objects.update(name="Changed")
    (media.media_root() / "photo.jpg").write_bytes(b"changed")
    (media.media_root() / "later.txt").write_text("later")


def test_a_round_trip_brings_everything_back(world, backup):
    rows, stored, allowed = everything(), files(), privileges()
    change_everything(world)
    assert everything() != rows
    done = restore_backup(backup.path, replace=True)
    assert everything() == rows
    assert files() == stored
    assert privileges() == allowed
    assert done.replaced["core_organization"] == 2
    assert done.replaced["media"] == 7
    assert (done.differences, done.media_files) == ({}, 6)
    assert databases_beside() == []
    assert sorted(path.name for path in media.media_root().iterdir()) == ["files", "intake", "photo.jpg"]


def test_after_a_restore_walls_triggers_and_sequences_hold(world, backup):
    restore_backup(backup.path, replace=True)
    other = make_organization("other")
    with organization_scope(other, actor_id=7, request_id="after"):
        assert Source.objects.count() == 0
        made = Source.objects.create(name="New", name_key="new")
        assert made.history.get().history_request_id == "after"
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM leads_source")
            assert cursor.fetchone() == (1,)
            cursor.execute("SELECT current_user, nextval('leads_reference') > 0")
            assert cursor.fetchone()[1]
            cursor.execute("SELECT has_function_privilege('leadledger_record_history()', 'EXECUTE')")
            assert cursor.fetchone() == (False,)


def test_nobody_stays_signed_in(world, backup, client_for):
    client = client_for(world.admin)
    assert client.get("/profile/").status_code == 200
    restore_backup(backup.path, replace=True)
    assert client.get("/profile/").status_code == 302
    fresh = Client()
    fresh.post("/account/login/", {"login": world.admin.user.email, "password": "correct horse battery"})
    assert fresh.get("/profile/").status_code == 200


def test_what_is_stored_goes_only_when_that_is_said(world, backup):
    rows = everything()
    with pytest.raises(Conflict) as refusal:
        restore_backup(backup.path)
    assert "organisations acme" in refusal.value.message
    assert "--replace" in refusal.value.message
    assert everything() == rows


def test_into_an_empty_installation_without_more_words(backup, settings, tmp_path):
    call_command("flush", interactive=False, verbosity=0)
    settings.MEDIA_ROOT = tmp_path / "elsewhere"
    done = restore_backup(backup.path)
    assert (done.replaced, done.media_files) == ({}, 6)
    with system_scope():
        assert Organization.objects.get().slug == "acme"


def damage(path, tmp_path, **replaced: bytes):
    """A copy of a backup in which some members are others."""
    copy = tmp_path / "damaged.zip"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w") as target:
        for entry in source.infolist():
            target.writestr(entry, replaced.get(entry.filename.split(".")[0], source.read(entry)))
    return copy


def dump_of(path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(DATABASE)


def cut_dump(path) -> bytes:
    dump = dump_of(path)
    return dump[: len(dump) * 9 // 10]


def pg_restore(*options: str, input: bytes) -> bytes:  # noqa: A002
    command = [find_program("pg_restore"), *options]
    return subprocess.run(command, input=input, capture_output=True, check=True).stdout


def manifest_with(path, **changes) -> bytes:
    with zipfile.ZipFile(path) as source:
        return json.dumps({**json.loads(source.read(MANIFEST)), **changes}).encode()


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (lambda path, folder: damage(path, folder, database=cut_dump(path)), "program_failed"),
        (lambda path, folder: damage(path, folder, database=b"nonsense"), "program_failed"),
        (lambda path, folder: damage(path, folder, manifest=b"{}"), "no_backup"),
        (
            lambda path, folder: damage(
                path, folder, manifest=manifest_with(path, rows={"core_organization": 5})
            ),
            "rows_differ",
        ),
        (lambda path, folder: damage(path, folder, manifest=manifest_with(path, format=2)), "later_format"),
        (
            lambda path, folder: damage(
                path, folder, manifest=manifest_with(path, migrations=["leads.9999_later"])
            ),
            "later_version",
        ),
        (
            lambda path, folder: damage(
                path, folder, manifest=manifest_with(path, application_role="somebody")
            ),
            "other_role",
        ),
    ],
)
def test_a_restore_that_fails_changes_nothing(world, backup, tmp_path, broken, code):
    path = broken(backup.path, tmp_path)
    rows, stored = everything(), files()
    with pytest.raises(ApplicationError) as refusal:
        restore_backup(path, replace=True)
    assert refusal.value.code == code
    assert "\n" not in refusal.value.message
    assert (everything(), files()) == (rows, stored)
    assert databases_beside() == []
    assert not (media.media_root() / media.FRESH).exists()


def test_a_flipped_bit_is_noticed(world, backup, tmp_path):
    data = bytearray(backup.path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path = tmp_path / "flipped.zip"
    path.write_bytes(data)
    rows = everything()
    with pytest.raises(ApplicationError):
        restore_backup(path, replace=True)
    assert everything() == rows


@pytest.mark.parametrize("content", [b"", b"PK", b"name,phone\n"])
def test_what_is_no_backup_is_refused(db, tmp_path, content):
    path = tmp_path / "other.zip"
    path.write_bytes(content)
    with pytest.raises(ApplicationError) as refusal:
        restore_backup(path)
    assert refusal.value.code == "no_backup"


def test_media_that_lead_out_of_their_folder_are_refused(world, backup, tmp_path):
    path = tmp_path / "evil.zip"
    path.write_bytes(backup.path.read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("media/../../evil.txt", "x")
    rows = everything()
    with pytest.raises(ApplicationError, match="leads out of its folder"):
        restore_backup(path, replace=True)
    assert everything() == rows
    assert not list(tmp_path.rglob("evil.txt"))


def test_a_restore_that_cannot_take_the_place_puts_the_media_back(world, backup, monkeypatch):
    change_everything(world)
    rows, stored = everything(), files()

    def fail(*_arguments):
        raise ApplicationError("no_exchange", "The server refuses.")

    monkeypatch.setattr(databases, "exchange", fail)
    with pytest.raises(ApplicationError, match="refuses"):
        restore_backup(backup.path, replace=True)
    assert (everything(), files()) == (rows, stored)
    assert databases_beside() == []


def test_a_restore_killed_between_media_and_database_is_put_right_by_the_next(world, backup):
    change_everything(world)
    stored = files()
    with zipfile.ZipFile(backup.path) as archive:
        media.lay_out(archive)
    media.exchange()
    assert files() != stored
    with pytest.raises(Conflict):
        restore_backup(backup.path)
    assert files() == stored


def test_others_at_work_are_sent_away_and_come_back(world, backup):
    connection.ensure_connection()
    name = connection.settings_dict["NAME"]
    with databases.working_in(name):
        idle = connection.copy()
        idle.ensure_connection()
        restore_backup(backup.path, replace=True)
        with pytest.raises(Exception, match=r"terminat|closed"), idle.cursor() as cursor:
            cursor.execute("SELECT 1")
        idle.close()
        with idle.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)
        idle.close()


DERIVED = ["leads_duplicatekey", "leads_leadtally", "leads_leadtoken", "leads_leadvalue"]


def test_derived_rows_are_left_out_and_made_anew(world, tmp_path):
    rows = everything()
    made = make_backup(tmp_path / "derived.zip")
    assert made.manifest.derived == DERIVED
    listed = pg_restore("--data-only", "--file=-", input=dump_of(made.path)).decode()
    assert "COPY public.leads_lead " in listed
    assert not [table for table in DERIVED if f"COPY public.{table} " in listed]
    assert restore_backup(made.path, replace=True).differences == {}
    assert everything() == rows


def test_derived_rows_that_come_out_differently_are_told(world, tmp_path):
    with organization_scope(world.organization):
        LeadToken.objects.create(lead=world.row(Lead), token="astray")
        told = LeadToken.objects.count()
    made = make_backup(tmp_path / "derived.zip")
    assert restore_backup(made.path, replace=True).differences == {"leads_leadtoken": (told, told - 1)}


def test_a_backup_is_for_its_owner_alone_and_never_overwrites(backup):
    assert stat.S_IMODE(backup.path.stat().st_mode) == 0o600
    with pytest.raises(Conflict):
        make_backup(backup.path)
    assert list(backup.path.parent.glob("*.partial")) == []


def test_a_backup_that_fails_leaves_no_file(world, tmp_path, monkeypatch):
    monkeypatch.setattr("core.backup.making.add_media", lambda _archive: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        make_backup(tmp_path / "never.zip")
    assert list(tmp_path.glob("never*")) == []
    with pytest.raises(ApplicationError):
        make_backup(tmp_path / "no" / "folder.zip")


def test_no_credentials_of_browsers_are_in_it(world, client_for, tmp_path):
    session = client_for(world.admin).session.session_key
    made = make_backup(tmp_path / "monday.zip")
    assert session.encode() not in pg_restore("--data-only", "--file=-", input=dump_of(made.path))


def test_a_missing_program_is_named(world, tmp_path, settings, monkeypatch):
    settings.DATABASE_PROGRAMS = ""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ApplicationError, match="pg_dump is not installed"):
        make_backup(tmp_path / "monday.zip")


def test_all_that_the_settings_say_of_the_connection_counts(monkeypatch):
    """A socket given by the options, as in postgres://user@/name?host=/run/x, and a password nobody sees."""
    monkeypatch.setattr(
        connection,
        "get_connection_params",
        lambda: {"host": "/run/x", "user": "u", "password": "p w", "dbname": "d", "cursor_factory": object},
    )
    assert programs._address("other") == ("host=/run/x user=u dbname=other", {"PGPASSWORD": "p w"})


def test_the_commands(world, tmp_path):
    path = str(tmp_path / "monday.zip")
    output = io.StringIO()
    call_command("backup", path, "--json", stdout=output)
    made = json.loads(output.getvalue())
    assert (made["file"], made["media_files"]) == (path, 6)
    assert made["rows"] > 20
    output = io.StringIO()
    call_command("restore", path, "--replace", "--json", stdout=output)
    done = json.loads(output.getvalue())
    assert (done["rows"], done["tables"], done["differences"]) == (made["rows"], made["tables"], {})
    output = io.StringIO()
    call_command("restore", path, "--replace", stdout=output)
    assert "counted and equal" in output.getvalue()
    assert "core_organization 1" in output.getvalue()
