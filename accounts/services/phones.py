"""Phone numbers of people: read as dialled at home, stored in the international form."""

from core.errors import FieldError, ValidationFailed
from core.models import Organization
from core.values.phones import phone
from core.values.results import Refused


def normalize_phone(text: str, organization: Organization) -> str:
    """Return a number as +919876543210; a number without country is one of the organisation's. "" stays "".

    Raises:
        ValidationFailed: it is no phone number.
    """
    read = phone(text, organization.locale.rpartition("-")[2])
    if isinstance(read, Refused):
        message = "Write a phone number such as +91 98765 43210."
        raise ValidationFailed("invalid_phone", message, {"phone": [FieldError("invalid", message)]})
    return read.value or ""
