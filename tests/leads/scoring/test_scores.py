"""What leads are worth: at every write, after the rules changed, and never more than a reader may know."""

import random

import pytest
from django.utils import timezone

from accounts.roles import Role
from core.errors import NotPermitted, NotVisible, ValidationFailed
from core.integrity import run_checks
from core.jobs import run_job_inline
from core.models import UNFINISHED, Job
from core.rules import parse_rule, to_q
from core.scope import organization_scope
from core.services.intakes import load_intake, receive_file, roll_back_intake
from core.services.jobs import cancel_job
from leads.fields.line import line_definition
from leads.fields.scoring import ATTRIBUTES, score_kinds
from leads.models import Lead, Source
from leads.presentation import LeadReader
from leads.queries.lead_list import Catalog, LeadListQuery, list_leads
from leads.queries.named import References
from leads.queries.scores import RENEW_SCORES, explain_score
from leads.services import line_renewal
from leads.services.batches import NewEnquiry, create_leads
from leads.services.bulk import Change, change_many_leads
from leads.services.leads import create_lead, restore_lead, update_lead, withdraw_lead
from leads.services.lines import add_field, publish_line, update_line
from leads.services.origins import rename_source
from leads.services.scoring import create_score_rule, give_scores, renewing, update_score_rule
from tests.factories import make_actor, make_organization
from tests.leads.scoring.conftest import GOOD_CREDIT, RICH, run_renewal

TOWN = {"field": "town", "op": "in", "value": ["Pune", "Mumbai"]}
POOR = {"not": {"field": "income", "op": "gte", "value": "100000"}}


def score_of(lead):
    return Lead.everything.get(pk=lead.pk).score


def test_a_line_without_rules_costs_its_leads_nothing(desk, django_assert_num_queries):
    lead = desk.lead(income="900000")
    assert lead.score is None
    with django_assert_num_queries(0):
        give_scores(desk.line, [lead])


def test_points_add_up_at_every_write(desk):
    desk.rule("Rich", 30, RICH)
    desk.rule("In town", 10, TOWN)
    desk.rule("Everybody", 5)
    desk.rule("Poor", -20, POOR)
    desk.rule("Off", 500, is_active=False)
    lead = desk.lead(income="500000", town="  PUNE ")
    assert score_of(lead) == lead.score == 45
    assert score_of(desk.lead()) == -15
    update_lead(actor=desk.operations, reference=lead.reference, values={"town": "Nagpur"})
    assert score_of(lead) == 35
    update_line(actor=desk.operations, line=desk.line, score_bounded=True)
    run_renewal()
    assert desk.scores() == [35, 0]


def test_every_door_scores(desk):
    desk.rule("Rich", 30, RICH)
    desk.rule("From the web", 7, {"field": "source", "op": "eq", "value": "web site"})
    desk.rule("Qualified", 4, {"field": "stage", "op": "eq", "value": "Qualified"})
    desk.rule("Going on", 2, {"field": "status", "op": "eq", "value": "in_progress"})
    create_leads(
        actor=desk.operations,
        enquiries=[NewEnquiry(desk.line, desk.values(income=income)) for income in ("1", "600000")],
    )
    lead = desk.lead(attributes={"source": "Web  Site"})
    assert desk.scores() == [0, 30, 7]
    update_lead(actor=desk.operations, reference=lead.reference, values={}, attributes={"stage": "qualified"})
    assert score_of(lead) == 11
    change_many_leads(
        actor=desk.operations,
        query=LeadListQuery(desk.line),
        change=Change("status", "in_progress"),
        press="a",
        as_of=timezone.now(),
    )
    assert desk.scores() == [2, 32, 13]
    history = (
        Lead.history.model.objects.filter(id=lead.pk).order_by("-history_id").values_list("status", "score")
    )
    assert list(history)[:2] == [("in_progress", 13), ("new", 11)]
    withdraw_lead(actor=desk.operations, reference=lead.reference)
    source = Source.objects.get()
    rename_source(actor=desk.operations, source=source, name="Portal")
    run_renewal()
    restore_lead(actor=desk.operations, reference=lead.reference)
    assert score_of(lead) == 6


