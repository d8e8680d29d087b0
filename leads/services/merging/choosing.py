"""What may be chosen where two leads become one, field by field, and what each choice gives.

A choice is `keep` or `lose`: the value of the lead that stays, or of the one that goes. What somebody may not see
clearly in both, or may not fill, is not theirs to choose: there the kept lead's value stays, and neither is told.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.actor import Actor
from accounts.masking import Sight
from core.errors import FieldError, NotPermitted, ValidationFailed
from leads.fields.access import is_editable
from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition, line_definition
from leads.models import FieldKind, Lead
from leads.presentation import LeadReader
from leads.queries.leads import may_change

KEEP, LOSE, BOTH = "keep", "lose", "both"
# Columns that are chosen beside the fields. Owner and team go together.
ATTRIBUTES = {
    "status": ("status",),
    "stage": ("stage",),
    "owner": ("owner_id", "team_id"),
    "source": ("source_id",),
    "campaign": ("campaign_id",),
}
# Where the kept lead has none of these, the other's is taken unless somebody says otherwise.
FILLED_UP = ("source", "campaign")
TAGS = "tags"


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing in which two leads differ, and which of the two values stands unless somebody says otherwise."""

    name: str
    preset: str
    item: FieldDefinition | None = None


class MergeChoices:
    """What an actor may choose between two leads of one line."""

    def __init__(self, actor: Actor, keep: Lead, lose: Lead) -> None:
        self.actor = actor
        self.keep = keep
        self.lose = lose
        self.definition: LineDefinition = line_definition(keep.line)
        self.reader = LeadReader(actor)
        self.fields = [
            item
            for item in self.definition.fields
            if item.type is not FieldKind.COMPUTED and is_editable(actor, item) and self._is_clear(item)
        ]
        self.may_give = may_change(actor, keep, "assign") and may_change(actor, lose, "assign")

    def _is_clear(self, item: FieldDefinition) -> bool:
        """Whether the actor sees the field of both; a reference to a lead out of sight is none that is seen."""
        return all(
            self.reader.sight(lead, item) is Sight.CLEAR and not self.reader.field(lead, item).is_masked
            for lead in (self.keep, self.lose)
        )

    def equal_fields(self) -> list[FieldDefinition]:
        """The fields in which both say the same."""
        return [
            item for item in self.fields if self._stored(self.keep, item) == self._stored(self.lose, item)
        ]

    def differing(self) -> list[Choice]:
        """The fields and columns in which the leads differ, as far as the actor may choose: fields in form order."""
        found = []
        for item in self.fields:
            kept, other = self._stored(self.keep, item), self._stored(self.lose, item)
            if kept != other:
                found.append(Choice(item.key, LOSE if kept is None else KEEP, item))
        for name, columns in ATTRIBUTES.items():
            kept, other = _values(self.keep, columns), _values(self.lose, columns)
            if kept[0] != other[0] and (name != "owner" or self.may_give):
                takes = name in FILLED_UP and kept[0] is None
                found.append(Choice(name, LOSE if takes else KEEP))
        return found

    def read(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return what stands for each thing in which the leads differ, and for tags.

        Raises:
            NotPermitted: something was chosen that the actor may not choose.
            ValidationFailed: a choice is none, or of something that there is not.
        """
        differing = self.differing()
        known = {choice.name for choice in differing} | self._agreeing() | {TAGS}
        errors = {}
        for name, side in given.items():
            allowed = (KEEP, LOSE, BOTH) if name == TAGS else (KEEP, LOSE)
            if name == "owner" and name not in known:
                raise NotPermitted("You may not give these leads to somebody else.")
            if name not in known:
                errors[name] = [FieldError("unknown_field", f"{name} cannot be chosen here.")]
            elif side not in allowed:
                errors[name] = [FieldError("choice", f"Choose one of {', '.join(allowed)}.")]
        if errors:
            raise ValidationFailed("invalid", "Some choices need a correction.", errors)
        return {
            **{choice.name: given.get(choice.name, choice.preset) for choice in differing},
            TAGS: given.get(TAGS, BOTH),
        }

    def _agreeing(self) -> set[str]:
        """What could be chosen, were it not the same in both: choosing it does no harm."""
        same = {item.key for item in self.equal_fields()}
        owner = self.keep.owner_id == self.lose.owner_id
        return same | {name for name in ATTRIBUTES if name != "owner" or owner or self.may_give}

    def data(self, chosen: Mapping[str, str]) -> dict[str, Any]:
        """Return the stored values of the kept lead as they were chosen."""
        data = dict(self.keep.data)
        for item in self.fields:
            if chosen.get(item.key) == LOSE:
                data.pop(item.key, None)
                if item.key in self.lose.data:
                    data[item.key] = self.lose.data[item.key]
        return data

    def columns(self, chosen: Mapping[str, str]) -> dict[str, Any]:
        """Return the columns of the kept lead as they were chosen."""
        return {
            column: getattr(self.lose if chosen.get(name) == LOSE else self.keep, column)
            for name, columns in ATTRIBUTES.items()
            for column in columns
        }

    def file_ids(self, data: Mapping[str, Any], keys: Iterable[str]) -> Sequence[int]:
        """Return the numbers of the files that these fields hold in `data`."""
        values = (data.get(key) for key in keys)
        return [value["id"] for value in values if isinstance(value, Mapping) and "id" in value]

    @staticmethod
    def _stored(lead: Lead, item: FieldDefinition) -> Any:
        value = lead.data.get(item.key)
        return None if value in ("", []) else value


def broken_dependencies(
    definition: LineDefinition, data: Mapping[str, Any], keep: Lead, lose: Lead
) -> dict[str, list[FieldError]]:
    """Return the choices that do not fit the value they depend on, where the two come from different leads."""
    errors = {}
    for item in definition.active:
        parent = item.choices_from
        value = data.get(item.key)
        if not parent or value is None or item.offers(value, data.get(parent)):
            continue
        pair = (value, data.get(parent))
        if pair not in [(lead.data.get(item.key), lead.data.get(parent)) for lead in (keep, lose)]:
            message = (
                f"{item.label} does not go with {definition.by_key[parent].label}: choose both of one lead."
            )
            errors[item.key] = [FieldError("choice", message)]
    return errors


def _values(lead: Lead, columns: Iterable[str]) -> list[Any]:
    return [getattr(lead, column) for column in columns]
