"""Rows for tests, made by the services that make them in life.

`make_organization` and `make_actor` are for any test. `row_of(Model)` registers how one row of a model
comes to be; the tests of the walls make a row of every model by it, and name the model that has none.
"""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from typing import Any, TypeVar

from django.db import models, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import (
    AccessRule,
    ApiKey,
    ApiKeyUse,
    LoginLog,
    LoginMethod,
    Membership,
    ReportingLine,
    User,
)
from accounts.roles import Area, Level, Role
from accounts.services import create_user, narrow_access
from accounts.services.api_key_uses import note_use
from accounts.services.api_keys import create_api_key
from accounts.services.login_log import log_sign_in
from accounts.services.visitors import Visitor
from core.idempotency import Outcome, Sent, begin
from core.intake.running import CHECK
from core.models import (
    DailyRun,
    IdempotencyKey,
    Intake,
    IntakeRow,
    Job,
    Organization,
    OutboxLane,
    OutboxMessage,
    PurgeRecord,
    SavedMapping,
    StoredFile,
)
from core.retention.running import RETENTION
from core.scope import organization_scope
from core.services.files import FileLimits, store_file
from core.services.intakes import receive_file
from core.services.organizations import create_organization
from core.services.saved_mappings import save_mapping
from core.tenancy import TenantForeignKey
from leads.models import (
    AcceptanceCount,
    AcceptanceRule,
    Arrival,
    AssignmentRule,
    AssignmentTurn,
    BulkChange,
    BulkChangedLead,
    BusinessLine,
    Campaign,
    Consent,
    ConsentText,
    CountedFigures,
    Digest,
    DoNotCall,
    DuplicateKey,
    DuplicatePair,
    Engagement,
    Field,
    FollowUp,
    FormLink,
    FormRefusals,
    FormSubmission,
    Lead,
    LeadAdmission,
    LeadAssignment,
    LeadAttachment,
    LeadFlaw,
    LeadMerge,
    LeadTag,
    LeadTally,
    LeadToken,
    LeadValue,
    LineVersion,
    Note,
    Notification,
    NotificationSettings,
    PlaceLook,
    SavedView,
    ScoreRule,
    Source,
    StallClock,
    StallRule,
    StallStep,
    Tag,
    WatchedPlace,
)
from leads.queries.form_links import form_link_scope
from leads.services.accepting import create_acceptance_rule
from leads.services.assigning import assign_by_rule, create_assignment_rule
from leads.services.attachments import attach_file
from leads.services.configuring import configure_line
from leads.services.consent import list_number, record_consent
from leads.services.digests.choosing import Choice, choose_notifications
from leads.services.engagements import start_engagement
from leads.services.follow_ups import plan_follow_up
from leads.services.form_links import create_form_link
from leads.services.form_submissions import FilledForm, count_refusal, submit_form
from leads.services.leads import create_lead
from leads.services.merging import merge_leads, undo_merge
from leads.services.notes import write_note
from leads.services.pairing import decide_pair
from leads.services.saved_views import save_view
from leads.services.scoring import create_score_rule
from leads.services.stalling import create_stall_rule
from leads.services.statistics.folding import fold_tallies
from leads.services.tags import set_lead_tags
from tests.calendar_rows import CALENDAR_ROWS

Row = TypeVar("Row", bound=models.Model)
PASSWORD = "correct horse battery"
LINE_FIELDS: list[dict[str, Any]] = [
    {"key": "name", "label": "Name", "type": "text", "required": True, "maps_to": "name"},
    {"key": "phone", "label": "Phone", "type": "phone", "maps_to": "phone", "pii": True},
    {"key": "pan", "label": "PAN", "type": "text", "pii": True, "unique": True, "indexed": True},
]

_numbers = count(1)


def make_organization(slug: str = "", **settings: Any) -> Organization:
    """Return a new organisation; everything has a default."""
    slug = slug or f"organisation-{next(_numbers)}"
    return create_organization(slug=slug, **{"name": slug.title(), **settings})


