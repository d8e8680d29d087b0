"""Notes: who writes, corrects and reads them, and whom they mention."""

import pytest

from accounts.roles import Role
from core.errors import NotPermitted, NotVisible, ValidationFailed
from core.scope import organization_scope
from leads.models import Note, Notification
from leads.presentation import LeadReader
from leads.queries.history import lead_timeline
from leads.queries.leads import get_lead
from leads.queries.mentions import suggest_mentions
from leads.queries.notifications import count_unread, list_notifications
from leads.services.leads import assign_lead, withdraw_lead
from leads.services.notes import LONGEST_NOTE, correct_note, withdraw_note, write_note
from leads.services.notifying import read_all_notifications, read_notification
from tests.factories import make_actor, make_organization


def told(actor):
    return [(row.kind, str(row.actor)) for row in list_notifications(actor).rows]


def write(house, text, actor=None):
    return write_note(actor=actor or house.agent, reference=house.lead.reference, text=text)


def test_a_note_is_trimmed_and_remembers_who_wrote_it_and_when(house):
    note = write(house, "  She is away\r\nuntil Monday. \n").note
    assert (note.text, note.author) == ("She is away\nuntil Monday.", house.agent.membership)
    [entry, _created] = lead_timeline(house.operations, house.lead).entries
    assert (entry.kind, entry.actor, entry.note) == ("note", "Arjun Rao", "She is away\nuntil Monday.")


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "blank"), (" \n", "blank"), ("x" * (LONGEST_NOTE + 1), "max_length"), ("a\0b", "invalid")],
)
def test_what_is_no_note_is_refused_beside_its_field(house, text, code):
    with pytest.raises(ValidationFailed) as refused:
        write(house, text)
    assert [problem.code for problem in refused.value.fields["text"]] == [code]


def test_who_may_not_edit_the_lead_writes_none(house):
    with pytest.raises(NotVisible):
        write(house, "Hello", house.other)
    with pytest.raises(NotPermitted):
        write(house, "Hello", house.auditor)


def test_only_the_author_corrects_and_withdraws(house):
    note = write(house, "Frist").note
    where = {"reference": house.lead.reference, "note_id": note.pk}
    with pytest.raises(NotPermitted):
        correct_note(actor=house.leader, text="Mine", **where)
    with pytest.raises(NotPermitted):
        withdraw_note(actor=house.operations, **where)
    corrected = correct_note(actor=house.agent, text="First", **where).note
    assert corrected.corrected_at is not None
    withdraw_note(actor=house.agent, **where)
    assert not Note.objects.exists()
    assert Note.everything.get().text == "First"
    assert [row.text for row in Note.history.order_by("history_id")] == ["Frist", "First", "First"]
    assert [entry.kind for entry in lead_timeline(house.agent, house.lead).entries] == ["created"]


def test_a_note_of_another_lead_or_organisation_is_not_there(house):
    elsewhere = make_organization("elsewhere")
    note = write(house, "Here").note
    another = house.lead_of(house.agent)
    with pytest.raises(NotVisible):
        correct_note(actor=house.agent, reference=another.reference, note_id=note.pk, text="x")
    stranger = make_actor(elsewhere, Role.ADMIN)
    with organization_scope(elsewhere), pytest.raises(NotVisible):
        correct_note(actor=stranger, reference=house.lead.reference, note_id=note.pk, text="x")


# Mentions


@pytest.mark.parametrize(
    "text", ["@Leela Nair look", "ask @leela, please", "(@LEELA NAIR)", "a\n@Leela", "@Leela Nair’s team"]
)
def test_a_typed_name_mentions_who_sees_the_lead(house, text):
    assert [str(member) for member in write(house, text).mentions.members] == ["Leela Nair"]
    assert told(house.leader) == [("mention", "Arjun Rao")]
    assert count_unread(house.leader) == "1"


@pytest.mark.parametrize(
    "text", ["mail leela@nair.example", "@", "a @ b", "@Leelavati", "@Bina Shah", "@Nobody"]
)
def test_what_names_nobody_who_sees_the_lead_tells_nobody(house, text):
    assert write(house, text).mentions.members == []
    assert not Notification.objects.exists()


