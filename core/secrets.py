"""Secrets of others that have to be used again, such as the password of a mailbox: encrypted where they are stored.

`ENCRYPTION_KEYS` names the keys: the first encrypts, all decrypt, so a key is replaced by putting a new one before it.
"""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from core.errors import Conflict


def encrypt(text: str) -> str:
    """Return a secret as it may be stored; "" stays ""."""
    return _keys().encrypt(text.encode()).decode() if text else ""


def decrypt(stored: str) -> str:
    """Return a stored secret. Raises Conflict where none of the keys is the one that it was encrypted with."""
    if not stored:
        return ""
    try:
        return _keys().decrypt(stored.encode()).decode()
    except InvalidToken:
        raise Conflict(
            "secret_unreadable", "The stored password cannot be read any more. Type it again and save."
        ) from None


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])
