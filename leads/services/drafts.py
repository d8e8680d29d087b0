"""A line's draft under its lock: checked as a whole, written field by field where something differs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import Conflict, NotVisible
from leads.fields.checks import DefinitionProblem, check_definitions, read_written
from leads.fields.definition import SETTINGS, FieldDefinition
from leads.models import BusinessLine, Field
from leads.queries.draft_edits import DraftEdit, edits_since
from leads.queries.lines import published_definitions

# How many edits of others a refusal names, and how many settings of each.
TOLD = 5
EDITS = {"+": "added", "~": "changed", "-": "removed", "published": "published"}
LISTS = ("visible_to", "editable_by", "empty_values", "aliases", "accept")


def locked_line(line: BusinessLine, *, against_leads: bool = False) -> BusinessLine:
    """Return the line as it is now, and keep others from configuring it until the transaction ends.

    `against_leads` also waits for, and holds up, everybody who writes leads of the line (`pin_line`).

    Raises:
        NotVisible: the line is gone, or of another organisation.
    """
    found = BusinessLine.objects.select_for_update(no_key=not against_leads).filter(pk=line.pk).first()
    if found is None:
        raise NotVisible("This business line is gone. Go back to the list of lines.")
    return found


def refuse_stale(line: BusinessLine, seen: str, *, key: str = "") -> None:
    """Raise Conflict where the draft of a locked line was edited since the token `seen` was handed out.

    With `key`, only what was done to that field counts. The message names what was changed, and by whom.
    """
    edits = [edit for edit in edits_since(line, seen) if not key or edit.key == key]
    if edits:
        told = "; ".join(map(_told, edits[:TOLD]))
        more = f"; and {len(edits) - TOLD} more" if len(edits) > TOLD else ""
        raise Conflict(
            "draft_changed",
            f"This was changed since you opened the page: {told}{more}. Look at it again, then decide.",
        )


def _told(edit: DraftEdit) -> str:
    verb = EDITS[edit.kind]
    what = f" ({', '.join(edit.settings[:TOLD])})" if edit.settings else ""
    return f"{edit.who} {verb} {edit.label}{what}"


@dataclass(slots=True)
class DraftField:
    """A field as it shall be: `row` is None for a new one. `written` is the configuration file's form."""

    row: Field | None
    written: Mapping[str, Any]


class Draft:
    """The fields of one locked line, and what publication has fixed about them."""

    def __init__(self, line: BusinessLine) -> None:
        """Read the draft of a stored line; that of a line which is not stored yet is empty."""
        self.line = line
        self.rows = list(Field.objects.filter(line=line).order_by("order", "id")) if line.pk else []
        self.published = published_definitions(line) if line.pk else []

    def fields(self) -> list[DraftField]:
        """The draft as it stands."""
        return [DraftField(row, self.written(row)) for row in self.rows]

    @staticmethod
    def written(row: Field) -> dict[str, Any]:
        """A stored field in the configuration file's form."""
        return FieldDefinition.of(row).written()

    def is_published(self, row: Field) -> bool:
        """Whether the field stands in the version in force."""
        return any(item.key == row.key for item in self.published)

    def problems(self, fields: Iterable[DraftField]) -> list[DefinitionProblem]:
        """Everything wrong with a state of the draft."""
        return check_definitions(
            [field.written for field in fields],
            duplicate_match=self.line.duplicate_match,
            published=self.published,
        )

    def new_problems(self, fields: Iterable[DraftField], key: str) -> list[DefinitionProblem]:
        """What is wrong with the field `key`, and what the change would break elsewhere.

        Somebody else's mistake in another field does not stop this change; publishing names it.
        """
        known = {problem.without_position() for problem in self.problems(self.fields())}
        return [
            problem
            for problem in self.problems(fields)
            if problem.field == key or problem.without_position() not in known
        ]

    def write(self, fields: Sequence[DraftField]) -> list[Field]:
        """Store a state of the draft that was checked; rows that do not differ are left alone."""
        rows = []
        for index, field in enumerate(fields):
            definition = read_written(field.written, index).definition
            if definition is None:
                raise ValueError("The draft was not checked before it was written.")
            row = field.row or Field(line=self.line, organization_id=self.line.organization_id)
            _store(row, definition)
            rows.append(row)
        return rows


def _store(row: Field, definition: FieldDefinition) -> None:
    """Write what differs, so that history tells changes and nothing else."""
    values = column_values(definition)
    changed = [name for name in SETTINGS if getattr(row, name) != values[name]]
    for name in changed:
        setattr(row, name, values[name])
    if row.pk is None:
        row.save(force_insert=True)
    elif changed:
        row.save(update_fields=changed)


def column_values(definition: FieldDefinition) -> dict[str, Any]:
    """Return a definition as the columns of a Field row."""
    values = {name: getattr(definition, name) for name in SETTINGS}
    values["type"], values["status"] = str(definition.type), str(definition.status)
    values["choices"] = [choice.written() for choice in definition.choices]
    for name in LISTS:
        values[name] = list(values[name])
    return values
