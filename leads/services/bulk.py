"""Changing many leads at once: the leads of a list, or those picked in it. `undoing` takes it back.

A job does it, in batches that commit with its cursor: a few leads while the browser waits, many in a worker, where it
is paused, resumed and taken over like any job. Each batch is read by the list's own query, locked within what its
asker may change, and written by one statement. A lead that was changed after it was looked at stays as it is.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.key_scopes import names_of
from accounts.models import Membership
from accounts.queries.memberships import reachable_member_ids
from accounts.roles import Area
from core.database.bulk import insert_rows
from core.errors import ApplicationError, FieldError, NotPermitted, ValidationFailed
from core.idempotency import Outcome, Sent, begin, read_key
from core.jobs import JobRun, job_kind, run_job_inline
from core.models import Job
from core.services.jobs import enqueue_job, reserve_job
from leads.models import (
    BulkChange,
    BulkChangedLead,
    BusinessLine,
    Lead,
    LeadStatus,
    Tag,
)
from leads.queries.bulk import BULK
from leads.queries.columns import microseconds
from leads.queries.lead_list import LeadListQuery, count_all_leads, count_leads, list_leads
from leads.queries.leads import visible_leads
from leads.services.exports import asker_of
from leads.services.leads_given import MOST_TOLD, Move, give_many
from leads.services.lines import pin_line
from leads.services.scoring.applying import by_score
from leads.services.stalling.clocks import renew_clocks
from leads.services.tags import add_tag_to, read_names, remove_tag_from, resolve_tags

# Up to so many are changed while the browser waits.
AT_ONCE = 200
BATCH = 500
ASSIGN, STAGE, STATUS, TAG, UNTAG = "assign", "stage", "status", "tag", "untag"
ACTIONS = (ASSIGN, STAGE, STATUS, TAG, UNTAG)
NOTHING_DONE = {"changed": 0, "unchanged": 0, "not_allowed": 0, "changed_meanwhile": 0, "gone": 0}
BEFORE_COLUMNS = ("organization_id", "job", "lead_id", "before", "written_at", "undone")


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of each lead. `value`: a member's number or None, a stage, a status, or a tag's name."""

    action: str
    value: Any

    @property
    def verb(self) -> str:
        """What the actor must be allowed to do to a lead."""
        return "assign" if self.action == ASSIGN else "write"


def seen_as(moment: dt.datetime) -> str:
    """A moment as a list writes it beside each lead: hexadecimal microseconds since 1970, since fifty make a page."""
    return f"{microseconds(moment):x}"


def change_many_leads(
    *,
    actor: Actor,
    query: LeadListQuery,
    change: Change,
    press: str,
    as_of: dt.datetime,
    seen: Mapping[str, str] | None = None,
) -> Job:
    """Change the leads of a list of one line; return the job, done where the leads are few.

    Args:
        query: the list; its `references` name picked leads. Cursor, order and page size say nothing here.
        press: drawn with the page; the same press again is the same change, which happens once.
        as_of: when the list was looked at. Leads that were changed later stay as they are.
        seen: reference → `seen_as` of the last change, of picked leads, instead of `as_of`.

    Raises:
        NotPermitted: the actor may do this to no lead, or not to this owner.
        ValidationFailed: the value, or anything of the query; by parameter.
    """
    actor.require(Area.LEADS, change.verb)
    line = query.line
    assert line is not None, "Stages and fields belong to a line."
    query = replace(query, ordering="", cursor="", page_size=BATCH)
    change = _checked(actor, line, change)
    count = count_leads(actor, query, limit=AT_ONCE)
    parameters = {
        "line": line.pk,
        "search": query.search,
        "conditions": query.conditions,
        "references": list(query.references),
        "action": change.action,
        "value": change.value,
        "as_of": min(as_of, timezone.now()).isoformat(),
        "seen": dict(seen or {}),
        "scopes": names_of(actor.scopes),
    }
    job, is_new = _job_of_press(actor, press, parameters, is_few=count.is_exact)
    if is_new and count.is_exact:
        try:
            run_job_inline(job)
        except ApplicationError:
            # The job's own row tells what happened, on its page.
            job.refresh_from_db()
    return job


def _checked(actor: Actor, line: BusinessLine, change: Change) -> Change:
    match change.action:
        case "assign":
            _check_owner(actor, change.value)
        case "stage":
            if change.value not in line.stages:
                raise _refused(f"Choose one of {', '.join(line.stages)}." if line.stages else "It has none.")
        case "status":
            if change.value not in LeadStatus.values:
                raise _refused(f"Choose one of {', '.join(LeadStatus.values)}.")
        case "tag" | "untag":
            names = list(read_names([str(change.value or "")]).values())
            if not names:
                raise _refused("Write a tag.")
            return Change(change.action, names[0])
        case _:
            raise _refused(f"Choose one of {', '.join(ACTIONS)}.")
    return change


