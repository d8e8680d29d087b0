"""Weighing what a message says of each field: the strongest words win, and what is said twice is left open."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from core.intake.matching import SUGGESTION_THRESHOLD, Target, TargetNames, similarity
from leads.fields.behaviour import CaptureContext
from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition
from leads.fields.types import type_of
from leads.fields.usual_names import USUAL_NAMES
from leads.messages.lines import LONGEST_MESSAGE, Message, clean_text, split_message
from leads.messages.names import names_in, whole_name
from leads.messages.values import (
    AMOUNT,
    CHOICES,
    EMAIL,
    PHONE,
    TEXTS,
    TOKEN,
    URL,
    Raw,
    choice_names,
    name_pattern,
    shown,
    value_at,
    whole_value,
)
from leads.models import FieldKind

# A person picks these from a list, takes them from a map or hands them in.
_NOT_IN_MESSAGES = (
    FieldKind.COMPUTED,
    FieldKind.FILE,
    FieldKind.IMAGE,
    FieldKind.USER,
    FieldKind.LEAD,
    FieldKind.LOCATION,
    FieldKind.JSON,
)
_SEPARATOR = re.compile(r"\s?(?::-|[:=]|\s[-–—](?=\s)|[-–](?=\s?[+\d]))\s*")
_BETWEEN = re.compile(
    r"(?:\s*(?:\bis\b|\bof\b|\bare\b|\baround\b|\babout\b|\bapprox\b\.?|\bup\s?to\b|\bno\b\.?|\bnumber\b|[:=-])){0,3}\s*",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\b(?:not|non|no|never|isn['’]t|except)[\s-]+(?:an?\s+|in\s+|from\s+)?$", re.IGNORECASE
)
_RANGE_BEFORE = re.compile(r"\d(?:\s?[a-z]{1,6})?\s?(?:-|–|—|\bto)\s?$", re.IGNORECASE)
_CITY_BEFORE = re.compile(r"[^\W\d_]\s?[-–]\s?$")
_LEAST_LIKE_A_TEXT: Final = 88.0
_LEAD_OF_BEST: Final = 5.0
_MOST_LABEL_WORDS = 6
_MOST_FUZZY_LINES = 200
_SHORTEST_NAME = 3
_FILLERS = frozenset(
    (
        "a", "am", "an", "and", "are", "at", "best", "by", "cheers", "dear", "for", "from", "hello", "hey",
        "hi", "i", "im", "is", "it", "kind", "me", "mr", "mrs", "ms", "my", "myself", "name", "of",
        "please", "regards", "sincerely", "sir", "madam", "thank", "thanks", "the", "this", "to", "warm",
        "with", "yours", "you", "team", "faithfully", "truly", "namaste", "ok",
    )
)  # fmt: skip


class Strength(IntEnum):
    """How surely words speak of a field."""

    SENDER = 1
    BARE = 2
    PHRASE = 3
    LIKE_LABEL = 4
    LABEL = 5


@dataclass(frozen=True, slots=True)
class Claim:
    """Words of a line that speak of a field."""

    key: str
    raw: Raw
    words: str
    strength: Strength
    line: int = -1
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a form shows for a field, and the words it comes from, as they stand in the clean text."""

    raw: Raw
    words: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message says, by field key: `suggested`, and in `unclear` the words of what may mean several things.

    `rest` are the lines that say more than the suggestions hold, whole.
    """

    suggested: dict[str, Suggestion]
    unclear: dict[str, tuple[str, ...]]
    rest: str


def read_message(
    text: str, definition: LineDefinition, writable: Collection[str], context: CaptureContext
) -> Reading:
    """Read a message for the fields whose keys are `writable`; what is said of others is nobody else's value.

    Of a text longer than LONGEST_MESSAGE the beginning is read. Never raises for any text.
    """
    message = split_message(clean_text(text[:LONGEST_MESSAGE]))
    reader = _Reader(message, definition, context)
    reader.read()
    return reader.weighed(writable)


class _Reader:
    def __init__(self, message: Message, definition: LineDefinition, context: CaptureContext) -> None:
        self.lines = message.lines
        self.senders = message.senders
        self.context = context
        self.items = {item.key: item for item in definition.active if item.type not in _NOT_IN_MESSAGES}
        self.core = {name: item for name, item in definition.core_fields.items() if item.key in self.items}
        self.claims: list[Claim] = []
        self.unclear: dict[str, tuple[str, ...]] = {}
        self._taken: dict[int, list[tuple[int, int, str]]] = {}
        self._fuzzy_left = _MOST_FUZZY_LINES
        # Fields without words in a message own their names all the same.
        self.targets = [_target(item) for item in definition.active]
        self.names = TargetNames(self.targets)

    def read(self) -> None:
        self._labels()
        self._phrases()
        self._names()
        self._bare(FieldKind.EMAIL, EMAIL)
        self._bare(FieldKind.URL, URL)
        self._bare(FieldKind.PHONE, PHONE)
        self._forms()
        self._amounts()
        self._choices()
        self._sent_from()

    # What is written beside its name

    def _labels(self) -> None:
        for index, line in enumerate(self.lines):
            places = list(self._label_places(line))
            for position, (key, strength, start, end) in enumerate(places):
                until = places[position + 1][2] if position + 1 < len(places) else len(line)
                where, value, offset = index, line[end:until], end
                if not value.strip(" ,;|") and position + 1 == len(places):
                    where, value, offset = self._next_line(index)
                self._label(key, strength, where, value, offset, start if where == index else 0)

    def _label_places(self, line: str) -> Iterator[tuple[str, Strength, int, int]]:
        """The labels of a line: key, strength, where it starts, where its value does."""
        before = 0
        for separator in _SEPARATOR.finditer(line):
            start, end = separator.span()
            chunk = line[before:start]
            words = list(re.finditer(r"\S+", chunk))[-_MOST_LABEL_WORDS:]
            for word in words:
                found = self.names.find(chunk[word.start() :].strip(" *_•-,;|"))
                if found is not None:
                    yield found[1], Strength.LABEL, before + word.start(), end
                    before = end
                    break
            else:
                like = (
                    self._likely(chunk) if before == 0 and separator[0].strip() in (":", ":-", "=") else None
                )
                if like:
                    yield like, Strength.LIKE_LABEL, 0, end
                    before = end

    def _likely(self, chunk: str) -> str | None:
        """The field that a label looks like, if it looks much less like any other."""
        label = chunk.strip(" *_•-")
        if not _SHORTEST_NAME <= len(label) <= 60 or self._fuzzy_left <= 0:
            return None
        self._fuzzy_left -= 1
        scores = sorted(((similarity(label, target), target.key) for target in self.targets), reverse=True)
        best, key = scores[0] if scores else (0.0, "")
        if len(scores) > 1 and best - scores[1][0] < _LEAD_OF_BEST:
            return None
        item = self.items.get(key)
        is_free = item is not None and item.type in TEXTS and not item.regex
        return key if best >= (_LEAST_LIKE_A_TEXT if is_free else SUGGESTION_THRESHOLD) else None

    def _next_line(self, index: int) -> tuple[int, str, int]:
        following = next((at for at in range(index + 1, len(self.lines)) if self.lines[at]), None)
        if following is None or next(self._label_places(self.lines[following]), None) is not None:
            return index, "", 0
        return following, self.lines[following], 0

    def _label(self, key: str, strength: Strength, index: int, value: str, offset: int, start: int) -> None:
        trimmed = value.strip(" ,;|*_")
        item = self.items.get(key)
        at = offset + value.find(trimmed) if trimmed else offset
        if item is None or not trimmed:
            if trimmed:
                self._take(index, start, at + len(trimmed), key)
            return
        found = whole_value(item, trimmed, self.context)
        if found is None:
            return
        self._claim(key, found[0], strength, index, start, at + found[1])

    def _phrases(self) -> None:
        """Names of fields within a sentence, with a value of their type right after: “budget is 45 lakh”."""
        named: dict[str, str] = {}
        for target in self.targets:
            for name in (target.label, *target.aliases):
                found = self.names.find(name)
                if found and len(name) >= _SHORTEST_NAME and name_pattern(name):
                    named[name] = found[1]
        if not named:
            return
        patterns = [
            (key, re.compile(rf"(?<!\w){name_pattern(name)}(?!\w)", re.IGNORECASE))
            for name, key in sorted(named.items(), key=lambda pair: -len(pair[0]))
        ]
        for index, line in enumerate(self.lines):
            for key, pattern in patterns:
                for place in pattern.finditer(line):
                    self._phrase(key, index, place.start(), place.end())

    def _phrase(self, key: str, index: int, start: int, end: int) -> None:
        line = self.lines[index]
        between = _BETWEEN.match(line, end)
        at = between.end() if between else end
        if at == end or self._is_taken(index, start, at + 1):
            return
        item = self.items.get(key)
        if item is None:
            amount = AMOUNT.match(line, at)
            if amount:
                self._take(index, start, amount.end(), key)
            return
        found = value_at(item, line[at : at + 300], self.context)
        if found is not None:
            self._claim(key, found[0], Strength.PHRASE, index, start, at + found[1])

    def _names(self) -> None:
        item = self.core.get("name")
        if item is None or item.type not in TEXTS:
            return
        for place in names_in(self.lines):
            if not self._is_taken(place.line, place.start, place.end) and not self._is_choice(place.name):
                self._claim(item.key, place.name, Strength.PHRASE, place.line, place.start, place.end)

    def _is_choice(self, name: str) -> bool:
        folded = name.casefold()
        return any(
            folded in (choice.label.casefold(), choice.value.casefold())
            for item in self.items.values()
            for choice in item.choices
        )

    # What is known by its form

    def _bare(self, kind: FieldKind, pattern: re.Pattern[str]) -> None:
        """Values of a type that stand alone: one of them, for the one field that it can be for."""
        fields = [item for item in self.items.values() if item.type is kind]
        free = [item for item in fields if not self._is_claimed(item.key)]
        mapped = [item for item in free if item.maps_to == str(kind)]
        chosen = mapped[:1] or (free if len(free) == 1 else [])
        reader = (chosen or free or fields)[0] if fields else None
        places: dict[str, tuple[int, int, int]] = {}
        known = {str(self._same(claim.key, claim.raw)) for claim in self.claims}
        for index, line in enumerate(self.lines):
            for found in pattern.finditer(line):
                written = found[0].rstrip(".,;:!?*_-(")
                end = found.start() + len(written)
                if self._is_taken(index, found.start(), end):
                    continue
                raw = shown(reader, written, self.context) if reader else None
                if kind is FieldKind.PHONE and raw is None:
                    continue
                self._take(index, found.start(), end, "")
                if reader and raw is not None and (same := str(self._same(reader.key, raw))) not in known:
                    places.setdefault(same, (index, found.start(), end))
        words = tuple(self.lines[index][start:end] for index, start, end in places.values())
        if len(chosen) == 1:
            for index, start, end in places.values():
                self._claim(chosen[0].key, self.lines[index][start:end], Strength.BARE, index, start, end)
        elif words:
            self.unclear |= {item.key: words for item in free}

    def _forms(self) -> None:
        """Texts of a form of their own, such as a PAN. Digits alone are one only behind a place: “Pune - 411001”."""
        fields = [item for item in self.items.values() if item.type in TEXTS and item.regex]
        if not fields:
            return
        for index, line in enumerate(self.lines):
            for found in TOKEN.finditer(line):
                for written, start in _tokens(found):
                    if len(written) < 4 or not any(map(str.isdigit, written)):
                        continue
                    if written.isdigit() and not _CITY_BEFORE.search(line[:start]):
                        continue
                    if self._is_taken(index, start, start + len(written)):
                        continue
                    fitting = [item for item in fields if shown(item, written, self.context) is not None]
                    if len(fitting) == 1:
                        self._claim(
                            fitting[0].key, written, Strength.BARE, index, start, start + len(written)
                        )
                        break
                    for item in fitting:
                        self.unclear.setdefault(item.key, (written,))

    def _amounts(self) -> None:
        """An amount with its unit or currency, where the line knows one field of money."""
        money = [item for item in self.items.values() if item.type is FieldKind.MONEY]
        free = [item for item in money if not self._is_claimed(item.key)]
        for index, line in enumerate(self.lines):
            for found in AMOUNT.finditer(line):
                start, end = found.start(), found.end()
                is_amount = found["currency"] or (found["unit"] or "").casefold() not in ("", "l")
                before = line[max(0, start - 12) : start]
                if before[-1:].isalnum() or _RANGE_BEFORE.search(before):
                    continue
                if not is_amount or self._is_taken(index, start, end):
                    continue
                self._amount(money, free, index, start)

    def _amount(
        self, money: list[FieldDefinition], free: list[FieldDefinition], index: int, start: int
    ) -> None:
        line = self.lines[index]
        found = value_at(free[0], line[start:], self.context) if free else None
        if found is None:
            return
        if len(money) == 1:
            self._claim(free[0].key, found[0], Strength.BARE, index, start, start + found[1])
            return
        words = line[start : start + found[1]]
        for item in free:
            self.unclear[item.key] = (*self.unclear.get(item.key, ()), words)

    def _choices(self) -> None:
        """The names of choices as whole words; of one that two fields offer nobody knows which is meant."""
        offered: dict[str, list[tuple[FieldDefinition, str]]] = {}
        for item in self.items.values():
            if item.type in CHOICES:
                for name, choice in choice_names(item):
                    if len(name) >= _SHORTEST_NAME and name_pattern(name):
                        offered.setdefault(name.casefold(), []).append((item, choice.value))
        for name, owners in sorted(offered.items(), key=lambda pair: -len(pair[0])):
            pattern = re.compile(rf"(?<![\w@.]){name_pattern(name)}(?![\w@])", re.IGNORECASE)
            for index, line in enumerate(self.lines):
                for found in pattern.finditer(line):
                    self._choice(owners, index, found.start(), found.end())

    def _choice(self, owners: list[tuple[FieldDefinition, str]], index: int, start: int, end: int) -> None:
        line = self.lines[index]
        if self._is_taken(index, start, end, through=True) or _NEGATED.search(
            line[max(0, start - 30) : start]
        ):
            return
        keys = {item.key for item, _value in owners}
        if len(keys) > 1:
            open_keys = [key for key in keys if not self._is_claimed(key)]
            self.unclear |= dict.fromkeys(open_keys, (line[start:end],))
            return
        item, value = owners[0]
        raw: Raw = [value] if item.type is FieldKind.MULTI_SELECT else value
        self._claim(item.key, raw, Strength.BARE, index, start, end)

    def _sent_from(self) -> None:
        name, phone, email = (self.core.get(each) for each in ("name", "phone", "email"))
        for sender in self.senders:
            number = (
                shown(phone, sender.name, self.context) if phone and phone.type is FieldKind.PHONE else None
            )
            if phone and number is not None:
                self.claims.append(Claim(phone.key, number, sender.name, Strength.SENDER))
            elif name and name.type in TEXTS and (written := whole_name(sender.name)):
                self.claims.append(Claim(name.key, written, written, Strength.SENDER))
            if email and sender.email and shown(email, sender.email, self.context) is not None:
                self.claims.append(Claim(email.key, sender.email, sender.email, Strength.SENDER))

    # Keeping and weighing claims

    def _claim(self, key: str, raw: Raw, strength: Strength, index: int, start: int, end: int) -> None:
        self.claims.append(Claim(key, raw, self.lines[index][start:end].strip(), strength, index, start, end))
        self._take(index, start, end, key)

    def _take(self, index: int, start: int, end: int, key: str) -> None:
        self._taken.setdefault(index, []).append((start, end, key))

    def _is_taken(self, index: int, start: int, end: int, *, through: bool = False) -> bool:
        """Whether words speak of a field already; `through` looks into texts of several lines, as an address is."""
        for first, last, key in self._taken.get(index, ()):
            item = self.items.get(key)
            is_open = through and item is not None and item.type is FieldKind.LONG_TEXT and not item.regex
            if first < end and start < last and not is_open:
                return True
        return False

    def _is_claimed(self, key: str) -> bool:
        return any(claim.key == key for claim in self.claims)

    def _same(self, key: str, raw: Raw) -> object:
        """A value by which two ways to write it are found to be one."""
        if isinstance(raw, list):
            return tuple(raw)
        item = self.items[key]
        if item.type in (FieldKind.PHONE, FieldKind.EMAIL, FieldKind.URL):
            result = type_of(item).coerce(item, raw, self.context)
            return str(getattr(result, "value", raw)).casefold()
        return raw.casefold()

    def weighed(self, writable: Collection[str]) -> Reading:
        suggested: dict[str, Suggestion] = {}
        used: list[Claim] = []
        unclear = {key: words for key, words in self.unclear.items() if not self._is_claimed(key)}
        for key in self.items:
            claims = [claim for claim in self.claims if claim.key == key]
            if key not in writable or not claims:
                continue
            strongest = max(claim.strength for claim in claims)
            best = [claim for claim in claims if claim.strength == strongest]
            winner = self._winner(key, best)
            if winner is None:
                unclear[key] = tuple(dict.fromkeys(claim.words for claim in best))
            else:
                suggested[key] = winner
                used += best
        return Reading(
            suggested,
            {key: words for key, words in unclear.items() if key in writable and key not in suggested},
            self._rest(used),
        )

    def _winner(self, key: str, best: list[Claim]) -> Suggestion | None:
        item = self.items[key]
        if item.type is FieldKind.MULTI_SELECT:
            chosen = dict.fromkeys(value for claim in best for value in claim.raw)
            return Suggestion(list(chosen), best[0].words)
        if item.maps_to == "name":
            longest = max(best, key=lambda claim: len(claim.raw))
            parts = set(str(longest.raw).casefold().split())
            is_one = all(set(str(claim.raw).casefold().split()) <= parts for claim in best)
            return Suggestion(longest.raw, longest.words) if is_one else None
        values = {self._same(key, claim.raw) for claim in best}
        return Suggestion(best[0].raw, best[0].words) if len(values) == 1 else None

    def _rest(self, used: list[Claim]) -> str:
        """The lines that say more than what was taken from them."""
        spans: dict[int, list[tuple[int, int]]] = {}
        for claim in used:
            spans.setdefault(claim.line, []).append((claim.start, claim.end))
        kept = []
        for index, line in enumerate(self.lines):
            left = list(line)
            for start, end in spans.get(index, ()):
                left[start:end] = " " * (end - start)
            words = re.findall(r"\w+", "".join(left).casefold().replace("'", "").replace("’", ""))
            if any(word not in _FILLERS for word in words) or (line and not words and index not in spans):
                kept.append(line)
        return "\n".join(line for line in kept if line)


def _tokens(found: re.Match[str]) -> Iterator[tuple[str, int]]:
    """A token without what ends a sentence; and behind a hyphen, which may join it to a place."""
    written = found[0].strip(".,;:!?'*_-")
    start = found.start() + found[0].find(written)
    yield written, start
    head, hyphen, tail = written.rpartition("-")
    if hyphen and tail:
        yield tail, start + len(head) + 1


def _target(item: FieldDefinition) -> Target:
    bare = re.sub(r"\s*\([^()]*\)", "", item.label).strip()
    own = (item.key.replace("_", " "), *((bare,) if bare and bare != item.label else ()))
    return Target(item.key, item.label, (*item.aliases, *own, *USUAL_NAMES.get(item.maps_to, ())))
