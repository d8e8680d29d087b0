"""The one validation behind every door: forms, API, files.

Order: read each value, then, in the order in which fields depend on one another, decide visibility, fill
defaults and compute formulas; at the end, what is required. A hidden field's value is not stored and its
mistakes do not count. All problems are reported, none hides another field's.

What does not depend on the row is worked out once per version of a line (`_Plan`): a file of a million rows
asks each of its fields a million times.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from itertools import repeat
from typing import Any

from core.rules import Kind, comparison_values, normalise_text
from core.values import Coerced, Refused, is_blank
from leads.fields.definition import FieldDefinition
from leads.fields.limits import INT64, TEXT_LIMITS, Broken, full_years, limits_of
from leads.fields.line import LineDefinition
from leads.fields.types import CaptureContext, FieldType, type_of
from leads.models import FieldKind

__all__ = [
    "TEXT_LIMITS",
    "CaptureContext",
    "Captured",
    "Problem",
    "capture",
    "full_years",
    "is_empty",
    "violations",
]

_ABSENT: Any = object()
# Of each column, so many texts are remembered, none longer than this, with what is kept of them: values that
# nobody can change where they stand.
MOST_REMEMBERED = 4_000
LONGEST_REMEMBERED = 100
REMEMBERED = (str, bool)


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
    """Validate `given` (raw values by field key; other keys are ignored) against the line.

    `stored` is the data of the lead that is edited: keys not given keep their stored values unread, and a
    given value equal to the stored one is not judged again, so that a rule tightened later does not block
    an edit elsewhere. Values of retired fields stay as they are.
    """
    return _Capture(_plan(line), given, context, stored).result()


def violations(
    item: FieldDefinition, behaviour: FieldType, result: Coerced, context: CaptureContext
) -> list[Broken]:
    """Return (code, parameters) for each limit that a read value breaks."""
    return [broken for limit in limits_of(item) for broken in limit(result.value, context.today)]


def is_empty(raw: Any) -> bool:
    """Whether a door handed over nothing: None, blank text, no choices."""
    return raw is None or raw == [] or raw == () or (isinstance(raw, str) and is_blank(raw))


class _Step:
    """One field, made ready."""

    __slots__ = (
        "coerce",
        "default",
        "formula",
        "is_secret",
        "item",
        "key",
        "limits",
        "most",
        "offers",
        "parent",
        "required",
        "required_rule",
        "stored",
        "visible",
    )

    def __init__(self, line: LineDefinition, item: FieldDefinition) -> None:
        behaviour = type_of(item)
        self.item = item
        self.key = item.key
        self.coerce = behaviour.coerce
        self.stored = behaviour.stored
        self.limits = limits_of(item)
        self.default = item.default
        self.visible = line.visible_rules.get(item.key)
        self.required = item.required
        self.required_rule = line.required_rules.get(item.key)
        self.formula = line.formulas[item.key] if item.type is FieldKind.COMPUTED else None
        self.most = Decimal(INT64).scaleb(-item.scale)
        # Which lead is referred to may be hidden from who writes: guessing it must tell nothing.
        self.is_secret = item.type is FieldKind.LEAD
        self.parent = item.choices_from
        self.offers = item.offers


class _Plan:
    """The fields of one version, made ready."""

    def __init__(self, line: LineDefinition) -> None:
        self.line = line
        self.steps = [_Step(line, item) for item in line.in_dependency_order]
        by_key = {step.key: step for step in self.steps}
        self.demanding = [
            step
            for step in (by_key[item.key] for item in line.active)
            if step.required or step.required_rule is not None
        ]
        # Structured data is text to nobody: rules cannot read it.
        self.texts = [
            item.key
            for item in line.fields
            if line.kinds[item.key] in (Kind.TEXT, Kind.REFERENCE) and item.type is not FieldKind.JSON
        ]
        self.lists = {key: kind for key, kind in line.kinds.items() if kind is Kind.MULTI}


@lru_cache(maxsize=512)
def _plan(line: LineDefinition) -> _Plan:
    return _Plan(line)


class _Capture:
    """One row on its way through validation."""

    __slots__ = (
        "broken",
        "context",
        "data",
        "given",
        "hidden",
        "is_new",
        "plan",
        "problems",
        "stored",
        "warnings",
    )

    def __init__(
        self,
        plan: _Plan,
        given: Mapping[str, Any],
        context: CaptureContext,
        stored: Mapping[str, Any] | None,
    ) -> None:
        self.plan = plan
        self.given = given
        self.context = context
        self.is_new = stored is None
        self.stored: Mapping[str, Any] = stored or {}
        active = plan.line.active_by_key
        self.data: dict[str, Any] = {key: value for key, value in self.stored.items() if key not in active}
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.hidden: set[str] = set()
        self.broken: set[str] = set()

    def result(self) -> Captured:
        remembered = self._remembered()
        for step, known in zip(self.plan.steps, remembered, strict=True):
            if step.visible is not None and not step.visible(self.data, self.context.moment):
                self.hidden.add(step.key)
            elif step.formula is not None:
                self._compute(step)
            else:
                if known is None:
                    self._take(step)
                else:
                    self._recall(step, known)
                if step.parent:
                    self._check_parent(step)
        self._check_required()
        if len(self.problems) > 1:
            position = self.plan.line.position
            self.problems.sort(key=lambda problem: position[problem.field])
        return Captured(self.data, self._comparable(), self.problems, self.warnings)

    def _remembered(self) -> Iterable[dict[Any, Any] | None]:
        """For each step what its column's texts were read as, where many rows are read in this context."""
        memory = self.context.memory
        if memory is None or not self.is_new:
            return repeat(None, len(self.plan.steps))
        if self.plan not in memory:
            memory[self.plan] = [{} for _step in self.plan.steps]
        return memory[self.plan]

    def _recall(self, step: _Step, known: dict[Any, Any]) -> None:
        """Take a value of a column that says the same few texts again and again: what came of one holds for all."""
        raw = self.given.get(step.key)
        if raw.__class__ is not str:
            self._take(step)
            return
        kept = known.get(raw)
        if kept is not None:
            self.data[step.key] = kept
            return
        told = len(self.problems) + len(self.warnings)
        self._take(step)
        if len(known) < MOST_REMEMBERED and told == len(self.problems) + len(self.warnings):
            kept = self.data.get(step.key)
            if kept.__class__ in REMEMBERED and len(raw) <= LONGEST_REMEMBERED:
                known[raw] = kept

    def _take(self, step: _Step) -> None:
        raw = self.given.get(step.key, _ABSENT)
        if raw is None:
            self._fill_default(step)
        elif (
            raw is not _ABSENT and not self.is_new and raw == self.stored.get(step.key) and not step.is_secret
        ):
            # Unchanged: not judged again, though its choice may be offered no more.
            self.data[step.key] = self.stored[step.key]
        elif raw is not _ABSENT:
            self._read(step, raw)
        elif step.key in self.stored:
            self.data[step.key] = self.stored[step.key]
        else:
            self._fill_default(step)

    def _read(self, step: _Step, raw: Any) -> None:
        item = step.item
        # Blank text is found by reading it, which gives None.
        if (not isinstance(raw, str) and is_empty(raw)) or (item.empty_texts and item.means_empty(raw)):
            self._fill_default(step)
            return
        result = step.coerce(item, raw, self.context)
        if isinstance(result, Refused):
            self._refuse(step, result.code)
            return
        value = result.value
        if value is None or (not value and is_empty(value)):
            self._fill_default(step)
            return
        kept = value if isinstance(value, str) else step.stored(value)
        if not self.is_new and self.stored.get(step.key) == kept:
            self.data[step.key] = kept
            return
        is_sound = True
        for limit in step.limits:
            for code, parameters in limit(value, self.context.today):
                is_sound = False
                self._refuse(step, code, parameters)
        if is_sound:
            self.data[step.key] = kept
            if result.warning:
                self.warnings.append(Problem(step.key, result.warning))

    def _check_parent(self, step: _Step) -> None:
        """Hold a choice against the value that it depends on.

        One that was given is refused; one that merely stood there when the other was changed goes with it. Where
        neither changed, both stay: choices that were tightened later do not block an edit elsewhere.
        """
        value = self.data.get(step.key)
        if value is None or step.parent in self.broken:
            return
        parent = self.data.get(step.parent)
        if step.offers(value, parent):
            return
        stored = self.stored
        if not self.is_new and value == stored.get(step.key) and parent == stored.get(step.parent):
            return
        del self.data[step.key]
        raw = self.given.get(step.key)
        if not is_empty(raw) and not step.item.means_empty(raw):
            self._refuse(step, "choice", {"depends": step.parent})

    def _fill_default(self, step: _Step) -> None:
        # An edit that empties a field means it: only a new lead takes the default.
        if not self.is_new or not step.default:
            return
        result = step.coerce(step.item, step.default, self.context)
        if isinstance(result, Coerced):
            self.data[step.key] = step.stored(result.value)

    def _compute(self, step: _Step) -> None:
        assert step.formula is not None
        value = step.formula.evaluate(
            self.data, decimals=step.item.scale, now=self.context.now, timezone=self.context.zone
        )
        # What the index cannot hold is no value, like every other result without end.
        if value is not None and abs(value) < step.most:
            self.data[step.key] = step.stored(value)

    def _refuse(self, step: _Step, code: str, parameters: Mapping[str, Any] | None = None) -> None:
        self.broken.add(step.key)
        self.problems.append(Problem(step.key, code, parameters or {}))

    def _check_required(self) -> None:
        for step in self.plan.demanding:
            if step.key in self.data or step.key in self.hidden or step.key in self.broken:
                continue
            if self._is_required(step, self.data) and not self._was_missing(step):
                self.problems.append(Problem(step.key, "required"))

    def _is_required(self, step: _Step, data: Mapping[str, Any]) -> bool:
        rule = step.required_rule
        return step.required or (rule is not None and rule(data, self.context.moment))

    def _was_missing(self, step: _Step) -> bool:
        """Whether the lead lacked the value before this edit, and the edit neither says nor demands it.

        A field that became required after the lead was captured must not block a change elsewhere.
        """
        if self.is_new or step.key in self.given or step.key in self.stored:
            return False
        return self._is_required(step, self.stored)

    def _comparable(self) -> dict[str, Any]:
        """What rules compare in SQL. Only texts and choices differ from a form that was just written."""
        plan, data = self.plan, self.data
        if not self.is_new:
            return comparison_values(data, plan.line.kinds)
        compare: dict[str, Any] = comparison_values(data, plan.lists) if plan.lists else {}
        for key in plan.texts:
            text = data.get(key)
            if text is not None and (form := normalise_text(text)) != text:
                compare[key] = form
        return compare
