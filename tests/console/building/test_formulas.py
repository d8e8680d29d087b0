"""A formula is put together in the console and tried with sample values by the interpreter that leads meet."""

import pytest
from django.urls import reverse

from leads.models import Field
from leads.services.lines import add_field
from tests.console.pages import read_form, refusals

pytestmark = pytest.mark.django_db


@pytest.fixture
def share(actor, line):
    definition = {
        "key": "share",
        "label": "Share",
        "type": "computed",
        "formula": "rent / pay",
        "decimals": 2,
    }
    return add_field(actor=actor, line=line, definition=definition)


def trial(console, field, **sent):
    """The editor as the server draws it again."""
    page = console.open("leads_field_change", field.pk)
    values, _names = read_form(page, "field_form")
    address = reverse("admin:leads_field_shape", args=[field.pk])
    sent = {name.replace("sample_", "formula-sample-"): value for name, value in sent.items()}
    return console.client.post(
        address, {**values, "part": "formula", "formula-do": "look", **sent}
    ).content.decode()


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        ({"sample_rent": "1,000", "sample_pay": "3000"}, "= 0.33"),
        ({"sample_rent": "1000"}, "No result: Pay is missing."),
        ({"sample_rent": "1000", "sample_pay": "0"}, "divided by zero"),
        ({"sample_rent": "0", "sample_pay": "0"}, "divided by zero"),
        ({"sample_rent": "much", "sample_pay": "2"}, "Rent: “much” cannot be read"),
        ({"sample_rent": "1", "sample_pay": "3", "decimals": "4"}, "= 0.3333"),
        ({}, "Write sample values"),
    ],
)
def test_samples_give_a_result_or_the_reason_why_there_is_none(console, share, samples, told):
    assert told in trial(console, share, **samples)


def test_what_is_no_formula_is_told_while_it_is_written(console, share):
    drawn = trial(console, share, formula="rent / shop")
    assert "Use fields that hold numbers" in drawn
    assert "formula-sample" not in drawn


def test_fields_and_signs_are_put_where_the_writing_stopped(console, share):
    def text(**sent):
        drawn = trial(console, share, **sent)
        return drawn.split("<textarea")[1].split(">", 1)[1].split("</textarea>")[0].strip()

    assert text(formula="rent / ", **{"formula-do": "put-pay"}) == "rent / pay"
    assert text(formula="max(rent, 1)", **{"formula-do": "put-pay", "formula-at": "9"}) == "max(rent, pay 1)"
    assert text(formula="rent", **{"formula-do": "put-shop; drop"}) == "rent"


def test_an_if_is_built_from_rows(console, share):
    condition = {
        "formula_if-0-match": "all", "formula_if-0.0-field": "job", "formula_if-0.0-op": "eq",
        "formula_if-0.0-value": "Salaried",
    }  # fmt: skip
    drawn = trial(console, share, formula="rent *", **condition, **{"formula-do": "if"})
    rule = '{"field": "job", "op": "eq", "value": "Salaried"}'
    built = f"rent * if({rule}, 1, 0)".replace('"', "&quot;")
    assert built in drawn
    assert 'id="formula-sample-job"' in drawn
    assert "Add a condition first" in trial(
        console, share, **{"formula-do": "if", "formula_if-0-match": "all"}
    )
    # An unfinished if is no part of what is saved.
    page = console.open("leads_field_change", share.pk)
    values, _names = read_form(page, "field_form")
    response = console.client.post(
        page.request["PATH_INFO"], {**values, **condition, "label": "Part", "_save": "1"}
    )
    assert response.status_code == 302, refusals(response)
    assert Field.objects.get(pk=share.pk).formula == "rent / pay"
