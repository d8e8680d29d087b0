"""Which leads may be the same: how alike they are, how they are found, what is decided about them."""

import pytest

from core.errors import NotPermitted, NotVisible, ValidationFailed
from core.jobs import run_job, run_job_inline
from core.jobs.errors import WorkerStopping
from core.models import Job
from leads.models import DuplicatePair, Lead, PairDecision
from leads.queries.duplicate_pairs import LIKELIEST, NEWEST, open_by_line, open_pairs, page_of_pairs
from leads.services.leads import update_lead
from leads.services.merging import merge_leads, undo_merge
from leads.services.pairing import blocks, decide_pair, find_pairs, finding
from leads.services.pairing.likeness import likeness, side


def alike(one, other):
    found = likeness(side(1, 1, *one), side(2, 1, *other))
    return (found.score, list(found.reasons)) if found else None


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (("Asha Rao", "+919845012345", "", "Pune"), ("Rao Asha", "+919845012345", "", "pune"),
         (94, ["phone", "city", "name:100"])),
        (("Asha Rao", "+919845012345", "", ""), ("Bina Shah", "+919845012345", "", ""), (50, ["phone"])),
        (("", "+919845012345", "", ""), ("", "+919845012345", "", ""), (75, ["phone"])),
        (("Asha Rao", "+919845012345", "", ""), ("Asha Rao", "+918005012345", "", ""), (80, ["digits", "name:100"])),
        (("Asha Rao", "+919845012345", "", ""), ("Ravi Jain", "+918005012345", "", ""), None),
        (("Aasha Rao", "", "", "Pune"), ("Asha Rao", "", "", "Pune"), (65, ["city", "name:94"])),
        (("Asha", "", "", "Pune"), ("Asha", "", "", "Pune"), None),
        (("Asha Rao", "", "", "Pune"), ("Asha Rao", "", "", "Nashik"), None),
        (("Asha Rao", "", "A@home.example", ""), ("A R", "", "a@home.example", ""), (70, ["email"])),
        (("", "", "", ""), ("", "", "", ""), None),
    ],
)  # fmt: skip
def test_how_alike_two_leads_are(one, other, told):
    assert alike(one, other) == told
    assert alike(other, one) == told


def find(house, **options):
    run_job_inline(find_pairs(actor=house.operations, **options))
    return Job.objects.order_by("-pk").first()


def pairs():
    return {
        (pair.first_id, pair.second_id): (pair.score, pair.reasons) for pair in DuplicatePair.objects.all()
    }


@pytest.fixture
def people(house):
    """Two who are one by name and city, one with her phone elsewhere, and somebody else."""
    return [
        house.lead_of(house.agent, full_name="Asha Rao", town="Pune", mobile="98450 12345"),
        house.lead_of(house.other, full_name="Aasha Rao", town="pune"),
        house.lead_of(house.stranger, full_name="A. Rao", mobile="98450 12345"),
        house.lead_of(house.agent, full_name="Ravi Jain", town="Pune", mobile="98111 00000"),
    ]


def test_pairs_are_found_once_and_what_was_decided_does_not_return(house, people, monkeypatch):
    asha, aasha, other, _ravi = people
    # Batches of which some end within a block: it is not cut in two.
    monkeypatch.setattr(finding, "TOKENS_AT_A_TIME", 4)
    job = find(house)
    found = pairs()
    assert set(found) == {(asha.pk, aasha.pk), (asha.pk, other.pk)}
    assert found[asha.pk, aasha.pk] == (65, ["city", "name:94"])
    assert (job.result["pairs"], job.done, job.total) == (2, job.total, job.total)
    pair = DuplicatePair.objects.get(second=aasha)
    decide_pair(actor=house.leader, pair_id=pair.pk, decision="not_the_same")
    update_lead(actor=house.operations, reference=other.reference, values={"mobile": "98111 22222"})
    find(house)
    assert list(DuplicatePair.objects.values_list("second_id", "decision")) == [(aasha.pk, "not_the_same")]
    decide_pair(actor=house.leader, pair_id=pair.pk, decision="open")
    assert DuplicatePair.objects.get().decided_by is None


def test_later_only_what_was_written_since_is_looked_at(house, people, monkeypatch):
    asha, *_rest = people
    find(house)
    before = pairs()
    new = house.lead_of(house.agent, full_name="Asha Raoo", town="Pune", mail="asha@home.example")
    monkeypatch.setattr(finding, "OVERLAP", finding.dt.timedelta(0))
    job = find(house, everything=False)
    assert job.parameters["since"]
    assert job.total == 1
    assert set(pairs()) - set(before) == {(asha.pk, new.pk)}


