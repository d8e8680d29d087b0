from leads.models.lead import DuplicateKey, Lead, LeadStatus, LeadToken, LeadValue
from leads.models.line import BusinessLine, Field, FieldKind, FieldStatus, LineVersion
from leads.models.origin import Campaign, Source

__all__ = [
    "BusinessLine",
    "Campaign",
    "DuplicateKey",
    "Field",
    "FieldKind",
    "FieldStatus",
    "Lead",
    "LeadStatus",
    "LeadToken",
    "LeadValue",
    "LineVersion",
    "Source",
]
