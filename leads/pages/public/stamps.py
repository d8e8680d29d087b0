"""What a form carries to tell a press of its button: when it was drawn, and which words stood on it.

Signed, so that nobody makes one without having been given the page.
"""

import secrets
import time
from dataclasses import dataclass, replace
from typing import Any

from django.core import signing

# Nobody reads and fills in a form in less; a machine does.
FASTEST_SECONDS = 3
# A page that was left open for longer may show fields and words of another day.
OLDEST_SECONDS = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Stamp:
    """What one drawn page sends. `is_confirmed`: whoever sends it was asked to look once more already."""

    press: str
    drawn_at: int
    consent_number: int
    is_confirmed: bool = False

    @classmethod
    def new(cls, consent_number: int, *, is_confirmed: bool = False) -> "Stamp":
        """Return the stamp of a page that is drawn now."""
        return cls(secrets.token_urlsafe(12), int(time.time()), consent_number, is_confirmed)

    def signed(self, token: str) -> str:
        """Return the text that the form of that token carries."""
        said = [self.press, self.drawn_at, self.consent_number, int(self.is_confirmed)]
        return signing.dumps(said, salt=_salt(token))

    @property
    def is_plausible(self) -> bool:
        """Whether a person may well have filled in the page in the time since it was drawn."""
        age = time.time() - self.drawn_at
        return age <= OLDEST_SECONDS and (self.is_confirmed or age >= FASTEST_SECONDS)

    def confirmed(self, consent_number: int) -> "Stamp":
        """Return the stamp of the same page as it is drawn again, for somebody who was asked to look once more."""
        return replace(self, drawn_at=int(time.time()), consent_number=consent_number, is_confirmed=True)


def read_stamp(text: Any, token: str) -> Stamp | None:
    """Return the stamp that a form of that token carries; None where it carries none of ours."""
    try:
        press, drawn_at, consent_number, is_confirmed = signing.loads(str(text or ""), salt=_salt(token))
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Stamp(press, drawn_at, consent_number, bool(is_confirmed))


def _salt(token: str) -> str:
    return f"leads.public_form:{token}"
