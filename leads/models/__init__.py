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

__all__ = [
    "Accent",
    "BusinessLine",
    "Campaign",
    "Channel",
    "Consent",
    "ConsentChannel",
    "ConsentDoor",
    "ConsentState",
    "ConsentText",
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
    "LeadStatus",
    "LeadToken",
    "LeadValue",
    "LineVersion",
    "Note",
    "Notification",
    "NotificationKind",
    "Source",
    "SubmissionOutcome",
]
