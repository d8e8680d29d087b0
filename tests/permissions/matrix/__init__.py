"""The permission matrix: one line per method and URL, and what each of ten callers gets for it.

To add a URL, add a line to PAGES, CALLS or CONSOLE:

    page("GET", "leads:list", by=(Area.LEADS, "read"))
    page("POST", "leads:edit", 302, by=(Area.LEADS, "write"), ids={"reference": (Lead, "reference")})
    call("POST", "api:lead-list", 400, by=(Area.LEADS, "create"), data={}, agent=403)

`by` is a key of the table of roles: a role that it grants gets `ok`, one that it does not gets `refused`, and
one whose reach ends before the row named by `ids` gets 404. `ok` of an unsafe method may well be 400 or 422, or
TRIED: what counts is that the caller came as far as validation. Whatever differs is said by name (`agent=404`).

The row that `ids` names is one of the matrix's world (tests/factories.py): leads belong to its agent, who
reports to its team leader. The callers, beside the seven roles: `nobody` is signed in and belongs to no
organisation, `visitor` is not signed in, `stranger` is the administrator of another organisation.
"""

from accounts.models import (
    Absence,
    AccessRule,
    ApiKey,
    Holiday,
    LoginLog,
    Membership,
    WorkingHours,
)
from accounts.roles import Area
from core.models import Intake, Job, Organization, OutboxMessage, PurgeRecord, SavedMapping, StoredFile
from leads.models import (
    AcceptanceRule,
    Arrival,
    AssignmentLimit,
    AssignmentRule,
    BusinessLine,
    Campaign,
    DoNotCall,
    DuplicatePair,
    Engagement,
    Field,
    FollowUp,
    FormLink,
    FormSubmission,
    HandOver,
    Lead,
    LeadAttachment,
    LeadMerge,
    LineVersion,
    Note,
    Notification,
    SavedView,
    ScoreRule,
    Source,
    StallRule,
    Tag,
    WatchedPlace,
)
from tests.permissions.matrix.lines import (
    CALLERS,
    TRIED,
    Ids,
    Line,
    Status,
    call,
    console,
    console_model,
    open_call,
    page,
    public,
    shapes,
)

__all__ = ["CALLERS", "CALLS", "CONSOLE", "EXEMPT", "PAGES", "Line"]

READ_ACCESS = (Area.ACCESS, "read")
WRITE_KEYS = (Area.KEYS, "write")
WRITE_ACCESS = (Area.ACCESS, "write")
READ_LEADS = (Area.LEADS, "read")
WRITE_LEADS = (Area.LEADS, "write")
ASSIGN_LEADS = (Area.LEADS, "assign")
READ_CONFIGURATION = (Area.CONFIGURATION, "read")
WRITE_CONFIGURATION = (Area.CONFIGURATION, "write")
READ_FILES = (Area.LEAD_FILES, "read")
WRITE_FILES = (Area.LEAD_FILES, "write")
MEMBER: Ids = {"member_id": (Membership, "pk")}
ABSENCE: Ids = {"absence_id": (Absence, "pk")}
HAND_OVER: Ids = {"hand_over_id": (HandOver, "pk")}
KEY: Ids = {"prefix": (ApiKey, "prefix")}
LEAD: Ids = {"reference": (Lead, "reference")}
# Another one of the agent's, which was merged into the first and is two again.
OTHER_LEAD: Ids = {**LEAD, "other": (LeadMerge, "lose.reference")}
MERGE: Ids = {**LEAD, "merge_id": (LeadMerge, "pk")}
PAIR: Ids = {"pair_id": (DuplicatePair, "pk")}
# Written and planned by the agent; the notification is the agent's own.
NOTE: Ids = {**LEAD, "note_id": (Note, "pk")}
ATTACHMENT: Ids = {**LEAD, "attachment_id": (LeadAttachment, "pk")}
FOLLOW_UP: Ids = {**LEAD, "follow_up_id": (FollowUp, "pk")}
ENGAGEMENT: Ids = {**LEAD, "engagement_id": (Engagement, "pk")}
NOTIFICATION: Ids = {"notification_id": (Notification, "pk")}
# Of the agent's, shared with everybody; operations see to shared ones.
VIEW: Ids = {"view_id": (SavedView, "pk")}
NOT_THE_VIEWS: dict[str, Status] = {"team_leader": 403, "finance": 403, "auditor": 403, "partner": 403}
NO_AUTHORS: dict[str, Status] = {"admin": 403, "operations": 403, "team_leader": 403}
NOT_THEIRS: dict[str, Status] = {
    "admin": 404, "operations": 404, "team_leader": 404, "finance": 404, "auditor": 404, "partner": 404,
}  # fmt: skip
LINE: Ids = {"line_id": (BusinessLine, "pk")}
INTAKE: Ids = {"intake_id": (Intake, "pk")}
MAPPING: Ids = {"mapping_id": (SavedMapping, "pk")}
JOB: Ids = {"job_id": (Job, "pk")}
PROPOSAL: Ids = {"proposal_id": (Job, "pk")}
LINE_CODE: Ids = {"code": (BusinessLine, "code")}
FORM: Ids = {"token": (FormLink, "token")}
WORK = {"status": "new", "stage": "new", "owner": (Membership, "pk")}

