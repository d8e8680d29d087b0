"""Reading the XML parts of a workbook without ever expanding an entity.

A document type declaration is what an XML bomb needs and what no workbook has, so any part with one is
refused, whatever its encoding: the parser itself says so, not a search for bytes.
"""

from typing import IO, NamedTuple
from xml.parsers import expat

_CHUNK = 256 * 1024


class DeclarationFound(Exception):
    """An XML part declares a document type."""


class _Finished(Exception):
    """Enough of the part was read."""


class Element(NamedTuple):
    """A start tag: local names of its parent, itself and its attributes."""

    parent: str
    name: str
    attributes: dict[str, str]


def local_name(name: str) -> str:
    """The name without its namespace prefix."""
    return name.rpartition(":")[2]


def new_parser(*, namespaces: bool = False) -> expat.XMLParserType:
    """A parser that raises DeclarationFound at a document type declaration.

    With `namespaces`, names come as the namespace, a space and the local name.
    """
    parser = expat.ParserCreate(namespace_separator=" ") if namespaces else expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_declaration
    parser.EntityDeclHandler = _refuse_declaration
    return parser


def feed(parser: expat.XMLParserType, stream: IO[bytes]) -> None:
    """Parse the stream to its end, in chunks. Raises ExpatError for broken XML."""
    while chunk := stream.read(_CHUNK):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)


def encoding_before_root(stream: IO[bytes]) -> str:
    """The encoding of a part as its first line declares it (utf-8 when it does not), in lower case.

    Reads up to the root element. Raises DeclarationFound, and ExpatError when no element begins.
    """
    encodings = ["utf-8"]
    parser = new_parser()

    def declared(version: str, encoding: str | None, standalone: int) -> None:
        if encoding:
            encodings[0] = encoding.lower()

    def started(name: str, attributes: dict[str, str]) -> None:
        raise _Finished

    parser.XmlDeclHandler = declared
    parser.StartElementHandler = started
    try:
        feed(parser, stream)
    except _Finished:
        return encodings[0]
    raise AssertionError("a document without a root element does not parse")


def elements(stream: IO[bytes]) -> list[Element]:
    """All start tags of a small part, in order."""
    found: list[Element] = []
    path = [""]
    parser = new_parser()

    def started(name: str, attributes: dict[str, str]) -> None:
        local = local_name(name)
        values = {local_name(key): value for key, value in attributes.items()}
        found.append(Element(path[-1], local, values))
        path.append(local)

    def ended(name: str) -> None:
        path.pop()

    parser.StartElementHandler = started
    parser.EndElementHandler = ended
    feed(parser, stream)
    return found


def _refuse_declaration(*details: object) -> None:
    raise DeclarationFound
