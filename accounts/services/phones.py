"""Phone numbers of people: read as dialled at home, stored in the international form."""

import phonenumbers

from core.errors import FieldError, ValidationFailed
from core.models import Organization


def normalize_phone(text: str, organization: Organization) -> str:
    """Return a number as +919876543210; a number without country is one of the organisation's. "" stays "".

    Raises:
        ValidationFailed: it is no phone number.
    """
    if not text.strip():
        return ""
    region = organization.locale.rpartition("-")[2]
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        message = "Write a phone number such as +91 98765 43210."
        raise ValidationFailed("invalid_phone", message, {"phone": [FieldError("invalid", message)]})
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
