"""A line's draft as somebody of a role will meet it: the form's fields, and the judgement of values typed there.

Nothing here writes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from accounts.actor import Actor
from accounts.models import Membership
from accounts.roles import Area, Role
from leads.fields.access import editable_keys, is_visible
from leads.fields.checks import DefinitionProblem, check_definitions
from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition
from leads.models import BusinessLine, FieldKind
from leads.queries.lines import draft_definitions, published_definitions
from leads.services.enquiries import EnquiryReader
from leads.services.layout import LaidOut, laid_out

# No version that is published has it.
DRAFT_VERSION = -1


class Absence(StrEnum):
    """Why a field of the line is not on somebody's form."""

    HIDDEN = "hidden"  # the role does not see it
    LOCKED = "locked"  # the role sees it and may not fill it
    COMPUTED = "computed"
    NOT_ACTIVE = "not_active"  # a draft or retired field


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A field that is not on the form, and why."""

    item: FieldDefinition
    why: Absence


@dataclass(frozen=True, slots=True)
class DraftForm:
    """A draft ready to be shown, or the problems that keep it from that."""

    definition: LineDefinition
    problems: Sequence[DefinitionProblem]


def as_role(actor: Actor, role: Role) -> Actor:
    """Return the actor as somebody of one role of the same organisation, with what it has narrowed there.

    For looking only: services record who acts, and this is nobody.
    """
    membership = actor.membership or Membership(organization=actor.organization, roles=[role.value])
    return replace(actor, membership=membership, roles=frozenset({role}))


def capturing_roles(actor: Actor) -> list[Role]:
    """Return the roles that write leads down in the actor's organisation."""
    return [role for role in Role if as_role(actor, role).may(Area.LEADS, "create")]


def draft_form(
    actor: Actor,
    line: BusinessLine,
    changed: Mapping[str, Any] | None = None,
    layout: Sequence[LaidOut] = (),
) -> DraftForm:
    """Return the line's draft as forms read it; `changed` is a field in the configuration file's form that is
    not saved yet, and stands in place of the one with its key, or at the end. So is a `layout` not saved yet.

    Raises NotPermitted where the actor may not read configuration.
    """
    actor.require(Area.CONFIGURATION, "read")
    written = [item.written() for item in draft_definitions(line)]
    if changed is not None:
        written = _with(written, changed)
    if layout:
        written = laid_out(written, layout)
    problems = check_definitions(
        written, duplicate_match=line.duplicate_match, published=published_definitions(line)
    )
    if problems:
        return DraftForm(LineDefinition(line.pk, DRAFT_VERSION, []), problems)
    fields = [FieldDefinition.read(item) for item in written]
    return DraftForm(LineDefinition(line.pk, DRAFT_VERSION, fields), ())


def left_out(actor: Actor, definition: LineDefinition) -> list[LeftOut]:
    """Return the fields that the actor's form does not have, in order; those retired or drafts at the end."""
    editable = editable_keys(actor, definition)
    found = []
    for item in definition.active:
        if not is_visible(actor, item):
            found.append(LeftOut(item, Absence.HIDDEN))
        elif item.type is FieldKind.COMPUTED:
            found.append(LeftOut(item, Absence.COMPUTED))
        elif item.key not in editable:
            found.append(LeftOut(item, Absence.LOCKED))
    return found + [LeftOut(item, Absence.NOT_ACTIVE) for item in definition.fields if not item.is_active]


def try_values(
    actor: Actor, line: BusinessLine, definition: LineDefinition, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the data of the lead that these values would make, as it would be stored.

    Whether it repeats another lead is not asked.

    Raises:
        ValidationFailed, NotPermitted: what the writer of leads would refuse.
    """
    reader = EnquiryReader(actor, line, definition)
    reader.look_up([values])
    return reader.captured(values).data


def _with(written: list[dict[str, Any]], changed: Mapping[str, Any]) -> list[dict[str, Any]]:
    key = changed.get("key")
    at = next((place for place, item in enumerate(written) if item["key"] == key), None)
    if at is None:
        last = max((item.get("order", 0) for item in written), default=0)
        return [*written, {"order": last + 1, **changed}]
    return [*written[:at], dict(changed), *written[at + 1 :]]
