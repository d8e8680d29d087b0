"""Forty fields made in the console of one process are known to another, and to the worker, at once.

Nothing is started again after the first field is made: what a process keeps in mind of a line must notice
each publication by itself.
"""

import csv
import io
import json
import re
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from leads.models import FieldKind
from tests.console.forty_fields import FORTY_FIELDS, FORTY_VALUES, HANDED_IN, OF_THE_HOUSE
from tests.console.pages import Console
from tests.core.kept_files import samples
from tests.forty_fields.conftest import TwoWebs
from tests.forty_fields.visitor import Visitor

LINE = "forty"
PATIENCE = 60
COMPUTED = "loan_to_income"
LABELS = {field["label"]: field for field in FORTY_FIELDS}
KEYS = {*FORTY_VALUES, *OF_THE_HOUSE, *HANDED_IN, COMPUTED}


class Job:
    """Operations at the first process, an onlooker at the second."""

    def __init__(self, webs: TwoWebs) -> None:
        house = webs.stack.make_organization(operations={"role": "operations", "name": "Omkar Joshi"})
        self.stack = webs.stack
        self.here = Visitor(webs.first, house.people["operations"])
        self.there = Visitor(webs.second, house.people["operations"])
        self.console = Console(self.here)  # type: ignore[arg-type]

    def open_line(self) -> None:
        done = self.console.add("leads_businessline", code=LINE, name="Forty")
        assert done.status_code == 302, done.said
        self.line = str(self.stack.query("SELECT id FROM leads_businessline WHERE code = %s", LINE)[0][0])

    def add_field(self, **typed: Any) -> None:
        done = self.console.add("leads_field", line=self.line, **typed)
        assert done.status_code == 302, f"{typed}: {done.said}"

    def publish(self) -> None:
        done = self.console.act("leads_businessline_publish", self.line, note="")  # type: ignore[arg-type]
        assert done.status_code == 302, done.said

    def retire(self, key: str) -> None:
        pk = self.stack.query("SELECT id FROM leads_field WHERE key = %s", key)[0][0]
        assert self.console.act("leads_field_retire", pk).status_code == 302
        self.publish()

    # What the second process knows

    def form(self) -> set[str]:
        names = self.there.form_names(f"/leads/new/?line={LINE}")
        # A place has an input for each of its parts: field-site-lat.
        return {name.removeprefix("field-").partition("-")[0] for name in names if name.startswith("field-")}

    def schema(self) -> dict[str, Any]:
        found: dict[str, Any] = self.there.json(f"/api/v1/lines/{LINE}/schema")["properties"]
        return found

    def list_columns(self) -> set[str]:
        page = self.there.get(f"/leads/?line={LINE}").text
        return set(re.findall(r'name="columns" value="data\.(\w+)"', page))

    def filters(self) -> set[str]:
        page = self.there.get(f"/leads/?line={LINE}").text
        return set(re.findall(r'name="data\.(\w+?)(?:__\w+)?"', page))

    def found(self, **filters: str) -> list[str]:
        query = {"line": LINE, **{f"data.{name}": value for name, value in filters.items()}}
        return [lead["name"] for lead in self.there.json("/api/v1/leads", query)["results"]]

    def hand_in(self, key: str, content: bytes) -> int:
        """Hand a file in at the first process; its number."""
        answer = self.here.hand_in("/api/v1/files", {"line": LINE, "field": key}, (f"{key}.bin", content))
        assert answer.status_code == 201, answer.text
        return int(json.loads(answer.text)["id"])

    def bring_in(self, rows: list[dict[str, str]], folder: Path) -> dict[str, int]:
        """Import a file at the second process, by its pages; the worker checks and loads it."""
        file = folder / f"{time.monotonic_ns()}.csv"
        with file.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        received = self.there.post("/imports/new/", {"line": LINE, "on_duplicate": ""}, file=("file", file))
        assert received.status_code == 302, received.said
        place = received.headers["Location"]
        matching = self.there.get(place)
        chosen = re.findall(r'<select name="(column_\d+)".*?</select>', matching.text, re.S)
        values = {name: self._selected(matching.text, name) for name in chosen}
        assert all(values.values()), f"Columns are not matched: {values}"
        self._no_refusal(self.there.post(f"{place}match/", values))
        self._wait(place, "checked")
        self._no_refusal(self.there.post(f"{place}load/"))
        self._wait(place, "loaded")
        number = int(re.findall(r"\d+", place)[-1])
        counts = "SELECT data_rows, accepted, rejected, duplicate FROM core_intake WHERE id = %s"
        return dict(
            zip(
                ("rows", "accepted", "rejected", "duplicate"),
                self.stack.query(counts, number)[0],
                strict=True,
            )
        )

    @staticmethod
    def _selected(page: str, name: str) -> str:
        select = re.search(rf'<select name="{name}".*?</select>', page, re.S)
        chosen = re.search(r'<option value="([^"]*)"\s+selected', select[0]) if select else None
        return chosen[1] if chosen else ""

    @staticmethod
    def _no_refusal(answer: Any) -> None:
        assert answer.status_code == 302, answer.said

    def _wait(self, place: str, state: str) -> None:
        number = int(re.findall(r"\d+", place)[-1])
        look = "SELECT j.state FROM core_intake i JOIN core_job j ON j.id = i.job_id WHERE i.id = %s"
        self.stack.wait_for(
            lambda: self.stack.query(look, number) == [("done",)], PATIENCE, f"the import is {state}"
        )


