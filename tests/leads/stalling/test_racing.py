"""Two workers look at the same moment, while somebody calls: each step is taken once, or not at all."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from core.scope import organization_scope
from leads.models import Lead, Notification, StallClock, StallStep
from leads.services.assigning import applying, create_assignment_rule
from leads.services.engagements import start_engagement
from leads.services.leads import update_lead
from leads.services.stalling import escalating
from tests.leads.stalling.conftest import make_floor


@pytest.mark.django_db(transaction=True)
def test_each_step_once_by_four_workers_and_a_caller(monkeypatch):
    monkeypatch.setattr(escalating, "BATCH", 3)
    floor = make_floor()
    with organization_scope(floor.organization):
        floor.rule()
        leads = [floor.lead() for _ in range(12)]
        StallClock.objects.update(due_at=timezone.now())
    together = Barrier(5)

    def alone(work):
        try:
            together.wait(timeout=20)
            return work()
        finally:
            connection.close()

    def look():
        return escalating.escalate(floor.organization, now=timezone.now())

    def call():
        with organization_scope(floor.organization):
            start_engagement(actor=floor.agent, reference=leads[5].reference, channel="call")

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(alone, [look, look, look, look, call]))
    look()
    with organization_scope(floor.organization):
        steps = list(StallStep.objects.values_list("lead_id", flat=True))
        told = Notification.objects.filter(kind="stalled").count()
        called = StallClock.objects.get(lead=leads[5])
        others = StallClock.objects.exclude(lead=leads[5])
        assert {(clock.step, clock.stalled_at is not None) for clock in others} == {(1, True)}
    assert len(steps) == len(set(steps)) == told and set(steps) >= {lead.pk for lead in leads} - {leads[5].pk}
    assert (called.step, called.stalled_at) == (0, None)


def test_turns_are_claimed_in_the_order_in_which_a_batch_of_new_leads_claims_them(floor, monkeypatch):
    rules = [
        create_assignment_rule(
            actor=floor.operations,
            line=floor.line,
            name=called,
            position=position,
            people=[floor.second.membership.pk],
            condition={"field": "full_name", "op": "eq", "value": name},
        )
        for position, (called, name) in enumerate([("Ashas", "Asha Rao"), ("Binas", "Bina Shah")])
    ]
    floor.rule(owner_after=1, leader_after=None, gives_to="rules", give_after=1)
    leads = [floor.lead(), floor.lead()]
    # The first of the leads goes by the later rule.
    update_lead(actor=floor.agent, reference=leads[0].reference, values={"full_name": "Bina Shah"})
    claimed = []
    claim = applying.claim_turns
    monkeypatch.setattr(
        applying, "claim_turns", lambda rule_id, count: claimed.append(rule_id) or claim(rule_id, count)
    )
    floor.after(minutes=2)
    floor.after(minutes=2)
    assert claimed == [rule.pk for rule in rules]
    assert set(Lead.objects.values_list("owner_id", flat=True)) == {floor.second.membership.pk}
