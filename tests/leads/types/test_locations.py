"""A place as the value of a field."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.roles import Role
from leads.fields.checks import check_definitions
from leads.models import Lead
from tests.leads.types.doors import (
    by_api,
    by_form,
    codes,
    exported,
    found,
    imported,
    line_with,
    patched,
    posted,
    read,
)

SITE = {"key": "site", "label": "Site", "type": "location"}
PUNE = {"lat": "18.520430", "lon": "73.856743"}


@pytest.fixture
def line(operations):
    return line_with(operations, SITE)


@pytest.fixture
def client(operations, line, client_for):
    return client_for(operations)


def typed(lat="18.52043", lon="73.856743", accuracy="", address=""):
    return {"site-lat": lat, "site-lon": lon, "site-accuracy": accuracy, "site-address": address}


def test_the_page_shows_it_with_a_way_to_a_map(client):
    lead = by_form(client, typed(accuracy="12", address="MG Road"))
    assert lead.data["site"] == PUNE | {"accuracy": "12", "address": "MG Road"}
    page = client.get(f"/leads/{lead.reference}/").content.decode()
    assert "18.520430, 73.856743 ±12 m · MG Road" in page
    link = (
        'href="https://www.openstreetmap.org/?mlat=18.520430&amp;mlon=73.856743#map=17/18.520430/73.856743"'
    )
    assert link in page and 'rel="noopener noreferrer"' in page
    assert "18.520430, 73.856743" in client.get("/leads/?line=typed&columns=data.site").content.decode()


def test_a_form_that_comes_back_keeps_what_was_typed(client):
    answer = client.post("/leads/new/?line=typed", posted({"name": "", **typed(lat="91", address="Here")}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="91"' in page and 'value="Here"' in page and "is not a place" in page


def test_an_edit_elsewhere_leaves_it_and_emptying_takes_it(client):
    lead = by_form(client, typed(accuracy="12"))
    kept = {**typed(lat=PUNE["lat"], lon=PUNE["lon"], accuracy="12"), "name": "New"}
    assert client.post(f"/leads/{lead.reference}/edit/", posted(kept)).status_code == 302
    assert Lead.objects.get().data == {"name": "New", "site": PUNE | {"accuracy": "12"}}
    hidden = {"name": "Newer"}
    assert client.post(f"/leads/{lead.reference}/edit/", posted(hidden)).status_code == 302
    assert "site" in Lead.objects.get().data
    assert (
        client.post(f"/leads/{lead.reference}/edit/", posted({**hidden, **typed("", "")})).status_code == 302
    )
    assert Lead.objects.get().data == {"name": "Newer"}


def test_two_who_move_it_meet(client):
    lead = by_form(client, typed())
    page = client.get(f"/leads/{lead.reference}/edit/").context["form"]["seen"].initial
    patched(client, lead, {"site": "19, 72"})
    mine = posted({"name": "Asha Rao", **typed(lat="20", lon="70")}) | {"seen": page}
    answer = client.post(f"/leads/{lead.reference}/edit/", mine)
    assert "Somebody changed this to “19.000000, 72.000000” meanwhile" in answer.content.decode()


@pytest.mark.parametrize(
    "written", ["Pune", "91, 1", {"lat": "1"}, 5, ["1", "2"], {"lat": 1, "lon": 2, "z": 3}]
)
def test_what_is_no_place_is_refused(client, written):
    assert codes(by_api(client, {"site": written})) == ["data.site:not_a_location"]


def test_history_filter_and_export(client, operations):
    lead = by_form(client, typed())
    by_form(client, {"name": "Bina"})
    patched(client, lead, {"site": {"lat": 19, "lon": 72.5}})
    change = client.get(f"/api/v1/leads/{lead.reference}/timeline").json()["results"][0]["changes"][0]
    assert (change["old"], change["new"]) == ("18.520430, 73.856743", "19.000000, 72.500000")
    assert found(client, site__is_not_empty="true") == ["Asha Rao"]
    assert found(client, site__is_empty="true") == ["Bina"]
    assert client.get("/api/v1/leads", {"line": "typed", "data.site": "19"}).status_code == 400
    assert "Site given" in client.get("/leads/?line=typed").content.decode()


def test_masked_for_who_may_not_edit(operations, actor_for, client_for):
    line_with(operations, SITE | {"pii": True})
    lead = by_form(client_for(operations), typed())
    auditor = client_for(actor_for(Role.AUDITOR))
    assert read(auditor, lead)["data"]["site"] == "••••"
    assert "18.52" not in auditor.get(f"/leads/{lead.reference}/").content.decode()
    assert exported(auditor, columns="data.site")[0]["Site"] == "••••"


def test_settings_that_it_has_no_use_for():
    wrong = {"unique": True, "indexed": True, "default": "1, 2", "min": "1", "maps_to": "city"}
    found_problems = {problem.setting for problem in check_definitions([SITE | wrong])}
    assert found_problems == set(wrong)
    formula = {"key": "sum", "label": "Sum", "type": "computed", "formula": "site * 2"}
    assert [problem.setting for problem in check_definitions([SITE, formula])] == ["formula"]
    again = check_definitions([SITE], duplicate_match=["site"])
    assert [problem.code for problem in again] == ["unknown_field"]
    rule = {"field": "site", "op": "eq", "value": "x"}
    problems = check_definitions([SITE, {"key": "why", "label": "Why", "type": "text", "visible_if": rule}])
    assert [problem.code for problem in problems] == ["operator_not_for_kind"]


slow = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@slow
@given(
    st.decimals(-90, 90, places=6),
    st.decimals(-180, 180, places=6),
    st.none() | st.integers(0, 5000),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=20),
)
def test_a_place_travels_unchanged(client, operations, latitude, longitude, accuracy, address):
    Lead.objects.all().delete()
    parts = typed(str(latitude), str(longitude), "" if accuracy is None else str(accuracy), address)
    lead = by_form(client, parts)
    value = read(client, lead)["data"]["site"]
    assert by_api(client, {"site": value}).json()["data"]["site"] == value == lead.data["site"]
    row = exported(client, columns="data.site")[0]
    # The same bytes would be refused.
    name = f"Filed {lead.reference}"
    assert imported(operations, [{"Name": name, "Site": row["Site"]}]).accepted == 1
    assert Lead.objects.get(name=name).data["site"] == value
