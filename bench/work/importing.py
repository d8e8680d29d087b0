"""Imports as the command does them, and what they are compared with."""

import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import psutil
from django.db import connection, transaction
from psycopg import sql
from tablib import Dataset

from accounts.actor import Actor
from bench import sample
from bench.work.preparing import organization
from core.jobs import run_job_inline
from core.scope import organization_scope, system_scope
from core.services.intakes import load_intake, receive_file

CHUNK_BYTES = 1024 * 1024
# What an import leaves, beside history: the rows that an owner's COPY brings into the same tables.
LEFT = ("leads_lead", "leads_leadvalue", "leads_leadtoken", "leads_duplicatekey")


class _Clock:
    """Wall seconds, and processor seconds of this process and of its PostgreSQL backend."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._backend = psutil.Process(cursor.fetchone()[0])
        self._began = time.perf_counter(), time.process_time(), self._server()

    def _server(self) -> float:
        used = self._backend.cpu_times()
        return float(used.user + used.system)

    def read(self) -> dict[str, float]:
        now = time.perf_counter(), time.process_time(), self._server()
        wall, own, server = (after - before for before, after in zip(self._began, now, strict=True))
        return {"seconds": wall, "client_cpu": own, "server_cpu": server}


def load_file(path: str) -> dict[str, Any]:
    """Receive and load a file as the application role; return what became of it and what it took."""
    house = organization()
    with organization_scope(house, reason="bench"):
        actor = Actor.system(house)
        clock = _Clock()
        with Path(path).open("rb") as file:
            chunks = iter(lambda: file.read(CHUNK_BYTES), b"")
            intake = receive_file(
                actor=actor, importer="leads", target=sample.LINE, filename=Path(path).name, chunks=chunks
            )
        job = run_job_inline(load_intake(actor=actor, intake_id=intake.pk, inline=True))
        taken = clock.read()
    counts = job.result or {}
    assert counts["accepted"] == counts["data_rows"] > 0, counts
    return {"rows": counts["accepted"], **taken}


def send_file(path: str) -> None:
    """Receive a file and leave its loading to the worker."""
    house = organization()
    with organization_scope(house, reason="bench"):
        actor = Actor.system(house)
        intake = receive_file(
            actor=actor,
            importer="leads",
            target=sample.LINE,
            filename=Path(path).name,
            chunks=[Path(path).read_bytes()],
        )
        load_intake(actor=actor, intake_id=intake.pk)


def keep_rows(folder: str) -> dict[str, int]:
    """Write what the import left to files, as COPY gives it, with the number of rows by table."""
    kept = {}
    with system_scope(reason="bench"), connection.cursor() as cursor:
        for table in LEFT:
            with (Path(folder) / table).open("wb") as file, cursor.copy(_copy(table, "TO STDOUT")) as copy:
                for block in copy:
                    file.write(block)
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            kept[table] = cursor.fetchone()[0]
    return kept


def copy_rows(folder: str) -> dict[str, float]:
    """COPY the kept rows in as the owner, without history, into the same tables with all their indexes."""
    with system_scope(reason="bench"), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE leads_lead DISABLE TRIGGER history_insert")
        try:
            clock = _Clock()
            with transaction.atomic():
                for table in LEFT:
                    with (
                        (Path(folder) / table).open("rb") as file,
                        cursor.copy(_copy(table, "FROM STDIN")) as copy,
                    ):
                        while block := file.read(CHUNK_BYTES):
                            copy.write(block)
            return clock.read()
        finally:
            cursor.execute("ALTER TABLE leads_lead ENABLE TRIGGER history_insert")


def _copy(table: str, direction: str) -> sql.Composed:
    return sql.SQL("COPY {} {}").format(sql.Identifier(table), sql.SQL(direction))


def forget_leads() -> None:
    """Empty the tables of leads, so that each repetition begins alike."""
    with system_scope(reason="bench"), connection.cursor() as cursor:
        cursor.execute("TRUNCATE leads_historicallead, core_intakerow, " + ", ".join(LEFT) + " CASCADE")
        cursor.execute("UPDATE core_intake SET stands = false")


def load_by_import_export(path: str, *, validates: bool) -> dict[str, Any]:
    """Load the same file by django-import-export in bulk into a plain table with the same twenty columns.

    With `validates` it judges each row by the model and looks up what is there, as an import of leads does;
    without, it is as fast as it can be.
    """
    from bench.work.plain_resource import resource
    from bench.work.plain_tables import make_plain_tables

    with system_scope(reason="bench"):
        make_plain_tables()
        clock = _Clock()
        data = Dataset().load(StringIO("\n".join(_plain_lines(path))), format="csv")
        result = resource(validates=validates).import_data(data, raise_errors=True)
        taken = clock.read()
    assert result.totals["new"] == len(data), result.totals
    return {"rows": len(data), **taken}


def _plain_lines(path: str) -> Iterator[str]:
    """The file with the names of the columns for a header, which is what it matches by."""
    with Path(path).open(encoding="utf-8") as file:
        file.readline()
        yield ",".join([*sample.KEYS, "source", "campaign"])
        yield from (line.rstrip("\r\n") for line in file)
