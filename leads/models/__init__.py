from leads.models.acceptance import AcceptanceCount, AcceptanceRule, LeadAdmission
from leads.models.arrival import (
    Arrival,
    ArrivalState,
    MailSecurity,
    PlaceKind,
    PlaceLook,
    WatchedPlace,
)
from leads.models.assignment import (
    AssignmentLimit,
    AssignmentMethod,
    AssignmentRule,
    AssignmentTally,
    AssignmentTurn,
    LeadAssignment,
    WaitingLead,
    WaitingReason,
)
from leads.models.attachment import AttachmentKind, LeadAttachment
from leads.models.bulk_change import BulkChange, BulkChangedLead, Undone
from leads.models.consent import Consent, ConsentChannel, ConsentDoor, ConsentState, DoNotCall
from leads.models.digest import Digest, NotificationSettings, TellingBy
from leads.models.engagement import Channel, Direction, Engagement, EngagementOutcome
from leads.models.follow_up import FollowUp
from leads.models.form_link import (
    Accent,
    ConsentText,
    FormLink,
    FormLinkState,
    FormRefusals,
    FormSubmission,
    SubmissionOutcome,
)
from leads.models.hand_over import HandedLead, HandOver, HandOverMethod
from leads.models.lead import OPEN_STATUSES, DuplicateKey, Lead, LeadStatus, LeadToken, LeadValue
from leads.models.line import BusinessLine, Field, FieldKind, FieldStatus, LineVersion
from leads.models.merge import DuplicatePair, LeadMerge, PairDecision
from leads.models.note import Note
from leads.models.notification import Notification, NotificationKind
from leads.models.origin import Campaign, Source
from leads.models.saved_view import SavedView, ViewLayout, ViewSharing
from leads.models.scoring import ScoreRule
from leads.models.stalling import StallClock, StallGives, StallRule, StallStep, StallStepKind, StallTrigger
from leads.models.statistics import CountedFigures, LeadFlaw, LeadTally
from leads.models.tag import LeadTag, Tag

__all__ = [
    "OPEN_STATUSES",
    "Accent",
    "AcceptanceCount",
    "AcceptanceRule",
    "Arrival",
    "ArrivalState",
    "AssignmentLimit",
    "AssignmentMethod",
    "AssignmentRule",
    "AssignmentTally",
    "AssignmentTurn",
    "AttachmentKind",
    "BulkChange",
    "BulkChangedLead",
    "BusinessLine",
    "Campaign",
    "Channel",
    "Consent",
    "ConsentChannel",
    "ConsentDoor",
    "ConsentState",
    "ConsentText",
    "CountedFigures",
    "Digest",
    "Direction",
    "DoNotCall",
    "DuplicateKey",
    "DuplicatePair",
    "Engagement",
    "EngagementOutcome",
    "Field",
    "FieldKind",
    "FieldStatus",
    "FollowUp",
    "FormLink",
    "FormLinkState",
    "FormRefusals",
    "FormSubmission",
    "HandOver",
    "HandOverMethod",
    "HandedLead",
    "Lead",
    "LeadAdmission",
    "LeadAssignment",
    "LeadAttachment",
    "LeadFlaw",
    "LeadMerge",
    "LeadStatus",
    "LeadTag",
    "LeadTally",
    "LeadToken",
    "LeadValue",
    "LineVersion",
    "MailSecurity",
    "Note",
    "Notification",
    "NotificationKind",
    "NotificationSettings",
    "PairDecision",
    "PlaceKind",
    "PlaceLook",
    "SavedView",
    "ScoreRule",
    "Source",
    "StallClock",
    "StallGives",
    "StallRule",
    "StallStep",
    "StallStepKind",
    "StallTrigger",
    "SubmissionOutcome",
    "Tag",
    "TellingBy",
    "Undone",
    "ViewLayout",
    "ViewSharing",
    "WaitingLead",
    "WaitingReason",
    "WatchedPlace",
]
