"""Who may open what in the console, and that nothing of another organisation is there."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from accounts.roles import Role
from core.admin.site import console
from core.models import Job, Organization
from core.scope import organization_scope, system_scope
from leads.models import BusinessLine, Field, Lead, LineVersion, Source
from leads.services.leads import create_lead
from leads.services.origins import resolve_sources
from tests.console.pages import Console, read_form
from tests.leads.lines.definitions import ONE_OF_EACH, make_line

pytestmark = pytest.mark.django_db
OPENERS = {Role.ADMIN, Role.OPERATIONS, Role.FINANCE, Role.AUDITOR}
# Model → the roles that see its list; the others are refused.
READERS = {
    "leads_businessline": OPENERS,
    "leads_field": OPENERS,
    "leads_lineversion": OPENERS,
    "leads_source": OPENERS,
    "leads_campaign": OPENERS,
    "leads_lead": OPENERS,
    "leads_formlink": OPENERS,
    "leads_acceptancerule": OPENERS,
    "leads_watchedplace": OPENERS,
    "leads_arrival": OPENERS - {Role.FINANCE},
    "leads_assignmentrule": OPENERS,
    "leads_scorerule": OPENERS,
    "leads_stallrule": OPENERS,
    "leads_assignmentlimit": OPENERS,
    "leads_donotcall": OPENERS,
    "leads_formsubmission": OPENERS,
    "core_intake": OPENERS - {Role.FINANCE},
    "core_job": OPENERS,
    "core_outboxmessage": OPENERS,
    "core_purgerecord": OPENERS,
    "core_organization": {Role.ADMIN, Role.AUDITOR},
    "accounts_membership": {Role.ADMIN, Role.AUDITOR},
    "accounts_accessrule": OPENERS,
    "accounts_workinghours": OPENERS,
    "accounts_holiday": OPENERS,
    "accounts_absence": OPENERS,
    "accounts_apikey": {Role.ADMIN, Role.OPERATIONS, Role.AUDITOR},
    "accounts_loginlog": {Role.ADMIN, Role.AUDITOR},
}
CONFIGURED = (
    "leads_businessline",
    "leads_field",
    "leads_source",
    "leads_campaign",
    "leads_formlink",
    "leads_acceptancerule",
    "leads_watchedplace",
    "leads_assignmentrule",
    "leads_scorerule",
    "leads_stallrule",
    "leads_assignmentlimit",
    "leads_donotcall",
    "accounts_accessrule",
    "accounts_workinghours",
    "accounts_holiday",
    "accounts_absence",
)
WRITERS = {name: {Role.ADMIN, Role.OPERATIONS} for name in CONFIGURED} | {
    "accounts_membership": {Role.ADMIN},
    "accounts_apikey": {Role.ADMIN, Role.OPERATIONS},
}


def lists():
    return {f"{model._meta.app_label}_{model._meta.model_name}" for model in console._registry}


@pytest.fixture
def line(actor_for, in_organization):
    return make_line(actor_for(Role.OPERATIONS), ONE_OF_EACH)


def test_every_list_is_in_the_table():
    assert lists() == set(READERS)


@pytest.mark.parametrize("role", list(Role))
def test_who_opens_which_list(role, actor_for, client_for, in_organization):
    client = client_for(actor_for(role))
    home = client.get("/console/", follow=True)
    assert home.status_code == (200 if role in OPENERS else 403)
    for name, readers in READERS.items():
        status = client.get(reverse(f"admin:{name}_changelist"), follow=True).status_code
        assert (name, status) == (name, 200 if role in readers else 403)
        if f"{name}_add" in {"core_job_add", "core_intake_add", "leads_lead_add", "leads_lineversion_add"}:
            assert client.get(reverse(f"admin:{name}_add"), follow=True).status_code == 403
    for name, writers in WRITERS.items():
        status = client.get(reverse(f"admin:{name}_add"), follow=True).status_code
        assert (name, status) == (name, 200 if role in writers else 403)
    trail = client.get(reverse("admin:audit"), follow=True)
    assert trail.status_code == (200 if role in OPENERS else 403)


def test_nobody_is_sent_to_sign_in(client, db):
    for path in ("/console/", "/console/leads/field/", "/console/audit/", "/console/search/"):
        response = client.get(path)
        assert response.status_code == 302
        assert response.url.startswith("/account/login/")


def test_the_stock_doors_lead_to_our_own(actor_for, client_for, in_organization):
    client = client_for(actor_for(Role.OPERATIONS))
    assert client.get("/console/login/").url == "/console/"
    assert client.post("/console/logout/").url == reverse("account_logout")
    assert client.get("/console/password/").url == reverse("account_change_password")
    assert client.get("/console/r/1/1/").status_code in (302, 404)


def test_the_menu_shows_what_one_may_read(actor_for, client_for, in_organization):
    def titles(role):
        groups = client_for(actor_for(role)).get("/console/").context["sidebar_navigation"]
        return {str(group["title"]): [str(item["title"]) for item in group["items"]] for group in groups}

    admin = titles(Role.ADMIN)
    assert list(admin) == ["", "Configure", "Bring in", "Audit"]
    assert {"People", "Organisation"} <= set(admin["Configure"])
    finance = titles(Role.FINANCE)
    assert "People" not in finance["Configure"]
    assert finance["Bring in"] == [
        "Watched places",
        "Leads",
        "Form links",
        "Form enquiries",
        "Jobs",
    ]


def test_the_menu_has_no_dead_link(actor_for, client_for, line):
    client = client_for(actor_for(Role.ADMIN))
    page = client.get("/console/")
    links = [item["link"] for group in page.context["sidebar_navigation"] for item in group["items"]]
    links += [queue.link for queue in page.context["queues"]]
    links += [item.link for queue in page.context["queues"] for item in queue.items]
    assert len(links) > 12
    for link in links:
        assert client.get(link, follow=True).status_code == 200, link


def test_an_auditor_reads_and_changes_nothing(actor_for, client_for, line):
    client = client_for(actor_for(Role.AUDITOR))
    field = Field.objects.get(key="story")
    page = client.get(reverse("admin:leads_field_change", args=[field.pk]))
    assert page.status_code == 200
    assert read_form(page, "field_form")[1] == {"csrfmiddlewaretoken"}
    assert client.post(page.request["PATH_INFO"], {"label": "Mine", "_save": "1"}).status_code == 403
    for name, pk in (("leads_field_retire", field.pk), ("leads_businessline_publish", line.pk)):
        assert client.get(reverse(f"admin:{name}", args=[pk])).status_code == 403
        assert client.post(reverse(f"admin:{name}", args=[pk])).status_code == 403
    order = {"row": ["story", "age"], "do": "save"}
    assert client.post(reverse("admin:leads_businessline_layout", args=[line.pk]), order).status_code == 403
    field.refresh_from_db()
    assert (field.label, field.order, field.status) == ("Story", 2, "active")


def test_rows_of_another_organisation_are_not_there(
    actor_for, client_for, line, organization, other_organization
):
    lead = create_lead(
        actor=actor_for(Role.ADMIN), line=line, values={"full_name": "Asha", "kind": "Business"}
    ).lead
    source = resolve_sources(["Web"])["web"]
    job = Job.objects.create(kind="leads.index_fields", title="Theirs")
    rows = {
        "leads_businessline": line.pk, "leads_field": Field.objects.first().pk, "leads_source": source,
        "leads_lineversion": LineVersion.objects.get().pk, "leads_lead": lead.pk, "core_job": job.pk,
        "core_organization": organization.pk, "accounts_membership": lead.owner_id,
    }  # fmt: skip
    client = client_for(actor_for(Role.ADMIN, Role.OPERATIONS, organization=other_organization))
    for name, pk in rows.items():
        assert client.get(reverse(f"admin:{name}_change", args=[pk])).status_code == 302
        assert client.get(reverse(f"admin:{name}_history", args=[pk])).status_code == 404
        found = client.get(reverse(f"admin:{name}_changelist"), follow=True)
        assert found.status_code == 200
        if "cl" in (found.context or {}):
            assert pk not in [row.pk for row in found.context["cl"].result_list]
    for name, pk in (
        ("leads_businessline_publish", line.pk), ("leads_field_retire", rows["leads_field"]),
        ("core_job_cancel", job.pk),
        ("leads_lead_withdraw", lead.pk), ("accounts_membership_end_access", lead.owner_id),
    ):  # fmt: skip
        assert client.post(reverse(f"admin:{name}", args=[pk])).status_code in (403, 404)
    assert (
        client.post(reverse("admin:leads_businessline_layout", args=[line.pk]), {"do": "save"}).status_code
        == 404
    )
    assert (
        client.get(reverse("admin:leads_field_add"), {"line": line.pk})
        .context["adminform"]
        .form["line"]
        .field.queryset.count()
        == 0
    )
    assert "Asha" not in client.get("/console/search/?s=asha").content.decode()
    assert "loan" not in client.get("/console/search/?s=loan").content.decode()
    assert client.get("/console/audit/?kind=leads.lead").context["entries"] == []
    with organization_scope(organization):
        assert Lead.objects.get() == lead
        assert Field.objects.filter(status="retired").count() == 0


def test_a_chosen_line_of_another_organisation_is_refused(actor_for, client_for, line, other_organization):
    other = actor_for(Role.OPERATIONS, organization=other_organization)
    with organization_scope(other_organization):
        response = Console(client_for(other)).add("leads_field", line=str(line.pk), label="X", type="text")
    assert response.status_code == 200
    assert "line" in response.context["adminform"].form.errors


def test_the_stock_log_stays_empty(actor_for, client_for, in_organization):
    console_page = Console(client_for(actor_for(Role.OPERATIONS)))
    line = console_page.add_line("loan")
    console_page.change("leads_businessline", line.pk, name="Loans")
    with system_scope():
        assert LogEntry.objects.count() == 0
    assert [row.history_type for row in BusinessLine.history.all()] == ["~", "+"]


def test_the_policy_allows_no_inline_script(actor_for, client_for, in_organization):
    policy = client_for(actor_for(Role.OPERATIONS)).get("/console/")["Content-Security-Policy"]
    scripts = next(part for part in policy.split(";") if part.strip().startswith("script-src"))
    assert scripts.split() == ["script-src", "'self'", "'unsafe-eval'"]


def test_search_finds_places_and_rows(actor_for, client_for, line):
    Source.objects.create(name="Fieldwork", name_key="fieldwork")
    found = (
        client_for(actor_for(Role.OPERATIONS)).get("/console/search/?s=field&extended=1").context["results"]
    )
    assert {(result.title, result.description) for result in found} >= {
        ("Fields", "Configure"),
        ("Fieldwork", "source"),
    }
    assert Organization.objects.count() == 1
