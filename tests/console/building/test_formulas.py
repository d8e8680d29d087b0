"""A formula is put together in the console and tried with sample values by the interpreter that leads meet."""

import html
import json

import pytest
from django.http import QueryDict
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from core.rules import Kind
from leads.admin.building.formula_cases import conditionals_of, read_conditionals, spliced
from leads.admin.building.rule_tree import RuleField
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


def test_a_formula_of_several_lines_is_saved_untouched(console, actor, line):
    text = 'rent +\nif({"field": "vip",\n "op": "eq", "value": true},\n  pay\n  * 2,\n  min(\n1, pay))'
    definition = {"key": "share", "label": "Share", "type": "computed", "formula": text}
    share = add_field(actor=actor, line=line, definition=definition)
    page = console.open("leads_field_change", share.pk)
    values, _names = read_form(page, "field_form")
    assert values["formula_case0x0-then"] == ["pay\n  * 2"]
    # As browsers send it: an input has one line, and lines end with two characters.
    sent = {
        name: [each.replace("\n", "" if name.endswith(("-then", "-otherwise")) else "\r\n") for each in given]
        for name, given in values.items()
    }
    before = Field.history.count()
    response = console.client.post(page.request["PATH_INFO"], {**sent, "_save": "1"})
    assert response.status_code == 302, refusals(response)
    share.refresh_from_db()
    assert (share.formula, Field.history.count()) == (text, before)


def test_an_if_that_rows_cannot_show_is_carried_with_its_fractions(console, actor, line):
    half = {"field": "pay", "op": "gt", "value": 0.5}
    deep = {"any": [half, {"all": [half, {"any": [half, {"all": [half, half]}]}]}]}
    text = f"if({json.dumps(deep)}, pay, 0)"
    definition = {"key": "share", "label": "Share", "type": "computed", "formula": text}
    share = add_field(actor=actor, line=line, definition=definition)
    page = console.open("leads_field_change", share.pk)
    assert "Pay is more than 0.5 and Pay is more than 0.5" in html.unescape(page.content.decode())
    values, _names = read_form(page, "field_form")
    response = console.client.post(page.request["PATH_INFO"], {**values, "_save": "1"})
    assert response.status_code == 302, refusals(response)
    share.refresh_from_db()
    assert share.formula == text


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


SALARIED = '{"field": "job", "op": "eq", "value": "Salaried"}'
IMPORTANT = '{"op":"eq", "field":"vip", "value":true}'
CHAIN = f"rent * if({SALARIED}, max(pay, 1), if({IMPORTANT}, 2, 3)) + 1"


def stored(share, formula):
    Field.objects.filter(pk=share.pk).update(formula=formula)


def save(console, share, **typed):
    page = console.open("leads_field_change", share.pk)
    values, _names = read_form(page, "field_form")
    return console.client.post(page.request["PATH_INFO"], {**values, "_save": "1", **typed})


def text_of(drawn):
    return html.unescape(drawn.split("<textarea")[1].split(">", 1)[1].split("</textarea>")[0]).strip()


def test_an_if_opens_in_rows_and_saves_as_it_was_written(console, share):
    stored(share, CHAIN)
    page = console.open("leads_field_change", share.pk)
    values, _names = read_form(page, "field_form")
    assert values["formula_case0x0-0.0-value"] == ["Salaried"]
    assert (values["formula_case0x0-then"], values["formula_case0x1-then"]) == (["max(pay, 1)"], ["2"])
    assert values["formula_case0-otherwise"] == ["3"]
    assert "Or else, when" in page.content.decode()
    before = Field.history.count()
    assert save(console, share).status_code == 302
    share.refresh_from_db()
    assert (share.formula, Field.history.count()) == (CHAIN, before)


def test_rows_of_an_if_change_the_formula_and_nothing_else_of_it(console, share):
    stored(share, CHAIN)
    changed = {"formula_case0x0-0.0-value": "Self employed", "formula_case0x1-then": "rent / 2"}
    response = save(console, share, **changed)
    assert response.status_code == 302, refusals(response)
    share.refresh_from_db()
    other = SALARIED.replace("Salaried", "Self employed")
    assert share.formula == f"rent * if({other}, max(pay, 1), if({IMPORTANT}, rent / 2, 3)) + 1"
    # Where the text was changed, it counts.
    response = save(console, share, formula="rent * 2", **changed)
    assert response.status_code == 302, refusals(response)
    share.refresh_from_db()
    assert share.formula == "rent * 2"


def test_cases_are_added_and_taken_away(console, share):
    stored(share, CHAIN)
    assert (
        text_of(trial(console, share, **{"formula_case0-do": "remove-0"}))
        == f"rent * if({IMPORTANT}, 2, 3) + 1"
    )
    drawn = trial(console, share, **{"formula_case0-do": "add"})
    assert text_of(drawn) == CHAIN
    assert 'name="formula_case0x2-then"' in drawn and "Add a condition first" not in drawn
    case = {
        "formula_case0x2-0-match": "all", "formula_case0x2-0.0-field": "shop", "formula_case0x2-0.0-op": "is_empty",
        "formula_case0x2-then": "7", "formula_case0x2-rule": "",
    }  # fmt: skip
    empty = '{"field": "shop", "op": "is_empty"}'
    assert text_of(trial(console, share, **case)) == CHAIN.replace("3))", f"if({empty}, 7, 3)))")
    unfinished = save(console, share, **case | {"formula_case0x2-0.0-field": ""})
    assert refusals(unfinished) == {"formula": ["Correct the marked row."]}
    assert "Add a condition first" in unfinished.content.decode()
    stored(share, f"rent * if({SALARIED}, 1, pay - 2)")
    assert text_of(trial(console, share, **{"formula_case0-do": "remove-0"})) == "rent * (pay - 2)"


TERMS = st.recursive(
    st.sampled_from(["rent", "12.5", " ( pay ) ", "min(rent, pay)"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(" - ".join),
        st.tuples(st.sampled_from([SALARIED, IMPORTANT]), inner, inner).map(
            lambda of: f"IF( {of[0]},{of[1]} ,{of[2]})"
        ),
    ),
    max_leaves=8,
)


@given(TERMS)
def test_a_formula_whose_rows_are_not_touched_stays_as_it_is(text) -> None:
    fields = {
        "job": RuleField("job", "Job", Kind.TEXT, choices=(("Salaried", "Salaried"),)),
        "vip": RuleField("vip", "Important", Kind.BOOLEAN),
    }
    sent = QueryDict(mutable=True)
    ifs = conditionals_of(text, fields)
    for number, choice in enumerate(ifs):
        sent[f"formula_case{number}-otherwise"] = choice.otherwise
        for place, case in enumerate(choice.cases):
            name = f"formula_case{number}x{place}"
            [row] = case.root.parts
            sent.update({f"{name}-then": case.then, f"{name}-rule": case.rule, f"{name}-0-match": "all"})
            sent.update(
                {
                    f"{name}-0.0-field": row.name,
                    f"{name}-0.0-op": row.operator,
                    f"{name}-0.0-value": row.values[0],
                }
            )
    again, left = spliced(text, read_conditionals(sent, text, fields), fields)
    assert (again, len(left)) == (text, len(ifs))
    assert text.count("IF") == sum(len(each.cases) for each in ifs) + sum(
        part.count("IF") for each in ifs for part in (each.otherwise, *(case.then for case in each.cases))
    )