PAGES: list[Line] = [
    page("GET", "accounts:home", 302),
    page("GET", "accounts:profile"),
    page("POST", "accounts:profile", 302, data={"name": "A", "phone": ""}),
    page("GET", "accounts:key_new", by=WRITE_KEYS),
    page("POST", "accounts:key_new", TRIED, by=WRITE_KEYS, data={"name": ""}),
    page("POST", "accounts:key_rotate", by=WRITE_KEYS, ids=KEY, refused=404, auditor=403),
    page("POST", "accounts:key_revoke", 302, by=WRITE_KEYS, ids=KEY, refused=404, auditor=403),
    page("POST", "accounts:switch_organization", 404, data={"organization": "nowhere"}),
    public("GET", "core:healthz"),
    public("GET", "core:readyz", 503),  # no worker runs beside the tests
    page("GET", "core:styleguide", by=WRITE_CONFIGURATION, refused=404),
    page("GET", "core:job_progress", by=READ_FILES, ids=JOB, refused=404),
    page("POST", "core:job_cancel", 302, by=WRITE_FILES, ids=JOB, refused=404, auditor=403),
    page("GET", "core:file", 404, ids={"signed": "no-link"}, stranger=404),
    page("GET", "leads:list", by=READ_LEADS),
    page("GET", "leads:export", by=READ_LEADS, stranger=302),
    page("GET", "leads:export_detail", 404, ids=JOB),
    page("GET", "leads:export_file", 404, ids=JOB),
    page("GET", "leads:conditions", by=READ_LEADS, stranger=302),
    page("GET", "leads:board_column", by=READ_LEADS, stranger=302),
    page("GET", "leads:views", by=READ_LEADS, stranger=302),
    page("GET", "leads:view_new", by=READ_LEADS, stranger=302),
    page("POST", "leads:view_new", 422, by=READ_LEADS, data={"name": ""}, stranger=302),
    page("GET", "leads:view", ids=VIEW, **NOT_THE_VIEWS),
    page("POST", "leads:view", 422, ids=VIEW, data={"name": ""}, **NOT_THE_VIEWS),
    page("POST", "leads:view_delete", 302, ids=VIEW, **NOT_THE_VIEWS),
    page("GET", "leads:bulk", 302, by=WRITE_LEADS),  # without a lead
    page("POST", "leads:bulk", 302, by=WRITE_LEADS, data={}),
    # A change of many is its asker's alone; the job of the matrix's world is none.
    page("GET", "leads:bulk_detail", 404, ids=JOB),
    page("POST", "leads:bulk_undo", 404, ids=JOB),
    page("POST", "leads:bulk_steer", 404, ids={**JOB, "verb": "pause"}),
    page("GET", "leads:new", by=(Area.LEADS, "create"), stranger=302),
    page("POST", "leads:new", TRIED, by=(Area.LEADS, "create"), data={"name": ""}, stranger=302),
    page(
        "POST",
        "leads:from_message",
        by=(Area.LEADS, "create"),
        data={"message": "Name: Asha Rao"},
        stranger=302,
    ),
    page("GET", "leads:choose_members", by=WRITE_LEADS),
    page("GET", "leads:choose_leads", by=READ_LEADS),
    page("GET", "leads:detail", by=READ_LEADS, ids=LEAD),
    page("GET", "leads:origins", by=READ_LEADS, ids=LEAD),
    page("GET", "leads:edit", by=WRITE_LEADS, ids=LEAD),
    page("POST", "leads:edit", TRIED, by=WRITE_LEADS, ids=LEAD, data={"name": ""}),
    page("POST", "leads:move", TRIED, by=WRITE_LEADS, ids=LEAD, data={"to": ""}),
    page("POST", "leads:tags", 302, by=WRITE_LEADS, ids=LEAD, data={"tags": "Hot"}, partner=403),
    page("POST", "leads:work", TRIED, by=WRITE_LEADS, ids=LEAD, data=WORK),
    page("POST", "leads:withdraw", TRIED, by=(Area.LEADS, "delete"), ids=LEAD, partner=403),
    page("GET", "leads:today", by=WRITE_LEADS),
    page("GET", "leads:hand_overs", by=ASSIGN_LEADS),
    page("GET", "leads:hand_over", by=ASSIGN_LEADS, ids=MEMBER, partner=403),
    page("POST", "leads:hand_over", 422, by=ASSIGN_LEADS, ids=MEMBER, data={"method": ""}, partner=403),
    page("GET", "leads:hand_over_detail", by=ASSIGN_LEADS, ids=HAND_OVER, refused=404),
    page("POST", "leads:hand_over_take_back", 302, by=ASSIGN_LEADS, ids=HAND_OVER, partner=403),
    # Everybody says of themselves that they are away; who gives somebody's leads says it of them.
    page("GET", "accounts:absences"),
    page("GET", "accounts:absence_new"),
    page("POST", "accounts:absence_new", 422, data={"note": ""}),
    page("GET", "accounts:absence", by=ASSIGN_LEADS, ids=ABSENCE, agent=200),
    page("POST", "accounts:absence", 422, by=ASSIGN_LEADS, ids=ABSENCE, data={"note": ""}, agent=422),
    page("POST", "accounts:absence_withdraw", 302, by=ASSIGN_LEADS, ids=ABSENCE, agent=302),
    page("GET", "leads:notifications", by=READ_LEADS),
    page("GET", "leads:notification_settings", by=READ_LEADS),
    page("POST", "leads:notification_settings", 422, by=READ_LEADS, data={}),
    public("GET", "leads:digest_stop", 404, ids={"token": "none-of-ours"}),
    public("POST", "leads:digest_stop", 404, ids={"token": "none-of-ours"}),
    page("POST", "leads:notifications_read", 302, by=READ_LEADS),
    page("POST", "leads:notification_open", 302, ids=NOTIFICATION, **NOT_THEIRS),
    page("POST", "leads:notification_read", 302, ids=NOTIFICATION, **NOT_THEIRS),
    page("GET", "leads:mentions", by=WRITE_LEADS, ids=LEAD),
    page("POST", "leads:notes", 422, by=WRITE_LEADS, ids=LEAD, data={"text": " "}),
    page("GET", "leads:note", by=WRITE_LEADS, ids=NOTE, **NO_AUTHORS),
    page("POST", "leads:note", 422, by=WRITE_LEADS, ids=NOTE, data={"text": " "}, **NO_AUTHORS),
    page("POST", "leads:note_withdraw", 302, by=WRITE_LEADS, ids=NOTE, partner=403, **NO_AUTHORS),
    page("POST", "leads:attachments", 422, by=WRITE_LEADS, ids=LEAD, data={"kind": ""}),
    page("GET", "leads:attachment", by=WRITE_LEADS, ids=ATTACHMENT),
    page("POST", "leads:attachment", 422, by=WRITE_LEADS, ids=ATTACHMENT, data={"label": " "}),
    page("POST", "leads:attachment_remove", 302, by=WRITE_LEADS, ids=ATTACHMENT, partner=403),
    # The attachment of the matrix's world is not removed.
    page("POST", "leads:attachment_restore", 404, by=WRITE_LEADS, ids=ATTACHMENT, partner=403),
    page("POST", "leads:follow_ups", 422, by=WRITE_LEADS, ids=LEAD, data={"what": ""}),
    page("GET", "leads:follow_up", by=WRITE_LEADS, ids=FOLLOW_UP),
    page("POST", "leads:follow_up", 422, by=WRITE_LEADS, ids=FOLLOW_UP, data={"what": ""}),
    page("POST", "leads:follow_up_done", 302, by=WRITE_LEADS, ids=FOLLOW_UP, partner=403),
    page("POST", "leads:follow_up_reopen", 302, by=WRITE_LEADS, ids=FOLLOW_UP, partner=403),
    page("POST", "leads:follow_up_postpone", 302, by=WRITE_LEADS, ids=FOLLOW_UP, data={"to": "tomorrow"}),
    page("POST", "leads:follow_up_withdraw", 302, by=WRITE_LEADS, ids=FOLLOW_UP, partner=403, **NO_AUTHORS),
    page("POST", "leads:engagements", 302, by=WRITE_LEADS, ids=LEAD, data={"channel": "call"}),
    page("GET", "leads:engagement", by=WRITE_LEADS, ids=ENGAGEMENT, **NO_AUTHORS),
    page("POST", "leads:engagement", 422, by=WRITE_LEADS, ids=ENGAGEMENT, data={}, **NO_AUTHORS),
    page("GET", "leads:duplicates", by=READ_LEADS, ids=LEAD),
    page("GET", "leads:merge_with", 422, by=WRITE_LEADS, ids=LEAD),
    page("GET", "leads:merge", by=WRITE_LEADS, ids=OTHER_LEAD),
    page("POST", "leads:merge", 422, by=WRITE_LEADS, ids=OTHER_LEAD, data={"choice-x": "?"}, partner=403),
    page("GET", "leads:merge_undo", by=WRITE_LEADS, ids=MERGE),
    page("POST", "leads:merge_undo", 302, by=WRITE_LEADS, ids=MERGE),
    page("GET", "leads:duplicate_queue", by=WRITE_LEADS),
    page("POST", "leads:duplicate_find", 302, by=WRITE_CONFIGURATION),
    page(
        "POST",
        "leads:duplicate_decide",
        302,
        by=WRITE_LEADS,
        ids=PAIR,
        data={"decision": "not_the_same"},
        partner=403,
    ),
    page("GET", "leads:consent", by=READ_LEADS, ids=LEAD),
    page("POST", "leads:consent", 422, by=WRITE_LEADS, ids=LEAD, data={"purpose": ""}),
    page("POST", "leads:do_not_call", 422, by=WRITE_LEADS, ids=LEAD, data={"reason": ""}),
    page("GET", "leads:print", by=READ_LEADS, ids=LEAD),
    public("GET", "leads:public_form", ids=FORM),
    # Without the stamp of a drawn page one is asked to press once more.
    public("POST", "leads:public_form", 422, ids=FORM, data={"field-name": "Asha"}),
    public("GET", "leads:public_thanks", ids=FORM),
    page("GET", "leads:statistics", 302, by=READ_LEADS),
    page("GET", "leads:line_statistics", by=READ_LEADS, ids=LINE_CODE, partner=200),
    page("POST", "leads:line_count", 302, by=READ_LEADS, ids=LINE_CODE, data={"what": "filled"}, partner=302),
    page("GET", "leads:line_quality", by=READ_LEADS, ids=LINE_CODE, partner=200),
    page("POST", "leads:line_judge", 302, by=WRITE_CONFIGURATION, ids=LINE_CODE),
    page("GET", "leads:imports", by=READ_FILES),
    page("GET", "leads:import_new", by=WRITE_FILES),
    page("POST", "leads:import_new", TRIED, by=WRITE_FILES, data={"line": "nowhere"}),
    page("GET", "leads:import_detail", 302, by=READ_FILES, ids=INTAKE),
    page("GET", "leads:import_match", by=WRITE_FILES, ids=INTAKE),
    page("POST", "leads:import_match", TRIED, by=WRITE_FILES, ids=INTAKE, data={"column_0": "name"}),
    page("POST", "leads:import_discard", TRIED, by=WRITE_FILES, ids=INTAKE),
    page("GET", "leads:import_progress", by=READ_FILES, ids=INTAKE),
    page("POST", "leads:import_cancel", TRIED, by=WRITE_FILES, ids=INTAKE),
    page("POST", "leads:import_pause", TRIED, by=WRITE_FILES, ids=INTAKE),
    page("POST", "leads:import_resume", TRIED, by=WRITE_FILES, ids=INTAKE),
    page("POST", "leads:import_load", TRIED, by=WRITE_FILES, ids=INTAKE),
    page("GET", "leads:import_errors", by=READ_FILES, ids=INTAKE),
    page("POST", "leads:import_correct", TRIED, by=WRITE_FILES, ids=INTAKE),
    page("GET", "leads:import_grid", by=READ_FILES, ids=INTAKE),
    page("POST", "leads:import_grid", TRIED, by=WRITE_FILES, ids=INTAKE, data={"cell-2-0": "Changed"}),
    page("POST", "leads:import_rollback", TRIED, by=WRITE_FILES, ids=INTAKE),
    page("GET", "leads:import_mappings", by=READ_FILES),
    # Who loads files shares the mappings of others, and changes only the own ones.
    page("GET", "leads:import_mapping", by=READ_FILES, ids=MAPPING, team_leader=200),
    page(
        "POST",
        "leads:import_mapping",
        TRIED,
        by=WRITE_FILES,
        ids=MAPPING,
        team_leader=403,
        data={"remember_as": "A"},
    ),
    page("POST", "leads:import_mapping_delete", TRIED, by=WRITE_FILES, ids=MAPPING, team_leader=403),
    page("GET", "leads:proposal_new", by=WRITE_CONFIGURATION),
    page("POST", "leads:proposal_new", TRIED, by=WRITE_CONFIGURATION, data={"name": ""}),
    # A proposal is its asker's alone; the job of the matrix's world is none.
    page("GET", "leads:proposal_detail", 404, by=WRITE_CONFIGURATION, ids=PROPOSAL),
    page("POST", "leads:proposal_detail", 404, by=WRITE_CONFIGURATION, ids=PROPOSAL),
    page("GET", "leads:proposal_progress", 404, by=WRITE_CONFIGURATION, ids=PROPOSAL),
    page("GET", "leads:proposal_column", 404, by=WRITE_CONFIGURATION, ids={**PROPOSAL, "position": "0"}),
    page("POST", "leads:proposal_import", 404, by=WRITE_CONFIGURATION, ids=PROPOSAL),
    page("GET", "api-docs"),
]

