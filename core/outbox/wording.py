"""What of an error's words may be kept and shown."""

import re

# Addresses, and digits of a phone, a card or an account.
PERSONAL = re.compile(r"[^\s<>\"'()]+@[^\s<>\"'()]+|\d[\d \-]{5,}\d")
LONGEST = 300


def without_personal_data(words: str) -> str:
    """Return the words on one line, cut, with what may be personal blotted out."""
    return PERSONAL.sub("•••", " ".join(words.split()))[:LONGEST]
