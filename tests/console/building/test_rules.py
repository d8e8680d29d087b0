"""Rules are built from rows in the form of a field, with a script and without one."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from leads.models import Field
from leads.services.lines import update_field
from tests.console.pages import read_form, refusals

pytestmark = pytest.mark.django_db
ROOT = {"required_if-0-match": "all"}
SALARIED = {"field": "job", "op": "eq", "value": "Salaried"}


def field(key):
    return Field.objects.get(key=key)


def save(console, key, **typed):
    """Send the form of a field as the page has it, with these rows instead."""
    page = console.open("leads_field_change", field(key).pk)
    values, _names = read_form(page, "field_form")
    return console.client.post(page.request["PATH_INFO"], {**values, **typed, "_save": "1"})


def shape(console, key, part="visible_if", **typed):
    page = console.open("leads_field_change", field(key).pk)
    values, _names = read_form(page, "field_form")
    address = reverse("admin:leads_field_shape", args=[field(key).pk])
    return console.client.post(address, {**values, "part": part, **typed})


NESTED = {
    "visible_if-0-match": "all",
    "visible_if-0.0-field": "job", "visible_if-0.0-op": "eq", "visible_if-0.0-value": "Salaried",
    "visible_if-0.1-match": "not_any",
    "visible_if-0.1.0-field": "pay", "visible_if-0.1.0-op": "between", "visible_if-0.1.0-value": ["1000", "2000.50"],
    "visible_if-0.1.1-match": "all",
    "visible_if-0.1.1.0-field": "pay", "visible_if-0.1.1.0-op": "lt", "visible_if-0.1.1.0-other": "rent",
    "visible_if-0.1.1.1-field": "vip", "visible_if-0.1.1.1-op": "eq", "visible_if-0.1.1.1-value": "true",
}  # fmt: skip


def test_a_nested_rule_is_built_and_opened_again_unchanged(console, line):
    response = save(console, "shop", **NESTED)
    assert response.status_code == 302, refusals(response)
    built = field("shop").visible_if
    assert built == {
        "all": [
            SALARIED,
            {
                "not": {
                    "any": [
                        {"field": "pay", "op": "between", "value": ["1000", "2000.50"]},
                        {
                            "all": [
                                {"field": "pay", "op": "lt", "value": {"field": "rent"}},
                                {"field": "vip", "op": "eq", "value": True},
                            ]
                        },
                    ]
                }
            },
        ]
    }
    page = console.open("leads_field_change", field("shop").pk).content.decode()
    assert (
        "Job is Salaried and not (Pay is between 1000 and 2000.50 or"
        " (Pay is less than Rent and Important is Yes))" in page
    )
    before = Field.history.count()
    assert save(console, "shop").status_code == 302
    assert (field("shop").visible_if, Field.history.count()) == (built, before)


def test_a_rule_keeps_its_spelling_until_it_is_changed(console, actor, line):
    written = {"all": [{"field": "pay", "op": "gt", "value": 5}]}
    update_field(actor=actor, field=field("shop"), changes={"visible_if": written})
    assert save(console, "shop", help="Where it is").status_code == 302
    assert (field("shop").visible_if, field("shop").help) == (written, "Where it is")


def test_buttons_work_without_a_script_and_save_nothing(console, line):
    page = save(console, "shop", **{"visible_if-do": "add-0", "label": "Store"})
    assert page.status_code == 200
    assert "Nothing is saved yet" in page.content.decode()
    values, names = read_form(page, "field_form")
    assert "visible_if-0.0-field" in names
    assert values["label"] == ["Store"]
    assert field("shop").label == "Shop"
    # The row's field is chosen, and the page asks for the value that suits it.
    page = save(
        console,
        "shop",
        **{"visible_if-do": "look", "visible_if-0-match": "all", "visible_if-0.0-field": "vip"},
    )
    assert read_form(page, "field_form")[0]["visible_if-0.0-value"] == [""]
    assert "has no problem" not in page.content.decode()


def test_a_part_alone_comes_back_in_its_new_shape(console, line):
    part = shape(
        console,
        "shop",
        **{"visible_if-0-match": "all", "visible_if-0.0-field": "job", "visible_if-do": "look"},
    )
    drawn = part.content.decode()
    assert "Self employed" in drawn
    assert "<form" not in drawn
    assert "Write a value" not in drawn
    # A field cannot depend on itself, and retired ones say nothing.
    assert 'value="shop"' not in drawn
    nothing = shape(console, "shop", part="label")
    assert nothing.status_code == 404


def test_what_is_wrong_stands_beside_its_row(console, line):
    response = save(
        console, "shop",
        **{
            "visible_if-0-match": "any",
            "visible_if-0.0-field": "job", "visible_if-0.0-op": "eq", "visible_if-0.0-value": "Salaried",
            "visible_if-0.1-field": "pay", "visible_if-0.1-op": "gt", "visible_if-0.1-value": "much",
        },
    )  # fmt: skip
    assert refusals(response) == {"visible_if": ["Correct the marked row."]}
    page = response.content.decode()
    assert 'id="visible_if-0.1-problem"' in page
    assert 'id="visible_if-0.0-problem"' not in page
    assert 'value="much"' in page


def test_what_the_service_finds_wrong_stands_beside_its_row_too(console, line):
    gone = {"field": "gone", "op": "eq", "value": 1}
    Field.objects.filter(key="shop").update(visible_if={"all": [SALARIED, gone]})
    response = save(console, "shop", label="Store")
    assert refusals(response) == {"visible_if": ["Correct the marked row."]}
    page = response.content.decode()
    assert 'id="visible_if-0.1-problem">There is no field &quot;gone&quot;' in page
    assert field("shop").visible_if["all"][1] == gone
    # The next page has no problem of this one.
    assert "There is no field" not in console.open("leads_field_change", field("shop").pk).content.decode()
    # What is wrong with the rule as a whole stands below it.
    response = save(
        console, "pay", **{"visible_if-do": "", "visible_if": '{"field": "pay", "op": "is_empty"}'}
    )
    assert "cannot depend on itself" in refusals(response)["visible_if"][0]


def test_the_text_counts_where_it_was_changed(console, line):
    response = save(console, "shop", **NESTED, visible_if='{"field": "rent", "op": "is_not_empty"}')
    assert response.status_code == 302, refusals(response)
    assert field("shop").visible_if == {"field": "rent", "op": "is_not_empty"}
    response = save(console, "shop", visible_if="{")
    assert "no JSON" in refusals(response)["visible_if"][0]
    assert save(console, "shop", visible_if="").status_code == 302
    assert field("shop").visible_if is None


def test_a_new_field_is_built_on_the_line_that_is_chosen(
    console, line, actor_for, client_for, other_organization
):
    page = console.open("leads_field_add", line=line.pk)
    assert "Choose a field" not in page.content.decode()
    part = console.client.post(
        reverse("admin:leads_field_shape_new"),
        {"line": line.pk, "part": "required_if"} | ROOT | {"required_if-do": "add-0"},
    )
    assert 'value="rent"' in part.content.decode()
    other = client_for(actor_for(Role.OPERATIONS, organization=other_organization))
    hidden = other.post(
        reverse("admin:leads_field_shape_new"),
        {"line": line.pk, "part": "required_if"} | ROOT,
    )
    assert 'value="rent"' not in hidden.content.decode()
    assert (
        other.post(
            reverse("admin:leads_field_shape", args=[field("rent").pk]), {"part": "required_if"}
        ).status_code
        == 404
    )
    auditor = client_for(actor_for(Role.AUDITOR))
    assert auditor.post(reverse("admin:leads_field_shape_new"), {"part": "required_if"}).status_code == 403


def test_a_text_that_is_no_rule_yet_is_not_lost_when_a_row_is_added(console, line):
    sent = {"visible_if-0-match": "all", "visible_if-0.0-field": "pay", "visible_if-0.0-op": "is_empty"}
    drawn = shape(
        console, "shop", **sent, **{"visible_if": '{"field": ', "visible_if-do": "add-0"}
    ).content.decode()
    assert "{&quot;field&quot;: </textarea>" in drawn
    assert 'value="pay" selected' in drawn
    drawn = shape(
        console,
        "shop",
        **sent,
        **{"visible_if": '{"field": "rent", "op": "is_empty"}', "visible_if-do": "look"},
    )
    assert "Rent is empty" in drawn.content.decode()
    assert 'value="rent" selected' in drawn.content.decode()
