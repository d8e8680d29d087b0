"""The jobs of a hand-over: batches that commit with their cursor, so that a worker that is lost loses nothing.

Each batch locks some open leads that are still the person's and that the asker may give away, and gives them by few
statements. What it gave is written down beside the hand-over; by that it is taken back where nobody touched it since.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef

from accounts.actor import Actor
from accounts.models import Membership
from accounts.queries.members import assignable_members
from core.database.bulk import insert_rows
from core.errors import NotPermitted
from core.jobs import JobRun, job_kind
from core.scope import organization_scope
from leads.fields.line import line_definition
from leads.models import BusinessLine, Engagement, HandedLead, HandOver, HandOverMethod, Lead, Note
from leads.queries.hand_overs import (
    follow_ups_elsewhere,
    get_handed_member,
    open_leads_of,
    reach_over_all,
    team_for,
)
from leads.queries.leads import visible_leads
from leads.services.assigning.applying import Decision, decide, keep_reasons
from leads.services.assigning.ready import ready_rules
from leads.services.exports import asker_of
from leads.services.leads_given import MOST_TOLD, Move, give_many

HAND_OVER, TAKE_BACK = "leads.hand_over", "leads.take_back"
BATCH = 500
COLUMNS = ("organization_id", "hand_over_id", "lead_id", "owner_id", "at")
NOTHING_GIVEN = {"given": 0, "waiting": 0, "kept": 0}
# What a person has to do about leads of others goes to whose leads they are.
FOLLOW_OWNERS = """
UPDATE leads_followup AS planned SET assignee_id = lead.owner_id
  FROM leads_lead AS lead
 WHERE planned.id = ANY(%s) AND planned.organization_id = %s AND lead.organization_id = planned.organization_id
   AND lead.id = planned.lead_id AND planned.assignee_id = %s AND planned.done_at IS NULL
"""


@job_kind(HAND_OVER, area="audit", can_pause=True)
def hand_over_leads(run: JobRun) -> dict[str, Any]:
    """Give a person's open leads away, batch by batch, as who asked for it may give them now."""
    row, actor = _of(run)
    source = get_handed_member(actor, row.source_id)
    if row.target_id is not None and not assignable_members(actor).filter(pk=row.target_id).exists():
        raise NotPermitted(f"{row.target} gets no leads from you any more. Hand over to somebody else.")
    if not run.cursor:
        first = {"after": 0, "counts": NOTHING_GIVEN, "is_over": False}
        run.advance(cursor=first, total=open_leads_of(actor, source).count())
    with organization_scope(actor.organization, reason=f"handed over from {source}"):
        while not run.cursor["is_over"]:
            with run.batch():
                leads = _next(actor, source, run.cursor["after"])
                counts = dict(run.cursor["counts"])
                tells = run.cursor["after"] == 0
                for name, number in _give(actor, row, source, leads, run.done, tells=tells).items():
                    counts[name] += number
                if not leads:
                    _follow_owners(actor, source)
                run.advance(
                    cursor={
                        "after": leads[-1].pk if leads else run.cursor["after"],
                        "counts": counts,
                        "is_over": not leads,
                    },
                    done=run.done + len(leads),
                )
    run.advance(total=run.done)
    return dict(run.cursor["counts"])


def _of(run: JobRun) -> tuple[HandOver, Actor]:
    row = HandOver.objects.select_related("source__user", "target__user").get(pk=run.parameters["hand_over"])
    return row, asker_of(run.job)


def _next(actor: Actor, source: Membership, after: int) -> list[Lead]:
    rows = open_leads_of(actor, source).filter(pk__gt=after).order_by("pk")
    return list(rows.select_for_update(of=("self",))[:BATCH])


def _give(
    actor: Actor, row: HandOver, source: Membership, leads: Sequence[Lead], done: int, *, tells: bool
) -> dict[str, int]:
    """Give some locked leads; return how many were given, wait now for people at work, and stay."""
    if not leads:
        return {}
    owners: dict[int, int | None] = {}
    decided: list[tuple[int, Decision]] = []
    match row.method:
        case HandOverMethod.PERSON:
            owners = dict.fromkeys([lead.pk for lead in leads], row.target_id)
        case HandOverMethod.TEAM:
            owners = _evenly(actor, row, source, leads, done)
        case _:
            owners, decided = _by_rules(actor, row, source, leads)
    moves = [Move(lead.pk, source.pk, owners[lead.pk]) for lead in leads if lead.pk in owners]
    moved = give_many(actor.organization, moves, by=actor.membership, most_told=MOST_TOLD if tells else 0)
    for line_id, decision in decided:
        keep_reasons(decision, line_id=line_id)
    _write_down(row, moves, moved.at)
    given = sum(move.owner_id is not None for move in moves)
    return {"given": given, "waiting": len(moves) - given, "kept": len(leads) - len(moves)}


