"""Whatever is merged and taken back: every row that refers to leads is as it was."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.services.leads import update_lead
from leads.services.merging import merge_leads, undo_merge
from leads.services.notes import write_note
from leads.services.tags import set_lead_tags
from tests.leads.merging.snapshots import differences, everything
from tests.leads.merging.test_merging import give_children

VALUES = st.fixed_dictionaries(
    {"full_name": st.sampled_from(["Asha Rao", "A. Rao", "Ravi"])},
    optional={
        "mobile": st.sampled_from(["98450 12345", "98450 54321"]),
        "mail": st.sampled_from(["a@home.example", "b@home.example"]),
        "town": st.sampled_from(["Pune", "Nashik"]),
        "income": st.sampled_from(["1000", "2500.50"]),
    },
)
CHOICES = st.dictionaries(
    st.sampled_from(
        ["full_name", "mobile", "mail", "town", "income", "status", "stage", "owner", "source", "tags"]
    ),
    st.sampled_from(["keep", "lose"]),
)
TAGS = st.lists(st.sampled_from(["Hot", "Cold", "Old"]), unique=True)
slow = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@slow
@given(
    one=VALUES,
    other=VALUES,
    choices=CHOICES,
    tags=st.tuples(TAGS, TAGS),
    children=st.booleans(),
    swap=st.booleans(),
)
def test_taking_back_is_exact(house, one, other, choices, tags, children, swap):
    with transaction.atomic():
        pair = [house.lead_of(house.agent, **one), house.lead_of(house.other, **other)]
        update_lead(
            actor=house.other,
            reference=pair[1].reference,
            values={},
            attributes={"status": "approved", "source": "Web"},
        )
        for actor, lead, names in zip((house.agent, house.other), pair, tags, strict=True):
            set_lead_tags(actor=actor, reference=lead.reference, tags=names)
            if children:
                give_children(actor, house.again(lead)) if lead.phone else write_note(
                    actor=actor, reference=lead.reference, text="Without a phone"
                )
        before = everything()
        keep, lose = (lead.reference for lead in (pair[::-1] if swap else pair))
        made = merge_leads(actor=house.leader, keep=keep, lose=lose, choices=choices)
        assert differences(before, everything())
        undo_merge(actor=house.leader, keep=keep, merge_id=made.merge.pk)
        assert differences(before, everything()) == {}
        transaction.set_rollback(True)


pytestmark = pytest.mark.django_db