CALLS: list[Line] = [
    open_call("POST", "api:login", 400, data={}),
    open_call("POST", "api:login-second-step", 400, data={}),
    open_call("POST", "api:refresh", 400, data={}),
    # The callers are signed in by session, which is not what ends here.
    call("POST", "api:logout", 403),
    call("GET", "api:me", nobody=200),
    call("PATCH", "api:me", data={"name": "A"}),
    call("POST", "api:register", 400, by=WRITE_ACCESS, data={}),
    call("GET", "api:user-list", by=READ_ACCESS),
    call("POST", "api:user-list", 400, by=WRITE_ACCESS, data={}),
    # The rule of the matrix's world narrows leaders to themselves.
    call("GET", "api:user-detail", by=READ_ACCESS, ids=MEMBER, team_leader=404),
    call("PATCH", "api:user-detail", by=WRITE_ACCESS, ids=MEMBER, data={"name": "A"}),
    call("GET", "api:team-list", by=READ_ACCESS),
    call("GET", "api:absence-list"),
    call("POST", "api:absence-list", 400, data={}),
    call("GET", "api:absence-detail", by=READ_LEADS, ids=ABSENCE),
    call("PATCH", "api:absence-detail", by=ASSIGN_LEADS, ids=ABSENCE, data={"note": "Leave"}, agent=200),
    call("DELETE", "api:absence-detail", 204, by=ASSIGN_LEADS, ids=ABSENCE, agent=204),
    call("GET", "api:login-log-list", by=READ_ACCESS),
    call("GET", "api:key-list", by=(Area.KEYS, "read")),
    call("POST", "api:key-list", 400, by=(Area.KEYS, "write"), data={}),
    # The key of the matrix's world is its administrator's.
    call("GET", "api:key-detail", by=(Area.KEYS, "read"), ids=KEY),
    call("DELETE", "api:key-detail", 204, by=(Area.KEYS, "write"), ids=KEY),
    call("POST", "api:key-rotation", 201, by=(Area.KEYS, "write"), ids=KEY, data={}),
    open_call("POST", "api-unversioned:login", 400, data={}),
    call("POST", "api-unversioned:register", 400, by=WRITE_ACCESS, data={}),
    call("GET", "api-unversioned:user-list", by=READ_ACCESS),
    call("POST", "api-unversioned:user-list", 400, by=WRITE_ACCESS, data={}),
    call("GET", "api-unversioned:lead-list", by=READ_LEADS),
    call("POST", "api-unversioned:lead-list", 400, by=(Area.LEADS, "create"), data={}),
    call("GET", "api-schema"),
    call("GET", "api-nowhere", 404),
    call("GET", "api:line-list"),
    call("GET", "api:acceptance-rule-list", by=(Area.CONFIGURATION, "read")),
    call("GET", "api:watched-place-list", by=(Area.CONFIGURATION, "read")),
    call("GET", "api:arrival-list", by=(Area.LEAD_FILES, "read")),
    call("GET", "api:line-statistics", by=READ_LEADS, ids=LINE_CODE, partner=200),
    call("POST", "api:line-statistics", 202, by=READ_LEADS, ids=LINE_CODE, partner=202),
    call("GET", "api:line-quality", by=READ_LEADS, ids=LINE_CODE, partner=200),
    call("POST", "api:line-quality", 202, by=READ_LEADS, ids=LINE_CODE, partner=202),
    call("GET", "api:line-schema", by=(Area.CONFIGURATION, "use"), ids=LINE_CODE, partner=200),
    call("POST", "api:proposal-list", 415, by=WRITE_CONFIGURATION, data={}),
    # A proposal is its asker's alone; the job of the matrix's world is none.
    call("GET", "api:proposal-detail", 404, by=WRITE_CONFIGURATION, ids=PROPOSAL),
    call("POST", "api:proposal-apply", 404, by=WRITE_CONFIGURATION, ids=PROPOSAL, data={}),
    call("GET", "api:lead-list", by=READ_LEADS),
    call("POST", "api:lead-list", 400, by=(Area.LEADS, "create"), data={}),
    call("POST", "api:lead-batch", 400, by=(Area.LEADS, "create"), data={}),
    call("GET", "api:lead-detail", by=READ_LEADS, ids=LEAD),
    call("PATCH", "api:lead-detail", by=WRITE_LEADS, ids=LEAD, data={"status": "new"}, partner=403),
    call("DELETE", "api:lead-detail", 204, by=(Area.LEADS, "delete"), ids=LEAD, data={}, partner=403),
    call("POST", "api:file-list", 415, by=(Area.LEADS, "create"), data={}),
    # The file of the matrix's world is nobody's but its administrator's: no lead holds it.
    call("GET", "api:file-content", 404, ids={"file_id": (StoredFile, "pk")}, admin=200),
    call("GET", "api:lead-timeline", by=READ_LEADS, ids=LEAD),
    call(
        "POST",
        "api:lead-assign",
        by=(Area.LEADS, "assign"),
        ids=LEAD,
        data={"owner": (Membership, "pk")},
        partner=403,
    ),
    call("GET", "api:lead-duplicates", by=READ_LEADS, ids=LEAD),
    call("POST", "api:lead-merge", 400, by=WRITE_LEADS, ids=LEAD, data={}, partner=403),
    call("GET", "api:merge-list", by=READ_LEADS, ids=LEAD),
    # Of two leads of the agent's; it has been taken back already.
    call("POST", "api:merge-undo", by=WRITE_LEADS, ids=MERGE, data={}, partner=403),
    call("GET", "api:pair-list", by=WRITE_LEADS),
    call("POST", "api:pair-decide", by=WRITE_LEADS, ids=PAIR, data={"decision": "not_the_same"}, partner=403),
    call("GET", "api:lead-why", by=READ_LEADS, ids=LEAD),
    call("GET", "api:note-list", by=READ_LEADS, ids=LEAD),
    call("POST", "api:note-list", 400, by=WRITE_LEADS, ids=LEAD, data={}, partner=403),
    call("GET", "api:note-detail", by=READ_LEADS, ids=NOTE),
    call("PATCH", "api:note-detail", by=WRITE_LEADS, ids=NOTE, data={"text": "A"}, partner=403, **NO_AUTHORS),
    call("DELETE", "api:note-detail", 204, by=WRITE_LEADS, ids=NOTE, data={}, partner=403, **NO_AUTHORS),
    call("GET", "api:attachment-list", by=READ_LEADS, ids=LEAD),
    call("POST", "api:attachment-list", 415, by=WRITE_LEADS, ids=LEAD, data={}, partner=403),
    call("GET", "api:attachment-detail", by=READ_LEADS, ids=ATTACHMENT),
    call("DELETE", "api:attachment-detail", 204, by=WRITE_LEADS, ids=ATTACHMENT, data={}, partner=403),
    call("GET", "api:follow-up-list", by=READ_LEADS, ids=LEAD),
    call("POST", "api:follow-up-list", 400, by=WRITE_LEADS, ids=LEAD, data={}, partner=403),
    call("GET", "api:follow-up-detail", by=READ_LEADS, ids=FOLLOW_UP),
    call("PATCH", "api:follow-up-detail", by=WRITE_LEADS, ids=FOLLOW_UP, data={"done": True}, partner=403),
    call(
        "DELETE",
        "api:follow-up-detail",
        204,
        by=WRITE_LEADS,
        ids=FOLLOW_UP,
        data={},
        partner=403,
        **NO_AUTHORS,
    ),
    call("GET", "api:own-follow-up-list", by=READ_LEADS),
    call("GET", "api:notification-settings", by=READ_LEADS),
    call("PATCH", "api:notification-settings", by=READ_LEADS, data={}),
    call("GET", "api:lead-tags", by=READ_LEADS, ids=LEAD),
    call("PUT", "api:lead-tags", by=WRITE_LEADS, ids=LEAD, data={"tags": ["Hot"]}, partner=403),
    call("GET", "api:tag-list", by=READ_LEADS),
    call("DELETE", "api:tag-detail", 204, by=WRITE_CONFIGURATION, ids={"tag_id": (Tag, "pk")}, data={}),
    call("GET", "api:view-list", by=READ_LEADS),
    call("POST", "api:view-list", 400, by=READ_LEADS, data={}),
    call("GET", "api:view-detail", ids=VIEW),
    call("PATCH", "api:view-detail", ids=VIEW, data={}, **NOT_THE_VIEWS),
    call("DELETE", "api:view-detail", 204, ids=VIEW, data={}, **NOT_THE_VIEWS),
    call("GET", "api:consent-list", by=READ_LEADS, ids=LEAD),
    call("POST", "api:consent-list", 400, by=WRITE_LEADS, ids=LEAD, data={}, partner=403),
    call("GET", "api:engagement-list", by=READ_LEADS, ids=LEAD),
    call("POST", "api:engagement-list", 400, by=WRITE_LEADS, ids=LEAD, data={}, partner=403),
    call("GET", "api:engagement-detail", by=READ_LEADS, ids=ENGAGEMENT),
    call(
        "PATCH",
        "api:engagement-detail",
        400,
        by=WRITE_LEADS,
        ids=ENGAGEMENT,
        data={},
        partner=403,
        admin=400,
        operations=400,
        team_leader=400,
    ),
    call("GET", "api:import-list", by=READ_FILES),
    call("POST", "api:import-list", 415, by=WRITE_FILES, data={}),
    call("GET", "api:mapping-list", by=READ_FILES),
    # As on the pages: shared by all who load files, changed by its owner and who loads all files.
    call("GET", "api:mapping-detail", by=READ_FILES, ids=MAPPING, team_leader=200),
    call("PATCH", "api:mapping-detail", 400, by=WRITE_FILES, ids=MAPPING, data={}, team_leader=400),
    call("DELETE", "api:mapping-detail", 204, by=WRITE_FILES, ids=MAPPING, data={}, team_leader=403),
    call("GET", "api:import-detail", by=READ_FILES, ids=INTAKE),
    call("GET", "api:import-errors", by=READ_FILES, ids=INTAKE),
    call("POST", "api:import-load", TRIED, by=WRITE_FILES, ids=INTAKE, data={}),
    call("POST", "api:import-cancel", 202, by=WRITE_FILES, ids=INTAKE, data={}),
    call("POST", "api:import-pause", TRIED, by=WRITE_FILES, ids=INTAKE, data={}),
    call("POST", "api:import-resume", TRIED, by=WRITE_FILES, ids=INTAKE, data={}),
    call("POST", "api:import-rollback", TRIED, by=WRITE_FILES, ids=INTAKE, data={}),
    call("GET", "api:job-detail", by=READ_FILES, ids=JOB, refused=404),
    call("GET", "api:lead-export", 400, by=READ_LEADS),  # without a format
    # An export is its asker's alone; the job of the matrix's world is none.
    call("GET", "api:export-detail", 404, ids=JOB),
    call("POST", "api:lead-bulk", 400, data={}),
    call("GET", "api:bulk-detail", 404, ids={"change_id": (Job, "pk")}),
    call("POST", "api:bulk-undo", 404, ids={"change_id": (Job, "pk")}, data={}),
    call("GET", "api:export-file", 404, ids=JOB),
    call("GET", "api:hand-over-list", by=ASSIGN_LEADS),
    call("POST", "api:hand-over-list", 400, by=ASSIGN_LEADS, data={}),
    call("GET", "api:hand-over-detail", by=ASSIGN_LEADS, ids=HAND_OVER, refused=404),
    call("POST", "api:hand-over-take-back", TRIED, by=ASSIGN_LEADS, ids=HAND_OVER, data={}, refused=404),
]