def make_actor(
    organization: Organization,
    *roles: Role | str,
    email: str = "",
    manager: Actor | None = None,
    **attributes: Any,
) -> Actor:
    """Return a new person with `roles` (an agent when none is said) as an actor."""
    chosen = roles or (Role.AGENT,)
    membership = create_user(
        actor=Actor.system(organization),
        email=email or f"{'-'.join(chosen)}-{next(_numbers)}@{organization.slug}.example",
        roles=chosen,
        manager=manager.membership if manager else None,
        **{"password": PASSWORD, **attributes},
    )
    return Actor.of(membership)


class World:
    """One organisation with an administrator, a team leader and an agent of that team.

    One row of each model is made when it is first asked for. Leads are the agent's.
    """

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.admin = make_actor(organization, Role.ADMIN)
        self.leader = make_actor(organization, Role.TEAM_LEADER)
        self.agent = make_actor(organization, Role.AGENT, manager=self.leader)
        self._rows: dict[type[models.Model], models.Model] = {}

    def row(self, model: type[Row]) -> Row:
        """Return this world's row of `model`; raises KeyError for a model nobody registered."""
        if model not in self._rows:
            with organization_scope(self.organization, actor_id=self.admin.user.pk, reason="test"):
                self._rows[model] = ROWS[model](self)
        return self._rows[model]


ROWS: dict[type[models.Model], Callable[[World], Any]] = {
    Organization: lambda world: world.organization,
    User: lambda world: world.admin.user,
    Membership: lambda world: world.agent.membership,
    ReportingLine: lambda world: ReportingLine.objects.get(membership=world.agent.membership),
    AccessRule: lambda world: narrow_access(
        actor=world.admin, role=Role.TEAM_LEADER, area=Area.ACCESS, verb="read", level=Level.OWN
    ),
    Field: lambda world: Field.objects.get(line=world.row(BusinessLine), key="pan"),
    LineVersion: lambda world: LineVersion.objects.get(line=world.row(BusinessLine)),
    Source: lambda world: world.row(Lead).source,
    Campaign: lambda world: world.row(Lead).campaign,
    ConsentText: lambda world: ConsentText.objects.get(form_link=world.row(FormLink)),
    LeadValue: lambda world: LeadValue.objects.get(lead=world.row(Lead)),
    LeadToken: lambda world: LeadToken.objects.filter(lead=world.row(Lead)).first(),
    LeadTally: lambda world: LeadTally.objects.filter(line_id=world.row(Lead).line_id).first(),
    DuplicateKey: lambda world: DuplicateKey.objects.filter(lead=world.row(Lead)).first(),
}


ROWS |= CALENDAR_ROWS


def row_of(model: type[Row]) -> Callable[[Callable[[World], Row]], Callable[[World], Row]]:
    """Register a function that makes a row of `model` in a world."""

    def register(make: Callable[[World], Row]) -> Callable[[World], Row]:
        ROWS[model] = make
        return make

    return register


@row_of(LeadFlaw)
def _lead_flaw(world: World) -> LeadFlaw:
    lead = world.row(Lead)
    told = {"lead": lead, "line_id": lead.line_id, "created_at": lead.created_at}  # type: ignore[attr-defined]
    return LeadFlaw.objects.create(organization=world.organization, reason="pan:required", **told)


@row_of(CountedFigures)
def _counted_figures(world: World) -> CountedFigures:
    return CountedFigures.objects.create(key="filled:x", figures={"leads": 1}, counted_at=timezone.now())


@row_of(ApiKey)
def _api_key(world: World) -> ApiKey:
    return create_api_key(actor=world.admin, name="Website", scopes=["leads:read"]).key


@row_of(ApiKeyUse)
def _api_key_use(world: World) -> ApiKeyUse:
    key = world.row(ApiKey)
    key.used_at = None  # type: ignore[attr-defined]
    note_use(key, Visitor("192.0.2.1"))
    return ApiKeyUse.objects.get(api_key=key)


@row_of(LoginLog)
def _login_log(world: World) -> LoginLog:
    log_sign_in(user=world.agent.user, method=LoginMethod.PAGE, visitor=Visitor("192.0.2.1", "Firefox"))
    return LoginLog.objects.filter(membership=world.agent.membership).latest("pk")


