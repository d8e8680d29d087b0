"""What the address of a console's list may ask for: its filters, search, pages and order, and nothing else."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from core.models import Job
from leads.services.leads import create_lead
from tests.leads.lines.definitions import ONE_OF_EACH, make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]


@pytest.fixture
def line(actor_for):
    return make_line(actor_for(Role.OPERATIONS), ONE_OF_EACH)


@pytest.fixture
def lead(actor_for, line):
    values = {"full_name": "Secret Name", "mobile": "98450 12345", "kind": "Business"}
    return create_lead(actor=actor_for(Role.ADMIN), line=line, values=values).lead


@pytest.fixture
def client(actor_for, client_for):
    client = client_for(actor_for(Role.ADMIN))
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize(
    "address",
    [
        "leads/lead/?name__startswith=Sec",
        "leads/lead/?name=Secret%20Name",
        "leads/lead/?name__regex=(((",
        "leads/lead/?phone__gt=%2B919",
        "leads/lead/?phone__iregex=(a%2B)%2B$",
        "leads/lead/?data__full_name__startswith=S",
        "leads/lead/?owner__user__password__startswith=a",
        "leads/lead/?owner__user__password__isnull=1",
        "leads/lead/?organization__slug=acme",
        "leads/lead/?id__in=%00",
        "leads/lead/?created_at__gte=%00",
        "leads/lead/?line=%00",
        "leads/lead/?status__exact=%00",
        "leads/field/?line__organization__slug=acme",
        "core/intake/?options__samples__0__0__startswith=S",
        "core/intake/?target=%00",
        "core/intake/?nothing=1",
        "core/job/?state__exact=%00",
        "core/job/?parameters__intake=1",
        "accounts/membership/?user__password__startswith=argon",
        "accounts/membership/?is_active__exact=%00",
    ],
)
def test_what_no_filter_of_the_list_asks_for_leads_to_the_whole_list(address, client, lead):
    response = client.get(f"/console/{address}")
    path = "/console/" + address.partition("?")[0]
    assert (response.status_code, response.headers["Location"]) == (302, f"{path}?e=1")
    assert client.get(response.headers["Location"]).status_code == 200


def test_who_sees_masked_names_learns_nothing_by_filters(actor_for, client_for, lead):
    auditor = client_for(actor_for(Role.AUDITOR))
    right, wrong = (auditor.get(f"/console/leads/lead/?name__startswith={name}") for name in ("Sec", "Zed"))
    assert (right.status_code, right.url) == (wrong.status_code, wrong.url)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("?status__exact=new", True),
        ("?status__exact=closed", False),
        ("?line={line}", True),
        ("?q={reference}", True),
        ("?q=L99999999", False),
        ("?p=1&o=1", True),
        ("?status__exact=new&line={line}&q={reference}&o=-1", True),
    ],
)
def test_the_filters_of_the_list_still_filter(address, found, client, line, lead):
    response = client.get("/console/leads/lead/" + address.format(line=line.code, reference=lead.reference))
    assert response.status_code == 200
    assert (lead.reference in response.content.decode()) is found


@pytest.mark.parametrize(
    "address",
    [
        "leads/field/?line__id__exact={line}&type__exact=phone&status__exact=active&indexed__exact=0",
        "leads/lineversion/?line__id__exact={line}",
        "leads/businessline/?is_active__exact=1",
        "leads/source/?is_active__exact=1",
        "core/intake/?state__exact=loaded&target=loan",
        "core/job/?state__exact=done",
        "accounts/membership/?is_active__exact=1",
        "accounts/accessrule/?role__exact=agent&area__exact=leads",
    ],
)
def test_every_filter_that_a_list_shows_is_answered(address, client, line):
    assert client.get("/console/" + address.format(line=line.pk)).status_code == 200


def test_every_link_of_a_filter_that_the_page_shows_is_answered(client, line):
    Job.objects.create(kind="leads.index_fields", title="A job")
    for path in ("leads/field/", "leads/lead/", "core/job/", "accounts/membership/", "leads/lineversion/"):
        changelist = client.get(f"/console/{path}").context["cl"]
        links = [
            choice["query_string"]
            for spec in changelist.filter_specs
            for choice in spec.choices(changelist)
            if "query_string" in choice
        ]
        for link in links:
            assert (path, link, client.get(f"/console/{path}{link}").status_code) == (path, link, 200)


@pytest.mark.parametrize("order", ["5", "-4", "1.2", "2", "99", "x", "-"])
def test_leads_come_in_the_order_of_an_index_whatever_the_address_says(order, client, lead):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/console/leads/lead/?o={order}").status_code == 200
    (listing,) = [
        each["sql"] for each in queries if 'FROM "leads_lead"' in each["sql"] and "ORDER BY" in each["sql"]
    ]
    ordering = listing.rpartition("ORDER BY")[2].partition("LIMIT")[0].strip()
    assert ordering == '"leads_lead"."created_at" DESC, "leads_lead"."id" DESC'


def test_columns_that_a_list_offers_to_order_by_still_order(client, line):
    first, last = (
        [field.key for field in client.get(f"/console/leads/field/?o={order}").context["cl"].result_list]
        for order in ("1", "-1")
    )
    assert first == sorted(first)
    assert last == first[::-1]
