"""Operations at work: lines, fields, publication, sources, as forms and buttons."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from core.models import Job
from leads.admin.field_forms import HELP
from leads.admin.type_examples import TYPE_EXAMPLES
from leads.fields.definition import SETTINGS
from leads.fields.line import line_definition
from leads.models import BusinessLine, Field, FieldKind, LineVersion, Source
from leads.services.lines import add_field, create_line, update_field
from tests.console.pages import Console, refusals
from tests.leads.lines.definitions import ONE_OF_EACH, make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]


@pytest.fixture
def actor(actor_for):
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def console(actor, client_for):
    return Console(client_for(actor))


def test_a_line_is_opened_changed_and_published(console, actor):
    line = console.add_line("loan", name="Personal  loan", stages="new\nhot")
    assert (line.name, line.stages, line.is_active) == ("Personal loan", ["new", "hot"], True)
    page = console.open("leads_businessline_change", line.pk)
    assert "No fields yet" in page.content.decode()
    console.add_field(line, label="Mobile no.", type="phone", maps_to="phone")
    assert Field.objects.get().key == "mobile_no"
    assert "Changes not published" not in console.open("leads_businessline_changelist").content.decode()
    difference = console.open("leads_businessline_publish", line.pk).content.decode()
    assert "Mobile no." in difference
    assert console.publish(line, note="First").version == 1
    assert LineVersion.objects.get().note == "First"
    response = console.change("leads_businessline", line.pk, duplicate_match="phone", is_active=False)
    assert response.url == reverse("admin:leads_businessline_change", args=[line.pk])
    line.refresh_from_db()
    assert (line.duplicate_match, line.is_active) == (["phone"], False)
    assert "nothing to publish" in console.open("leads_businessline_publish", line.pk).content.decode()


def test_what_is_wrong_stands_beside_the_input_and_nothing_is_lost(console):
    line = console.add_line("loan")
    response = console.add(
        "leads_field", line=str(line.pk), label="Source", type="select", choices="A | x\na", min="5",
        visible_if='{"field": "nope"',
        section="Mine",
    )  # fmt: skip
    assert response.status_code == 200
    assert set(refusals(response)) == {"visible_if"}
    assert "line 1" in refusals(response)["visible_if"][0]
    page = response.content.decode()
    for typed in ("A | x\na", "Mine", "{&quot;field&quot;: &quot;nope&quot;"):
        assert typed in page
    response = console.add(
        "leads_field", line=str(line.pk), label="Source", type="select", choices="A | x\na", min="5",
        visible_if='{"all": [{"field": "nope", "op": "eq", "value": 1}]}',
    )  # fmt: skip
    assert set(refusals(response)) == {"label", "key", "choices", "min", "visible_if"}
    assert refusals(response)["visible_if"] == ['all[0].field: There is no field "nope".']
    assert not Field.objects.exists()


def test_a_taken_code_is_told_beside_the_code(console):
    console.add_line("loan")
    response = console.add("leads_businessline", code="loan", name="Again")
    assert set(refusals(response)) == {"code"}


def test_once_published_key_type_and_decimals_are_only_shown(console, actor):
    line = make_line(actor, ONE_OF_EACH)
    field = Field.objects.get(key="ratio")
    page = console.open("leads_field_change", field.pk)
    form = page.context["adminform"].form
    assert not {"line", "key", "type", "decimals"} & set(form.fields)
    response = console.change(
        "leads_field", field.pk, label="The ratio", max="5", visible_to=["admin", "operations"]
    )
    assert response.url == f"{reverse('admin:leads_businessline_change', args=[line.pk])}#fields"
    field.refresh_from_db()
    assert (field.key, field.type, field.decimals) == ("ratio", "decimal", 3)
    assert (field.label, field.max, field.visible_to) == ("The ratio", "5", ["admin", "operations"])


def test_saving_without_a_change_leaves_no_history(console, actor):
    make_line(actor, ONE_OF_EACH)
    before = Field.history.count()
    for field in Field.objects.all():
        assert console.change("leads_field", field.pk).status_code == 302, field
    assert Field.history.count() == before


def test_choices_are_typed_one_per_line(console, actor):
    line = create_line(actor=actor, code="loan", name="Loan")
    choices = [
        "A",
        {"value": "-5", "label": "Minus | five", "active": True},
        {"value": "b\\", "label": "B", "active": False},
    ]
    field = add_field(
        actor=actor, line=line, definition={"key": "k", "label": "K", "type": "select", "choices": choices}
    )
    page = console.open("leads_field_change", field.pk).content.decode()
    assert "A\n\\-5 | Minus \\| five\n- b\\\\ | B" in page
    assert console.change("leads_field", field.pk, help="Choose").status_code == 302
    field.refresh_from_db()
    assert (field.choices, field.help) == (choices, "Choose")


def test_fields_stand_as_on_the_form(console, actor):
    applicant = {**ONE_OF_EACH[0], "section": "Applicant"}
    story, age = ONE_OF_EACH[1:3]
    income = {**ONE_OF_EACH[4], "section": "Applicant"}
    line = make_line(actor, [applicant, story, income, age])
    sections = console.open("leads_businessline_change", line.pk).context["sections"]
    assert [(str(each["title"]), [item.definition.key for item in each["fields"]]) for each in sections] == [
        ("Applicant", ["full_name", "income"]), ("Without a section", ["story", "age"]),
    ]  # fmt: skip


def test_a_field_begins_as_a_copy_of_another(console, actor):
    make_line(actor, ONE_OF_EACH)
    kind, mobile = Field.objects.get(key="kind"), Field.objects.get(key="mobile")
    page = console.client.post(reverse("admin:leads_field_duplicate", args=[kind.pk]))
    assert page.url == f"{reverse('admin:leads_field_add')}?copy={kind.pk}"
    response = console.fill(console.client.get(page.url), "field_form")
    assert response.status_code == 302, refusals(response)
    copy = Field.objects.latest("id")
    assert (copy.key, copy.label, copy.choices, copy.indexed) == (
        "kind_copy",
        "Kind (copy)",
        kind.choices,
        True,
    )
    response = console.fill(
        console.client.get(f"{reverse('admin:leads_field_add')}?copy={mobile.pk}"), "field_form"
    )
    assert response.status_code == 302, refusals(response)
    assert (Field.objects.latest("id").maps_to, Field.objects.latest("id").default_region) == ("", "IN")
    assert console.client.get(f"{reverse('admin:leads_field_add')}?copy=999999").status_code == 200


def test_every_setting_and_type_has_a_word_about_it():
    assert set(SETTINGS) - set(HELP) == set()
    assert set(FieldKind.values) - set(TYPE_EXAMPLES) == set()


def test_fields_are_retired_restored_and_removed(console, actor):
    line = make_line(actor, ONE_OF_EACH)
    kind, story = Field.objects.get(key="kind"), Field.objects.get(key="story")
    assert "Retire Kind?" in console.open("leads_field_retire", kind.pk).content.decode()
    refused = console.act("leads_field_retire", kind.pk)
    assert refused.status_code == 200
    assert "is retired and gets no values" in refused.content.decode()
    console.act("leads_field_retire", story.pk)
    story.refresh_from_db()
    assert story.status == "retired"
    assert console.open("leads_field_retire", story.pk).status_code == 403
    console.act("leads_field_restore", story.pk)
    assert console.open("leads_field_remove", story.pk).status_code == 403
    draft = console.add_field(line, label="Only a draft", type="text", status="draft")
    console.publish(line)
    assert "only_a_draft" not in line_definition(line).by_key
    assert console.act("leads_field_remove", draft.pk).status_code == 302
    assert not Field.objects.filter(pk=draft.pk).exists()


def test_a_broken_draft_says_why_it_cannot_be_published(console, actor):
    line = make_line(actor, ONE_OF_EACH[:2])
    Field.objects.filter(key="story").update(min="7")
    page = console.open("leads_businessline_publish", line.pk).content.decode()
    assert "has no use for it" in page
    assert console.act("leads_businessline_publish", line.pk).status_code == 200
    assert BusinessLine.objects.get().version == 1


def test_an_index_is_filled_by_a_job_that_the_console_shows(console, actor):
    from leads.services.leads import create_lead

    line = make_line(actor, ONE_OF_EACH[:2])
    create_lead(actor=actor, line=line, values={"full_name": "Asha"})
    update_field(actor=actor, field=Field.objects.get(key="story"), changes={"indexed": True})
    console.publish(line)
    job = Job.objects.get()
    page = console.open("core_job_change", job.pk)
    assert "Fast filters of Loan: Story" in page.content.decode()
    queues = {str(queue.title): queue.count for queue in console.client.get("/console/").context["queues"]}
    assert queues["Running jobs"] == 1
    assert console.act("core_job_cancel", job.pk).status_code == 302
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_drafts_stand_in_the_queue(console, actor):
    line = make_line(actor, ONE_OF_EACH[:2])
    create_line(actor=actor, code="empty", name="Empty")
    assert console.client.get("/console/").context["queues"][0].count == 0
    update_field(actor=actor, field=Field.objects.get(key="story"), changes={"help": "Tell"})
    queue = console.client.get("/console/").context["queues"][0]
    assert (str(queue.title), queue.count, queue.items[0].title) == ("Drafts to publish", 1, line.name)
    assert "Changes not published" in console.open("leads_businessline_changelist").content.decode()


def test_versions_tell_what_they_changed(console, actor):
    line = make_line(actor, ONE_OF_EACH[:2])
    update_field(actor=actor, field=Field.objects.get(key="story"), changes={"label": "Tale"})
    console.publish(line, note="Better word")
    newest = LineVersion.objects.latest("number")
    page = console.open("leads_lineversion_change", newest.pk).content.decode()
    assert "<del>Story</del>" in page
    assert "Better word" in page


def test_sources_are_added_renamed_and_retired(console):
    assert console.add("leads_source", name="Web").status_code == 302
    assert refusals(console.add("leads_source", name="WEB")).keys() == {"name"}
    source = Source.objects.get()
    assert console.change("leads_source", source.pk, name="Website").status_code == 302
    action = {"action": "retire", "_selected_action": [source.pk]}
    console.client.post(reverse("admin:leads_source_changelist"), action)
    source.refresh_from_db()
    assert (source.name, source.is_active) == ("Website", False)


def test_a_list_of_lines_asks_as_often_for_many_as_for_few(console, actor, django_assert_max_num_queries):
    for number in range(12):
        make_line(actor, ONE_OF_EACH[:2], code=f"line-{number}")
    with django_assert_max_num_queries(16):
        console.open("leads_businessline_changelist")
    with django_assert_max_num_queries(14):
        console.open("leads_field_changelist")