@row_of(BusinessLine)
def _line(world: World) -> BusinessLine:
    told = {"name": "Loans", "duplicate_match": ["phone"]}
    line = configure_line(actor=world.admin, code="loans", settings=told, definitions=LINE_FIELDS).line
    line.refresh_from_db()
    return line


@row_of(Lead)
def _lead(world: World) -> Lead:
    made = create_lead(
        actor=world.agent,
        line=world.row(BusinessLine),
        values={"name": "Asha Rao", "phone": "98765 43210", "pan": "ABCDE1234F"},
        attributes={"source": "Website", "campaign": "Diwali"},
    )
    assert made.lead is not None
    return made.lead


def _second_lead(world: World) -> Lead:
    """Another lead of the agent's, of the same line."""
    values = {"name": "Asha R", "phone": "98765 22222"}
    made = create_lead(actor=world.admin, line=world.row(Lead).line, values=values).lead
    assert made is not None
    member = world.agent.membership
    Lead.objects.filter(pk=made.pk).update(owner=member, team=world.leader.membership)
    return Lead.objects.get(pk=made.pk)


@row_of(LeadMerge)
def _lead_merge(world: World) -> LeadMerge:
    """A merge that was taken back: both leads are there."""
    keep, lose = world.row(Lead).reference, _second_lead(world).reference
    merge = merge_leads(actor=world.agent, keep=keep, lose=lose).merge
    undone = undo_merge(actor=world.agent, keep=keep, merge_id=merge.pk).merge
    # The tallies of the way there and back add up to none; as a purge leaves them they are what a restore makes.
    fold_tallies(timezone.now(), 1_000)
    return undone


@row_of(DuplicatePair)
def _duplicate_pair(world: World) -> DuplicatePair:
    first, second = sorted((world.row(Lead), world.row(LeadMerge).lose), key=lambda lead: lead.pk)
    pair = DuplicatePair.objects.create(
        line=first.line, first=first, second=second, score=90, reasons=["phone", "name:92"]
    )
    return decide_pair(actor=world.agent, pair_id=pair.pk, decision="not_the_same")


@row_of(Note)
def _note(world: World) -> Note:
    reference = world.row(Lead).reference
    return write_note(actor=world.agent, reference=reference, text="She asks for a call on Monday.").note


@row_of(LeadAttachment)
def _attachment(world: World) -> LeadAttachment:
    return attach_file(
        actor=world.agent,
        reference=world.row(Lead).reference,
        kind="quote",
        filename="quote.txt",
        chunks=[f"A quote of {world.organization.slug}.".encode()],
    ).attachment


@row_of(DoNotCall)
def _do_not_call(world: World) -> DoNotCall:
    return list_number(actor=world.admin, phone="+919900112233", reason="Asked by letter")


@row_of(Consent)
def _consent(world: World) -> Consent:
    return record_consent(
        actor=world.agent,
        reference=world.row(Lead).reference,
        purpose="Offers",
        channel="call",
        state="given",
        wording="You may call me.",
        door="page",
    )


@row_of(Engagement)
def _engagement(world: World) -> Engagement:
    reference = world.row(Lead).reference
    return start_engagement(actor=world.agent, reference=reference, channel="call").engagement


@row_of(FollowUp)
def _follow_up(world: World) -> FollowUp:
    due = timezone.now() + timedelta(days=1)
    return plan_follow_up(
        actor=world.agent, reference=world.row(Lead).reference, what="Call her back", due_at=due
    )


@row_of(Tag)
def _tag(world: World) -> Tag:
    set_lead_tags(actor=world.agent, reference=world.row(Lead).reference, tags=["Hot"])
    return Tag.objects.get()


@row_of(LeadTag)
def _lead_tag(world: World) -> LeadTag:
    world.row(Tag)
    return LeadTag.objects.get()


@row_of(SavedView)
def _saved_view(world: World) -> SavedView:
    """A view of the agent's that operations have shared with everybody; it refers to all that a view can."""
    view = save_view(
        actor=world.agent, line=world.row(BusinessLine), settings={"name": "Mine", "columns": ["tags"]}
    )
    SavedView.objects.filter(pk=view.pk).update(sharing="organization", team=world.leader.membership)
    view.refresh_from_db()
    return view