def _evenly(
    actor: Actor, row: HandOver, source: Membership, leads: Sequence[Lead], done: int
) -> dict[int, int | None]:
    """Each of the team gets the next one; `done` is how many went before, so that a resumed job goes on in turn."""
    assert row.target is not None
    team = team_for(actor, source, row.target)
    if not team:
        raise NotPermitted("Nobody of this team works leads today.")
    return {lead.pk: team[(done + place) % len(team)].pk for place, lead in enumerate(leads)}


def _by_rules(
    actor: Actor, row: HandOver, source: Membership, leads: Sequence[Lead]
) -> tuple[dict[int, int | None], list[tuple[int, Decision]]]:
    """By the rules of each line, as if the person were in none; what no rule fits goes to the target, or stays."""
    if not reach_over_all(actor):
        raise NotPermitted("The rules give leads to people beyond your team.")
    owners: dict[int, int | None] = {}
    decided = []
    of_line: dict[int, list[Lead]] = {}
    for lead in leads:
        of_line.setdefault(lead.line_id, []).append(lead)
    lines = BusinessLine.objects.select_related("organization").in_bulk(list(of_line))
    for line_id, rows in sorted(of_line.items()):
        line = lines[line_id]
        definition = line_definition(line)
        ready = []
        for each in ready_rules(line, definition):
            others = replace(each, people=[person for person in each.people if person != source.pk])
            # Where nobody else is at work now it decides nothing: what waited would come back to the person.
            if others.people or not each.people:
                ready.append(others)
        decision = decide(line, rows, definition, ready)
        decided.append((line_id, decision))
        for lead in rows:
            if lead.pk in decision.given:
                owners[lead.pk] = decision.given[lead.pk].owner_id
            elif lead.pk in decision.waiting:
                owners[lead.pk] = None
            elif row.target_id is not None:
                owners[lead.pk] = row.target_id
    return owners, decided


def _write_down(row: HandOver, moves: Sequence[Move], at: dt.datetime) -> None:
    written = at.isoformat()
    rows = [(row.organization_id, row.pk, move.lead_id, move.owner_id, written) for move in moves]
    insert_rows(HandedLead, COLUMNS, rows)


def _follow_owners(actor: Actor, source: Membership) -> None:
    follow_ups = follow_ups_elsewhere(actor, source)
    # Held first and in one order, as by everybody who gives follow-ups away with a lead.
    leads = Lead.objects.filter(pk__in=follow_ups.values("lead")).order_by("pk")
    list(leads.select_for_update(no_key=True).values_list("pk", flat=True))
    ids = list(follow_ups.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(FOLLOW_OWNERS, [ids, actor.organization.pk, source.pk])


@job_kind(TAKE_BACK, area="audit", can_pause=True)
def take_leads_back(run: JobRun) -> dict[str, Any]:
    """Give leads of a hand-over back, batch by batch, where they are as they were handed over."""
    row, actor = _of(run)
    if not run.cursor:
        total = HandedLead.objects.filter(hand_over=row).count()
        run.advance(cursor={"after": 0, "counts": {"given": 0, "kept": 0}, "is_over": False}, total=total)
    with organization_scope(actor.organization, reason=f"hand-over from {row.source} taken back"):
        while not run.cursor["is_over"]:
            with run.batch():
                handed = list(
                    HandedLead.objects.filter(hand_over=row, pk__gt=run.cursor["after"]).order_by("pk")[
                        :BATCH
                    ]
                )
                moves = _back(actor, row, handed)
                give_many(actor.organization, moves, by=actor.membership, most_told=0)
                counts = dict(run.cursor["counts"])
                counts["given"] += len(moves)
                counts["kept"] += len(handed) - len(moves)
                run.advance(
                    cursor={
                        "after": handed[-1].pk if handed else run.cursor["after"],
                        "counts": counts,
                        "is_over": not handed,
                    },
                    done=run.done + len(handed),
                )
    return dict(run.cursor["counts"])


def _back(actor: Actor, row: HandOver, handed: Sequence[HandedLead]) -> list[Move]:
    """The leads that are as they were handed over, locked: same owner, not changed, nothing said or tried since."""
    by_lead = {each.lead_id: each for each in handed}
    noted = Note.objects.filter(lead_id=OuterRef("pk"), created_at__gt=row.at)
    engaged = Engagement.objects.filter(lead_id=OuterRef("pk"), at__gt=row.at)
    leads = visible_leads(actor, verb="assign").filter(~Exists(noted), ~Exists(engaged), pk__in=by_lead)
    found = leads.select_for_update(of=("self",)).order_by("pk")
    return [
        Move(lead.pk, lead.owner_id, row.source_id)
        for lead in found
        if (lead.owner_id, lead.updated_at) == (by_lead[lead.pk].owner_id, by_lead[lead.pk].at)
    ]
