"""The configuration file as a whole: reading its JSON, bringing its sections in, writing them out."""

import difflib
import json
from collections.abc import Collection, Mapping
from typing import Any, Protocol

from django.db import transaction

from core.configuration.report import Report
from core.configuration.sections import registered_sections
from core.errors import Conflict, ValidationFailed
from core.models import Organization
from core.scope import organization_scope

SCHEMA = 1
LARGEST_FILE = 20 * 1024 * 1024


class ConfigurationActor(Protocol):
    """Who brings a configuration in; actors are made by another app, and its services check them."""

    @property
    def organization(self) -> Organization: ...


def read_document(content: bytes) -> Any:
    """Return the JSON of a configuration file.

    Raises:
        ValidationFailed: it is too large, no UTF-8, no JSON, or says a key of an object twice.
    """
    if len(content) > LARGEST_FILE:
        raise _unreadable(f"The file is larger than {LARGEST_FILE // 1024 // 1024} MB. Split it.")
    try:
        text = content.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise _unreadable("The file is not UTF-8 text. Save it as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise _unreadable(
            f"The file is no JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from None
    except (ValueError, RecursionError) as error:
        raise _unreadable(f"The file cannot be read: {error}.") from None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _value in pairs]
        raise ValueError(f'"{next(key for key in keys if keys.count(key) > 1)}" stands twice in one object')
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _unreadable(message: str) -> ValidationFailed:
    return ValidationFailed("unreadable_configuration", message)


def import_document(
    *,
    actor: ConfigurationActor,
    document: Any,
    dry_run: bool = False,
    skip_unknown: bool = False,
    retire_missing: bool = False,
    expected: str = "",
) -> Report:
    """Make the actor's organisation what the document says, all of it or nothing; return what changed.

    Args:
        dry_run: do it, report it, and take it back.
        skip_unknown: pass over what this installation has no part for; otherwise it is refused by name.
        retire_missing: retire the fields of a line that the document does not have; otherwise they are
            left alone and reported.
        expected: the fingerprint of a report that somebody agreed to (`Report.fingerprint`).

    Raises:
        ValidationFailed: everything that is wrong, by JSON path.
        Conflict: what would change is not what was expected.
        NotPermitted: the actor may not configure.
    """
    report = Report(retire_missing=retire_missing, skip_unknown=skip_unknown)
    items = _items_by_section(document, report)
    with transaction.atomic(), organization_scope(actor.organization, reason="configuration brought in"):
        # Before anything else, as who changes people or the calendar does: later sections wait for it too.
        Organization.objects.select_for_update(no_key=True).get(pk=actor.organization.pk)
        for section in registered_sections():
            if section.name in items:
                section.bring_in(actor, items[section.name], report)
        report.raise_problems()
        if expected and report.fingerprint != expected:
            raise Conflict(
                "configuration_changed",
                "The configuration was changed since you looked at the difference. Look at it again, then apply.",
            )
        if dry_run:
            transaction.set_rollback(True)
    return report


def export_document(*, actor: ConfigurationActor, sections: Collection[str] | None = None) -> dict[str, Any]:
    """Return the organisation's configuration as a document that `import_document` finds unchanged.

    `sections` are the keys to write out; None means all.

    Raises:
        NotPermitted: the actor may not read the configuration.
        ValidationFailed: there is no section of that name.
    """
    known = {section.name: section for section in registered_sections()}
    if unknown := sorted(set(sections or ()) - known.keys()):
        raise ValidationFailed("unknown_section", f"There is no section {', '.join(unknown)}.")
    with organization_scope(actor.organization):
        return {"schema": SCHEMA} | {
            name: section.write_out(actor)
            for name, section in known.items()
            if sections is None or name in sections
        }


def _items_by_section(document: Any, report: Report) -> dict[str, list[Any]]:
    if not isinstance(document, Mapping):
        raise _unreadable('The file must hold one object, beginning with {"schema": 1, …}.')
    if document.get("schema") != SCHEMA:
        report.add_problem(
            "schema",
            "unknown_schema",
            f'Write "schema": {SCHEMA}; this file says {document.get("schema")!r}.',
        )
    known = {section.name for section in registered_sections()}
    items = {}
    for name, value in document.items():
        if name == "schema":
            continue
        if name not in known:
            report.unknown(str(name), _unknown_section(str(name), known))
        elif not isinstance(value, list):
            report.add_problem(name, "not_a_list", "Write a list here.")
        else:
            items[name] = value
    return items


def _unknown_section(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f' Did you mean "{near[0]}"?' if near else " Remove it, or pass over it with --skip-unknown."
    return f'This installation has no part for "{name}".{hint}'
