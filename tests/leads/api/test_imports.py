"""Files of leads by API: loaded, checked, watched, handed back, taken back."""

import io
import json
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from accounts.actor import Actor
from accounts.roles import Role
from core.jobs import run_job_inline
from core.models import Intake, Job
from leads.models import BusinessLine, Lead
from leads.services.lines import update_line
from leads.services.notes import write_note
from tests.leads.api.conftest import Api, errors_of
from tests.leads.lines.definitions import make_line

FIELDS = [
    {"key": "full_name", "label": "Full name", "type": "text", "required": True, "maps_to": "name"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "required": True, "maps_to": "phone", "pii": True},
    {"key": "margin", "label": "Margin", "type": "integer", "visible_to": ["operations"]},
]
FILE = b"Full name,Mobile,Remarks\nAsha Rao,98450 12345,hot\nRavi,12,\nAsha,98450 12345,\n"


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def line(operations: Actor) -> BusinessLine:
    return update_line(actor=operations, line=make_line(operations, FIELDS), duplicate_match=["mobile"])


@pytest.fixture
def api(api_for, operations, line) -> Api:
    return api_for(operations)


def upload(
    api: Api, content: bytes = FILE, *, name: str = "leads.csv", headers: Any = None, **given: Any
) -> HttpResponse:
    data = {"file": SimpleUploadedFile(name, content), "line": "loan", **given}
    return api.client.post("/api/v1/imports/", data, headers=headers)


def run_jobs() -> None:
    """What a worker would do."""
    for job in Job.objects.filter(state="queued"):
        run_job_inline(job)


def loaded(api: Api, content: bytes = FILE, **given: Any) -> dict[str, Any]:
    """Load a file to its end; the import as it is then."""
    response = upload(api, content, **given)
    assert response.status_code == 201, response.content
    run_jobs()
    return api.get(f"/imports/{response.json()['id']}").json()


def test_a_file_is_loaded_and_told_of(api, operations):
    response = upload(api)
    assert response.status_code == 201
    begun = response.json()
    assert response["Location"] == begun["address"] == f"http://testserver/api/v1/imports/{begun['id']}"
    assert (begun["state"], begun["job"]["state"], begun["errors"]) == ("loading", "queued", None)
    assert begun["columns"] == [
        {"header": "Full name", "target": "full_name", "suggested": None},
        {"header": "Mobile", "target": "mobile", "suggested": None},
        {"header": "Remarks", "target": None, "suggested": None},
    ]
    run_jobs()
    ended = api.get(f"/imports/{begun['id']}/").json()
    assert (ended["state"], ended["job"]["state"], ended["created_by"]) == ("loaded", "done", "Meera Iyer")
    assert ended["counts"] == {
        "data_rows": 3,
        "accepted": 1,
        "updated": 0,
        "rejected": 1,
        "duplicate": 1,
        "held": 0,
        "reasons": {"mobile:invalid_phone": 1},
    }
    assert ended["errors"] == f"{begun['address']}/errors"
    assert Lead.objects.get().name == "Asha Rao"
    job = api.get(f"/jobs/{begun['job']['id']}").json()
    assert (job["state"], job["percent"], job["title"]) == ("done", 100, "Import of leads.csv")


def test_the_error_workbook_comes_and_goes_back_by_the_same_calls(api):
    first = loaded(api)
    response = api.client.get(first["errors"])
    assert response["Content-Type"].startswith("application/vnd.openxmlformats")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]][:3] == ["Full name", "Mobile", "Remarks"]
    sheet["B2"] = "98450 77777"
    corrected = io.BytesIO()
    book.save(corrected)
    second = loaded(api, corrected.getvalue(), name="corrected.xlsx")
    assert (second["corrects"], second["counts"]["accepted"]) == (first["id"], 1)
    assert {lead.name for lead in Lead.objects.all()} == {"Asha Rao", "Ravi"}


