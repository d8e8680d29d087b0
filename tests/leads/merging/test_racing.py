"""Two people who merge the same two leads at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from core.errors import ApplicationError
from core.scope import organization_scope
from leads.models import Lead, LeadMerge, Note
from leads.services.merging import merge_leads, undo_merge
from leads.services.notes import write_note
from tests.factories import make_organization
from tests.leads.merging.conftest import make_house

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(house, *works):
    """Run the works in threads with connections of their own; a refusal is its result."""
    barrier = Barrier(len(works))

    def run(work):
        try:
            with organization_scope(house.organization):
                barrier.wait(10)
                return work()
        except ApplicationError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as threads:
        return [each.result(60) for each in [threads.submit(run, work) for work in works]]


def test_of_two_opposite_merges_one_wins_of_two_equal_ones_both_are_one_and_nothing_is_written_to_what_went():
    organization = make_organization("racing")
    with organization_scope(organization):
        house = make_house(organization)
        for _attempt in range(3):
            one, other = (house.lead_of(house.agent, mobile="98450 12345").reference for _ in range(2))

            def merge(keep, lose):
                return lambda: merge_leads(actor=house.leader, keep=keep, lose=lose)

            def write(reference):
                return lambda: write_note(actor=house.leader, reference=reference, text="At the same moment")

            results = at_once(house, merge(one, other), merge(other, one), write(one), write(other))
            refused = [each for each in results[:2] if isinstance(each, ApplicationError)]
            assert len(refused) == 1
            merge_made = LeadMerge.objects.get(undone_at__isnull=True)
            live = Lead.objects.get(reference__in=[one, other])
            assert live.pk == merge_made.keep_id
            # A note that came first has moved; one that came later was refused.
            assert set(
                Note.objects.filter(lead__reference__in=[one, other]).values_list("lead_id", flat=True)
            ) <= {live.pk}

            keep, lose = live.reference, ({one, other} - {live.reference}).pop()
            undo = [lambda: undo_merge(actor=house.leader, keep=keep, merge_id=merge_made.pk)] * 2  # noqa: B023
            assert sorted(each.is_new for each in at_once(house, *undo)) == [False, True]
            assert sorted(each.is_new for each in at_once(house, merge(keep, lose), merge(keep, lose))) == [
                False,
                True,
            ]
            undo_merge(
                actor=house.leader, keep=keep, merge_id=LeadMerge.objects.get(undone_at__isnull=True).pk
            )