CONSOLE: list[Line] = [
    console("GET", "admin:index"),
    console("GET", "admin:search"),
    console("GET", "admin:jsi18n"),
    console("GET", "admin:autocomplete", 403),  # without a field to complete
    console("GET", "admin:audit", by=(Area.AUDIT, "read"), refused=404),
    console("GET", "admin:configuration", by=READ_CONFIGURATION),
    console("GET", "admin:configuration_export", by=READ_CONFIGURATION),
    console("GET", "admin:configuration_import", 302, by=WRITE_CONFIGURATION),
    console("POST", "admin:configuration_import", by=WRITE_CONFIGURATION),
    console("GET", "admin:configuration_apply", 302, by=WRITE_CONFIGURATION),
    console("POST", "admin:configuration_apply", 302, by=WRITE_CONFIGURATION),
    *console_model(AccessRule, Area.CONFIGURATION, adds=True),
    *console_model(Membership, Area.ACCESS, adds=True, actions=["end_access"], inapplicable=["give_access"]),
    *console_model(ApiKey, Area.KEYS, adds=True, actions=["rotate", "revoke"]),
    *console_model(LoginLog, Area.ACCESS, keeps_history=False),
    # The list leads to the one organisation in force.
    *console_model(Organization, Area.ACCESS, lists=302, lists_nothing=302),
    *console_model(Intake, Area.LEAD_FILES, inapplicable=["roll_back"]),
    # Everybody lists the jobs they have asked for.
    *console_model(Job, Area.LEAD_FILES, lists_nothing=200, keeps_history=False, actions=["cancel"]),
    *console_model(OutboxMessage, Area.CONFIGURATION, keeps_history=False, actions=["retry", "discard"]),
    *console_model(PurgeRecord, Area.CONFIGURATION, keeps_history=False),
    *console_model(BusinessLine, Area.CONFIGURATION, adds=True, actions=["publish"]),
    console("GET", "admin:leads_businessline_layout", by=WRITE_CONFIGURATION, ids=LINE),
    # Drawn again as it was sent; nothing is written.
    console("POST", "admin:leads_businessline_layout", by=WRITE_CONFIGURATION, ids=LINE),
    console("GET", "admin:leads_businessline_versions", by=READ_CONFIGURATION, ids=LINE),
    console("GET", "admin:leads_businessline_difference", by=READ_CONFIGURATION, ids=LINE),
    console("GET", "admin:leads_businessline_preview", by=READ_CONFIGURATION, ids=LINE),
    console("GET", "admin:leads_businessline_form", by=READ_CONFIGURATION, ids=LINE),
    # Values are tried, nothing is written.
    console("POST", "admin:leads_businessline_form", by=READ_CONFIGURATION, ids=LINE),
    console("GET", "admin:leads_businessline_restore", by=WRITE_CONFIGURATION, ids=LINE | {"number": "1"}),
    console(
        "POST", "admin:leads_businessline_restore", 302, by=WRITE_CONFIGURATION, ids=LINE | {"number": "1"}
    ),
    console("GET", "admin:leads_businessline_discard", by=WRITE_CONFIGURATION, ids=LINE),
    console("POST", "admin:leads_businessline_discard", 302, by=WRITE_CONFIGURATION, ids=LINE),
    *console_model(
        Field, Area.CONFIGURATION, adds=True, actions=["retire"], inapplicable=["remove", "restore"]
    ),
    console("GET", "admin:leads_field_preview", by=WRITE_CONFIGURATION, ids={"field_id": (Field, "pk")}),
    console("POST", "admin:leads_field_preview", by=WRITE_CONFIGURATION, ids={"field_id": (Field, "pk")}),
    console(
        "GET", "admin:leads_field_duplicate", 302, by=WRITE_CONFIGURATION, ids={"object_id": (Field, "pk")}
    ),
    console("GET", "admin:leads_field_preview_new", by=WRITE_CONFIGURATION),
    # Nothing is written: one part of the form is drawn again.
    *shapes(Field),
    *console_model(LineVersion, Area.CONFIGURATION, keeps_history=False),
    *console_model(Source, Area.CONFIGURATION, adds=True),
    *console_model(Campaign, Area.CONFIGURATION, adds=True),
    *console_model(
        AcceptanceRule, Area.CONFIGURATION, adds=True, actions=["try_it", "pause"], inapplicable=["resume"]
    ),
    *console_model(
        WatchedPlace, Area.CONFIGURATION, adds=True, actions=["look", "pause"], inapplicable=["resume"]
    ),
    *console_model(Arrival, Area.LEAD_FILES, keeps_history=False),
    *console_model(AssignmentRule, Area.CONFIGURATION, adds=True, actions=["try_it"]),
    *shapes(AcceptanceRule),
    *shapes(AssignmentRule),
    *shapes(ScoreRule),
    *shapes(StallRule),
    *console_model(ScoreRule, Area.CONFIGURATION, adds=True, actions=["try_it", "renew"]),
    *console_model(StallRule, Area.CONFIGURATION, adds=True),
    *console_model(AssignmentLimit, Area.CONFIGURATION, adds=True),
    *console_model(WorkingHours, Area.CONFIGURATION, adds=True),
    *console_model(Holiday, Area.CONFIGURATION, adds=True),
    *console_model(Absence, Area.CONFIGURATION, adds=True),
    *console_model(DoNotCall, Area.CONFIGURATION, adds=True),
    *console_model(
        FormLink,
        Area.CONFIGURATION,
        adds=True,
        actions=["pause", "rotate", "end"],
        inapplicable=["resume"],
    ),
    *console_model(FormSubmission, Area.LEADS, actions=["accept", "discard"]),
    *console_model(Lead, Area.LEADS, actions=["withdraw"], inapplicable=["restore"]),
]

# URL name, or route of a URL without one → why no line speaks of it. A star stands for anything.
EXEMPT: dict[str, str] = {
    "account_*": "django-allauth: acts on nobody but the caller (tests/accounts/test_sign_in.py)",
    "mfa_*": "django-allauth: acts on nobody but the caller",
    "admin:login": "leads to the application's own page",
    "admin:logout": "leads to the application's own page",
    "admin:password_change": "leads to the application's own page",
    "admin:app_list": "a part of the first page of the console",
    "console/*": "leads from a short address of a row to its page, which is in the matrix",
}
