"""One search, by name, piece of a phone number, e-mail and reference, in list, board and API alike."""

import pytest
from django.urls import reverse

from tests.leads.lists.conftest import House


def found(client, search: str) -> list[set[str]]:
    """What list, board and API find."""
    given = {"line": "loan", "search": search}
    table = client.get(reverse("leads:list"), given)
    board = client.get(reverse("leads:list"), {**given, "layout": "board"})
    call = client.get("/api/v1/leads", given).json()
    return [
        {row["reference"] for row in table.context["rows"]},
        {card["reference"] for column in board.context["columns"] for card in column["cards"]},
        {row["reference"] for row in call["results"]},
    ]


@pytest.mark.parametrize(
    "search",
    ["asha", "RAO", "rao ash", "12340", "9845012340", "+91 98450 12340", "asha@mail.example", "reference"],
)
def test_every_way_finds_the_same(house: House, client_for, search: str) -> None:
    lead = house.leads[0]
    text = lead.reference.lower() if search == "reference" else search
    for each in found(client_for(house.operations), text):
        assert each == {lead.reference}


def test_nobody_finds_what_is_not_theirs(house: House, client_for) -> None:
    assert found(client_for(house.other), "asha") == [set(), set(), set()]
    assert found(client_for(house.other), house.leads[0].reference) == [set(), set(), set()]
    assert found(client_for(house.operations), "nobody at all") == [set(), set(), set()]
