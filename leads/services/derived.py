"""The index rows of leads: values for filters, tokens for search, keys for duplicates.

They are derived from the lead alone, so they can be rebuilt at any time (`rebuild_derived_rows`).
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from core.database.bulk import Rows, insert_rows, insert_together
from core.rules import normalise_text
from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition, line_definition
from leads.fields.types import type_of
from leads.models import BusinessLine, DuplicateKey, Lead, LeadToken, LeadValue
from leads.services.lead_rows import LeadRow, written_moment

LONGEST_KEY = 200
LONGEST_TOKEN = 60
# Marks a token that stands reversed, so that the end of a phone number is found by a range as well.
REVERSED = "<"
WORDS = re.compile(r"[\w]+", re.UNICODE)
NOT_DIGITS = re.compile(r"\D")
COUNTRY_CODES = frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))

VALUE_COLUMNS = (
    "lead_id", "field_id", "position", "organization_id", "text_value", "number_value", "date_value", "created_at",
)  # fmt: skip
TOKEN_COLUMNS = ("organization_id", "token", "lead_id")
KEY_COLUMNS = ("organization_id", "line_id", "key", "lead_id")


@dataclass(frozen=True, slots=True)
class MatchKeys:
    """What a lead would hold in DuplicateKey: `match` keys tell repeats, `unique` maps key → field."""

    match: tuple[str, ...]
    unique: Mapping[str, str]


class KeyMaker:
    """Makes the duplicate and unique keys of a line's leads.

    Keys are the same whatever is done with repeats; `tells_repeats` says whether a taken one means a repeat.
    """

    def __init__(self, line: LineDefinition, duplicate_match: Iterable[str], on_duplicate: str) -> None:
        self.tells_repeats = on_duplicate != "create"
        self.entries = [
            (entry, [self._field(line, name) for name in entry.split("+")])
            for entry in dict.fromkeys(duplicate_match)
        ]
        matched = {item.key for _entry, items in self.entries for item in items if item}
        self.unique = [item for item in line.active if item.unique and item.key not in matched]

    @staticmethod
    def _field(line: LineDefinition, name: str) -> FieldDefinition | None:
        name = name.strip()
        return line.by_key.get(name) or line.core_fields.get(name)

    def keys(self, data: Mapping[str, Any]) -> MatchKeys:
        """Return the keys of a lead with this data; a part without a value makes no key."""
        match = []
        for entry, items in self.entries:
            parts = [_part(item, data) for item in items]
            if all(parts):
                match.append(bounded_key(f"match:{entry}:" + "\x1f".join(parts)))
        unique = {}
        for item in self.unique:
            if part := _part(item, data):
                unique[bounded_key(f"unique:{item.key}:{part}")] = item.key
        return MatchKeys(tuple(match), unique)


def _part(item: FieldDefinition | None, data: Mapping[str, Any]) -> str:
    if item is None or data.get(item.key) is None:
        return ""
    return type_of(item).unique_text(item, data[item.key])


def bounded_key(key: str) -> str:
    """Return the key itself, or its digest where it is long: an index entry has a limit."""
    if len(key) <= LONGEST_KEY:
        return key
    return f"{key[:60]}#{hashlib.sha256(key.encode()).hexdigest()}"


def tokens_of(lead: Lead | LeadRow, line: LineDefinition) -> set[str]:
    """Return what search finds the lead by: words, e-mail, phone digits, and unique texts such as an id."""
    tokens = set(words(lead.name))
    if lead.email:
        tokens.add(normalise_text(lead.email)[:LONGEST_TOKEN])
        tokens.update(words(lead.email.split("@")[0]))
    if lead.phone:
        digits = NOT_DIGITS.sub("", lead.phone)
        tokens.update((national_digits(digits), REVERSED + digits[::-1]))
    for key in _index_plan(line).unique_keys:
        text = lead.data.get(key)
        if isinstance(text, str):
            tokens.add(normalise_text(text)[:LONGEST_TOKEN])
    tokens.discard("")
    return tokens


def words(text: str) -> Iterator[str]:
    """Yield the normalised words of a text, cut to the longest token."""
    for word in WORDS.findall(normalise_text(text)):
        yield word[:LONGEST_TOKEN]


def national_digits(digits: str) -> str:
    """Return the digits of an E.164 number without its country code."""
    for length in (1, 2, 3):
        if digits[:length] in COUNTRY_CODES:
            return digits[length:]
    return digits


class _IndexPlan:
    """What a version's leads are indexed by, made ready once."""

    def __init__(self, line: LineDefinition) -> None:
        # Nobody searches for the number of a member.
        self.unique_keys = [item.key for item in line.active if item.unique and not type_of(item).refers_to]
        self.values = [(item, type_of(item).index_values, _place(item)) for item in line.indexed]