def _check_owner(actor: Actor, number: int | None) -> None:
    """Raise NotPermitted or ValidationFailed where leads do not go to that owner, as `assign_lead` allows."""
    reach = reachable_member_ids(actor, Area.LEADS, "assign")
    if number is None:
        if reach is not None:
            raise NotPermitted("Only operations can take a lead from everybody.")
        return
    if reach is not None and number not in reach:
        raise NotPermitted("You can assign leads to people of your own team.")
    if not Membership.objects.filter(pk=number, is_active=True).exists():
        raise _refused("Choose somebody who works here.")


def _job_of_press(actor: Actor, press: str, parameters: dict[str, Any], *, is_few: bool) -> tuple[Job, bool]:
    """Return the job of this press, and whether it was made just now: two presses of one page make one."""
    if actor.user is None:
        raise NotPermitted("Only a person changes many leads at once.")
    told = {name: value for name, value in parameters.items() if name != "as_of"}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
    sent = Sent(f"user:{actor.user.pk}", read_key(f"bulk-{press}", "press"), "POST", BULK, digest)
    with transaction.atomic():
        attempt = begin(sent)
        if attempt.outcome is not None:
            return Job.objects.get(pk=attempt.outcome.answer["job"]), False
        make = reserve_job if is_few else enqueue_job
        job = make(kind=BULK, title=_title(parameters), parameters=parameters, actor=actor)
        BulkChange.objects.create(organization_id=job.organization_id, job=job.pk)
        attempt.keep(Outcome(202, {}, {"job": job.pk}))
    return job, True


def _title(parameters: Mapping[str, Any]) -> str:
    titles = {
        ASSIGN: "Assign leads",
        STAGE: f"Move leads to the stage {parameters['value']}",
        STATUS: f"Set the status of leads to {parameters['value']}",
        TAG: f"Tag leads with {parameters['value']}",
        UNTAG: f"Take the tag {parameters['value']} from leads",
    }
    return titles[parameters["action"]]


@job_kind(BULK, area="audit", can_pause=True)
def change_leads_of_job(run: JobRun) -> dict[str, Any]:
    """Change the leads of a job batch by batch, as who asked for it may change them now."""
    actor = asker_of(run.job)
    asked = run.parameters
    line = BusinessLine.everything.get(pk=asked["line"])
    query = LeadListQuery(
        line,
        asked["search"],
        asked["conditions"],
        page_size=BATCH,
        references=tuple(asked["references"]),
    )
    change = _checked(actor, line, Change(asked["action"], asked["value"]))
    if not run.cursor:
        start = {"at": "", "counts": NOTHING_DONE, "fates": {}, "is_over": False}
        run.advance(cursor=start, total=_total(actor, query))
    # What became of each is told where few were named.
    tells_each = 0 < len(query.references) <= AT_ONCE
    while not run.cursor["is_over"]:
        with run.batch():
            page = list_leads(actor, replace(query, cursor=run.cursor["at"]))
            counts = dict(run.cursor["counts"])
            told = MOST_TOLD - counts["changed"]
            met = _Batch(run.job.pk, actor, change, asked, told).apply(page.rows)
            for fate in met.values():
                counts[fate] += 1
            cursor = {"at": page.next_cursor, "counts": counts, "is_over": not page.next_cursor}
            cursor["fates"] = {**run.cursor.get("fates", {}), **met} if tells_each else {}
            run.advance(cursor=cursor, done=run.done + len(page.rows))
    counts = dict(run.cursor["counts"])
    # Picked leads that are out of sight by now, withdrawn or given to others.
    counts["gone"] = max(0, len(query.references) - run.done) if query.references else 0
    run.advance(total=run.done)
    if not tells_each:
        return counts
    return {**counts, "leads": {**dict.fromkeys(query.references, "gone"), **run.cursor.get("fates", {})}}


def _total(actor: Actor, query: LeadListQuery) -> int:
    return count_all_leads(actor, query) or 0


@dataclass(frozen=True, slots=True)
class _Locked:
    """A lead of a batch that nobody else changes until the batch ends."""

    id: int
    reference: str
    updated_at: dt.datetime
    created_at: dt.datetime
    stage: str
    status: str
    owner_id: int | None
    team_id: int | None


