"""A form is arranged: fields between sections, sections themselves, widths; saved in the draft, shown before that."""

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from leads.admin.building.form_layout import FormLayout, Section, act, layout_of, read_layout, typed_layout
from leads.fields.definition import FieldDefinition
from leads.models import BusinessLine, Field, FieldKind
from leads.services.layout import LaidOut, arrange_fields
from leads.services.lines import add_field, retire_field, update_field
from leads.services.reverting import discard_draft
from tests.console.pages import read_form, refusals

KEYS = "abcdef"
DEFINITIONS = {key: FieldDefinition(key=key, label=key, type=FieldKind.TEXT, section="S") for key in KEYS}
LAYOUTS = st.permutations(KEYS).flatmap(
    lambda keys: st.lists(st.integers(0, len(keys)), max_size=3).map(
        lambda cuts: [
            Section(f"S{start}", list(keys[start:end]))
            for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(keys)], strict=True)
        ]
    )
)


def shape(sections):
    return [(section.title, "".join(section.keys)) for section in sections]


@given(LAYOUTS, st.sampled_from(KEYS))
def test_no_field_is_lost_and_a_step_back_undoes_a_step(sections, key):
    layout = FormLayout(sections)
    before = shape(sections)
    act(layout, f"down-{key}")
    after = shape(layout.sections)
    assert sorted("".join(keys for _title, keys in after)) == sorted(KEYS)
    if after != before:
        act(layout, f"up-{key}")
        assert shape(layout.sections) == before
    assert shape(read_layout(layout.written(), DEFINITIONS).sections) == shape(layout.sections)


def test_sections_are_added_moved_and_only_empty_ones_deleted():
    layout = FormLayout([Section("A", ["a"]), Section("B", ["b"])])
    for action in (
        "section-add",
        "section-up-2",
        "section-remove-0",
        "section-up-0",
        "section-remove-9",
        "no",
    ):
        act(layout, action)
    assert shape(layout.sections) == [("A", "a"), ("", ""), ("B", "b")]
    act(layout, "down-a")
    act(layout, "section-remove-0")
    assert shape(layout.sections) == [("", "a"), ("B", "b")]


def test_what_a_page_sends_is_taken_as_it_stands():
    data = QueryDict(
        "row=§&title=A&row=c&row=a&row=nope&row=c&row=§&title=B&row=b&width-a=third&width-b=huge"
        "&was-a=0&to-a=1&was-c=1&to-c=1"
    )
    layout = typed_layout(
        data, {**DEFINITIONS, "old": FieldDefinition("old", "Old", FieldKind.TEXT, section="B")}
    )
    # a was sent to the other section; c was dragged before, and its choice is as the page had it.
    assert shape(layout.sections) == [("A", "c"), ("B", "bolda"), ("S", "def")]
    assert layout.widths == {"a": "third"}
    assert read_layout("[1", DEFINITIONS) is None
    assert read_layout("7", DEFINITIONS) is None


