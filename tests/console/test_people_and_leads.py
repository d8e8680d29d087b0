"""Members, permissions, the organisation, leads and history in the console."""

import pytest
from django.urls import reverse

from accounts.models import AccessRule, Membership
from accounts.queries.members import manager_of
from accounts.roles import Role
from core.models import Organization
from leads.models import Lead
from leads.services.leads import create_lead, update_lead
from tests.console.pages import Console, refusals
from tests.leads.lines.definitions import ONE_OF_EACH, make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]


@pytest.fixture
def admin(actor_for):
    return actor_for(Role.ADMIN)


@pytest.fixture
def console(admin, client_for):
    return Console(client_for(admin))


@pytest.fixture
def lead(admin):
    line = make_line(admin, ONE_OF_EACH)
    values = {
        "full_name": "Asha Rao",
        "mobile": "98765 43210",
        "mail": "asha@example.com",
        "kind": "Business",
    }
    return create_lead(actor=admin, line=line, values=values).lead


def test_a_person_is_invited_moved_and_let_go(console, admin, actor_for):
    leader = actor_for(Role.TEAM_LEADER, name="Lead Er")
    typed = {
        "email": "new@acme.example",
        "name": "New Person",
        "roles": ["agent"],
        "manager": str(leader.membership.pk),
    }
    assert console.add("accounts_membership", **typed).status_code == 302
    member = Membership.objects.get(user__email="new@acme.example")
    assert manager_of(member) == leader.membership
    assert refusals(console.add("accounts_membership", **typed)).keys() == {"email"}
    wrong = console.add("accounts_membership", **{**typed, "email": "b@acme.example", "phone": "12"})
    assert refusals(wrong).keys() == {"phone"}
    listed = console.open("accounts_membership_changelist").content.decode()
    assert "Lead Er" in listed
    changed = console.change("accounts_membership", member.pk, roles=["agent", "finance"], manager="")
    assert changed.status_code == 302
    member.refresh_from_db()
    assert (member.roles, manager_of(member)) == (["agent", "finance"], None)
    console.act("accounts_membership_end_access", member.pk)
    member.refresh_from_db()
    assert member.is_active is False
    console.act("accounts_membership_give_access", member.pk)
    member.refresh_from_db()
    assert member.is_active is True


def test_the_last_administrator_stays(console, admin):
    assert refusals(console.change("accounts_membership", admin.membership.pk, roles=["agent"])).keys() == {
        "__all__"
    }
    assert console.act("accounts_membership_end_access", admin.membership.pk).status_code == 200


def test_the_organisation_has_one_page(console, organization):
    assert console.open("core_organization_changelist").url == reverse(
        "admin:core_organization_change", args=[organization.pk]
    )
    assert refusals(console.change("core_organization", organization.pk, timezone="Mars")).keys() == {
        "timezone"
    }
    assert console.change("core_organization", organization.pk, name="Acme Finance").status_code == 302
    assert Organization.objects.get().name == "Acme Finance"


def test_permissions_are_narrowed_and_lifted(console):
    wider = console.add("accounts_accessrule", role="agent", area="leads", verb="write", level="team")
    assert refusals(wider).keys() == {"level"}
    assert (
        console.add("accounts_accessrule", role="agent", area="leads", verb="write", level="none").status_code
        == 302
    )
    rule = AccessRule.objects.get()
    console.client.post(
        reverse("admin:accounts_accessrule_changelist"), {"action": "lift", "_selected_action": [rule.pk]}
    )
    assert not AccessRule.objects.exists()


def test_a_lead_is_withdrawn_and_restored(console, lead):
    assert lead.reference in console.open("leads_lead_changelist").content.decode()
    assert console.act("leads_lead_withdraw", lead.pk).status_code == 302
    assert not Lead.objects.exists()
    assert not console.open("leads_lead_changelist").context["cl"].result_list
    assert lead.reference in console.open("leads_lead_changelist", withdrawn="yes").content.decode()
    assert "Withdrawn. Restore it" in console.open("leads_lead_change", lead.pk).content.decode()
    assert console.act("leads_lead_restore", lead.pk).status_code == 302
    assert Lead.objects.get() == lead


def test_personal_data_is_masked_on_page_and_in_history(console, admin, actor_for, client_for, lead):
    update_lead(actor=admin, reference=lead.reference, values={"mail": "rao@example.org"})
    auditor = Console(client_for(actor_for(Role.AUDITOR)))
    clear = console.open("leads_lead_change", lead.pk).content.decode()
    masked = auditor.open("leads_lead_change", lead.pk).content.decode()
    assert "rao@example.org" in clear
    assert "rao@example.org" not in masked
    assert "Asha Rao" in masked
    clear = console.open("leads_lead_history", lead.pk).content.decode()
    masked = auditor.open("leads_lead_history", lead.pk).content.decode()
    assert "asha@example.com" in clear
    assert "example.com" not in masked
    assert "example.org" not in masked
    assert "withdrawn=yes" not in auditor.open("leads_lead_changelist").content.decode()


def test_history_tells_who_changed_what_and_why(console, admin, lead):
    line = lead.line
    console.change("leads_businessline", line.pk, name="Loans of all kinds")
    entries = console.open("leads_businessline_history", line.pk).context["entries"]
    assert [entry.kind for entry in entries] == ["Changed", "Changed", "Added"]
    assert entries[0].who == admin.user.email
    assert [(change.label, change.old, change.new) for change in entries[0].changes] == [
        ("Name", "Loan", "Loans of all kinds")
    ]
    trail = console.open("audit", kind="leads.businessline").context["entries"]
    assert (trail[0].kind, trail[0].title) == ("Changed", "Loans of all kinds")
    assert trail[0].record.history_change_reason == "line changed"


def test_long_histories_are_read_page_by_page(console, lead, admin):
    from leads.services.lines import update_line

    for number in range(60):
        update_line(actor=admin, line=lead.line, name=f"Name {number}")
    first = console.open("leads_businessline_history", lead.line_id)
    second = console.open("leads_businessline_history", lead.line_id, before=first.context["before"])
    assert (len(first.context["entries"]), len(second.context["entries"])) == (50, 12)
    assert first.context["entries"][-1].changes[0].old == "Name 9"
    assert second.context["before"] is None
    assert console.open("leads_businessline_history", lead.line_id, before="x").status_code == 200
