"""What a publication does to the leads that are there."""

import threading
import time

import pytest
from django.db import connection, transaction

from accounts.roles import Role
from core.jobs import run_job_inline
from core.models import Job
from core.scope import organization_scope
from leads.fields.line import line_definition
from leads.models import DuplicateKey, Field, Lead, LeadValue
from leads.services import indexing
from leads.services.leads import create_lead
from leads.services.lines import add_field, pin_line, publish_line, update_field, update_line
from tests.leads.lines.definitions import make_line

FIELDS = [
    {"key": "full_name", "label": "Full name", "type": "text", "maps_to": "name"},
    {"key": "income", "label": "Income", "type": "money", "indexed": True},
    {"key": "products", "label": "Products", "type": "multi_select", "choices": ["Car", "Home"]},
]


@pytest.fixture
def actor(actor_for):
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def line(actor, in_organization):
    return make_line(actor, FIELDS)


def add_leads(actor, line, count):
    for number in range(count):
        products = ["Car", "Home"] if number % 2 else ["Car"]
        values = {"full_name": f"Person {number % 3}", "income": f"{number}.50", "products": products}
        create_lead(actor=actor, line=line, values=values)


def values(key):
    return sorted(
        LeadValue.objects.filter(field_id=Field.objects.get(key=key).pk).values_list(
            "lead_id", "text_value", "number_value"
        )
    )


def publish(actor, line):
    publish_line(actor=actor, line=line)
    line.refresh_from_db()


@pytest.mark.django_db
def test_an_index_without_leads_is_ready_at_once(line):
    assert Field.objects.get(key="income").index_ready_at is not None
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_a_field_becomes_indexed_in_batches_and_can_be_taken_back(actor, line, monkeypatch):
    monkeypatch.setattr(indexing, "BATCH", 3)
    add_leads(actor, line, 8)
    products = Field.objects.get(key="products")
    update_field(actor=actor, field=products, changes={"indexed": True})
    assert not values("products")
    publish(actor, line)
    job = Job.objects.get()
    assert (job.created_by, job.title) == (actor.user, "Fast filters of Loan: Products")
    products.refresh_from_db()
    assert products.index_ready_at is None
    add_leads(actor, line, 1)
    filled = run_job_inline(job)
    assert (filled.result, filled.done, filled.total) == ({"leads": 9, "fields": 1}, 9, 9)
    products.refresh_from_db()
    assert products.index_ready_at is not None
    assert len(values("products")) == 9 + 4
    as_filled = values("products")
    rebuild = Job.objects.create(kind=job.kind, title="Again", parameters=job.parameters)
    run_job_inline(rebuild)
    assert values("products") == as_filled
    incomes = values("income")
    update_field(actor=actor, field=products, changes={"indexed": False})
    publish(actor, line)
    run_job_inline(Job.objects.latest("pk"))
    assert not values("products")
    assert values("income") == incomes


@pytest.mark.django_db
def test_a_new_field_needs_no_backfill(actor, line):
    add_leads(actor, line, 1)
    add_field(
        actor=actor, line=line, definition={"key": "pin", "label": "PIN", "type": "text", "indexed": True}
    )
    publish(actor, line)
    assert Field.objects.get(key="pin").index_ready_at is not None
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_what_tells_a_repeat_reaches_stored_leads(actor, line):
    add_leads(actor, line, 5)
    update_line(actor=actor, line=line, duplicate_match=["name"])
    result = run_job_inline(Job.objects.get()).result
    assert result == {"leads": 5, "repeats": 2}
    oldest = Lead.objects.order_by("id")[:3].values_list("pk", flat=True)
    assert sorted(DuplicateKey.objects.values_list("lead_id", flat=True)) == sorted(oldest)
    line.refresh_from_db()
    assert create_lead(actor=actor, line=line, values={"full_name": "person 1"}).repeats is not None


@pytest.mark.django_db
def test_a_field_that_becomes_unique_claims_the_values_there_are(actor, line):
    add_leads(actor, line, 4)
    update_field(actor=actor, field=Field.objects.get(key="income"), changes={"unique": True})
    publish(actor, line)
    assert run_job_inline(Job.objects.get()).result == {"leads": 4, "repeats": 0}
    assert DuplicateKey.objects.filter(key__startswith="unique:income:").count() == 4


@pytest.mark.django_db(transaction=True)
def test_a_publication_waits_for_those_who_write_under_the_old_version(actor, organization):
    with organization_scope(organization):
        line = make_line(actor, FIELDS)
        update_field(actor=actor, field=Field.objects.get(key="products"), changes={"indexed": True})
    pinned, published = threading.Event(), threading.Event()

    def write_slowly():
        try:
            with organization_scope(organization), transaction.atomic():
                held = pin_line(line.pk)
                pinned.set()
                time.sleep(0.5)
                assert not published.is_set()
                add_leads(actor, held, 2)
        finally:
            connection.close()

    writer = threading.Thread(target=write_slowly)
    writer.start()
    assert pinned.wait(10)
    with organization_scope(organization):
        publish(actor, line)
        published.set()
        writer.join(10)
        run_job_inline(Job.objects.get())
        assert Lead.objects.filter(version=1).count() == 2
        assert len(values("products")) == 3
        assert line_definition(line).indexed[1].key == "products"
