"""What people wrote, without what WhatsApp and mail programs put around it."""

import re
from dataclasses import dataclass
from typing import Final

LONGEST_MESSAGE: Final = 10_000
"""Characters of a message that is read."""

# Marks of direction and zero-width marks show nothing. Joiners stay: words of Indic scripts hold them.
_UNSEEN = dict.fromkeys(
    map(ord, "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")
)
_DAY = r"\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}"
_CLOCK = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[ap]\.?m\.?)?"
_STAMP = re.compile(rf"(?:\[{_DAY},?\s{_CLOCK}\]\s?|{_DAY},?\s{_CLOCK}\s-\s)(.*)", re.IGNORECASE)
_SENDER = re.compile(r"~?\s?([^:]{1,60}):(?:\s(.*)|$)")
_MEDIA = re.compile(
    r"<[^<>]{1,30}omitted>|(?:image|video|audio|sticker|document|GIF) omitted|<attached: [^<>]*>",
    re.IGNORECASE,
)
_HEADER = re.compile(r"\*?(from|to|cc|bcc|sent|date|reply-to|subject)\s?:\*?\s*(.*)", re.IGNORECASE)
_WROTE = re.compile(r"on\s.{5,200}\bwrote:", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?:[\"']?([^<>\"'@,]{1,80})[\"']?\s)?<?([^\s<>,;:\"'()\[\]]{1,64}@[^\s<>,;:\"'()\[\]]{1,250})>?"
)
_QUOTED = re.compile(r"(?:>\s?){1,9}")
_MOST_SENDERS = 20


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a part of the message: a name, an e-mail address, or a phone number where no name is kept for it."""

    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """The lines that people wrote, trimmed, in order, and who sent them, each once."""

    lines: tuple[str, ...]
    senders: tuple[Sender, ...]


def clean_text(text: str) -> str:
    """The text as it is read: line ends alike, spaces of every width as a space, no marks that show nothing."""
    plain = text.translate(_UNSEEN).replace("\0", "")
    lines = re.split(r"\r\n|[\n\r\v\f\x85\u2028\u2029]", plain)
    return "\n".join("".join(" " if each.isspace() else each for each in line) for line in lines)


def split_message(text: str) -> Message:
    """Split a text that is clean (`clean_text`)."""
    written = [
        _QUOTED.sub("", line.strip(), count=1) if line.lstrip().startswith(">") else line.strip()
        for line in text.split("\n")
    ]
    lines: list[str] = []
    senders: dict[Sender, None] = {}
    position = 0
    while position < len(written):
        length = _header_length(written, position)
        if length:
            _read_header(written[position : position + length], lines, senders)
            position += length
            continue
        _read_line(written[position], lines, senders)
        position += 1
    return Message(tuple(lines), tuple(senders)[:_MOST_SENDERS])


def _header_length(lines: list[str], start: int) -> int:
    """How many lines from `start` on are the head of an e-mail; 0 where there is none."""
    names = []
    while start + len(names) < len(lines) and (found := _HEADER.fullmatch(lines[start + len(names)])):
        names.append(found[1].casefold())
    return len(names) if len(names) > 1 and "from" in names else 0


def _read_header(head: list[str], lines: list[str], senders: dict[Sender, None]) -> None:
    for line in head:
        found = _HEADER.fullmatch(line)
        if found is None:
            continue
        name = found[1].casefold()
        if name == "from":
            _add_address(found[2], senders)
        elif name == "subject" and found[2]:
            lines.append(found[2])


def _read_line(line: str, lines: list[str], senders: dict[Sender, None]) -> None:
    if len(line) < 250 and _WROTE.fullmatch(line):
        _add_address(line, senders)
        return
    stamped = _STAMP.fullmatch(line)
    if stamped:
        told = _SENDER.fullmatch(stamped[1])
        if told is None:
            return  # what WhatsApp says itself
        senders[Sender(told[1].strip())] = None
        line = (told[2] or "").strip()
    if not _MEDIA.fullmatch(line):
        lines.append(line)


def _add_address(text: str, senders: dict[Sender, None]) -> None:
    found = _ADDRESS.search(text)
    if found:
        # “On Tue at 10:31, Asha Rao <…> wrote”: the name is what follows the time.
        name = (found[1] or "").strip()
        senders[Sender(name if not re.search(r"\d", name) else "", found[2].rstrip("."))] = None
    elif text.strip() and not text.rstrip().endswith(":"):
        senders[Sender(text.strip()[:60])] = None