def test_repeats_that_update_and_imports_taken_back_are_scored(desk):
    update_line(actor=desk.operations, line=desk.line, duplicate_match=["phone"], on_duplicate="update")
    desk.rule("Rich", 30, RICH)
    lead = desk.lead(mobile="+919845012345", income="1")
    create_lead(
        actor=desk.operations,
        line=desk.line,
        values={"full_name": "Asha", "mobile": "9845012345", "income": "700000"},
    )
    assert score_of(lead) == 30
    file = receive_file(
        actor=desk.operations,
        importer="leads",
        target=desk.line.code,
        filename="leads.csv",
        chunks=[b"Full name,Mobile,Income\nAsha,9845012345,5\nRavi,9845012346,800000\n"],
        options={"on_duplicate": "update"},
    )
    run_job_inline(load_intake(actor=desk.operations, intake_id=file.pk, inline=True))
    assert desk.scores() == [0, 30]
    desk.rule("Everybody", 1)
    run_renewal()
    run_job_inline(roll_back_intake(actor=desk.operations, intake_id=file.pk, inline=True))
    assert score_of(lead) == 31


def random_values(dice, desk):
    pick = dice.choice
    return desk.values(
        town=pick(["", "Pune", "PUNE ", "Mumbai", "Nagpur"]),
        income=pick(["", "0", "99999.99", "100000", "500000", "500000.01"]),
        works=pick(["", "Salaried", "business"]),
        wants=pick([[], ["Home"], ["Car", "Gold"]]),
        credit=pick(["", "600", "750", "801"]),
    )