class _Batch:
    """Changes some leads in the transaction of a batch, and keeps what stood on them."""

    def __init__(self, job: int, actor: Actor, change: Change, asked: Mapping[str, Any], told: int) -> None:
        self.job = job
        self.actor = actor
        self.line_id: int = asked["line"]
        self.change = change
        self.seen: Mapping[str, str] = asked["seen"]
        self.as_of = dt.datetime.fromisoformat(asked["as_of"])
        self.told = told

    def apply(self, rows: Sequence[Lead]) -> dict[str, str]:
        """Change what may be changed; return reference → which fate each lead met."""
        locked = self._lock([lead.pk for lead in rows])
        met = dict.fromkeys((lead.reference for lead in rows), "not_allowed")
        if self.change.action in (TAG, UNTAG):
            # A tag takes nothing away from what somebody else has written meanwhile.
            changed = self._tag(locked)
            return met | {lead.reference: "changed" if lead.id in changed else "unchanged" for lead in locked}
        fates = {lead.reference: self._fate_of(lead) for lead in locked}
        if wanted := [lead for lead in locked if fates[lead.reference] == "changed"]:
            self._write(wanted)
        return met | fates

    def _fate_of(self, lead: _Locked) -> str:
        if not self._is_as_seen(lead):
            return "changed_meanwhile"
        return "unchanged" if self._value_of(lead) == self.change.value else "changed"

    def _lock(self, ids: list[int]) -> list[_Locked]:
        """The leads that the actor may change, locked in one order, so that two batches never wait in a circle."""
        leads = visible_leads(self.actor, verb=self.change.verb).filter(pk__in=ids).order_by("pk")
        rows = leads.select_for_update(of=("self",)).values_list(
            "pk", "reference", "updated_at", "created_at", "stage", "status", "owner_id", "team_id"
        )
        return [_Locked(*row) for row in rows]

    def _is_as_seen(self, lead: _Locked) -> bool:
        seen = self.seen.get(lead.reference)
        return seen_as(lead.updated_at) == seen if seen else lead.updated_at <= self.as_of

    def _value_of(self, lead: _Locked) -> Any:
        names = {ASSIGN: "owner_id", STAGE: "stage", STATUS: "status"}
        return getattr(lead, names[self.change.action])

    def _write(self, leads: Sequence[_Locked]) -> None:
        if self.change.action == ASSIGN:
            self._give(leads)
            return
        ids = [lead.id for lead in leads]
        line = pin_line(self.line_id)
        columns = {"updated_at": timezone.now(), self.change.action: self.change.value}
        for some, more in _scored(line, ids, columns):
            Lead.objects.filter(pk__in=some).update(**columns, **more)
        if line.stall_token:
            renew_clocks(line, list(Lead.objects.filter(pk__in=ids)))
        before = {lead.id: {self.change.action: self._value_of(lead)} for lead in leads}
        self._keep(before, columns["updated_at"])

    def _give(self, leads: Sequence[_Locked]) -> None:
        owner = self.change.value
        _check_owner(self.actor, owner)
        moves = [Move(lead.id, lead.owner_id, owner) for lead in leads]
        by, most_told = self.actor.membership, max(0, self.told)
        moved = give_many(self.actor.organization, moves, by=by, most_told=most_told)
        before = {
            lead.id: {
                "owner": lead.owner_id,
                "team": lead.team_id,
                "follow_ups": moved.follow_ups.get(lead.id, []),
                "waited_for": moved.waited.get(lead.id),
            }
            for lead in leads
        }
        self._keep(before, moved.at)

    def _keep(self, before: Mapping[int, Mapping[str, Any]], written_at: dt.datetime | None) -> None:
        """Keep what stood on the leads, in the transaction that changes them."""
        organization = self.actor.organization.pk
        rows = [
            (organization, self.job, lead_id, json.dumps(stood), written_at, "")
            for lead_id, stood in before.items()
        ]
        insert_rows(BulkChangedLead, BEFORE_COLUMNS, rows)

    def _tag(self, leads: Sequence[_Locked]) -> set[int]:
        names = read_names([self.change.value])
        if self.change.action == TAG:
            tag_id = resolve_tags(names)[next(iter(names))]
            changed = add_tag_to([(lead.id, lead.created_at) for lead in leads], tag_id)
        else:
            tag = Tag.objects.filter(name_key=next(iter(names))).first()
            if tag is None:
                return set()
            tag_id, changed = tag.pk, remove_tag_from([lead.id for lead in leads], tag.pk)
        self._keep({lead_id: {"tag": tag_id} for lead_id in sorted(changed)}, None)
        return changed


def _scored(
    line: BusinessLine, ids: Sequence[int], columns: Mapping[str, Any]
) -> Iterator[tuple[Sequence[int], dict[str, Any]]]:
    """The leads by the score that they get with these columns; all together where their scores stay."""
    found = by_score(line, ids, columns)
    if not found:
        yield ids, {}
    for score, some in sorted(found.items()):
        yield some, {"score": score}


def _refused(message: str) -> ValidationFailed:
    return ValidationFailed("invalid_change", message, {"value": [FieldError("choice", message)]})
