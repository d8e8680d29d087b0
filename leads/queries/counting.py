"""How many leads of a line a change touches: set-based, and never more work than a page may take.

What an index serves is counted there, up to a number; the rest among the newest leads, all conditions in one
statement. Every count says which of these it is.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BooleanField,
    Case,
    Count,
    F,
    Func,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from accounts.actor import Actor
from accounts.roles import Area, Level
from core.rules import normalise_text
from leads.fields.definition import FieldDefinition
from leads.fields.types import INDEXED_TEXT_LENGTH, type_of
from leads.models import BusinessLine, FieldKind, LeadValue
from leads.queries.leads import visible_leads

# So many of the newest leads are looked at, and so many index rows are counted.
MOST = 20_000


@dataclass(frozen=True, slots=True)
class LeadCount:
    """A number of leads: exact unless `at_least` (there are more), or `of_newest` (only so many were looked at)."""

    number: int
    at_least: bool = False
    of_newest: int | None = None

    @property
    def is_exact(self) -> bool:
        """Whether just so many leads are meant."""
        return not self.at_least and self.of_newest is None


class HasKey(Func):
    """Whether the lead's data has a value under a key."""

    # Without the parentheses of a call: data ? key
    template = "(%(expressions)s)"
    arg_joiner = " ? "

    def __init__(self, key: str) -> None:
        super().__init__(F("data"), Value(key), output_field=BooleanField())


class HoldsAny(Func):
    """Whether the value under a key is one of these choices, or, being several, has one of them."""

    template = "(%(expressions)s)"
    arg_joiner = " ?| "

    def __init__(self, key: str, values: Sequence[str]) -> None:
        wanted = Value(list(values), output_field=ArrayField(TextField()))
        super().__init__(KeyTransform(key, "data"), wanted, output_field=BooleanField())


class LeadCounts:
    """Counts leads of a line that the actor sees: what is asked before the first result is one statement.

    Where the actor reads no leads at all, nothing may be asked (`knows_leads`).
    """

    def __init__(self, actor: Actor, line: BusinessLine) -> None:
        self.actor = actor
        self.line = line
        self.level = actor.level(Area.LEADS, "read")
        self._conditions: dict[Hashable, Q] = {}
        self._rows: dict[Hashable, QuerySet[LeadValue]] = {}
        self._repeats: list[str] = []
        self._found: dict[str, int] = {}

    @property
    def knows_leads(self) -> bool:
        """Whether the actor reads leads."""
        return self.level is not Level.NONE

    @property
    def is_partial(self) -> bool:
        """Whether the actor sees some of the leads only."""
        return self.level not in (Level.NONE, Level.ALL)

    def ask(self, condition: Q) -> Hashable:
        """Ask for the leads for which a condition holds; returns what `result` wants."""
        name = len(self._conditions)
        self._conditions[name] = condition
        return name

    def ask_having(self, item: FieldDefinition, *, is_ready: bool) -> Hashable:
        """Ask for the leads with a value of a field; `is_ready`: its index is complete."""
        name = self.ask(Q(HasKey(item.key)))
        if is_ready and item.type is not FieldKind.MULTI_SELECT:
            column = type_of(item).index_column
            rows = LeadValue.objects.filter(field_id=item.id, **{f"{column}__isnull": False})
            self._rows[name] = rows
        return name

    def ask_holding(self, item: FieldDefinition, choice: str, *, is_ready: bool) -> Hashable:
        """Ask for the leads that hold a choice of a field."""
        name = self.ask(Q(HoldsAny(item.key, [choice])))
        if is_ready:
            entry = normalise_text(choice)[:INDEXED_TEXT_LENGTH]
            self._rows[name] = LeadValue.objects.filter(field_id=item.id, text_value=entry)
        return name

    def ask_holding_any(self, item: FieldDefinition, choices: Sequence[str]) -> Hashable:
        """Ask for the leads that hold one of many choices of a field."""
        return self.ask(Q(HoldsAny(item.key, choices)))

    def ask_repeats(self, key: str) -> Hashable:
        """Ask for the leads beyond the first of each value of a field."""
        self._repeats.append(key)
        return ("repeats", len(self._repeats) - 1)

    def total(self) -> LeadCount:
        """Return how many leads the line has."""
        looked = self._look()["looked"]
        return LeadCount(looked, at_least=looked == MOST)

    def result(self, name: Hashable) -> LeadCount:
        """Return what was asked for."""
        found = self._look()
        is_whole = found["looked"] < MOST
        # Where the newest are not all, the index knows more; it does not know whose leads they are.
        if not is_whole and name in self._rows and self.level is Level.ALL:
            number = self._rows[name][: MOST + 1].count()
            return LeadCount(min(number, MOST), at_least=number > MOST)
        number = found[f"m{name[1]}" if isinstance(name, tuple) else f"n{name}"]
        return LeadCount(number, of_newest=None if is_whole else MOST)

    def _look(self) -> dict[str, int]:
        if not self._found:
            newest = visible_leads(self.actor).filter(line=self.line).order_by("-created_at", "-pk")
            marks: dict[str, Any] = {
                f"c{name}": Case(When(condition, then=True), default=False, output_field=BooleanField())
                for name, condition in self._conditions.items()
            }
            texts = {f"t{place}": KeyTextTransform(key, "data") for place, key in enumerate(self._repeats)}
            counts: dict[str, Any] = {
                f"n{name}": Count("pk", filter=Q(**{f"c{name}": True})) for name in self._conditions
            }
            for place in range(len(self._repeats)):
                counts[f"m{place}"] = Count(f"t{place}") - Count(f"t{place}", distinct=True)
            self._found = newest.annotate(**marks, **texts)[:MOST].aggregate(looked=Count("pk"), **counts)
        return self._found
