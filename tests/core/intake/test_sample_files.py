"""The sample files, end to end through reading, header, matching and coercion."""

import json

import pytest

from core.intake.headers import choose_header, data_rows
from core.intake.matching import Target, match_columns
from core.intake.readers import open_table
from core.values import Refused, cell_text, day, integer, money, phone, text
from tests.core.intake.files import DATA

LOANS = DATA / "loan_leads"
COERCE = {"phone": phone, "date": day, "money": money, "integer": integer}


@pytest.fixture(scope="module")
def fields():
    (line,) = json.loads((LOANS / "configuration.json").read_text())["business_lines"]
    return [field for field in line["fields"] if field["type"] != "computed"]


def coerced_rows(filename, fields):
    """Each data row as {field: value or reason}."""
    targets = [
        Target(field["key"], field["label"], required=field.get("required", False)) for field in fields
    ]
    targets += [Target("source", "Source"), Target("campaign", "Campaign")]
    types = {field["key"]: field["type"] for field in fields}
    with open_table(LOANS / filename, filename=filename) as source:
        choice = choose_header(source, targets)
        match = match_columns(choice.header.texts, targets)
        assert match.unmatched == match.missing_required == match.suggested == []
        required = [match.matched[target.key] for target in targets if target.required]
        for row in data_rows(source, choice.header, required):
            cells = row.cells + [None] * (len(choice.header.texts) - len(row.cells))
            yield {
                key: COERCE.get(types.get(key, "text"), text)(cells[column])
                for key, column in match.matched.items()
            }


def test_all_four_files_give_the_same_2000_rows(fields):
    from_text = list(coerced_rows("loan_leads.csv", fields))

    assert len(from_text) == 2000
    for name in ("loan_leads.xlsx", "loan_leads.xls", "loan_leads.ods"):
        assert list(coerced_rows(name, fields)) == from_text, name


def test_what_coercion_refuses_is_what_is_expected(fields):
    counts = {}
    for row in coerced_rows("loan_leads.xlsx", fields):
        for key, result in row.items():
            if isinstance(result, Refused):
                counts[f"{key}:{result.code}"] = counts.get(f"{key}:{result.code}", 0) + 1

    expected = json.loads((LOANS / "expected.json").read_text())["reasons"]
    coercions = {"mobile:invalid_phone", "monthly_income:not_a_number"}
    assert counts == {reason: expected[reason] for reason in coercions | (counts.keys() & expected.keys())}
    assert counts["date_of_birth:not_a_date"] == expected["date_of_birth:not_a_date"]


def test_the_education_leads_are_read_whole():
    with open_table(DATA / "education_leads.csv", filename="education_leads.csv") as source:
        header = choose_header(
            source, [Target("prospect", "Prospect ID"), Target("number", "Lead Number")]
        ).header
        rows = list(data_rows(source, header, [0]))

    assert len(header.texts) == 37
    assert len(rows) == 9240
    assert rows[0].number == 2
    assert cell_text(rows[0].cells[1]) == "660737"
