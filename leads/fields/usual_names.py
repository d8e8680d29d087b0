"""How people call what every lead has, whatever a line calls the field that fills it: in messages and in files."""

from collections.abc import Collection, Mapping
from typing import Final

from core.rules import normalise_text

USUAL_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("name", "full name", "customer name", "client name"),
    "phone": ("phone", "mobile", "contact", "phone number", "mobile number", "contact number", "whatsapp",
              "mob", "ph", "tel"),
    "email": ("email", "e-mail", "mail", "email id", "mail id", "email address"),
    "amount": ("amount",),
    "city": ("city",),
}  # fmt: skip


def unclaimed_names(attribute: str, claimed: Collection[str]) -> list[str]:
    """Return the usual names of an attribute that no field goes by itself; `claimed` holds normalised texts."""
    return [name for name in USUAL_NAMES.get(attribute, ()) if normalise_text(name) not in claimed]