@row_of(Notification)
def _notification(world: World) -> Notification:
    plan_follow_up(
        actor=world.leader,
        reference=world.row(Lead).reference,
        what="Ask for the papers",
        due_at=timezone.now() + timedelta(days=2),
        assignee=world.agent.membership,
    )
    return Notification.objects.get(recipient=world.agent.membership)


@row_of(NotificationSettings)
def _notification_settings(world: World) -> NotificationSettings:
    return choose_notifications(actor=world.agent, choice=Choice(hour=7))


@row_of(Digest)
def _digest(world: World) -> Digest:
    today = timezone.now().astimezone(world.organization.zone).date()
    return Digest.objects.create(membership=world.agent.membership, day=today)


@row_of(BulkChange)
def _bulk_change(world: World) -> BulkChange:
    return BulkChange.objects.create(job=1)


@row_of(BulkChangedLead)
def _bulk_changed_lead(world: World) -> BulkChangedLead:
    return BulkChangedLead.objects.create(job=1, lead=world.row(Lead), before={"stage": "new"})


@row_of(FormLink)
def _form_link(world: World) -> FormLink:
    return create_form_link(
        actor=world.admin,
        line=world.row(BusinessLine),
        source=world.row(Source),
        campaign=world.row(Campaign),
        owner=world.agent.membership,
        title="Ask for a loan",
        consent_purpose="Calls about loans",
        consent_text="You may call me about loans.",
    )


@row_of(AcceptanceRule)
def _acceptance_rule(world: World) -> AcceptanceRule:
    return create_acceptance_rule(
        actor=world.admin,
        source=world.row(Source),
        line=world.row(BusinessLine),
        name="Enough for a day",
        daily_cap=1_000,
    )


@row_of(AcceptanceCount)
def _acceptance_count(world: World) -> AcceptanceCount:
    return AcceptanceCount.objects.create(rule=world.row(AcceptanceRule), day=date(2026, 1, 15), taken=1)


@row_of(LeadAdmission)
def _lead_admission(world: World) -> LeadAdmission:
    return LeadAdmission.objects.create(
        lead=world.row(Lead), rule=world.row(AcceptanceRule), day=date(2026, 1, 15)
    )


@row_of(WatchedPlace)
def _watched_place(world: World) -> WatchedPlace:
    return WatchedPlace.objects.create(
        name="Files of the website",
        kind="folder",
        path="website",
        line=world.row(BusinessLine),
        source=world.row(Source),
    )


@row_of(PlaceLook)
def _place_look(world: World) -> PlaceLook:
    return PlaceLook.objects.create(place=world.row(WatchedPlace))


@row_of(Arrival)
def _arrival(world: World) -> Arrival:
    return Arrival.objects.create(
        place=world.row(WatchedPlace),
        identity="0" * 64,
        name="people.csv",
        state="waiting",
        code="drift",
        intake=world.row(Intake),
    )


@row_of(AssignmentRule)
def _assignment_rule(world: World) -> AssignmentRule:
    return create_assignment_rule(
        actor=world.admin, line=world.row(BusinessLine), name="Everywhere", people=[world.agent.membership.pk]
    )


@row_of(ScoreRule)
def _score_rule(world: World) -> ScoreRule:
    return create_score_rule(actor=world.admin, line=world.row(BusinessLine), name="Everybody", points=5)


@row_of(StallRule)
def _stall_rule(world: World) -> StallRule:
    return create_stall_rule(actor=world.admin, line=world.row(BusinessLine), name="Silent", owner_after=60)


@row_of(StallClock)
def _stall_clock(world: World) -> StallClock:
    lead, rule = world.row(Lead), world.row(StallRule)
    return StallClock.objects.create(lead=lead, rule=rule, since=lead.created_at, created_at=lead.created_at)


@row_of(StallStep)
def _stall_step(world: World) -> StallStep:
    lead, rule = world.row(Lead), world.row(StallRule)
    return StallStep.objects.create(
        lead=lead, rule=rule, rule_name="Silent", kind="owner", since=lead.created_at
    )


@row_of(AssignmentTurn)
def _assignment_turn(world: World) -> AssignmentTurn:
    world.row(LeadAssignment)
    return AssignmentTurn.objects.get(rule=world.row(AssignmentRule))


