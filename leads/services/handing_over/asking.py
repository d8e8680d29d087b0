"""Asking for a hand-over, and for one to be taken back: checked and written down here, done by a job (`moving`)."""

import hashlib
import json
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.key_scopes import names_of
from accounts.models import Membership
from accounts.queries.members import assignable_members
from accounts.roles import Area, Role
from accounts.services.reporting import lock_members, place_under
from core.errors import ApplicationError, Conflict, FieldError, NotPermitted, ValidationFailed
from core.idempotency import Outcome, Sent, begin, read_key
from core.jobs import run_job_inline
from core.models import Job
from core.scope import organization_scope
from core.services.jobs import enqueue_job, reserve_job
from leads.models import HandOver, HandOverMethod
from leads.queries.hand_overs import (
    TAKE_BACK_WITHIN,
    direct_reports,
    get_hand_over,
    open_leads_of,
    reach_over_all,
    team_for,
)
from leads.services.handing_over.moving import HAND_OVER, TAKE_BACK

# Up to so many are handed over while the browser waits.
AT_ONCE = 200


def hand_over(
    *,
    actor: Actor,
    source: Membership,
    method: str,
    press: str,
    target: Membership | None = None,
    manager: Membership | None = None,
) -> HandOver:
    """Hand over a person's open leads, with their open follow-ups; return the hand-over, done where they are few.

    Args:
        source: somebody of whom the actor may give leads, with access or without (`handed_members`).
        method: a HandOverMethod.
        press: drawn with the page; the same press again is the same hand-over, which happens once.
        target: to one person: that one; over the team: its leader; by the rules: who gets what no rule fits (None:
            it stays).
        manager: to whom the person's direct reports report from today on (None: they stay).

    Raises:
        NotPermitted: the actor gives no leads, or may not say who reports to whom.
        ValidationFailed: by `method`, `target`, `manager`.
    """
    actor.require(Area.LEADS, "assign")
    by = actor.membership
    if by is None or actor.user is None:
        raise NotPermitted("Only a person hands over what somebody had to do.")
    told = [source.pk, method, target.pk if target else None, manager.pk if manager else None]
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    sent = Sent(f"user:{actor.user.pk}", read_key(f"hand-over-{press}", "press"), "POST", HAND_OVER, digest)
    with transaction.atomic(), organization_scope(actor.organization, reason="handed over"):
        attempt = begin(sent)
        if attempt.outcome is not None:
            return HandOver.objects.get(pk=attempt.outcome.answer["hand_over"])
        # Behind the key: what is over already is not refused because somebody has left meanwhile.
        check_hand_over(actor, source, method, target, manager)
        row = HandOver.objects.create(source=source, method=method, target=target, manager=manager, by=by)
        if manager is not None:
            _move_reports(actor, source, manager)
        is_few = open_leads_of(actor, source)[: AT_ONCE + 1].count() <= AT_ONCE
        job = _job(actor, HAND_OVER, f"Hand over the leads of {source}", row, is_few=is_few)
        row.job_id = job.pk
        row.save(update_fields=["job_id"])
        attempt.keep(Outcome(202, {}, {"hand_over": row.pk}))
    _run(job, is_few=is_few)
    return row


def take_back(*, actor: Actor, hand_over_id: int) -> HandOver:
    """Give leads of a hand-over that nobody has touched since back to whom they came from. Once, within some days.

    Who reports to whom stays as it is. Raises NotVisible, NotPermitted, or Conflict: too late, taken back, not over.
    """
    actor.require(Area.LEADS, "assign")
    with transaction.atomic(), organization_scope(actor.organization, reason="hand-over taken back"):
        row = get_hand_over(actor, hand_over_id)
        row = HandOver.objects.select_for_update(of=("self",)).select_related("source__user").get(pk=row.pk)
        job = Job.objects.filter(pk=row.job_id or 0).first()
        if row.taken_back_at is not None:
            raise Conflict("taken_back", "This hand-over was taken back already.")
        if job is None or not job.is_finished:
            raise Conflict("not_over", "This hand-over is still under way. Stop it first, or wait.")
        if row.at < timezone.now() - TAKE_BACK_WITHIN:
            raise Conflict("too_late", f"A hand-over can be taken back for {TAKE_BACK_WITHIN.days} days.")
        is_few = job.done <= AT_ONCE
        back = _job(actor, TAKE_BACK, f"Take back the leads of {row.source}", row, is_few=is_few)
        row.taken_back_at, row.back_job_id = timezone.now(), back.pk
        row.save(update_fields=["taken_back_at", "back_job_id"])
    _run(back, is_few=is_few)
    return row


def _job(actor: Actor, kind: str, title: str, row: HandOver, *, is_few: bool) -> Job:
    make = reserve_job if is_few else enqueue_job
    parameters: dict[str, Any] = {"hand_over": row.pk, "scopes": names_of(actor.scopes)}
    return make(kind=kind, title=title, parameters=parameters, actor=actor)


def _run(job: Job, *, is_few: bool) -> None:
    if is_few:
        try:
            run_job_inline(job)
        except ApplicationError:
            # The job's own row tells what happened, on its page.
            job.refresh_from_db()


def _move_reports(actor: Actor, source: Membership, manager: Membership) -> None:
    lock_members(actor.organization)
    for report in direct_reports(source):
        if report.pk != manager.pk:
            place_under(actor.organization, report, manager)


def check_hand_over(
    actor: Actor, source: Membership, method: str, target: Membership | None, manager: Membership | None
) -> None:
    """Raise what is wrong with a hand-over that is asked for."""
    errors: dict[str, list[FieldError]] = {}
    receivers = assignable_members(actor).exclude(pk=source.pk)
    if method not in HandOverMethod.values:
        errors["method"] = [FieldError("choice", f"Choose one of {', '.join(HandOverMethod.values)}.")]
    elif method == HandOverMethod.RULES and not reach_over_all(actor):
        message = "The rules give leads to people beyond your team. Choose a person, or your team."
        errors["method"] = [FieldError("not_permitted", message)]
    elif target is None and method != HandOverMethod.RULES:
        errors["target"] = [FieldError("required", "Choose who gets the leads, or who leads the team.")]
    target_id = target.pk if target is not None else 0
    if target is not None and not receivers.filter(pk=target_id).exists():
        errors["target"] = [
            FieldError("choice", "Choose somebody else who works leads, and to whom you may give some.")
        ]
    elif target is not None and method == HandOverMethod.TEAM:
        if Role.TEAM_LEADER not in target.role_set:
            errors["target"] = [FieldError("choice", "Choose somebody who leads a team.")]
        elif not team_for(actor, source, target):
            errors["target"] = [FieldError("empty", "Nobody of this team works leads today.")]
    if manager is not None:
        if not actor.may(Area.ACCESS, "write"):
            raise NotPermitted("Who reports to whom is for administrators to say.")
        if manager.pk == source.pk or not manager.is_active:
            errors["manager"] = [FieldError("choice", "Choose somebody else, with access.")]
    if errors:
        raise ValidationFailed("invalid_hand_over", "The hand-over needs corrections.", errors)
