"""Assignment, acceptance and score rules: the line is chosen first, then conditions are rows of its fields."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from leads.models import AcceptanceRule, AssignmentRule, ScoreRule, Source
from leads.services.lines import publish_line, update_field
from tests.console.pages import read_form, refusals, rows_of_rule
from tests.leads.lines.definitions import make_line

pytestmark = pytest.mark.django_db
RULES = {"assignmentrule": AssignmentRule, "acceptancerule": AcceptanceRule, "scorerule": ScoreRule}
HIGH_PAY = {"field": "pay", "op": "gte", "value": "50000"}
IMPORTANT = {"field": "vip", "op": "eq", "value": True}
DEEP = {"any": [HIGH_PAY, {"all": [IMPORTANT, {"any": [HIGH_PAY, {"all": [IMPORTANT, HIGH_PAY]}]}]}]}
GONE = {"field": "gone", "op": "eq", "value": "x"}


@pytest.fixture(params=RULES)
def kind(request):
    return request.param


@pytest.fixture
def settings_of(line, actor_for):
    """What a rule of each kind needs beside its name and condition."""
    agent = actor_for(Role.AGENT)
    source = Source.objects.create(name="Website")
    return {
        "assignmentrule": {"people": [agent.membership.pk], "method": "round_robin", "position": "1"},
        "acceptancerule": {"source": source.pk},
        "scorerule": {"points": "20", "position": "1"},
    }


def send(console, page, kind, **typed):
    values, _names = read_form(page, f"{kind}_form")
    return console.client.post(page.request["PATH_INFO"], {**values, "_save": "1", **typed})


def made(console, kind, line, settings_of, **rows):
    page = console.open(f"leads_{kind}_add", line=line.pk)
    response = send(console, page, kind, name="Mine", is_active="on", **settings_of[kind], **rows)
    assert response.status_code == 302, refusals(response)
    return RULES[kind].objects.get()


def test_the_line_is_chosen_first_and_known_from_then_on(console, kind, line, actor, settings_of):
    make_line(actor, [{"key": "roof", "label": "Roof area", "type": "decimal"}], code="solar")
    asked = console.open(f"leads_{kind}_add").content.decode()
    assert f'href="?line={line.pk}"' in asked and "Solar" in asked
    assert ("All lines together" in asked) == (kind == "acceptancerule")
    for nonsense in ("99999999999999999999", "x"):
        assert "Which line" in console.open(f"leads_{kind}_add", line=nonsense).content.decode()
    page = console.open(f"leads_{kind}_add", line=line.pk)
    added = send(console, page, kind, **{"condition-do": "add-0"})
    assert "Nothing is saved yet" in added.content.decode()
    drawn = added.content.decode()
    assert 'value="pay"' in drawn and 'value="roof"' not in drawn
    assert not RULES[kind].objects.exists()


def test_conditions_are_added_and_changed_in_rows(console, kind, line, settings_of):
    rows = rows_of_rule(("pay", "gte", "50000"), ("vip", "eq", "true"))
    rule = made(console, kind, line, settings_of, **rows)
    assert (rule.condition, rule.line) == ({"all": [HIGH_PAY, IMPORTANT]}, line)
    listed = console.open(f"leads_{kind}_changelist").content.decode()
    assert "Pay is at least 50000 and Important is Yes" in listed
    before = type(rule).history.count()
    page = console.open(f"leads_{kind}_change", rule.pk)
    assert send(console, page, kind).status_code == 302
    assert type(rule).history.count() == before, "what was not touched leaves no history"
    choice = {"condition-0.1-field": "job", "condition-0.1-op": "in", "condition-0.1-value": ["Salaried"]}
    assert send(console, page, kind, **{"condition-0-match": "any"}, **choice).status_code == 302
    rule.refresh_from_db()
    assert rule.condition == {"any": [HIGH_PAY, {"field": "job", "op": "in", "value": ["Salaried"]}]}
    none_left = {name: [] for name in read_form(page, f"{kind}_form")[1] if name.startswith("condition-0.")}
    assert send(console, page, kind, **none_left).status_code == 302
    rule.refresh_from_db()
    assert rule.condition is None


def test_what_is_wrong_stands_beside_its_row_and_stays_typed(console, kind, line, settings_of):
    rule = made(console, kind, line, settings_of, **rows_of_rule(("vip", "eq", "true")))
    page = console.open(f"leads_{kind}_change", rule.pk)
    wrong = rows_of_rule(("vip", "eq", "true"), ("pay", "gte", "much"))
    response = send(console, page, kind, **wrong)
    assert refusals(response) == {"condition": ["Correct the marked row."]}
    drawn = response.content.decode()
    assert 'id="condition-0.1-problem"' in drawn and 'id="condition-0.0-problem"' not in drawn
    assert 'value="much"' in drawn
    # What only the service finds, such as a field that is gone, stands beside its row too.
    RULES[kind].objects.update(condition={"all": [IMPORTANT, GONE]})
    page = console.open(f"leads_{kind}_change", rule.pk)
    response = send(console, page, kind, name="Renamed")
    assert refusals(response) == {"condition": ["Correct the marked row."]}
    assert 'id="condition-0.1-problem">There is no field &quot;gone&quot;' in response.content.decode()


def test_what_rows_cannot_show_is_told_in_words_and_kept(console, kind, line, settings_of):
    rule = made(console, kind, line, settings_of)
    RULES[kind].objects.update(condition=DEEP)
    page = console.open(f"leads_{kind}_change", rule.pk)
    assert '<p class="built-kept">Important is Yes and Pay is at least 50000</p>' in page.content.decode()
    assert send(console, page, kind, name="Renamed").status_code == 302
    rule.refresh_from_db()
    assert (rule.name, rule.condition) == ("Renamed", DEEP)
    replaced = {"condition": '{"field": "vip", "op": "eq", "value": true}'}
    assert send(console, page, kind, **replaced).status_code == 302
    rule.refresh_from_db()
    assert rule.condition == IMPORTANT


def test_who_only_reads_is_told_the_condition_in_words(
    console, kind, line, settings_of, client_for, actor_for
):
    rule = made(console, kind, line, settings_of, **rows_of_rule(("pay", "gte", "50000")))
    auditor = client_for(actor_for(Role.AUDITOR))
    read = auditor.get(reverse(f"admin:leads_{kind}_change", args=[rule.pk])).content.decode()
    assert "Pay is at least 50000" in read and "condition-0" not in read
    shape = reverse(f"admin:leads_{kind}_shape", args=[rule.pk])
    assert auditor.post(shape, {"part": "condition"}).status_code == 403
    sent = {"part": "condition", "condition-do": "look", **rows_of_rule(("job", "in"))}
    assert "Self employed" in console.client.post(shape, sent).content.decode()


def test_members_in_conditions_are_told_by_name(console, kind, actor, settings_of, client_for, actor_for):
    people = [actor_for(Role.AGENT, name=name) for name in ("Asha Rao", "Ravi Menon")]
    line = make_line(actor, [{"key": "advisor", "label": "Advisor", "type": "user"}], code="advised")
    numbers = [str(each.membership.pk) for each in people]
    rule = made(console, kind, line, settings_of, **rows_of_rule(("advisor", "in", *numbers)))
    auditor = client_for(actor_for(Role.AUDITOR))
    for client in (console.client, auditor):
        listed = client.get(reverse(f"admin:leads_{kind}_changelist")).content.decode()
        assert "Advisor is Asha Rao or Ravi Menon" in listed
    read = auditor.get(reverse(f"admin:leads_{kind}_change", args=[rule.pk])).content.decode()
    assert "Advisor is Asha Rao or Ravi Menon" in read


def test_a_retired_field_stays_readable_and_is_offered_no_more(console, line, actor, settings_of):
    rule = made(console, "scorerule", line, settings_of, **rows_of_rule(("pay", "gte", "50000")))
    pay = line.fields.get(key="pay")
    update_field(actor=actor, field=pay, changes={"status": "retired"})
    publish_line(actor=actor, line=line)
    page = console.open("leads_scorerule_change", rule.pk).content.decode()
    assert '<p class="built-kept">Pay is at least 50000</p>' in page and 'value="pay"' not in page


def test_a_score_reads_what_every_lead_has_and_nothing_that_passes_by_itself(
    console, line, actor, settings_of
):
    page = console.open("leads_scorerule_add", line=line.pk)
    looked = {"condition-do": "look", **rows_of_rule(("status", "in"), ("stage", "eq"), ("source", "eq"))}
    drawn = send(console, page, "scorerule", **looked).content.decode()
    assert 'value="in_progress"' in drawn and 'value="contacted"' in drawn and 'value="Website"' in drawn
    rows = rows_of_rule(("status", "in", "in_progress", "approved"))
    rule = made(console, "scorerule", line, settings_of, **rows)
    assert rule.condition == {"field": "status", "op": "in", "value": ["in_progress", "approved"]}
    listed = console.open("leads_scorerule_changelist").content.decode()
    assert "Status is In progress or Approved" in listed
    dated = make_line(actor, [{"key": "due", "label": "Due", "type": "date"}], code="dated")
    page = console.open("leads_scorerule_add", line=dated.pk)
    drawn = send(console, page, "scorerule", **{"condition-do": "look"}, **rows_of_rule(("due", "lt")))
    assert "is on or after" in drawn.content.decode() and "within_days" not in drawn.content.decode()


def test_a_source_judged_for_all_lines_has_no_conditions(console, line, settings_of):
    page = console.open("leads_acceptancerule_add", line="")
    assert "All lines together" in page.content.decode()
    assert "Conditions read the fields of one line." in page.content.decode()
    response = send(console, page, "acceptancerule", name="All", is_active="on", daily_cap="3",
                    **settings_of["acceptancerule"])  # fmt: skip
    assert response.status_code == 302, refusals(response)
    rule = AcceptanceRule.objects.get()
    assert (rule.line, rule.condition, rule.daily_cap) == (None, None, 3)