def lead(**changes: str) -> dict[str, str]:
    """A row of a file, by label."""
    by_key = {**FORTY_VALUES, **changes}
    return {label: by_key[key_of(field)] for label, field in LABELS.items() if key_of(field) in by_key}


def key_of(field: dict[str, Any]) -> str:
    return str(field.get("key") or re.sub(r"\W+", "_", field["label"].lower()).strip("_"))


@pytest.mark.timeout(300)
def test_forty_fields_of_all_types(webs: TwoWebs, tmp_path: Path) -> None:
    assert {field["type"] for field in FORTY_FIELDS} == set(FieldKind.values) and len(FORTY_FIELDS) == 40
    job = Job(webs)
    job.open_line()
    # Half of them first: the second process and the worker come to know the line as it is then.
    for field in FORTY_FIELDS[:20]:
        job.add_field(**field)
    job.publish()
    first = {key_of(field) for field in FORTY_FIELDS[:20]}
    assert job.form() == first == set(job.schema())
    known = [field["label"] for field in FORTY_FIELDS[:20]]
    half = lead(full_name="Half Known", mobile="98450 11111", pan="HALFK1234N")
    assert job.bring_in([{label: half[label] for label in known}], tmp_path)["accepted"] == 1

    for field in FORTY_FIELDS[20:]:
        job.add_field(**field)
    job.publish()

    assert job.form() == KEYS - {COMPUTED}
    assert set(job.schema()) == KEYS
    assert job.list_columns() >= KEYS - {"full_name"}
    half_known = job.there.json("/api/v1/leads", {"line": LINE, "search": "half known"})["results"][0]
    house = {"manager": "omkar joshi", "referred_by": half_known["reference"]}
    files = {"payslip": job.hand_in("payslip", samples.PDF), "photo": job.hand_in("photo", samples.picture())}
    written = job.there.send("/api/v1/leads", {"line": LINE, "data": {**FORTY_VALUES, **house, **files}})
    assert written.status_code == 201, written.text
    by_api = job.there.json(written.headers["Location"].removeprefix(job.there.address))
    assert set(by_api["data"]) == KEYS

    # An edit of one field passes the thirty-nine others through the form, and leaves them as they are.
    edited = job.there.resend(
        job.there.get(f"/leads/{by_api['reference']}/edit/"), "", **{"field-story": "Wants a\r\nlorry."}
    )
    assert edited.status_code == 302, edited.said
    after = job.there.json(f"/api/v1/leads/{by_api['reference']}")["data"]
    assert after == {**by_api["data"], "story": "Wants a\nlorry."}

    rows = [
        lead(
            full_name="Filed First", mobile="98450 22222", pan="FILED1234F", age="41", town="Mumbai", **house
        ),
        lead(full_name="Filed Wrong", mobile="98450 33333", pan="FILED1234W", age="7"),
    ]
    assert job.bring_in(rows, tmp_path) == {"rows": 2, "accepted": 1, "rejected": 1, "duplicate": 0}
    filed = job.there.json("/api/v1/leads", {"line": LINE, "search": "filed first"})["results"][0]["data"]
    changed = {"full_name": "Filed First", "mobile": "+919845022222", "pan": "FILED1234F"}
    changed |= {"age": "41", "town": "Mumbai"}
    # Files come by hand, never in a file.
    travels = {key: value for key, value in by_api["data"].items() if key not in HANDED_IN}
    assert filed == {**travels, **changed}

    assert filed["manager"]["name"] == "Omkar Joshi" and filed["site"]["lat"] == "18.520400"

    indexed = {key_of(field) for field in FORTY_FIELDS if field.get("indexed")}
    assert job.filters() >= indexed
    assert job.found(town="Pune", age__gte="30") == ["Asha Rao", "Half Known"]
    assert job.found(loan_to_income__lt="0.34", owns_home="true") == ["Filed First", "Asha Rao"]
    assert job.found(products="CAR", office_opens="09:15", born_on="1992-02-29") == [
        "Filed First",
        "Asha Rao",
    ]
    assert job.found(manager="me", referred_by=house["referred_by"], site__is_not_empty="true") == [
        "Filed First",
        "Asha Rao",
    ]
    exported = export(job)
    assert set(exported[0]) >= set(LABELS)
    assert {row["Full name"] for row in exported} == {"Half Known", "Asha Rao", "Filed First"}
    asha = next(row for row in exported if row["Full name"] == "Asha Rao")
    assert (asha["Manager"], asha["Site"]) == ("Omkar Joshi", "18.520400, 73.856700")
    assert (asha["Payslip"], asha["Photo"]) == ("payslip.pdf", "photo.jpg")
    page = job.there.get(f"/leads/{by_api['reference']}/").text
    assert [job.there.get(link).content for link in re.findall(r'class="file" href="([^"]+)"', page)] == [
        samples.PDF
    ]
    assert asha["Employment"] == "Salaried" and str(asha["Loan to income"]) == "0.33"

    retired_leaves_forms_and_stays_readable(job, by_api["reference"], tmp_path)


