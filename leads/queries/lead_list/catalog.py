"""What the leads of a line may be filtered and ordered by, for one actor.

Names: `data.<key>` is a configured field, everything else an attribute of the lead. Only what the actor sees
unmasked in every lead is in the catalog: a masked value that can be asked for is guessed letter by letter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.masking import Sight, sight_everywhere
from core.rules import OPERATORS, AttributeColumn, Column, IntegerColumn, JsonColumn, Kind, Operator
from leads.fields.access import tells_of
from leads.fields.definition import FieldDefinition
from leads.fields.line import CORE_ATTRIBUTES, LineDefinition, line_definition
from leads.fields.types import type_of
from leads.models import BusinessLine, Campaign, Field, FieldKind, Lead, LeadStatus, Source
from leads.queries.columns import IndexedColumn, LineSwitch, OriginColumn, OwnerColumn, SpelledColumn
from leads.queries.flaws import FlawColumn, flaws_of
from leads.queries.scores import score_is_open
from leads.queries.stalling import StalledColumn, stalled_since
from leads.queries.tags import TagColumn, tags_of

DATA = "data."
CORE_KINDS = {name: Kind.NUMBER if name == "amount" else Kind.TEXT for name in CORE_ATTRIBUTES}
CORE_LABELS = {
    "name": _("Name"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "amount": _("Amount"),
    "city": _("City"),
    "region": _("Region"),
}


@dataclass(frozen=True)
class Filterable:
    """One name that a condition may use. `item` is the field behind it, if a field is."""

    name: str
    label: str
    kind: Kind
    make_column: Callable[[], Column]
    read: Callable[[Lead], Any]
    is_fast: bool
    item: FieldDefinition | None = None

    @property
    def operators(self) -> tuple[Operator, ...]:
        """The comparisons that suit it, the most usual first."""
        return OPERATORS[self.kind]


class Catalog:
    """The names for one line, or, with `line` None, those that the leads of all lines share."""

    def __init__(self, actor: Actor, line: BusinessLine | None) -> None:
        self.actor = actor
        self.line = line
        self.lines = [line] if line else list(BusinessLine.everything.filter(version__gt=0))
        self.definitions: dict[int, LineDefinition] = {each.pk: line_definition(each) for each in self.lines}

    @cached_property
    def entries(self) -> Mapping[str, Filterable]:
        """Every name, attributes first."""
        found = [*self._attributes(), *self._core_attributes()]
        if self.line:
            found += [self._field(DATA + item.key, item) for item in self.definitions[self.line.pk].fields]
        return {entry.name: entry for entry in found if entry is not None}

    @cached_property
    def kinds(self) -> Mapping[str, Kind]:
        """The kind of each name, as the rule language wants them."""
        return {name: entry.kind for name, entry in self.entries.items()}

    @cached_property
    def people(self) -> frozenset[str]:
        """The names that mean members: `me` may stand for one."""
        fields = (
            entry for entry in self.entries.values() if entry.item and entry.item.type is FieldKind.USER
        )
        return frozenset({"owner", *(entry.name for entry in fields)})

    def column(self, name: str) -> Column:
        """The column that answers conditions on a name."""
        return self.entries[name].make_column()

    def values(self, lead: Lead, names: frozenset[str]) -> dict[str, Any]:
        """What a rule that reads `names` judges of one lead."""
        return {name: self.entries[name].read(lead) for name in names}

    def is_indexed(self, item: FieldDefinition) -> bool:
        """Whether the field's index is complete."""
        return item.indexed and type_of(item).can_index and item.id in self._ready

    def is_fast(self, name: str) -> bool:
        """Whether an index serves conditions on a name now."""
        entry = self.entries[name]
        return entry.is_fast and (entry.item is None or self.is_indexed(entry.item))

    @cached_property
    def _ready(self) -> frozenset[int]:
        fields = Field.objects.filter(line__in=self.lines, indexed=True, index_ready_at__isnull=False)
        return frozenset(fields.values_list("pk", flat=True))

    def _attributes(self) -> list[Filterable]:
        stages = [stage for line in self.lines for stage in line.stages]
        return [
            _attribute(
                "status", _("Status"), Kind.TEXT, lambda: AttributeColumn(Kind.TEXT, "status"), is_fast=True
            ),
            _attribute("stage", _("Stage"), Kind.TEXT, lambda: SpelledColumn("stage", stages)),
            _attribute("owner", _("Owner"), Kind.TEXT, OwnerColumn, _owner_text, is_fast=True),
            _attribute("tag", _("Tag"), Kind.MULTI, TagColumn, tags_of, is_fast=True),
            _attribute(
                "source", _("Source"), Kind.TEXT, lambda: OriginColumn("source", Source), _name_of("source")
            ),
            _attribute(
                "campaign",
                _("Campaign"),
                Kind.TEXT,
                lambda: OriginColumn("campaign", Campaign),
                _name_of("campaign"),
            ),
            _moment("created", _("Created"), "created_at", is_fast=True),
            _moment("updated", _("Updated"), "updated_at"),
            *self._score(),
            _attribute("stalled", _("Stalled"), Kind.BOOLEAN, StalledColumn, _stalls, is_fast=True),
            _number("repeat_enquiries", _("Repeat enquiries"), "repeat_enquiries"),
            _number("import", _("Import"), "intake_id", is_fast=True),
            *self._flaws(),
        ]

    def _score(self) -> list[Filterable]:
        """The score, where the actor sees all that it follows from, in every line."""
        if all(score_is_open(self.actor, each) for each in self.lines):
            return [_number("score", _("Score"), "score")]
        return []

    def _flaws(self) -> list[Filterable]:
        """What keeps leads from being complete, valid and unduplicated: `field:code`, of the fields that are seen."""
        if self.line is None:
            return []
        seen = frozenset(item.key for item in self.definitions[self.line.pk].fields if self._field("", item))
        line_id = self.line.pk
        return [
            _attribute(
                "flaw",
                _("Data quality"),
                Kind.MULTI,
                lambda: FlawColumn(line_id, seen),
                flaws_of,
                is_fast=True,
            )
        ]

    def _core_attributes(self) -> list[Filterable | None]:
        return [self._core_attribute(name) for name in CORE_ATTRIBUTES]

    def _core_attribute(self, name: str) -> Filterable | None:
        """An attribute that fields fill: the line's field, or, for all lines, that of each line.

        It is absent where the actor does not see it clearly in every line.
        """
        items = {
            line_id: definition.core_fields[name]
            for line_id, definition in self.definitions.items()
            if name in definition.core_fields
        }
        kind = CORE_KINDS[name]
        fitting = {line_id: item for line_id, item in items.items() if type_of(item).rule_kind is kind}
        if any(sight_everywhere(self.actor, item) is not Sight.CLEAR for item in items.values()):
            return None
        if self.line:
            item = fitting.get(self.line.pk)
            return self._field(name, item, str(CORE_LABELS[name])) if item else None

        def read(lead: Lead) -> Any:
            return lead.data.get(fitting[lead.line_id].key) if lead.line_id in fitting else None

        return Filterable(
            name,
            str(CORE_LABELS[name]),
            kind,
            lambda: LineSwitch(
                kind, {line_id: JsonColumn(kind, item.key) for line_id, item in fitting.items()}
            ),
            read,
            is_fast=False,
        )

    def _field(self, name: str, item: FieldDefinition, label: str = "") -> Filterable | None:
        # Structured data is kept and shown, not asked for.
        if item.type is FieldKind.JSON or not tells_of(self.actor, item):
            return None
        kind = type_of(item).rule_kind
        return Filterable(
            name,
            label or item.label,
            kind,
            lambda: IndexedColumn(item) if self.is_indexed(item) else JsonColumn(kind, item.key),
            lambda lead: lead.data.get(item.key),
            is_fast=item.indexed,
            item=item,
        )


