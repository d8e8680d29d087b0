"""The rows of the list as markup."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

from django.template import Context, Template

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
ROW: dict[str, Any] = {
    "url": "/leads/L00000001/",
    "reference": "L00000001",
    "pick": "L00000001@64bf4a8dc0f80",
    "name": "Asha <b>",
    "status_label": "New",
    "status_tone": "info",
    "owner": "Ravi & Co",
    "created": NOW - dt.timedelta(hours=2),
    "cells": [{"label": 'A"', "text": "<i>", "kind": ""}, {"label": "B", "text": 5, "kind": "number"}],
}


def written(*, shows_owner: bool = True, **changes: Any) -> str:
    house = SimpleNamespace(locale="en-IN", timezone="UTC", currency="INR")
    context = Context({"rows": [{**ROW, **changes}], "now": NOW, "shows": shows_owner, "organization": house})
    return Template("{% load lead_rows %}{% lead_rows rows shows %}").render(context)


def test_whatever_people_wrote_is_escaped() -> None:
    html = written()

    assert ">Asha &lt;b&gt;</a>" in html
    assert '<td data-label="A&quot;">&lt;i&gt;<td data-label="B" class=number>5<td' in html
    assert "<span>Ravi &amp; Co</span>" in html


def test_a_lead_without_a_name_is_called_by_its_reference() -> None:
    assert ">L00000001</a>" in written(name="")


def test_the_moment_stands_behind_how_long_ago_it_was() -> None:
    assert 'datetime=2026-03-01T10:00Z title="1 Mar 2026, 10:00:00">2 h ago</time>' in written()


def test_the_owner_has_a_column_only_where_it_says_something() -> None:
    assert "class=keep" not in written(shows_owner=False)
    assert '<td class=keep data-label="Owner"><td' in written(owner="")