def test_by_new_leads_as_many_are_found_as_by_all(house, people):
    find(house)
    by_all = pairs()
    DuplicatePair.objects.all().delete()
    run_job_inline(
        finding.enqueue_job(
            kind=finding.FIND,
            title="x",
            parameters={"since": "2000-01-01T00:00:00+00:00"},
            actor=house.operations,
        )
    )
    assert pairs() == by_all


def test_blocks_that_are_too_large_are_said_and_left_out(house, people, monkeypatch):
    monkeypatch.setattr(blocks, "MOST_IN_BLOCK", 1)
    job = find(house)
    assert not pairs()
    assert job.result["too_large"] == 2


def test_many_leads_with_a_short_word_are_no_block(house):
    for name in ("Al Rao", "Al Das", "Al Jain"):
        house.lead_of(house.agent, full_name=name)
    found, going_on, _rows = blocks.next_blocks("ak", 2)
    assert (found.members, found.too_large, going_on) == ({}, 0, blocks.end_of("al"))


def test_a_job_that_was_stopped_goes_on_where_it_was(house, people, monkeypatch):
    monkeypatch.setattr(finding, "TOKENS_AT_A_TIME", 4)
    real, calls = finding.next_blocks, []

    def failing(after, limit):
        calls.append(after)
        if len(calls) == 3:
            raise WorkerStopping
        return real(after, limit)

    monkeypatch.setattr(finding, "next_blocks", failing)
    job = find_pairs(actor=house.operations)
    run_job(job.pk)
    job.refresh_from_db()
    assert job.cursor["after"] == calls[2] != ""
    assert find_pairs(actor=house.operations) == job
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == "done"
    assert calls[3] == calls[2]
    assert len(pairs()) == 2


def test_who_may_not_see_one_of_two_never_sees_the_pair(house, people):
    asha, aasha, other, _ravi = people
    find(house)
    seen = {
        name: {(pair.first_id, pair.second_id) for pair in open_pairs(getattr(house, name))}
        for name in ("operations", "leader", "agent", "other", "stranger")
    }
    assert seen["operations"] == {(asha.pk, aasha.pk), (asha.pk, other.pk)}
    assert seen["leader"] == {(asha.pk, aasha.pk)}
    assert seen["agent"] == seen["other"] == seen["stranger"] == set()
    hidden = DuplicatePair.objects.get(second=other)
    with pytest.raises(NotVisible):
        decide_pair(actor=house.leader, pair_id=hidden.pk, decision="not_the_same")
    with pytest.raises(ValidationFailed):
        decide_pair(actor=house.operations, pair_id=hidden.pk, decision="perhaps")
    with pytest.raises(NotPermitted):
        find_pairs(actor=house.leader)


def test_a_pair_is_away_while_its_leads_are_one(house, people):
    asha, aasha, *_rest = people
    find(house)
    made = merge_leads(actor=house.leader, keep=asha.reference, lose=aasha.reference)
    assert open_by_line(house.leader) == {}
    undo_merge(actor=house.leader, keep=asha.reference, merge_id=made.merge.pk)
    assert open_by_line(house.leader) == {house.line.pk: 1}


@pytest.mark.parametrize("order", [LIKELIEST, NEWEST])
def test_page_by_page_every_pair_is_shown_once(house, people, order, django_assert_num_queries):
    for number in range(5):
        house.lead_of(house.agent, full_name=f"Copy {number} Rao", mobile="98111 00000")
    find(house)
    every = page_of_pairs(open_pairs(house.operations), order=order, limit=100).pairs
    shown, cursor = [], ""
    while True:
        with django_assert_num_queries(2):
            page = page_of_pairs(open_pairs(house.operations), order=order, cursor=cursor, limit=3)
        shown += page.pairs
        cursor = page.older
        if not cursor:
            break
    assert shown == every
    assert len({pair.pk for pair in shown}) == len(pairs()) > 10
    if order == LIKELIEST:
        assert [pair.score for pair in shown] == sorted((pair.score for pair in shown), reverse=True)
    for wrong in ("x", "1-2-3", "-1", "99999999999999999999"):
        with pytest.raises(ValidationFailed):
            page_of_pairs(open_pairs(house.operations), order=order, cursor=wrong)


def test_a_pair_is_one_row_whatever_its_order(house, people):
    assert PairDecision.OPEN == "open"
    find(house)
    assert all(pair.first_id < pair.second_id for pair in DuplicatePair.objects.all())
    assert Lead.objects.count() == 4