def export(job: Job) -> list[dict[str, Any]]:
    """The list's export as rows, downloaded at the second process by the link on the page."""
    page = job.there.get(f"/leads/?line={LINE}&" + "&".join(f"columns=data.{key}" for key in KEYS)).text
    link = re.search(r'href="([^"]*export[^"]*)"', page)
    assert link, "The list offers no export"
    answer = job.there.get(link[1].replace("&amp;", "&"))
    assert answer.status_code == 200, answer.text
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def retired_leaves_forms_and_stays_readable(job: Job, reference: str, folder: Path) -> None:
    job.retire("nickname")
    assert job.form() == KEYS - {COMPUTED, "nickname"}
    assert set(job.schema()) == KEYS - {"nickname"}
    assert "nickname" not in job.list_columns() | job.filters()
    page = job.there.get(f"/leads/{reference}/").text
    assert "Nickname (retired)" in page and ">Ash<" in page
    assert job.there.json(f"/api/v1/leads/{reference}")["data"]["nickname"] == "Ash"
    row = lead(full_name="Later", mobile="98450 44444", pan="LATER1234L")
    del row["Nickname"]
    assert job.bring_in([row], folder)["accepted"] == 1
    later = job.there.json("/api/v1/leads", {"line": LINE, "search": "later"})["results"][0]
    assert "nickname" not in later["data"]
    edit = job.there.get(f"/leads/{reference}/edit/").text
    assert "Nickname" not in edit