@row_of(LeadAssignment)
def _lead_assignment(world: World) -> LeadAssignment:
    world.row(AssignmentRule)
    lead = assign_by_rule(actor=world.admin, reference=world.row(Lead).reference)
    return LeadAssignment.objects.get(lead=lead)


@row_of(FormSubmission)
def _form_submission(world: World) -> FormSubmission:
    """An enquiry that is held for a look."""
    link = world.row(FormLink)
    values = {"name": "Ravi Kumar", "phone": "98765 11111"}
    with form_link_scope(link):
        return submit_form(link=link, sent=FilledForm(values, "a-press", 1, "192.0.2.1", is_trapped=True))


@row_of(FormRefusals)
def _form_refusals(world: World) -> FormRefusals:
    link = world.row(FormLink)
    with form_link_scope(link):
        count_refusal(link=link)
    return FormRefusals.objects.get(form_link=link)


@row_of(Job)
def _job(world: World) -> Job:
    return Job.objects.create(kind=CHECK, title="A job", created_by_id=world.admin.user.pk)


@row_of(DailyRun)
def _daily_run(world: World) -> DailyRun:
    return DailyRun.objects.create(name=RETENTION, day="2026-01-01", started_at=timezone.now())


@row_of(OutboxLane)
def _outbox_lane(world: World) -> OutboxLane:
    return OutboxLane.objects.create(consumer="test", aggregate="lead:1", used_at=timezone.now())


@row_of(OutboxMessage)
def _outbox_message(world: World) -> OutboxMessage:
    return OutboxMessage.objects.create(
        topic="test",
        consumer="test",
        aggregate="lead:1",
        state="poisoned",
        error="The partner is unknown.",
        lane_id=world.row(OutboxLane).pk,
        created_at=timezone.now(),
        poisoned_at=timezone.now(),
    )


@row_of(PurgeRecord)
def _purge_record(world: World) -> PurgeRecord:
    return PurgeRecord.objects.create(purge="core.jobs", started_at=timezone.now(), rows=3)


@row_of(IdempotencyKey)
def _idempotency_key(world: World) -> IdempotencyKey:
    with transaction.atomic():
        attempt = begin(Sent(f"user:{world.admin.user.pk}", "a-key", "POST", "/api/v1/leads", "0" * 64))
        attempt.keep(Outcome(201, {}, {"body": None}))
    return IdempotencyKey.objects.get(key="a-key")


@row_of(Intake)
def _intake(world: World) -> Intake:
    """A received file, with a reference to every row that an intake can refer to."""
    intake = receive_file(
        actor=world.admin,
        importer="leads",
        target=world.row(BusinessLine).code,
        filename="leads.csv",
        chunks=[f"Name,Phone\n{world.organization.slug},12\n".encode()],
    )
    for field in Intake._meta.fields:
        if isinstance(field, TenantForeignKey):
            setattr(
                intake,
                field.name,
                intake if field.related_model is Intake else world.row(field.related_model),
            )
    intake.save()
    return intake


@row_of(SavedMapping)
def _saved_mapping(world: World) -> SavedMapping:
    """How a file was matched whose header does not resemble that of the intake of this world."""
    intake = receive_file(
        actor=world.admin,
        importer="leads",
        target=world.row(BusinessLine).code,
        filename="enquiries.csv",
        chunks=[f"Name,Phone,Town,Street,House\n{world.organization.slug},12,Pune,,\n".encode()],
    )
    return save_mapping(actor=world.admin, intake_id=intake.pk, name="Enquiries")


@row_of(IntakeRow)
def _intake_row(world: World) -> IntakeRow:
    intake = world.row(Intake)
    return IntakeRow.objects.create(
        intake=intake, number=2, state="rejected", cells=["Asha", "12"], corrected_by=intake
    )


@row_of(StoredFile)
def _stored_file(world: World) -> StoredFile:
    return store_file(
        actor=world.admin,
        purpose="leads.field",
        about="1/note",
        filename="note.txt",
        chunks=[f"A note of {world.organization.slug}.".encode()],
        limits=FileLimits(["txt"], 1_000),
    )
