"""What a field's form must know of the line around it: the other fields of the draft, and who may be named."""

from functools import cached_property

from accounts.actor import Actor
from leads.admin.building.rule_tree import RuleField
from leads.fields.definition import FieldDefinition
from leads.models import BusinessLine, FieldKind, FieldStatus
from leads.queries.lines import draft_definitions
from leads.queries.references import member_labels, search_members

MOST_MEMBERS = 200


class Surroundings:
    """The fields of a line's draft, as seen from one of them (`key`, "" for a new one); nothing without a line."""

    def __init__(self, actor: Actor, line: BusinessLine | None, key: str = "") -> None:
        self.actor = actor
        self.line = line
        self.key = key

    @cached_property
    def definitions(self) -> dict[str, FieldDefinition]:
        """All fields of the draft by key, the one itself among them."""
        return {item.key: item for item in draft_definitions(self.line)} if self.line else {}

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
        return {key: RuleField.of(item, self._members) for key, item in self.others.items()}

    @cached_property
    def parents(self) -> dict[str, FieldDefinition]:
        """The fields on which its choices may depend."""
        return {key: item for key, item in self.others.items() if item.type is FieldKind.SELECT}

    @cached_property
    def _members(self) -> list[tuple[str, str]]:
        if all(item.type is not FieldKind.USER for item in self.others.values()):
            return []
        labels = member_labels(search_members(self.actor, "", limit=MOST_MEMBERS))
        return [(str(number), label) for number, label in labels.items()]
