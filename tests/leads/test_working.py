"""Working leads whose line has changed since they were captured."""

from collections.abc import Iterator

import pytest

from accounts.actor import Actor
from accounts.roles import Role
from core.errors import Conflict, NotPermitted, NotVisible, ValidationFailed
from core.models import Organization
from leads.models import BusinessLine, Field, Lead
from leads.queries.leads import get_lead
from leads.services.leads import Assignment, create_lead, update_lead, work_lead
from leads.services.lines import publish_line, update_field, update_line
from tests.conftest import ActorFor
from tests.leads.loans import loan_values, make_loan_line

pytestmark = pytest.mark.usefixtures("in_organization")


@pytest.fixture
def operations(actor_for: ActorFor, organization: Organization) -> Iterator[Actor]:
    yield actor_for(Role.OPERATIONS)


@pytest.fixture
def line(operations: Actor) -> BusinessLine:
    return make_loan_line(operations)


def make(actor: Actor, line: BusinessLine, **changes: object) -> Lead:
    lead = create_lead(actor=actor, line=line, values=loan_values(**changes)).lead
    assert lead is not None
    return lead


def test_a_field_that_became_required_does_not_block_a_change_elsewhere(
    operations: Actor, line: BusinessLine
) -> None:
    lead = make(operations, line, email="")
    email = Field.objects.get(line=line, key="email")
    update_field(actor=operations, field=email, changes={"required": True})
    publish_line(actor=operations, line=line)

    work_lead(actor=operations, reference=lead.reference, attributes={"status": "in_progress"})
    update_lead(actor=operations, reference=lead.reference, values={"city": "Mumbai"})

    assert get_lead(operations, lead.reference).data["city"] == "Mumbai"
    with pytest.raises(ValidationFailed) as refused:
        update_lead(actor=operations, reference=lead.reference, values={"email": ""})
    assert [error.code for error in refused.value.fields["email"]] == ["required"]


def test_a_lead_that_shares_a_key_with_another_can_be_worked(operations: Actor, line: BusinessLine) -> None:
    line = update_line(actor=operations, line=line, on_duplicate="create")
    make(operations, line)
    twin = make(operations, line)
    update_line(actor=operations, line=line, on_duplicate="skip")

    update_lead(actor=operations, reference=twin.reference, values={"city": "Mumbai"})
    other = make(operations, line, mobile="98450 99999")

    with pytest.raises(Conflict):
        update_lead(actor=operations, reference=other.reference, values={"mobile": loan_values()["mobile"]})


def test_a_repeat_fills_what_it_says_and_empties_nothing(operations: Actor, line: BusinessLine) -> None:
    lead = make(operations, line)
    update_line(actor=operations, line=line, on_duplicate="update")

    result = create_lead(
        actor=operations,
        line=line,
        values=loan_values(email="", credit_score="801"),
        attributes={"source": "Referral"},
    )

    stored = get_lead(operations, lead.reference)
    assert result.repeats == lead
    assert stored.data["email"] == "asha.rao@example.org"
    assert stored.data["credit_score"] == "801"
    assert str(stored.source) == "Referral"


def test_a_closed_line_takes_no_lead_whoever_asks(operations: Actor, line: BusinessLine) -> None:
    update_line(actor=operations, line=line, is_active=False)

    with pytest.raises(Conflict):
        create_lead(actor=operations, line=line, values=loan_values())


def test_status_and_owner_move_together_or_not_at_all(
    operations: Actor, line: BusinessLine, actor_for: ActorFor
) -> None:
    leader = actor_for(Role.TEAM_LEADER)
    lead = make(leader, line)

    with pytest.raises(NotPermitted):
        work_lead(
            actor=leader,
            reference=lead.reference,
            attributes={"status": "approved"},
            assignment=Assignment(None),
        )

    assert get_lead(operations, lead.reference).status == "new"


@pytest.mark.parametrize("reference", ["\0", "L1; DROP", "L" * 5_000, "Ĺ1"])
def test_what_is_no_reference_is_nobodys_lead(operations: Actor, reference: str) -> None:
    with pytest.raises(NotVisible):
        get_lead(operations, reference)