def random_condition(dice, depth=0):
    if depth < 2 and dice.random() < 0.5:
        name = dice.choice(["all", "any", "not"])
        parts = [random_condition(dice, depth + 1) for _ in range(dice.randint(1, 3))]
        return {"not": parts[0]} if name == "not" else {name: parts}
    return dice.choice(
        [
            RICH, TOWN, POOR, GOOD_CREDIT,
            {"field": "income", "op": "is_empty"},
            {"field": "town", "op": "ne", "value": "pune"},
            {"field": "works", "op": "eq", "value": "Business"},
            {"field": "wants", "op": "has_any", "value": ["Gold", "Home"]},
            {"field": "stage", "op": "in", "value": ["new", "qualified"]},
            {"field": "source", "op": "starts_with", "value": "we"},
            {"field": "campaign", "op": "is_empty"},
        ]
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_memory_the_job_and_the_database_agree(desk, seed):
    """Leads that are written under the rules, leads that the job scores, and the sum that `to_q` finds: one score."""
    dice = random.Random(seed)
    attributes = [{}, {"source": "Web"}, {"source": "Walk in", "campaign": "Diwali"}, {"stage": "qualified"}]
    enquiries = [
        NewEnquiry(desk.line, random_values(dice, desk), dice.choice(attributes)) for _ in range(150)
    ]
    create_leads(actor=desk.operations, enquiries=enquiries)
    rules = [
        desk.rule(f"Rule {n}", dice.randint(1, 40) * dice.choice([1, -1]), random_condition(dice))
        for n in range(8)
    ]
    assert run_renewal().result["leads"] == 150
    by_job = desk.scores()
    create_leads(
        actor=desk.operations,
        enquiries=[
            NewEnquiry(each.line, {**each.values, "mobile": desk.values()["mobile"]}, each.attributes)
            for each in enquiries
        ],
    )
    assert desk.scores()[150:] == by_job
    catalog = Catalog(desk.operations, desk.line)
    summed = dict.fromkeys(Lead.objects.values_list("pk", flat=True), 0)
    for rule in rules:
        parsed = parse_rule(rule.condition, score_kinds(line_definition(desk.line)))
        found = to_q(
            parsed,
            lambda key: catalog.column(key if key in ATTRIBUTES else f"data.{key}"),
            now=timezone.now(),
            timezone=desk.operations.organization.zone,
        )
        assert found.exact
        for pk in Lead.objects.filter(found.q).values_list("pk", flat=True):
            summed[pk] += rule.points
    assert [summed[pk] for pk in sorted(summed)] == desk.scores()
    assert not run_checks([desk.operations.organization])["leads.scores"].breaks


def test_the_job_begins_again_where_rules_change_and_one_job_awaits_many_changes(desk, monkeypatch):
    monkeypatch.setattr(line_renewal, "BATCH", 2)
    for _ in range(5):
        desk.lead(income="600000")
    rule = desk.rule("Rich", 10, RICH)
    desk.rule("Everybody", 1)
    assert Job.objects.filter(kind=RENEW_SCORES).count() == 1
    real, changed = renewing.write_scores, []

    def meddling(line, leads):
        written = real(line, leads)
        changed.append(len(leads))
        return written

    monkeypatch.setattr(renewing, "write_scores", meddling)
    job = Job.objects.get(kind=RENEW_SCORES)
    job.cursor = {"token": 17, "after": Lead.objects.order_by("pk")[3].pk, "changed": 3, "is_over": False}
    job.done = 4
    job.save()
    assert run_renewal().result["leads"] == 5
    assert changed == [2, 2, 1] and desk.scores() == [11] * 5
    update_score_rule(actor=desk.operations, rule=rule, is_active=False)
    run_renewal()
    assert desk.scores() == [1] * 5
    update_score_rule(actor=desk.operations, rule=rule, name="Wealthy")
    assert not Job.objects.filter(kind=RENEW_SCORES, state__in=UNFINISHED).exists()


def test_without_rules_there_is_no_score_and_what_was_not_scored_anew_is_found(desk):
    rule = desk.rule("Rich", 10, RICH)
    desk.lead(income="600000")
    update_score_rule(actor=desk.operations, rule=rule, points=20)
    cancel_job(job=Job.objects.get(kind=RENEW_SCORES), actor=desk.operations)
    tally = run_checks([desk.operations.organization])["leads.scores"]
    assert tally.breaks == 1 and "has the score 10 instead of 20" in str(tally)
    update_score_rule(actor=desk.operations, rule=rule, is_active=False)
    run_renewal()
    assert desk.scores() == [None]
    desk.line.refresh_from_db()
    assert (desk.line.score_token, desk.line.score_reads) == (0, [])


def test_a_score_changes_no_moment_of_the_lead(desk):
    lead = desk.lead(income="600000")
    desk.rule("Rich", 10, RICH)
    run_renewal()
    stored = Lead.objects.get()
    assert (stored.score, stored.updated_at) == (10, lead.updated_at)


def test_everything_wrong_with_a_rule_is_told_by_setting(desk):
    with pytest.raises(ValidationFailed) as refused:
        desk.rule(" ", 0, {"field": "nowhere", "op": "eq", "value": 1})
    assert set(refused.value.fields) == {"name", "points", "condition.field"}
    with pytest.raises(ValidationFailed) as refused:
        desk.rule("Rich", 2_000)
    assert set(refused.value.fields) == {"points"}
    desk.rule("Rich", 1)
    with pytest.raises(ValidationFailed):
        desk.rule(" Rich ", 1)
    with pytest.raises(NotPermitted):
        create_score_rule(actor=desk.leader, line=desk.line, name="Mine", points=1)


def test_another_organisation_sees_and_changes_none_of_it(desk):
    rule = desk.rule("Rich", 1)
    other = make_organization()
    stranger = make_actor(other, "admin")
    with organization_scope(other), pytest.raises(NotVisible):
        update_score_rule(actor=stranger, rule=rule, points=5)


class TestSight:
    """A score follows from values, and so tells of them."""

    @pytest.fixture
    def lead(self, desk):
        desk.rule("Rich", 30, RICH)
        return desk.lead(by=desk.agent, income="600000")

    def test_reasons_are_told_in_words(self, desk, lead):
        told = explain_score(LeadReader(desk.agent), desk_lead(lead))
        assert (told.score, told.is_told, told.has_others, told.is_current) == (30, True, False, True)
        assert [(each.rule, each.points, each.text, each.is_met) for each in told.reasons] == [
            ("Rich", 30, "Income is at least 500000", True)
        ]

    def test_members_are_told_by_name_to_who_may_know_them(self, desk, lead, django_assert_max_num_queries):
        definition = {"key": "advisor", "label": "Advisor", "type": "user"}
        add_field(actor=desk.operations, line=desk.line, definition=definition)
        publish_line(actor=desk.operations, line=desk.line)
        numbers = [str(each.membership.pk) for each in (desk.agent, desk.leader)]
        desk.rule("Known", 3, {"field": "advisor", "op": "in", "value": numbers})
        desk.rule("Led", 2, {"not": {"field": "advisor", "op": "eq", "value": numbers[1]}})
        lead = desk_lead(lead)
        explain_score(LeadReader(desk.agent), lead)
        with django_assert_max_num_queries(1):
            told = explain_score(LeadReader(desk.agent), lead)
        assert [each.text for each in told.reasons][1:] == [
            "Advisor is Arun Iyer or Leela Nair",
            "not (Advisor is Leela Nair)",
        ]
        partner = References(make_actor(desk.operations.organization, Role.PARTNER))
        fields = line_definition(desk.line_now()).by_key
        rule = {"field": "advisor", "op": "eq", "value": numbers[1]}
        assert partner.rule_words(rule, fields) == f"Advisor is {numbers[1]}"

    def test_one_hidden_field_closes_the_score_and_its_rule(self, desk, lead):
        desk.rule("Secret credit", 12, GOOD_CREDIT)
        run_renewal()
        told = explain_score(LeadReader(desk.agent), desk_lead(lead))
        assert (told.score, told.is_told, told.has_others) == (None, False, True)
        assert [each.rule for each in told.reasons] == ["Rich"]
        payload = LeadReader(desk.agent).payload(desk_lead(lead))
        assert payload["score"] is None and "score" in payload["masked"]
        assert LeadReader(desk.operations).payload(desk_lead(lead))["score"] == 30
        assert "score" not in Catalog(desk.agent, desk.line_now()).entries
        for wanted in ({"ordering": "-score"}, {"conditions": {"field": "score", "op": "gte", "value": 1}}):
            with pytest.raises(ValidationFailed):
                list_leads(desk.agent, LeadListQuery(desk.line_now(), **wanted))
        page = list_leads(desk.operations, LeadListQuery(desk.line_now(), ordering="-score"))
        assert [each.score for each in page.rows] == [30] and not page.slow_notes

    def test_what_rules_before_told_stays_closed_until_all_leads_are_scored_anew(self, desk, lead):
        rule = desk.rule("Secret credit", 12, GOOD_CREDIT)
        run_renewal()
        update_score_rule(actor=desk.operations, rule=rule, is_active=False)
        assert not LeadReader(desk.agent).score_is_told(desk_lead(lead))
        run_renewal()
        assert LeadReader(desk.agent).score_is_told(desk_lead(lead))

    def test_masked_values_close_it_for_who_may_only_read(self, desk, lead):
        desk.rule("Known", 3, {"field": "pan", "op": "is_not_empty"})
        run_renewal()
        auditor = make_actor(desk.operations.organization, Role.AUDITOR)
        assert not LeadReader(auditor).score_is_told(desk_lead(lead))
        assert LeadReader(desk.agent).score_is_told(desk_lead(lead))

    def test_scores_are_listed_in_order_across_pages(self, desk):
        desk.rule("Income", 1, RICH)
        desk.rule("Town", 2, TOWN)
        for town, income in (("Pune", "1"), ("", "600000"), ("Pune", "600000"), ("", "1"), ("Pune", "2")):
            desk.lead(income=income, town=town)
        Lead.objects.filter(pk=Lead.objects.order_by("pk")[3].pk).update(score=None)
        for ordering, wanted in (("-score", [3, 2, 2, 1, None]), ("score", [1, 2, 2, 3, None])):
            query, found = LeadListQuery(desk.line_now(), ordering=ordering, page_size=2), []
            while query is not None:
                page = list_leads(desk.operations, query)
                found += [each.score for each in page.rows]
                query = (
                    LeadListQuery(desk.line_now(), ordering=ordering, page_size=2, cursor=page.next_cursor)
                    if page.next_cursor
                    else None
                )
            assert found == wanted


def desk_lead(lead):
    return Lead.objects.select_related("line", "owner__user", "team__user", "source", "campaign").get(
        pk=lead.pk
    )
