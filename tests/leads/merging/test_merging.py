"""Merging two leads and taking it back: who may, what stands, what moves, what comes back."""

import datetime as dt

import pytest
from django.utils import timezone

from core.errors import Conflict, NotPermitted, NotVisible, ValidationFailed
from core.models import Intake, IntakeRow, IntakeState
from leads.models import (
    Consent,
    DuplicateKey,
    Engagement,
    FollowUp,
    Lead,
    LeadMerge,
    LeadTag,
    LeadToken,
    Note,
)
from leads.queries.leads import MergedAway, get_lead, visible_leads
from leads.services.attachments import attach_file
from leads.services.consent import record_consent
from leads.services.engagements import start_engagement
from leads.services.enquiries import DetailsTaken
from leads.services.follow_ups import plan_follow_up
from leads.services.leads import restore_lead, update_lead, withdraw_lead
from leads.services.lines import update_line
from leads.services.merging import Seen, lead_state, merge_leads, undo_merge, what_stays
from leads.services.notes import write_note
from leads.services.tags import set_lead_tags
from leads.services.withdrawing import restore_before_images, withdraw_rows
from tests.leads.merging.snapshots import differences, everything


def merge(house, keep, lose, actor=None, **given):
    return merge_leads(actor=actor or house.leader, keep=keep.reference, lose=lose.reference, **given)


def undo(house, keep, merge, actor=None):
    return undo_merge(actor=actor or house.leader, keep=keep.reference, merge_id=merge.pk)


def give_children(actor, lead):
    """A row of everything that people hang on a lead."""
    where = {"actor": actor, "reference": lead.reference}
    write_note(**where, text=f"A note on {lead.reference}")
    plan_follow_up(**where, what="Call", due_at=timezone.now() + dt.timedelta(days=1))
    start_engagement(**where, channel="call")
    record_consent(
        **where, purpose="Offers", channel="call", state="given", wording="You may call me.", door="page"
    )
    attach_file(**where, kind="quote", filename="quote.txt", chunks=[f"Quote {lead.reference}".encode()])
    attach_file(**where, kind="quote", filename="terms.txt", chunks=[b"The same terms for all"])


def test_values_are_chosen_and_the_rest_stays_or_is_filled_up(house, pair):
    keep, lose = pair
    made = merge(house, keep, lose, choices={"full_name": "keep", "income": "lose", "owner": "lose"})
    kept = house.again(keep)
    assert made.is_new
    assert kept.data == {
        "full_name": "Asha Rao",
        "mobile": "+919845012345",
        "mail": "asha@home.example",
        "town": "Pune",
        "income": "2000.00",
        "yearly": "24000.00",
    }
    assert (kept.name, kept.email, kept.amount_minor) == ("Asha Rao", "asha@home.example", 200000)
    assert (kept.owner_id, kept.team_id) == (house.other.membership.pk, house.leader.membership.pk)
    assert kept.repeat_enquiries == 1


def test_the_merged_lead_is_found_no_more_and_leads_to_the_kept_one(house, pair):
    keep, lose = pair
    merge(house, keep, lose)
    assert [lead.reference for lead in visible_leads(house.operations)] == [keep.reference]
    assert not LeadToken.objects.filter(lead=lose).exists()
    assert set(DuplicateKey.objects.values_list("lead_id", flat=True)) == {keep.pk}
    with pytest.raises(MergedAway) as led:
        get_lead(house.operations, lose.reference)
    assert led.value.kept == keep.reference
    with pytest.raises(NotVisible) as hidden:
        get_lead(house.stranger, lose.reference)
    assert keep.reference not in hidden.value.message
    with pytest.raises(Conflict) as refused:
        restore_lead(actor=house.operations, reference=lose.reference)
    assert refused.value.code == "merged"


def test_a_lead_that_is_referred_to_by_a_merged_reference_is_the_kept_one(house, pair):
    keep, lose = pair
    third = house.lead_of(house.agent, full_name="Ravi", referred_by=keep.reference)
    update_lead(actor=house.leader, reference=third.reference, values={"referred_by": lose.reference})
    merge(house, keep, lose)
    update_lead(actor=house.leader, reference=third.reference, values={"referred_by": lose.reference})
    assert house.again(third).data["referred_by"] == keep.reference