@pytest.mark.django_db
class TestInTheConsole:
    def send(self, console, line, action, part="", **typed):
        page = console.open("leads_businessline_layout", line.pk)
        values, _names = read_form(page, "layout_form")
        return console.client.post(page.request["PATH_INFO"], {**values, "do": action, "part": part, **typed})

    def stored(self):
        rows = Field.objects.order_by("order").values_list("key", "section", "width")
        return [f"{section}:{key}:{width}" for key, section, width in rows]

    def test_fields_go_to_other_sections_and_are_saved_in_the_draft(self, console, actor, line):
        retire_field(actor=actor, field=Field.objects.get(key="shop"))
        assert self.send(console, line, "look", title=["Job", "Rest"]).status_code == 200
        assert self.stored()[0] == "Work:job:", "nothing is saved before it is asked for"
        response = self.send(
            console, line, "save", title=["Job", "Rest"],
            **{"row": ["§", "pay", "§", "vip", "job", "rent"], "width-pay": "full", "width-vip": "third"},
        )  # fmt: skip
        assert response.status_code == 302
        assert self.stored() == ["Job:pay:full", "Rest:vip:third", "Rest:job:", "Rest:rent:", ":shop:"]
        before = Field.history.count()
        assert self.send(console, line, "save").status_code == 302
        assert Field.history.count() == before
        publish = console.open("leads_businessline_publish", line.pk).content.decode()
        assert "A third" in publish

    def test_a_section_without_fields_stays_in_the_draft_until_it_is_deleted(self, console, actor, line):
        page = self.send(console, line, "section-add")
        assert [section["title"] for section in page.context["sections"]] == ["Work", "", ""]
        refused = self.send(
            console, line, "save", row=["§", "job", "§", "§"], title=["Work", "Papers", "Work"]
        )
        assert "Two sections are called Work" in refused.content.decode()
        saved = self.send(console, line, "save", row=["§", "job", "§"], title=["Work", "Papers"])
        assert saved.status_code == 302
        page = console.open("leads_businessline_layout", line.pk)
        assert [section["title"] for section in page.context["sections"]] == ["Work", "", "Papers"]
        gone = self.send(console, line, "section-remove-2")
        assert [section["title"] for section in gone.context["sections"]] == ["Work", ""]
        discard_draft(actor=actor, line=line)
        assert BusinessLine.objects.get().empty_sections == []

    def test_the_form_beside_it_is_what_would_be_saved(self, console, line):
        frame = self.send(
            console, line, "show", row=["§", "shop", "§", "pay"], title=["First", "Second"], **{"width-shop": "third"}
        )  # fmt: skip
        drawn = frame.content.decode()
        assert frame["X-Frame-Options"] == "SAMEORIGIN"
        assert drawn.index("<h2>First</h2>") < drawn.index("Shop") < drawn.index("<h2>Second</h2>")
        assert 'class="field third"' in drawn
        # Values are tried in the same layout.
        again = console.client.post(
            frame.context["action"], {"unsaved-layout": frame.context["layout"], "field-shop": "x"}
        )
        assert "<h2>First</h2>" in again.content.decode()
        assert self.stored()[0] == "Work:job:"

    def test_another_tab_is_told_and_not_overwritten(self, console, actor, line):
        page = console.open("leads_businessline_layout", line.pk)
        values, _names = read_form(page, "layout_form")
        update_field(
            actor=actor, field=Field.objects.get(key="rent"), changes={"label": "Lease", "section": "Home"}
        )
        address = page.request["PATH_INFO"]
        refused = console.client.post(address, {**values, "do": "save"})
        assert "changed Lease (label, section)" in refused.content.decode()
        assert Field.objects.get(key="rent").section == "Home"
        again, _names = read_form(refused, "layout_form")
        assert console.client.post(address, {**again, "do": "save"}).status_code == 302
        assert Field.objects.get(key="rent").section == ""

    def test_a_field_that_was_changed_in_another_tab_is_told_once(self, console, actor, line):
        rent, shop = Field.objects.get(key="rent"), Field.objects.get(key="shop")
        page = console.open("leads_field_change", rent.pk)
        values, _names = read_form(page, "field_form")
        # What happens to other fields is nobody's concern here.
        update_field(actor=actor, field=shop, changes={"label": "Store"})
        update_field(actor=actor, field=rent, changes={"label": "Lease", "help": "Per month"})
        refused = console.client.post(page.request["PATH_INFO"], {**values, "label": "Rental", "_save": "1"})
        assert "changed Lease (label, help). " in refusals(refused)["__all__"][0]
        again, _names = read_form(refused, "field_form")
        assert again["label"] == ["Rental"]
        assert Field.objects.get(key="rent").label == "Lease"
        assert console.client.post(page.request["PATH_INFO"], {**again, "_save": "1"}).status_code == 302
        assert Field.objects.get(key="rent").label == "Rental"

    def test_a_field_is_added_to_a_section(self, console, line):
        page = console.open("leads_field_add", line=line.pk, section="Work")
        assert read_form(page, "field_form")[0]["section"] == ["Work"]

    def test_keys_are_of_the_line_and_stand_once(self, actor, line):
        for keys in (["nope"], ["job", "job"]):
            with pytest.raises(Exception, match="Name each field once"):
                arrange_fields(actor=actor, line=line, sections=[LaidOut("", keys)])
        add_field(
            actor=actor,
            line=line,
            definition={"key": "sum", "label": "Sum", "type": "computed", "formula": "pay * 2"},
        )
        with pytest.raises(Exception, match="has no use for it"):
            arrange_fields(actor=actor, line=line, sections=[LaidOut("", ["sum"], {"sum": "half"})])
        rows = list(Field.objects.order_by("order"))
        layout = layout_of([FieldDefinition.of(row) for row in rows], ["Work", "Later"])
        assert shape(layout.sections)[0][0] == "Work"
        assert layout.sections[-1].title == "Later"