def test_a_dry_run_writes_nothing_and_may_be_loaded_then(api):
    checked = loaded(api, dry_run="true")
    assert (checked["state"], checked["check"]["accepted"], checked["counts"]["accepted"]) == (
        "checked",
        1,
        0,
    )
    assert not Lead.objects.exists()
    response = api.post(f"/imports/{checked['id']}/load", {})
    assert (response.status_code, response.json()["state"]) == (202, "loading")
    assert response["Content-Location"] == checked["address"]
    run_jobs()
    assert Lead.objects.count() == 1
    assert errors_of(api.post(f"/imports/{checked['id']}/load", {})) == [("already_loaded", None)]


def test_an_import_is_taken_back(api):
    first = loaded(api)
    response = api.post(f"/imports/{first['id']}/rollback", {})
    assert (response.status_code, response.json()["state"]) == (202, "rolling_back")
    run_jobs()
    assert api.get(f"/imports/{first['id']}").json()["state"] == "rolled_back"
    assert not Lead.objects.exists()
    assert errors_of(api.post(f"/imports/{first['id']}/rollback", {})) == [("not_loaded", None)]


def test_work_is_stopped(api):
    begun = upload(api).json()
    response = api.post(f"/imports/{begun['id']}/cancel", {})
    assert (response.status_code, response.json()["state"]) == (202, "cancelled")
    assert errors_of(api.post(f"/imports/{begun['id']}/cancel", {})) == [("not_running", None)]


@pytest.mark.parametrize(
    "mapping", [{"Contact": "mobile"}, {" contact ": "mobile", "Remarks": "source", "Full name": "full_name"}]
)
def test_columns_are_matched_by_the_caller_where_their_names_are_not_known(api, mapping):
    ended = loaded(api, FILE.replace(b"Mobile", b"Contact"), mapping=json.dumps(mapping))
    assert [each["target"] for each in ended["columns"]][:2] == ["full_name", "mobile"]
    assert ended["counts"]["accepted"] == 1
    assert (Lead.objects.get().source_id is not None) is ("Remarks" in mapping)