def choices_of(entry: Filterable) -> dict[str, str]:
    """The values that a closed name may be compared with, each with its label; {} where any value will do."""
    if entry.name == "status":
        return {value: str(label) for value, label in LeadStatus.choices}
    return dict(entry.item.label_by_value) if entry.item else {}


def _attribute(
    name: str,
    label: Any,
    kind: Kind,
    make_column: Callable[[], Column],
    read: Callable[[Lead], Any] | None = None,
    *,
    is_fast: bool = False,
) -> Filterable:
    return Filterable(
        name, str(label), kind, make_column, read or (lambda lead: getattr(lead, name)), is_fast
    )


def _moment(name: str, label: Any, column: str, *, is_fast: bool = False) -> Filterable:
    return _attribute(
        name,
        label,
        Kind.DATETIME,
        lambda: AttributeColumn(Kind.DATETIME, column),
        lambda lead: getattr(lead, column),
        is_fast=is_fast,
    )


def _number(name: str, label: Any, column: str, *, is_fast: bool = False) -> Filterable:
    return _attribute(
        name,
        label,
        Kind.NUMBER,
        lambda: IntegerColumn(column),
        lambda lead: getattr(lead, column),
        is_fast=is_fast,
    )


def _stalls(lead: Lead) -> bool:
    return stalled_since(lead) is not None


def _owner_text(lead: Lead) -> str | None:
    return None if lead.owner_id is None else str(lead.owner_id)


def _name_of(name: str) -> Callable[[Lead], str | None]:
    def read(lead: Lead) -> str | None:
        origin = getattr(lead, name)
        return origin.name if origin else None

    return read
