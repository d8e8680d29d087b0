"""What a field's rights keep from somebody cannot be guessed: asked for the value, a door answers as for nonsense."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from tests.leads.doors.house import EDITORS, HIDDEN, PERSONAL, ROLES, House, body, taken_back
from tests.leads.doors.test_reading import AT_ONCE

NONSENSE = {
    "amount": "5550000",
    "phone": "+919811199999",
    "mail": "nobody@nowhere.example",
    "pan": "AAAAA1111A",
}
ATTRIBUTES = {"mail": "email"}
STATISTICS = ("leads:line_statistics", "api:line-statistics")


def kept_from(role: Role) -> dict[str, str]:
    return HIDDEN if role in EDITORS else {**HIDDEN, **PERSONAL}


def searches(key: str, value: str) -> list[str]:
    """A value as somebody would look for it: whole, its beginning, of a number its end too."""
    found = [value, value[:5]]
    return [*found, value.lstrip("+"), value[-5:], value[-10:]] if key == "phone" else found


def questions(key: str, value: str) -> list[tuple[str, dict[str, str]]]:
    """Which doors are asked for a value, and how."""
    line = {"line": "doors"}
    names = {f"data.{key}", ATTRIBUTES.get(key, key)}
    found = []
    for text in searches(key, value):
        found += [
            ("api:lead-list", {**line, "search": text}),
            ("leads:list", {**line, "search": text}),
            ("leads:choose_leads", {"input": "q", "q": text}),
        ]
    for name in sorted(names):
        rule = json.dumps({"field": name, "op": "eq", "value": value})
        for asked in ({name: value}, {"rule": rule}):
            found += [
                ("api:lead-list", {**line, **asked}),
                ("leads:list", {**line, **asked}),
            ]
        found += [
            ("api:lead-export", {**line, "format": "csv", "rule": rule}),
            ("leads:export", {**line, "format": "csv", name: value}),
            ("leads:board_column", {**line, "column": "new", name: value}),
            ("leads:bulk", {**line, "all": "1", name: value}),
        ]
    return found


def answered(house: House, client: Client, url: str, asked: dict[str, str]) -> tuple[int, int, int]:
    """What tells two answers apart: the status, how often the lead stands in it, and how many there are."""
    with taken_back():
        response = client.get(reverse(url), asked)
        text = body(response)
    count = response.json().get("count_estimate", -1) if url == "api:lead-list" else -1
    return response.status_code, text.count(house.reference), count


@pytest.mark.parametrize(
    "role",
    [*AT_ONCE, *(pytest.param(role, marks=pytest.mark.verify) for role in ROLES if role not in AT_ONCE)],
)
def test_asked_for_a_value_a_door_answers_as_for_nonsense(house: House, role: Role) -> None:
    client, guessed = house.client(house.actors[role]), []
    for key, value in kept_from(role).items():
        nonsense = NONSENSE.get(key, "qqqnonsense")
        pairs = zip(questions(key, value), questions(key, nonsense), strict=True)
        for (url, asked), (_url, other) in pairs:
            if answered(house, client, url, asked) != answered(house, client, url, other):
                guessed.append(f"{url}: {asked}")
    assert guessed == []


@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_ordered_or_counted_by_what_is_kept(house: House, role: Role) -> None:
    client, wrong = house.client(house.actors[role]), []
    for key in kept_from(role):
        for name in {f"data.{key}", ATTRIBUTES.get(key, key)}:
            for direction in ("", "-"):
                asked = {"line": "doors", "ordering": direction + name}
                status = client.get(reverse("api:lead-list"), asked).status_code
                if status != 400:
                    wrong.append(f"ordering={direction}{name}: {status}")
        for url in STATISTICS:
            for name in (key, f"data.{key}"):
                status = client.get(reverse(url, args=["doors"]), {"field": name}).status_code
                unknown = client.get(reverse(url, args=["doors"]), {"field": "nosuch"}).status_code
                if status != unknown or status == 200:
                    wrong.append(f"{url} of {name}: {status}")
    assert wrong == []


@pytest.mark.parametrize("key", ["phone", "pan", "name"])
def test_an_administrator_finds_the_lead_by_the_same_questions(house: House, key: str) -> None:
    """Else the others might be answered alike because nobody is answered."""
    client = house.client(house.world.admin)
    value = {**HIDDEN, **PERSONAL}[key]
    found = {url for url, asked in questions(key, value) if answered(house, client, url, asked)[1]}
    assert {"api:lead-list", "leads:list", "leads:choose_leads", "api:lead-export"} <= found