def test_what_hangs_on_the_merged_lead_moves(house, pair):
    keep, lose = pair
    for actor, lead in ((house.agent, keep), (house.other, lose)):
        give_children(actor, lead)
    set_lead_tags(actor=house.agent, reference=keep.reference, tags=["Hot", "Old"])
    set_lead_tags(actor=house.other, reference=lose.reference, tags=["Hot", "New"])
    merge(house, keep, lose)
    kept = house.again(keep)
    for model in (Note, FollowUp, Engagement, Consent):
        assert model.objects.filter(lead=keep).count() == 2
        assert not model.objects.filter(lead=lose).exists()
    assert sorted(kept.attachments.values_list("label", flat=True)) == ["quote.txt", "quote.txt", "terms.txt"]
    assert sorted(kept.lead_tags.values_list("tag__name", flat=True)) == ["Hot", "New", "Old"]
    # What the other agent was to do is now to be done by whose lead it is.
    assert set(FollowUp.objects.values_list("assignee_id", flat=True)) == {house.agent.membership.pk}


@pytest.mark.parametrize(("side", "tags"), [("keep", ["Hot", "Old"]), ("lose", ["Hot", "New"])])
def test_tags_are_chosen(house, pair, side, tags):
    keep, lose = pair
    set_lead_tags(actor=house.agent, reference=keep.reference, tags=["Hot", "Old"])
    set_lead_tags(actor=house.other, reference=lose.reference, tags=["Hot", "New"])
    before = everything()
    made = merge(house, keep, lose, choices={"tags": side})
    assert sorted(LeadTag.objects.filter(lead=keep).values_list("tag__name", flat=True)) == tags
    undo(house, keep, made.merge)
    assert differences(before, everything()) == {}


def test_what_somebody_may_not_see_stays_and_is_not_theirs_to_choose(house, pair):
    keep, lose = pair
    update_lead(actor=house.operations, reference=lose.reference, values={"secret": "hidden"})
    with pytest.raises(ValidationFailed) as refused:
        merge(house, keep, lose, choices={"secret": "lose"})
    assert refused.value.fields["secret"][0].code == "unknown_field"
    merge(house, keep, lose)
    assert "secret" not in house.again(keep).data
    assert house.again(lose).data["secret"] == "hidden"


def test_who_may_change_only_one_of_them_merges_neither(house, pair):
    keep, lose = pair
    for actor in (house.agent, house.stranger):
        with pytest.raises((NotVisible, NotPermitted)):
            merge(house, keep, lose, actor)
    own = house.lead_of(house.agent, mobile="98450 12345")
    merge(house, keep, own, house.agent)
    assert LeadMerge.objects.count() == 1


def test_a_double_click_is_one_merge_and_a_second_one_is_told_why_not(house, pair):
    keep, lose = pair
    third = house.lead_of(house.agent, mobile="98450 12345")
    first = merge(house, keep, lose)
    again = merge(house, keep, lose)
    assert (again.merge, again.is_new) == (first.merge, False)
    for one, other in ((lose, keep), (third, lose)):
        with pytest.raises(MergedAway):
            merge(house, one, other)
    assert house.again(keep).repeat_enquiries == 1


def test_what_changed_since_it_was_shown_is_not_merged(house, pair):
    keep, lose = pair
    seen = Seen({lead.reference: lead_state(lead) for lead in pair})
    update_lead(actor=house.leader, reference=lose.reference, values={"town": "Nashik"})
    with pytest.raises(Conflict) as refused:
        merge(house, keep, lose, seen=seen)
    assert refused.value.code == "changed"
    assert lose.reference in refused.value.message


def test_leads_of_two_lines_of_an_import_at_rollback_or_one_with_itself_stay_two(house, pair):
    from tests.leads.lines.definitions import make_line

    keep, lose = pair
    house.line = make_line(house.operations, code="other")
    elsewhere = house.lead_of(house.agent)
    intake = Intake.objects.create(importer="leads", target="loan", state=IntakeState.ROLLING_BACK)
    for code, one, other in (("other_line", keep, elsewhere), ("rolling_back", keep, lose)):
        with pytest.raises(Conflict) as refused:
            merge(house, one, other)
        assert refused.value.code == code
        Lead.objects.filter(pk=keep.pk).update(intake_id=intake.pk, row_number=2)
    with pytest.raises(ValidationFailed):
        merge(house, keep, keep)


def test_what_a_third_lead_has_alone_is_not_made_twice(house, pair):
    keep, lose = pair
    update_line(actor=house.operations, line=house.line, duplicate_match=["mail+town"], on_duplicate="skip")
    house.lead_of(house.agent, mail="asha@home.example", town="Pune")
    with pytest.raises(DetailsTaken):
        merge(house, keep, lose, choices={"mail": "lose"})


