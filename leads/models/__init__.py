from leads.models.follow_up import FollowUp
from leads.models.lead import DuplicateKey, Lead, LeadStatus, LeadToken, LeadValue
from leads.models.line import BusinessLine, Field, FieldKind, FieldStatus, LineVersion
from leads.models.note import Note
from leads.models.notification import Notification, NotificationKind
from leads.models.origin import Campaign, Source

__all__ = [
    "BusinessLine",
    "Campaign",
    "DuplicateKey",
    "Field",
    "FieldKind",
    "FieldStatus",
    "FollowUp",
    "Lead",
    "LeadStatus",
    "LeadToken",
    "LeadValue",
    "LineVersion",
    "Note",
    "Notification",
    "NotificationKind",
    "Source",
]
