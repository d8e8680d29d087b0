"""Who writes: the name in a greeting, an introduction or a signature."""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

_INTRODUCED = re.compile(
    r"\b(?P<how>my name is|name is|myself|i am|i['’]m|this is)\s+(?P<name>[^\n,;:!?()\d]{2,80})",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?:thanks?(?: you)?|many thanks)(?:\s*(?:&|and|,)\s*regards)?|(?:with |best |warm |kind |warmest )*regards"
    r"|cheers|sincerely|yours (?:truly|sincerely|faithfully))\s*[,.!-]*\s*(?P<name>.{0,60})",
    re.IGNORECASE,
)
_NOT_NAMES = frozenset(
    (
        "a", "an", "the", "in", "on", "at", "from", "for", "of", "to", "not", "so", "very", "also", "here",
        "there", "interested", "looking", "salaried", "working", "living", "based", "self", "business",
        "owner", "planning", "searching", "trying", "calling", "writing", "sorry", "happy", "glad",
        "currently", "about", "regarding", "urgent", "we", "i", "you", "it", "is", "am", "are", "and",
        "or", "my", "our", "your", "with", "by", "as", "just", "only", "still", "now", "how", "what",
        "when", "where", "please", "kindly", "sir", "madam", "team", "dear", "hi", "hello", "thanks",
        "regards", "new", "resident", "retired", "employed", "unable", "able", "ready", "going",
    )
)  # fmt: skip
_IN_NAMES = ".'’-\u200c\u200d"
_MOST_WORDS = 4


class NamePlace(NamedTuple):
    """A name on a line; `start` is where the words that introduce it begin."""

    name: str
    line: int
    start: int
    end: int


def names_in(lines: tuple[str, ...]) -> Iterator[NamePlace]:
    """The names that the lines introduce or sign with."""
    for index, line in enumerate(lines):
        for found in _INTRODUCED.finditer(line):
            name = leading_name(found["name"], lower=found["how"].casefold() == "my name is")
            if name:
                yield NamePlace(name, index, found.start(), found.start("name") + len(name))
        yield from _signature(lines, index)


def leading_name(text: str, *, lower: bool = False) -> str:
    """The name that a text begins with: up to four words in capitals, in any case with `lower`; "" for none."""
    end = 0
    for count, word in enumerate(re.finditer(r"\S+", text)):
        bare = word[0].rstrip(".")
        if count == _MOST_WORDS or not _may_be_name(bare, lower=lower):
            break
        end = word.start() + len(bare)
        if word[0] != bare and len(bare) > 2:
            break  # a sentence ends here; after an initial none does
    return text[:end]


def whole_name(text: str) -> str:
    """The text if it is a name and nothing else, else ""."""
    trimmed = text.strip(" .,-~*_")
    return trimmed if trimmed and leading_name(trimmed) == trimmed else ""


def _signature(lines: tuple[str, ...], index: int) -> Iterator[NamePlace]:
    found = _CLOSING.fullmatch(lines[index]) if len(lines[index]) < 120 else None
    if found is None:
        return
    if found["name"]:
        name = whole_name(found["name"])
        if name:
            start = lines[index].index(name, found.start("name"))
            yield NamePlace(name, index, 0, start + len(name))
        return
    following = next((at for at in range(index + 1, min(index + 4, len(lines))) if lines[at]), None)
    name = whole_name(lines[following]) if following is not None else ""
    if following is not None and name:
        start = lines[following].index(name)
        yield NamePlace(name, following, start, start + len(name))


def _may_be_name(word: str, *, lower: bool) -> bool:
    if len(word) > 40 or word.casefold() in _NOT_NAMES or not word[:1].isalpha():
        return False
    if not all(each in _IN_NAMES or unicodedata.category(each)[0] in "LM" for each in word):
        return False
    # Scripts without capitals know names all the same.
    return lower or not word[0].islower()
