"""The layout of a line's draft: which section each field stands in, in which order, how wide."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from accounts.actor import Actor
from accounts.roles import Area
from core.errors import FieldError, ValidationFailed
from core.rules.values import is_storable_text
from core.scope import organization_scope
from leads.fields.checks import refusal
from leads.models import BusinessLine, Field
from leads.services.drafts import Draft, DraftField, locked_line, refuse_stale

LONGEST_TITLE = 100
MOST_SECTIONS = 200


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A section with the keys of its fields, in their order; `widths` of those that change theirs ("" by type)."""

    title: str
    keys: Sequence[str]
    widths: Mapping[str, str] = field(default_factory=dict)


def arrange_fields(
    *, actor: Actor, line: BusinessLine, sections: Sequence[LaidOut], seen: str = "", reason: str = ""
) -> list[Field]:
    """Put the named fields first, as laid out; the others follow as they were. Return all, in order.

    A section without fields stays in the draft until a field is put into it or it is left out here. `seen` is the
    token of the draft that the actor looked at (`draft_token`).

    Raises:
        NotPermitted, NotVisible: the actor may not configure lines; the line is gone.
        Conflict: the draft was edited since `seen`.
        ValidationFailed: a key is not of this line, or named twice; a title that is no heading, or stands twice.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason=reason or "fields arranged"):
        locked = locked_line(line)
        refuse_stale(locked, seen)
        _check_titles(sections)
        draft = Draft(locked)
        fields = _arranged(draft, sections)
        known = {problem.without_position() for problem in draft.problems(draft.fields())}
        problems = [each for each in draft.problems(fields) if each.without_position() not in known]
        if problems:
            raise refusal(problems)
        rows = draft.write(fields)
        empty = [section.title.strip() for section in sections if not section.keys and section.title.strip()]
        if locked.empty_sections != empty:
            locked.empty_sections = empty
            locked.save(update_fields=["empty_sections"])
        return rows


def _check_titles(sections: Sequence[LaidOut]) -> None:
    if len(sections) > MOST_SECTIONS:
        message = f"Use at most {MOST_SECTIONS} sections."
        raise ValidationFailed("invalid_layout", message, {"sections": [FieldError("too_many", message)]})
    errors: dict[str, list[FieldError]] = {}
    times = Counter(section.title.strip() for section in sections)
    for place, section in enumerate(sections):
        title = section.title.strip()
        if times[title] > 1:
            message = (
                f"Two sections are called {title}. Give one another title, or move its fields into the other."
                if title
                else "Only one section can be without a title. Write one here."
            )
        elif len(title) > LONGEST_TITLE or not is_storable_text(title):
            message = f"Write a title of at most {LONGEST_TITLE} characters."
        else:
            continue
        errors[f"sections[{place}].title"] = [FieldError("invalid", message)]
    if errors:
        raise ValidationFailed("invalid_layout", "Some titles of sections need a correction.", errors)


def laid_out(written: Iterable[Mapping[str, Any]], sections: Sequence[LaidOut]) -> list[dict[str, Any]]:
    """Return fields (in the configuration file's form) as sections lay them out; the others follow as they were."""
    by_key = {str(item["key"]): item for item in written}
    fields = []
    for section in sections:
        for key in section.keys:
            item = by_key.pop(key)
            width = section.widths.get(key, item.get("width", ""))
            fields.append({**item, "section": section.title.strip(), "width": width})
    return [{**item, "order": order} for order, item in enumerate([*fields, *by_key.values()], start=1)]


def _arranged(draft: Draft, sections: Sequence[LaidOut]) -> list[DraftField]:
    """The draft as laid out; raises ValidationFailed for keys that are not there, or stand twice."""
    rows = {row.key: row for row in draft.rows}
    keys = [key for section in sections for key in section.keys]
    unknown = [key for key in keys if key not in rows]
    if unknown or len(set(keys)) < len(keys):
        what = f"{', '.join(unknown)} is no field of this line." if unknown else "A field is named twice."
        raise ValidationFailed(
            "invalid_order", f"{what} Name each field once.", {"keys": [FieldError("invalid", what)]}
        )
    arranged = laid_out([item.written for item in draft.fields()], sections)
    return [DraftField(rows[item["key"]], item) for item in arranged]