def test_what_stands_behind_an_at_without_meaning_anybody_is_named(house):
    assert write(house, "@Bina and @Nobody and @Leela").mentions.unknown == ["Bina", "Nobody"]


def test_nobody_is_told_of_their_own_note(house):
    write(house, "@Arjun Rao")
    assert told(house.agent) == []


def test_namesakes_are_told_apart_by_their_number(house):
    twin = make_actor(house.agent.organization, Role.OPERATIONS, name="Leela Nair")
    assert write(house, "@Leela Nair").mentions.members == []
    label = f"Leela Nair ({twin.membership.pk})"
    assert label in suggest_mentions(house.agent, house.lead, "leel")
    assert [member.pk for member in write(house, f"@{label} look").mentions.members] == [twin.membership.pk]


def test_suggestions_are_colleagues_who_see_the_lead(house):
    assert suggest_mentions(house.agent, house.lead, "") == ["Arun Iyer", "Leela Nair", "Omkar Joshi"]
    assert suggest_mentions(house.agent, house.lead, "nair lee") == ["Leela Nair"]


def test_a_correction_tells_who_is_new_and_takes_back_who_is_gone(house):
    note = write(house, "@Leela").note
    where = {"actor": house.agent, "reference": house.lead.reference, "note_id": note.pk}
    correct_note(text="@Leela and @Omkar", **where)
    assert (len(told(house.leader)), len(told(house.operations))) == (1, 1)
    correct_note(text="@Omkar alone", **where)
    assert (told(house.leader), len(told(house.operations))) == ([], 1)
    withdraw_note(**where)
    assert told(house.operations) == []


# Notifications


def test_what_one_may_see_no_more_is_told_no_more(house):
    write(house, "@Leela @Omkar")
    withdraw_lead(actor=house.operations, reference=house.lead.reference)
    assert (told(house.leader), count_unread(house.leader), told(house.operations)) == ([], "", [])


def test_who_gets_a_lead_is_told_and_who_takes_it_is_not(house):
    assign_lead(actor=house.leader, reference=house.lead.reference, owner=house.other.membership)
    assert told(house.other) == [("assigned", "Leela Nair")]
    assign_lead(actor=house.leader, reference=house.lead.reference, owner=house.leader.membership)
    assert told(house.leader) == []
    assert told(house.other) == []  # the lead is not theirs to see any more


def test_one_is_read_or_all_and_only_ones_own(house):
    for _number in range(3):
        write(house, "@Leela")
    first = list_notifications(house.leader).rows[-1]
    with pytest.raises(NotVisible):
        read_notification(actor=house.agent, notification_id=first.pk)
    read_notification(actor=house.leader, notification_id=first.pk)
    assert count_unread(house.leader) == "2"
    read_all_notifications(actor=house.leader, up_to=first.pk + 1)
    assert count_unread(house.leader) == "1"
    read_all_notifications(actor=house.leader)
    assert count_unread(house.leader) == ""


def test_the_list_is_paged(house):
    for _number in range(3):
        write(house, "@Leela")
    page = list_notifications(house.leader, limit=2)
    assert (len(page.rows), len(list_notifications(house.leader, older_than=page.older).rows)) == (2, 1)
    with pytest.raises(ValidationFailed):
        list_notifications(house.leader, older_than="x")


# What is personal


def test_who_may_not_edit_reads_a_note_without_personal_data(house):
    write(house, "Call 98450 12345 or +91 99999-88888, a.rao@example.org, PAN ABCDE1234F, flat 12, 3 lakh")
    [entry, _created] = lead_timeline(house.auditor, get_lead(house.auditor, house.lead.reference)).entries
    assert entry.note == "Call •••• or ••••, ••••, PAN ••••, flat 12, 3 lakh"


def test_a_hidden_value_is_masked_in_what_others_wrote(house):
    from leads.services.leads import update_lead

    update_lead(actor=house.operations, reference=house.lead.reference, values={"income": "Twelve lakh"})
    lead = get_lead(house.agent, house.lead.reference)
    assert LeadReader(house.agent).sentence(lead, "earns twelve LAKH a year") == "earns •••• a year"
    assert LeadReader(house.operations).sentence(lead, "earns twelve lakh") == "earns twelve lakh"
