"""What the import pages are asked: numbers of any length, texts of any kind, files of any name."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actor import Actor
from core.models import Intake
from leads.models import Lead
from leads.pages.imports.presenting import whole_number
from tests.leads.intake.sheets import csv_of, person
from tests.leads.loans import load

pytestmark = pytest.mark.django_db
HUGE = "9" * 5_000


@pytest.fixture
def root(operations: Actor) -> Intake:
    return load(operations, csv_of(person(1, pan="bad"), person(2)))


@pytest.fixture
def client(operations: Actor, client_for: Callable[[Actor], Client]) -> Client:
    return client_for(operations)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("42", 42),
        ("9" * 18, 10**18 - 1),
        *((text, None) for text in ("9" * 19, HUGE, "", "-1", "²", "٣", "1\n", "1\x00")),
    ],
)
def test_a_number_is_whole_and_bounded(text: str, number: int | None) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize("number", ["9" * 18, "9" * 19, HUGE, "²", "-1", "\x00"])
def test_numbers_in_addresses(client: Client, root: Intake, number: str) -> None:
    assert client.get(reverse("leads:imports"), {"before": number}).status_code == 200
    grid = client.get(reverse("leads:import_grid", args=[root.pk]), {"after": number}, follow=True)
    assert grid.status_code == 200
    assert b"bad" in grid.content


@pytest.mark.parametrize(
    "posted",
    [
        {"apply": HUGE},
        {"apply": "9" * 18},
        {f"cell-{HUGE}-1": "x", f"cell-2-{HUGE}": "x", "cell-²-1": "x", "cell--": "x"},
        {f"cell-{'9' * 18}-{'9' * 18}": "x", f"cell-2-{'9' * 18}": "x"},
        {"cell-2-0": "a\x00b", "cell-2-1": "\x00", "cell-2-4": "\x00"},
    ],
)
def test_whatever_is_posted_to_the_grid(client: Client, root: Intake, posted: dict[str, str]) -> None:
    grid = reverse("leads:import_grid", args=[root.pk])
    response = client.post(grid, urlencode(posted), content_type="application/x-www-form-urlencoded")
    assert response.status_code == 200
    assert Lead.objects.count() == 1


@pytest.mark.parametrize(
    "name", ['say "hello".csv', "two\r\nSet-Cookie: a=b.csv", "ऋण – ₹.csv", "tab\there.csv", "\u202egpj.csv"]
)
def test_the_error_workbook_has_a_safe_name(client: Client, root: Intake, name: str) -> None:
    Intake.objects.filter(pk=root.pk).update(filename=name)

    response = client.get(reverse("leads:import_errors", args=[root.pk]))

    given = response["Content-Disposition"]
    assert given.startswith("attachment; filename*=utf-8''")
    assert given.isascii() and not any(
        sign in given for sign in ('"', "\r", "\n", "%0D", "%0A", "%09", "%E2%80%AE")
    )
    assert response.getvalue().startswith(b"PK")


def test_the_error_workbook_leaves_no_file_behind(
    client: Client, root: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(path: Any) -> bytes:
        raise AssertionError(f"{path} is read whole.")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Path, "read_bytes", never)

    response = client.get(reverse("leads:import_errors", args=[root.pk]))
    size = len(response.getvalue())
    assert int(response["Content-Length"]) == size
    response.close()

    assert not [path for path in tmp_path.iterdir() if path.is_file()]
