from leads.models.acceptance import AcceptanceCount, AcceptanceRule, LeadAdmission
from leads.models.arrival import (
    Arrival,
    ArrivalState,
    MailSecurity,
    PlaceKind,
    PlaceLook,
    WatchedPlace,
)
from leads.models.assignment import AssignmentMethod, AssignmentRule, AssignmentTurn, LeadAssignment
from leads.models.attachment import AttachmentKind, LeadAttachment
from leads.models.consent import Consent, ConsentChannel, ConsentDoor, ConsentState, DoNotCall
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
from leads.models.lead import DuplicateKey, Lead, LeadStatus, LeadToken, LeadValue
from leads.models.line import BusinessLine, Field, FieldKind, FieldStatus, LineVersion
from leads.models.note import Note
from leads.models.notification import Notification, NotificationKind
from leads.models.origin import Campaign, Source
from leads.models.saved_view import SavedView, ViewLayout, ViewSharing
from leads.models.statistics import CountedFigures, LeadFlaw, LeadTally
from leads.models.tag import LeadTag, Tag

__all__ = [
    "Accent",
    "AcceptanceCount",
    "AcceptanceRule",
    "Arrival",
    "ArrivalState",
    "AssignmentMethod",
    "AssignmentRule",
    "AssignmentTurn",
    "AttachmentKind",
    "BusinessLine",
    "Campaign",
    "Channel",
    "Consent",
    "ConsentChannel",
    "ConsentDoor",
    "ConsentState",
    "ConsentText",
    "CountedFigures",
    "Direction",
    "DoNotCall",
    "DuplicateKey",
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
    "Lead",
    "LeadAdmission",
    "LeadAssignment",
    "LeadAttachment",
    "LeadFlaw",
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
    "PlaceKind",
    "PlaceLook",
    "SavedView",
    "Source",
    "SubmissionOutcome",
    "Tag",
    "ViewLayout",
    "ViewSharing",
    "WatchedPlace",
]
