"""Coercion of a cell to an e-mail address or a web address."""

import ipaddress
import re
from urllib.parse import urlsplit

from core.values.cells import Cell, CellError, strip_text
from core.values.reasons import INVALID_EMAIL, INVALID_URL
from core.values.results import EMPTY, Coerced, Refused

LONGEST_EMAIL = 254
LONGEST_MAILBOX = 64
LONGEST_URL = 2048

_MAILBOX = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?:[^\W\d_]{{2,63}}|xn--[a-z0-9-]{{1,59}})", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def email_address(cell: Cell) -> Coerced[str | None] | Refused:
    """The cell as an e-mail address: trimmed, a `mailto:` before it removed, the domain in lower case.

    The mailbox keeps its case (comparing is another matter). The form is checked, not that mail arrives.
    """
    if not isinstance(cell, str):
        return _without_text(cell, INVALID_EMAIL)
    trimmed = strip_text(cell)
    if not trimmed:
        return EMPTY
    if trimmed[:7].casefold() == "mailto:":
        trimmed = trimmed[7:]
    mailbox, _, domain = trimmed.rpartition("@")
    too_long = len(trimmed) > LONGEST_EMAIL or len(mailbox) > LONGEST_MAILBOX
    if too_long or not _MAILBOX.fullmatch(mailbox) or not _DOMAIN.fullmatch(domain):
        return Refused(INVALID_EMAIL)
    return Coerced(f"{mailbox}@{domain.lower()}")


def web_address(cell: Cell) -> Coerced[str | None] | Refused:
    """The cell as an http or https address; `www.example.com/page` gets https in front.

    Refuses other schemes, addresses that carry a user name or password, and white space inside.
    """
    if not isinstance(cell, str):
        return _without_text(cell, INVALID_URL)
    trimmed = strip_text(cell)
    if not trimmed:
        return EMPTY
    if len(trimmed) > LONGEST_URL or not trimmed.isprintable() or any(map(str.isspace, trimmed)):
        return Refused(INVALID_URL)
    address = trimmed if "://" in trimmed or _SCHEME.match(trimmed) else f"https://{trimmed}"
    return Coerced(address) if _is_web_address(address) else Refused(INVALID_URL)


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or port == 0:
        return False
    return bool(_DOMAIN.fullmatch(host)) or _is_ip_address(host)


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _without_text(cell: Cell, code: str) -> Coerced[str | None] | Refused:
    if cell is None:
        return EMPTY
    return Refused(cell.code if isinstance(cell, CellError) else code)
