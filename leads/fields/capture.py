"""The one validation behind every door: forms, API, files.

Order: read each value, then, in the order in which fields depend on one another, decide visibility, fill
defaults and compute formulas; at the end, what is required. A hidden field's value is not stored and its
mistakes do not count. All problems are reported, none hides another field's.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import re2

from core.rules import comparison_values
from core.rules.moment import Moment
from core.values import Coerced, Refused, is_blank
from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition
from leads.fields.types import LONGEST_LONG_TEXT, LONGEST_TEXT, CaptureContext, FieldType, type_of
from leads.models import FieldKind

TEXT_LIMITS = {FieldKind.TEXT: LONGEST_TEXT, FieldKind.LONG_TEXT: LONGEST_LONG_TEXT}
INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one field of one row."""

    field: str
    code: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """`field:code`, as it is counted everywhere."""
        return f"{self.field}:{self.code}"


@dataclass(slots=True)
class Captured:
    """A validated row: `data` and `compare` as they are stored, or the problems that keep it out."""

    data: dict[str, Any]
    compare: dict[str, Any]
    problems: list[Problem]
    warnings: list[Problem]

    @property
    def is_valid(self) -> bool:
        return not self.problems


def capture(
    line: LineDefinition,
    given: Mapping[str, Any],
    context: CaptureContext,
    *,
    stored: Mapping[str, Any] | None = None,
) -> Captured:
    """Validate `given` (raw values by field key) against the line.

    `stored` is the data of the lead that is edited: keys not given keep their stored values unread, and a
    given value equal to the stored one is not judged again, so that a rule tightened later does not block
    an edit elsewhere. Values of retired fields stay as they are.
    """
    run = _Capture(line, given, context, stored or {}, is_new=stored is None)
    return run.result()


class _Capture:
    """One row on its way through validation."""

    def __init__(
        self,
        line: LineDefinition,
        given: Mapping[str, Any],
        context: CaptureContext,
        stored: Mapping[str, Any],
        *,
        is_new: bool,
    ) -> None:
        self.line = line
        self.given = given
        self.context = context
        self.stored = stored
        self.is_new = is_new
        self.moment = Moment(context.now, context.zone)
        self.data: dict[str, Any] = {
            key: value for key, value in stored.items() if key not in line.active_by_key
        }
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.hidden: set[str] = set()
        self.broken: set[str] = set()

    def result(self) -> Captured:
        for item in self.line.in_dependency_order:
            self._take(item)
        self._check_required()
        self.problems.sort(key=lambda problem: self.line.position[problem.field])
        return Captured(
            self.data, comparison_values(self.data, self.line.kinds), self.problems, self.warnings
        )

    def _take(self, item: FieldDefinition) -> None:
        visible = self.line.visible_rules.get(item.key)
        if visible is not None and not visible(self.data, self.moment):
            self.hidden.add(item.key)
            return
        if item.type is FieldKind.COMPUTED:
            self._compute(item)
        elif item.key in self.given:
            self._read(item, self.given[item.key])
        elif item.key in self.stored:
            self.data[item.key] = self.stored[item.key]
        else:
            self._fill_default(item)

    def _read(self, item: FieldDefinition, raw: Any) -> None:
        if is_empty(raw) or (item.empty_texts and item.means_empty(raw)):
            self._fill_default(item)
            return
        behaviour = type_of(item)
        result = behaviour.coerce(item, raw, self.context)
        if isinstance(result, Refused):
            self._refuse(item, result.code)
            return
        if is_empty(result.value):
            self._fill_default(item)
            return
        value = behaviour.stored(result.value)
        if not self.is_new and self.stored.get(item.key) == value:
            self.data[item.key] = value
            return
        codes = violations(item, behaviour, result, self.context)
        for code, parameters in codes:
            self._refuse(item, code, parameters)
        if not codes:
            self.data[item.key] = value
            if result.warning:
                self.warnings.append(Problem(item.key, result.warning))

    def _fill_default(self, item: FieldDefinition) -> None:
        # An edit that empties a field means it: only a new lead takes the default.
        if not self.is_new or not item.default:
            return
        result = type_of(item).coerce(item, item.default, self.context)
        if isinstance(result, Coerced):
            self.data[item.key] = type_of(item).stored(result.value)

    def _compute(self, item: FieldDefinition) -> None:
        formula = self.line.formulas[item.key]
        value = formula.evaluate(
            self.data, decimals=item.scale, now=self.context.now, timezone=self.context.zone
        )
        if value is not None:
            self.data[item.key] = type_of(item).stored(value)

    def _refuse(self, item: FieldDefinition, code: str, parameters: Mapping[str, Any] | None = None) -> None:
        self.broken.add(item.key)
        self.problems.append(Problem(item.key, code, parameters or {}))

    def _check_required(self) -> None:
        for item in self.line.active:
            if item.key in self.data or item.key in self.hidden or item.key in self.broken:
                continue
            rule = self.line.required_rules.get(item.key)
            if item.required or (rule is not None and rule(self.data, self.moment)):
                self.problems.append(Problem(item.key, "required"))


def violations(
    item: FieldDefinition, behaviour: FieldType, result: Coerced, context: CaptureContext
) -> list[tuple[str, dict[str, Any]]]:
    """Return (code, parameters) for each limit that a read value breaks."""
    found: list[tuple[str, dict[str, Any]]] = []
    value = result.value
    if item.type in TEXT_LIMITS:
        longest = item.max_length or TEXT_LIMITS[item.type]
        if len(value) > longest:
            found.append(("too_long", {"limit": longest}))
        if item.min_length and len(value) < item.min_length:
            found.append(("too_short", {"limit": item.min_length}))
    if item.regex and isinstance(value, str) and not re2.fullmatch(item.regex, value):
        found.append(("pattern", {}))
    if behaviour.is_number:
        found += _number_limits(item, behaviour, Decimal(value))
    elif isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        found += _day_limits(item, value, context.today)
    return found


def _number_limits(
    item: FieldDefinition, behaviour: FieldType, value: Decimal
) -> list[tuple[str, dict[str, Any]]]:
    if item.min and value < Decimal(item.min):
        return [("min", {"limit": item.min})]
    if item.max and value > Decimal(item.max):
        return [("max", {"limit": item.max})]
    # The index keeps scaled 64-bit numbers; a key may become indexed later, so the bound holds for all.
    if abs(value.scaleb(item.scale)) >= INT64:
        return [("max", {"limit": str(INT64)})]
    return []


def _day_limits(item: FieldDefinition, day: dt.date, today: dt.date) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    if item.min and day < dt.date.fromisoformat(item.min):
        found.append(("min", {"limit": item.min}))
    if item.max and day > dt.date.fromisoformat(item.max):
        found.append(("max", {"limit": item.max}))
    age = full_years(day, today)
    if item.min_age is not None and age < item.min_age:
        found.append(("min_age", {"limit": item.min_age}))
    if item.max_age is not None and age > item.max_age:
        found.append(("max_age", {"limit": item.max_age}))
    return found


def is_empty(raw: Any) -> bool:
    """Whether a door handed over nothing: None, blank text, no choices."""
    return raw is None or raw == [] or raw == () or (isinstance(raw, str) and is_blank(raw))


def full_years(birth: dt.date, today: dt.date) -> int:
    """Return the age in completed years; who is born on 29 February turns on 1 March in other years."""
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