def _place(item: FieldDefinition) -> int:
    """Which of the three columns of values the field's go to."""
    return ("text_value", "number_value", "date_value").index(type_of(item).index_column)


@lru_cache(maxsize=512)
def _index_plan(line: LineDefinition) -> _IndexPlan:
    return _IndexPlan(line)


def value_rows(
    lead: Lead | LeadRow, line: LineDefinition, *, created: str | None = None
) -> Iterator[tuple[Any, ...]]:
    """Yield the LeadValue rows of a lead, in the order of VALUE_COLUMNS.

    `created` is the lead's moment as it is copied; without it the rows hold the moment itself.
    """
    moment = created or lead.created_at
    for item, index_values, place in _index_plan(line).values:
        stored = lead.data.get(item.key)
        if stored is None:
            continue
        for position, value in enumerate(index_values(item, stored)):
            columns: list[Any] = [None, None, None]
            columns[place] = value
            yield (lead.id, item.id, position, lead.organization_id, *columns, moment)


def write_derived_rows(leads: Iterable[Lead | LeadRow], line: LineDefinition) -> None:
    """Insert values and tokens of new leads. Keys are claimed before the leads are written."""
    insert_together(*derived_rows(leads, line))


def derived_rows(leads: Iterable[Lead | LeadRow], line: LineDefinition) -> tuple[Rows, Rows]:
    """Return the values and the tokens of leads, ready to be inserted."""
    values: list[tuple[Any, ...]] = []
    tokens: list[tuple[Any, ...]] = []
    for lead in leads:
        values.extend(value_rows(lead, line, created=written_moment(lead.created_at)))
        tokens.extend((lead.organization_id, token, lead.id) for token in tokens_of(lead, line))
    return Rows(LeadValue, VALUE_COLUMNS, values), Rows(LeadToken, TOKEN_COLUMNS, tokens)


def remove_derived_rows(lead_ids: list[int], *, keys: bool = True) -> None:
    """Delete the index rows of leads; without `keys` the duplicate keys stay claimed."""
    LeadValue.objects.filter(lead_id__in=lead_ids).delete()
    LeadToken.objects.filter(lead_id__in=lead_ids).delete()
    if keys:
        DuplicateKey.objects.filter(lead_id__in=lead_ids).delete()


def rebuild_derived_rows(leads: Iterable[Lead]) -> None:
    """Make the index rows of live leads anew: values, tokens, keys. A key that another lead took stays there."""
    by_line: dict[int, list[Lead]] = {}
    for lead in leads:
        by_line.setdefault(lead.line_id, []).append(lead)
    lines = BusinessLine.everything.in_bulk(list(by_line))
    for line_id, rows in by_line.items():
        line = lines[line_id]
        definition = line_definition(line)
        maker = KeyMaker(definition, line.duplicate_match, line.on_duplicate)
        remove_derived_rows([lead.pk for lead in rows])
        write_derived_rows(rows, definition)
        insert_keys(rows, maker)


def insert_keys(leads: Iterable[Lead], maker: KeyMaker) -> None:
    """Claim the keys of stored leads, leaving out those that another lead holds."""
    rows = []
    for lead in leads:
        keys = maker.keys(lead.data)
        rows += [(lead.organization_id, lead.line_id, key, lead.pk) for key in (*keys.match, *keys.unique)]
    insert_rows(DuplicateKey, KEY_COLUMNS, sorted(rows), ignore_conflicts=True)
