"""What a form must know of the line around it: the fields that rules may read, and who may be named."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property

from accounts.actor import Actor
from core.rules import Operator
from leads.admin.building.rule_tree import RuleField
from leads.fields.definition import Choice, FieldDefinition
from leads.models import BusinessLine, FieldKind, FieldStatus
from leads.queries.lines import draft_definitions
from leads.queries.references import member_labels, search_members

MOST_MEMBERS = 200


def with_members(actor: Actor, items: Iterable[FieldDefinition]) -> dict[str, FieldDefinition]:
    """Return definitions by key; those that name a member with the members as their choices.

    One query where a field names one, none otherwise.
    """
    found = {item.key: item for item in items}
    if naming := [key for key, item in found.items() if item.type is FieldKind.USER]:
        labels = member_labels(search_members(actor, "", limit=MOST_MEMBERS))
        members = tuple(Choice(str(number), label) for number, label in labels.items())
        found |= {key: replace(found[key], choices=members) for key in naming}
    return found


def rule_fields(
    items: Mapping[str, FieldDefinition], *, without: frozenset[Operator] = frozenset()
) -> dict[str, RuleField]:
    """Return the fields that a rule may read as its builder knows them: those that are not retired."""
    return {
        key: RuleField.of(item, without=without)
        for key, item in items.items()
        if item.status is not FieldStatus.RETIRED
    }


class Surroundings:
    """The fields of a line's draft, as seen from one of them (`key`, "" for a new one); nothing without a line."""

    def __init__(self, actor: Actor, line: BusinessLine | None, key: str = "") -> None:
        self.actor = actor
        self.line = line
        self.key = key

    @cached_property
    def definitions(self) -> dict[str, FieldDefinition]:
        """All fields of the draft by key, the one itself among them."""
        return with_members(self.actor, draft_definitions(self.line)) if self.line else {}

    @cached_property
    def others(self) -> dict[str, FieldDefinition]:
        """The fields that this one may read: not itself, and none that is retired."""
        return {
            key: item
            for key, item in self.definitions.items()
            if key != self.key and item.status is not FieldStatus.RETIRED
        }

    @cached_property
    def rule_fields(self) -> dict[str, RuleField]:
        """The fields that its rules may read."""
        return rule_fields(self.others)

    @cached_property
    def parents(self) -> dict[str, FieldDefinition]:
        """The fields on which its choices may depend."""
        return {key: item for key, item in self.others.items() if item.type is FieldKind.SELECT}