def test_taking_it_back_gives_both_as_they_were(house, pair):
    keep, lose = pair
    for actor, lead in ((house.agent, keep), (house.other, lose)):
        give_children(actor, lead)
    before = everything()
    made = merge(house, keep, lose, choices={"income": "lose", "full_name": "lose", "owner": "lose"})
    assert differences(before, everything())
    result = undo(house, keep, made.merge)
    assert result.stays == ()
    assert differences(before, everything()) == {}
    assert undo(house, keep, made.merge).is_new is False
    assert differences(before, everything()) == {}
    assert lead_state(house.again(keep)) == lead_state(keep)


def test_what_was_edited_or_added_since_stays(house, pair):
    keep, lose = pair
    made = merge(house, keep, lose, choices={"income": "lose"})
    update_lead(actor=house.agent, reference=keep.reference, values={"town": "Nashik", "income": "3000"})
    update_lead(actor=house.agent, reference=keep.reference, values={}, attributes={"status": "approved"})
    write_note(actor=house.agent, reference=keep.reference, text="Written since")
    assert what_stays(made.merge) == ("income", "town", "yearly", "status")
    result = undo(house, keep, made.merge)
    kept, back = house.again(keep), house.again(lose)
    assert set(result.stays) == {"income", "town", "yearly", "status"}
    assert kept.data == {
        "full_name": "Asha Rao",
        "mobile": "+919845012345",
        "town": "Nashik",
        "income": "3000.00",
        "yearly": "36000.00",
    }
    assert (kept.amount_minor, kept.city, kept.email, kept.status) == (300000, "Nashik", "", "approved")
    assert back.data["income"] == "2000.00"
    assert back.deleted_at is None
    assert Note.objects.get().lead_id == keep.pk


def test_only_who_may_change_both_takes_it_back(house, pair):
    keep, lose = pair
    made = merge(house, keep, lose)
    with pytest.raises(NotPermitted):
        undo(house, keep, made.merge, house.agent)
    with pytest.raises(NotVisible):
        undo(house, keep, made.merge, house.stranger)


def test_chains_are_taken_back_from_their_end(house, pair):
    keep, lose = pair
    third = house.lead_of(house.agent, mobile="98450 12345", town="Surat")
    before = everything()
    first = merge(house, keep, lose)
    second = merge(house, third, keep)
    with pytest.raises(MergedAway) as led:
        get_lead(house.operations, lose.reference)
    assert led.value.kept == third.reference
    with pytest.raises(NotVisible):
        undo(house, keep, first.merge)
    undo(house, third, second.merge)
    undo(house, keep, first.merge)
    assert differences(before, everything()) == {}


def test_details_that_a_third_lead_has_taken_since_keep_them_one(house, pair):
    keep, _lose = pair
    update_line(actor=house.operations, line=house.line, duplicate_match=["mail"], on_duplicate="skip")
    third = house.lead_of(house.agent, full_name="Ravi", mail="ravi@home.example")
    made = merge(house, keep, third)
    assert house.again(keep).data["mail"] == "ravi@home.example"
    update_lead(actor=house.agent, reference=keep.reference, values={"mail": ""})
    house.lead_of(house.agent, full_name="Ravi the second", mail="ravi@home.example")
    with pytest.raises(DetailsTaken):
        undo(house, keep, made.merge)
    assert house.again(third).deleted_at is not None


def test_a_rollback_names_the_leads_that_were_merged_and_leaves_them(house, pair):
    keep, lose = pair
    intake = Intake.objects.create(importer="leads", target="loan", state=IntakeState.LOADED)
    Lead.objects.filter(pk=lose.pk).update(intake_id=intake.pk, row_number=3)
    IntakeRow.objects.create(intake=intake, number=4, state="updated", repeats_id=lose.pk)
    lose.refresh_from_db()
    made = merge(house, keep, lose)
    assert withdraw_rows(intake.pk, [3]) == (0, [lose.reference])
    assert restore_before_images(intake.pk, [4], [1]) == (0, [lose.reference])
    undo(house, keep, made.merge)
    # Once it is a lead again, as it came in, it goes with its import.
    Lead.objects.filter(pk=lose.pk).update(updated_at=lose.created_at)
    assert withdraw_rows(intake.pk, [3]) == (1, [])


def test_a_kept_lead_that_was_withdrawn_is_restored_first(house, pair):
    keep, lose = pair
    made = merge(house, keep, lose)
    withdraw_lead(actor=house.operations, reference=keep.reference)
    with pytest.raises(NotVisible):
        undo(house, keep, made.merge)
    restore_lead(actor=house.operations, reference=keep.reference)
    undo(house, keep, made.merge)
    assert house.again(lose).deleted_at is None
