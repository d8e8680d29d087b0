"""The conventions of lists, held on the list of leads: parameters that mean nothing are refused, never ignored."""

import pytest

from tests.leads.api.conftest import Api, errors_of


@pytest.fixture
def api(api_for, operations, line) -> Api:
    api = api_for(operations)
    for number, (age, income) in enumerate([(30, "100.50"), (40, "99.5"), (50, "1000")]):
        api.create(
            "loan",
            {"full_name": f"Person {number}", "age": age, "income": income, "mobile": f"98450 0000{number}"},
        )
    return api


@pytest.mark.parametrize(
    ("query", "code", "attr"),
    [
        ("ordering=colour", "invalid_ordering", "ordering"),
        ("ordering=created,updated", "invalid_ordering", "ordering"),
        ("ordering=--created", "invalid_ordering", "ordering"),
        ("ordering=data.age", "invalid_ordering", "ordering"),
        ("line=loan&ordering=data.colour", "invalid_ordering", "ordering"),
        ("line=loan&ordering=data.payload", "invalid_ordering", "ordering"),
        ("data.age__gte=1", "unknown_filter", "data.age__gte"),
        ("line=loan&data.age__near=1", "unknown_operator", "data.age__near"),
        ("line=loan&data.age__gte=old", "wrong_type", "data.age__gte"),
        ("line=loan&data.colour=red", "unknown_filter", "data.colour"),
        ("line=nowhere", "choice", "line"),
        ("page_size=501", "invalid_page_size", "page_size"),
        ("page_size=0", "invalid_page_size", "page_size"),
        ("page_size=ten", "invalid_page_size", "page_size"),
        ("page_size=", "invalid_page_size", "page_size"),
        ("cursor=nonsense", "invalid_cursor", "cursor"),
        ("created__gte=yesterday", "wrong_type", "created__gte"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(api, query, code, attr):
    response = api.client.get(f"/api/v1/leads?{query}")
    assert response.status_code == 400, response.content
    assert errors_of(response) == [(code, attr)]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("data.age__gte=40", ["Person 2", "Person 1"]),
        ("data.income__gt=100&data.income__lt=1000", ["Person 0"]),
        ("data.age__between=30,40&ordering=data.age", ["Person 0", "Person 1"]),
        ("ordering=-data.income", ["Person 2", "Person 0", "Person 1"]),
        ("ordering=created", ["Person 0", "Person 1", "Person 2"]),
        ("ordering=-updated", ["Person 2", "Person 1", "Person 0"]),
        ("search=person 1", ["Person 1"]),
        ("search=00002", ["Person 2"]),
        ("page_size=1&ordering=data.age", ["Person 0"]),
        ("data.age=&data.income__gte=", ["Person 2", "Person 1", "Person 0"]),
    ],
)
def test_filters_search_and_order_go_together(api, query, names):
    response = api.client.get(f"/api/v1/leads/?line=loan&{query}")
    assert response.status_code == 200, response.content
    page = response.json()
    assert [lead["name"] for lead in page["results"]] == names
    assert page["count"] == page["count_estimate"]


def test_a_cursor_belongs_to_its_order(api):
    page = api.get("/leads", page_size=1).json()
    wrong = page["next"] + "&ordering=updated"
    assert errors_of(api.get(wrong)) == [("invalid_cursor", "cursor")]
