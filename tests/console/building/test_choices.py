"""Choices are a table in the form of a field: added, pasted, moved, and bound to the choices of another field."""

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from leads.admin.building.choice_field import MOST_ROWS, ChoiceTable
from leads.admin.building.choice_lines import choice_lines, parent_text, read_choice_lines, read_parents
from leads.fields.definition import Choice
from leads.models import Field
from leads.services.lines import add_field
from tests.console.pages import read_form, refusals

TEXTS = st.text(st.sampled_from("ab\\|;-\t é"), min_size=1, max_size=6).filter(
    lambda text: text == text.strip()
)
CHOICES = st.lists(
    st.builds(Choice, TEXTS, TEXTS, st.booleans(), st.lists(TEXTS, max_size=2, unique=True).map(tuple)),
    max_size=4,
)


@given(CHOICES)
def test_choices_come_back_from_their_text(choices) -> None:
    assert read_choice_lines(choice_lines(choices)) == choices


@given(st.lists(TEXTS, max_size=3))
def test_parents_come_back_from_their_text(parents) -> None:
    assert read_parents(parent_text(parents)) == tuple(parents)


def test_cells_of_a_spreadsheet_are_lines() -> None:
    assert read_choice_lines("PUN\tPune\tMH; GOA\r\nPNJ\tPanaji\t\r\n\r\nSRT") == [
        Choice("PUN", "Pune", True, ("MH", "GOA")),
        Choice("PNJ", "Panaji"),
        Choice("SRT", "SRT"),
    ]


def typed(text: str):
    return ChoiceTable().value_from_datadict(QueryDict(text), {}, "choices")


def test_rows_stand_in_the_order_in_which_they_are_sent() -> None:
    rows = "&choices-2-value=C&choices-0-value=A&choices-0-active=on&choices-1-value=B"
    assert [row.value for row in typed(f"choices-rows=1{rows}").rows] == ["C", "A", "B"]
    moved = typed(f"choices-rows=1{rows}&choices-do=up-1").rows
    assert [(row.value, row.active) for row in moved] == [("A", True), ("C", False), ("B", False)]
    for action, values in (
        ("remove-0", "AB"),
        ("down-2", "CAB"),
        ("down-0", "ACB"),
        ("remove-7", "CAB"),
        ("no", "CAB"),
    ):
        assert "".join(row.value for row in typed(f"choices-rows=1{rows}&choices-do={action}").rows) == values


def test_a_text_that_cannot_be_read_yet_is_not_lost_when_a_row_is_added() -> None:
    given = typed("choices-rows=1&choices-0-value=A&choices=| B&choices-was=A&choices-do=add")
    drawn = ChoiceTable().render("choices", given, {"id": "id_choices"})
    assert "| B</textarea>" in drawn
    assert 'name="choices-0-value" value="A"' in drawn
    given = typed("choices-rows=1&choices-0-value=A&choices=B%0AC&choices-was=A&choices-do=add")
    assert [row.value for row in given.rows] == ["B", "C", ""]


def test_many_choices_are_a_text() -> None:
    many = [str(number) for number in range(MOST_ROWS + 1)]
    drawn = ChoiceTable().render("choices", many, {"id": "id_choices"})
    assert "choices-0-value" not in drawn
    assert f"More than {MOST_ROWS} choices" in drawn


@pytest.mark.django_db
class TestInTheConsole:
    def change(self, console, field, **sent):
        page = console.open("leads_field_change", field.pk)
        values, _names = read_form(page, "field_form")
        return console.client.post(page.request["PATH_INFO"], {**values, **sent, "_save": "1"})

    def test_a_table_is_saved_as_it_is_typed(self, console, line):
        field = Field.objects.get(key="job")
        page = console.open("leads_field_change", field.pk)
        assert 'value="Self employed"' in page.content.decode()
        before = Field.history.count()
        assert self.change(console, field).status_code == 302
        assert Field.history.count() == before
        response = self.change(
            console, field,
            **{"choices-1-label": "Own business", "choices-2-value": "R", "choices-2-label": "Retired",
               "choices-3-value": "", "choices-4-value": "", "choices-4-label": "Student", "choices-4-active": "on"},
        )  # fmt: skip
        assert response.status_code == 302, refusals(response)
        field.refresh_from_db()
        assert field.choices == [
            "Salaried",
            {"value": "Self employed", "label": "Own business", "active": True},
            {"value": "R", "label": "Retired", "active": False},
            "Student",
        ]

    def test_lines_are_pasted_and_nothing_is_saved_yet(self, console, line):
        field = Field.objects.get(key="job")
        pressed = {"choices-do": "paste", "choices-paste": "S | Student\n- O | Other"}
        page = self.change(console, field, **pressed)
        values, _names = read_form(page, "field_form")
        assert (values["choices-2-value"], values["choices-3-label"]) == (["S"], ["Other"])
        assert "choices-3-active" not in values
        assert len(Field.objects.get(key="job").choices) == 2
        page = self.change(console, field, **pressed | {"choices-paste": "| nothing"})
        assert "A choice has no value" in page.content.decode()
        assert "| nothing" in page.content.decode()

    def test_each_choice_says_beside_which_it_stands(self, console, actor, line):
        field = add_field(
            actor=actor, line=line,
            definition={"key": "role", "label": "Role", "type": "select", "choices": ["Clerk", "Owner"]},
        )  # fmt: skip
        page = self.change(console, field, choices_from="job", **{"choices-do": "look"})
        _values, names = read_form(page, "field_form")
        assert "choices-0-parents" in names
        response = self.change(
            console, field, choices_from="job",
            **{"choices-0-parents": ["Salaried"], "choices-1-parents": ["Self employed", "Salaried"]},
        )  # fmt: skip
        assert response.status_code == 302, refusals(response)
        field.refresh_from_db()
        assert field.choices_from == "job"
        assert [choice["parents"] for choice in field.choices] == [
            ["Salaried"],
            ["Self employed", "Salaried"],
        ]
        # What the other field has no longer is shown, and told beside its row.
        Field.objects.filter(key="job").update(choices=["Self employed", "Pensioner"])
        response = self.change(console, field, label="Post")
        assert refusals(response)["choices"] == ["Correct the marked row."]
        page = response.content.decode()
        assert "Salaried: no choice there" in page
        assert 'id="choices-0-problem"' in page
        # Nothing depends any more: what it went with goes too.
        response = self.change(console, field, choices_from="")
        assert response.status_code == 302, refusals(response)
        field.refresh_from_db()
        assert field.choices == ["Clerk", "Owner"]

    def test_what_is_wrong_stands_beside_its_row(self, console, line):
        field = Field.objects.get(key="job")
        response = self.change(console, field, **{"choices-2-value": "", "choices-3-value": "salaried"})
        assert refusals(response)["choices"] == ["Correct the marked row."]
        page = response.content.decode()
        assert 'id="choices-3-problem"' in page
        assert "reads the same as choice 1" in page
        # The next page has no problem of this one.
        assert "reads the same" not in console.open("leads_field_change", field.pk).content.decode()