@pytest.mark.parametrize(
    ("mapping", "targets"),
    [
        (["full_name", "mobile", "@campaign"], ["full_name", "mobile", "@campaign"]),
        ({"Remarks": "full_name"}, [None, "mobile", "full_name"]),
        ({"Remarks": None}, ["full_name", "mobile", None]),
    ],
)
def test_columns_are_read_as_the_caller_says(api, mapping, targets):
    ended = loaded(api, mapping=json.dumps(mapping))
    assert [each["target"] for each in ended["columns"]] == targets


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ('{"Remarks": "nothing"}', "mapping"),
        ('{"Nowhere": "mobile"}', "mapping"),
        ('["full_name"]', "mapping"),
        ('["full_name", "full_name", null]', "twice"),
        ('{"Remarks": 5}', "invalid"),
        ("5", "invalid"),
        ("{", "parse_error"),
        ('{"Remarks": "margin\\u0000"}', "invalid"),
        ('{"Rem\\u0000arks": "margin"}', "invalid"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_and_leaves_nothing(api, mapping, code):
    response = upload(api, mapping=mapping)
    assert response.status_code == 400
    assert errors_of(response)[0][0] == code
    assert not Intake.objects.exists()


def test_a_file_without_a_required_column_is_refused_and_leaves_nothing(api):
    response = upload(api, b"Full name\nAsha\n")
    assert errors_of(response) == [("missing_columns", None)]
    assert "Mobile" in response.json()["errors"][0]["detail"]
    assert not Intake.objects.exists()


def test_bytes_that_stand_are_refused(api):
    loaded(api)
    response = upload(api)
    assert (response.status_code, errors_of(response)) == (409, [("same_bytes", None)])


@pytest.mark.parametrize(
    ("given", "attribute"),
    [
        ({"line": "nowhere"}, "line"),
        ({"on_duplicate": "explode"}, "on_duplicate"),
        ({"dry_run": "maybe"}, "dry_run"),
        ({"colour": "red"}, "colour"),
        ({"file": ""}, "file"),
    ],
)
def test_a_wrong_form_is_refused(api, given, attribute):
    response = upload(api, **given)
    assert response.status_code == 400
    assert errors_of(response)[0][1] == attribute


def test_what_is_no_form_is_refused(api):
    assert errors_of(api.post("/imports", {"line": "loan"})) == [("unsupported_media_type", None)]
    broken = api.post("/imports", b"--x", content_type="multipart/form-data; boundary=y")
    assert broken.status_code == 400


def test_an_upload_that_is_sent_again_loads_once(api):
    key = {"Idempotency-Key": "upload-1"}
    first, again = upload(api, headers=key), upload(api, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["id"] == first.json()["id"]
    assert again["Idempotency-Replayed"] == "true"
    other = upload(api, FILE + b"Meera,98450 00009,\n", headers=key)
    assert errors_of(other) == [("idempotency_key_reused", None)]
    assert Intake.objects.count() == 1


def test_imports_are_listed_newest_first_a_page_at_a_time(api, operations):
    make_line(operations, FIELDS, code="gold")
    numbers = [
        upload(api, FILE + bytes([65 + number]), line=line).json()["id"]
        for number, line in enumerate(("loan", "gold", "loan"))
    ]
    page = api.get("/imports", page_size=2).json()
    assert [each["id"] for each in page["results"]] == numbers[:0:-1]
    rest = api.get(page["next"]).json()
    assert ([each["id"] for each in rest["results"]], rest["next"]) == (numbers[:1], None)
    assert [each["id"] for each in api.get("/imports", line="gold").json()["results"]] == [numbers[1]]
    assert errors_of(api.get("/imports", colour="red")) == [("unknown_filter", "colour")]
    assert errors_of(api.get("/imports", cursor="x")) == [("invalid_cursor", "cursor")]


def test_each_sees_the_imports_that_the_role_reaches(api, api_for, actor_for):
    mine = loaded(api)
    leader = api_for(actor_for(Role.TEAM_LEADER))
    theirs = loaded(leader, FILE + b"Meera,98450 00009,\n")
    assert [each["id"] for each in leader.get("/imports").json()["results"]] == [theirs["id"]]
    for path in ("", "/errors"):
        assert leader.get(f"/imports/{mine['id']}{path}").status_code == 404
    for path in ("/rollback", "/cancel", "/load"):
        assert leader.post(f"/imports/{mine['id']}{path}", {}).status_code == 404
    assert leader.get(f"/jobs/{mine['job']['id']}").status_code == 404
    assert len(api.get("/imports").json()["results"]) == 2
    assert api_for(actor_for(Role.AGENT)).get("/imports").status_code == 403


def test_a_hidden_field_is_not_named(api, api_for, actor_for):
    ended = loaded(api, b"Full name,Mobile,Margin\nAsha,98450 12345,x\n")
    assert (ended["columns"][2]["target"], ended["counts"]["reasons"]) == (
        "margin",
        {"margin:not_an_integer": 1},
    )
    seen = api_for(actor_for(Role.AUDITOR)).get(f"/imports/{ended['id']}").json()
    assert (seen["columns"][2]["target"], seen["counts"]["reasons"]) == (None, {"hidden_field": 1})


def test_a_load_is_paused_and_resumed(api, operations):
    begun = upload(api).json()
    address = f"/imports/{begun['id']}"
    assert begun["paused"] is None

    paused = api.post(f"{address}/pause", {})
    assert paused.status_code == 202
    told = paused.json()
    assert (told["state"], told["job"]["state"], told["paused"]["by"]) == ("paused", "paused", "Meera Iyer")
    assert told["paused"]["at"] is not None
    assert errors_of(api.post(f"{address}/pause", {})) == [("already_paused", None)]
    run_jobs()
    assert api.get(address).json()["state"] == "paused"

    resumed = api.post(f"{address}/resume", {}).json()
    assert (resumed["state"], resumed["paused"]) == ("loading", None)
    assert errors_of(api.post(f"{address}/resume", {})) == [("not_paused", None)]
    run_jobs()
    assert api.get(address).json()["state"] == "loaded"
    assert errors_of(api.post(f"{address}/pause", {})) == [("not_running", None)]


ODD = b"Who,Where to call,Remarks,Town\nAsha Rao,98450 12345,hot,Pune\n"
ODD_MAPPING = json.dumps({"Who": "full_name", "Where to call": "mobile"})


def test_a_mapping_is_remembered_and_the_next_file_takes_it(api):
    first = upload(api, ODD, mapping=ODD_MAPPING, remember_as="Branch").json()
    assert first["saved_mapping"] == "Branch"

    second = loaded(api, ODD.replace(b"12345", b"12346").replace(b"Who", b" WHO "))
    assert (second["saved_mapping"], second["state"], second["counts"]["accepted"]) == ("Branch", "loaded", 1)
    assert [each["code"] for each in second["notices"]] == ["mapping_taken"]
    assert loaded(api, ODD + b"Ravi,98450 00001,,\n", saved_mapping="branch")["saved_mapping"] == "Branch"


def test_drift_is_refused_with_its_differences_unless_it_is_accepted(api):
    upload(api, ODD, mapping=ODD_MAPPING, remember_as="Branch")
    drifted = ODD.replace(b"Where to call", b"Where to call them").replace(b"12345", b"12347")

    refused = upload(api, drifted)
    assert refused.status_code == 400
    place = "saved_mapping"
    assert errors_of(refused) == [("mapping_drift", place), ("renamed_column", place)]
    assert "Where to call them" in refused.json()["errors"][1]["detail"]
    assert Intake.objects.count() == 1
    accepted = loaded(api, drifted, accept_drift=True)
    assert (accepted["saved_mapping"], accepted["counts"]["accepted"]) == ("Branch", 1)
    # What is said of the columns is an answer too.
    again = drifted.replace(b"12347", b"12348")
    assert loaded(api, again, mapping='{"Where to call them": "mobile"}')["counts"]["accepted"] == 1
    # Once the mapping has followed, the file is no question.
    upload(api, drifted.replace(b"12347", b"12349"), accept_drift=True, remember_as="Branch")
    assert loaded(api, drifted.replace(b"12347", b"12350"))["counts"]["accepted"] == 1


def test_names_of_mappings_that_do_not_do(api, api_for, actor_for, other_organization):
    upload(api, ODD, mapping=ODD_MAPPING, remember_as="Branch")
    unknown = upload(api, ODD + b"Ravi,98450 00001,,\n", saved_mapping="Elsewhere")
    assert errors_of(unknown) == [("unknown_mapping", "saved_mapping")]
    assert "There are: Branch." in unknown.json()["errors"][0]["detail"]
    taken = upload(api, ODD + b"Ravi,98450 00002,,\n", remember_as="Another")
    assert taken.status_code == 409 and taken.json()["errors"][0]["code"] == "header_remembered"
    too_long = upload(api, ODD + b"Ravi,98450 00003,,\n", remember_as="n" * 101)
    assert errors_of(too_long) == [("max_length", "remember_as")]
    assert Intake.objects.count() == 1


def test_the_list_asks_no_more_for_more_files_with_columns_that_nobody_knows(api):
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            found = api.get("/imports").json()["results"]
        assert all(each["columns"][2]["suggested"] == "margin" for each in found)
        return len(captured)

    def check(number: int) -> None:
        content = f"Full name,Mobile,Marginn\nAsha {number},98450 1234{number},1\n".encode()
        assert upload(api, content, dry_run="true").status_code == 201
        run_jobs()

    check(0)
    asked()
    first = asked()
    for number in range(1, 4):
        check(number)

    assert asked() == first


def test_a_rollback_tells_what_it_kept(api, operations):
    begun = loaded(api)
    assert begun["rollback"] is None
    reference = Lead.objects.get().reference
    write_note(actor=operations, reference=reference, text="Wants a call")

    api.post(f"/imports/{begun['id']}/rollback", {})
    run_jobs()

    told = api.get(f"/imports/{begun['id']}").json()["rollback"]
    assert told == {"withdrawn": 0, "restored": 0, "kept_edited": [reference]}
