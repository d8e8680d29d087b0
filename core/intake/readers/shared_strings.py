"""The table of texts that a workbook's cells point into, held in as little memory as it can be."""

import re
from array import array
from typing import IO

from core.intake.readers.xml_parts import feed, local_name, new_parser

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def unescape_text(text: str) -> str:
    """`text` with Excel's `_x000D_` for a character that XML cannot hold put back."""
    if "_x" not in text:
        return text
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)


class SharedStrings:
    """Texts by index. Millions of them fit: bytes in one buffer, an offset for each."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._bytes[self._ends[index] : self._ends[index + 1]].decode("utf-8", "surrogatepass")

    def append(self, text: str) -> None:
        """Add one text at the end."""
        self._bytes += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._bytes))


def read_shared_strings(stream: IO[bytes]) -> SharedStrings:
    """The table of the part `sharedStrings.xml`; readings of Japanese words (phonetic runs) are left out."""
    strings = SharedStrings()
    pieces: list[str] = []
    inside = {"t": False, "rPh": False}
    parser = new_parser()

    def started(name: str, attributes: dict[str, str]) -> None:
        local = local_name(name)
        if local == "si":
            pieces.clear()
        elif local in inside:
            inside[local] = True

    def ended(name: str) -> None:
        local = local_name(name)
        if local == "si":
            strings.append(unescape_text("".join(pieces)))
        elif local in inside:
            inside[local] = False

    def characters(text: str) -> None:
        if inside["t"] and not inside["rPh"]:
            pieces.append(text)

    parser.StartElementHandler = started
    parser.EndElementHandler = ended
    parser.CharacterDataHandler = characters
    feed(parser, stream)
    return strings
