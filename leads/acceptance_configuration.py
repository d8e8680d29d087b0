"""Acceptance rules in the configuration file: they stand with their source, each known by its name."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from accounts.actor import Actor
from core.configuration import Report
from core.errors import Conflict, ValidationFailed
from leads.models import AcceptanceRule, BusinessLine, Source
from leads.queries.acceptance import visible_acceptance_rules
from leads.queries.lines import visible_lines
from leads.services.accepting import create_acceptance_rule, update_acceptance_rule

# Key of the file → (setting, type, default).
KEYS: dict[str, tuple[str, type, Any]] = {
    "active": ("is_active", bool, True),
    "paused": ("is_paused", bool, False),
    "condition": ("condition", dict, None),
    "message": ("message", str, ""),
    "from": ("accepts_from", str, None),
    "until": ("accepts_until", str, None),
    "daily_cap": ("daily_cap", int, None),
    "monthly_cap": ("monthly_cap", int, None),
}
DAYS = ("from", "until")


def bring_in_rules(actor: Actor, source: Source, items: Any, path: str, report: Report) -> None:
    """Bring the rules of one source to what the file says; those that it does not name are left alone."""
    if not isinstance(items, list):
        report.add_problem(f"{path}.accepts", "wrong_value", "Write a list of rules.")
        return
    lines = {line.code: line for line in visible_lines(actor)}
    stored = {rule.name: rule for rule in visible_acceptance_rules(actor).filter(source=source)}
    seen: set[str] = set()
    for index, item in enumerate(items):
        place = f"{path}.accepts[{index}]"
        name = " ".join(item["name"].split()) if _has_name(item) else ""
        if not name:
            report.add_problem(place, "wrong_value", 'Write an object with "name".')
        elif name in seen:
            report.add_problem(place, "repeated", f'The rule "{name}" of this source stands above already.')
        else:
            seen.add(name)
            settings = _settings(item, place, report)
            if settings is not None:
                _bring_in_one(actor, source, name, item, settings, stored.get(name), lines, place, report)
    report.left_alone += [f"{path}.accepts[{name}]" for name in sorted(stored.keys() - seen)]


def written_rules(actor: Actor) -> dict[int, list[dict[str, Any]]]:
    """Return the rules of each source that has some, as the file holds them."""
    found: dict[int, list[dict[str, Any]]] = {}
    for rule in visible_acceptance_rules(actor).order_by("pk"):
        found.setdefault(rule.source_id, []).append(_written(rule))
    return found


def _has_name(item: Any) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get("name"), str)


def _settings(item: Mapping[str, Any], path: str, report: Report) -> dict[str, Any] | None:
    """The settings that an item says, defaults for what it leaves out; None where something is wrong."""
    wrong = [key for key in item if key not in KEYS and key not in ("name", "business_line")]
    for key in wrong:
        report.add_problem(f"{path}.{key}", "unknown_setting", f'A rule has no "{key}". Remove it.')
    settings: dict[str, Any] = {}
    for key, (setting, kind, default) in KEYS.items():
        value = item.get(key)
        value = default if value is None else value
        is_wrong = value is not None and (
            not isinstance(value, kind) or (kind is int and isinstance(value, bool))
        )
        if not is_wrong and key in DAYS and value is not None:
            try:
                value = date.fromisoformat(value)
            except ValueError:
                is_wrong = True
        if is_wrong:
            hint = "a day such as 2026-04-01" if key in DAYS else "what the setting takes"
            report.add_problem(f"{path}.{key}", "wrong_value", f"Write {hint}.")
            wrong.append(key)
        settings[setting] = value
    return None if wrong else settings


def _bring_in_one(
    actor: Actor,
    source: Source,
    name: str,
    item: Mapping[str, Any],
    settings: Mapping[str, Any],
    stored: AcceptanceRule | None,
    lines: Mapping[str, BusinessLine],
    path: str,
    report: Report,
) -> None:
    code = item.get("business_line")
    if code is not None and code not in lines:
        report.add_problem(f"{path}.business_line", "unknown", f'There is no line "{code}".')
        return
    if stored is not None and code != (stored.line.code if stored.line else None):
        report.add_problem(
            f"{path}.business_line",
            "never_changes",
            "A rule stays with its line. Give the new one another name.",
        )
        return
    before = None if stored is None else _written(stored)
    try:
        if stored is None:
            line = lines[code] if code is not None else None
            rule = create_acceptance_rule(actor=actor, source=source, line=line, name=name, **settings)
        else:
            rule = update_acceptance_rule(actor=actor, rule=stored, **settings)
    except (ValidationFailed, Conflict) as error:
        report.add_refusal(path, error)
        return
    report.add_outcome(f"sources[{source.name}].accepts[{name}]", before, _written(rule))


def _written(rule: AcceptanceRule) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for key, (setting, _kind, default) in KEYS.items():
        value = getattr(rule, setting)
        value = value.isoformat() if isinstance(value, date) else value
        if value != default:
            said[key] = value
    line = {"business_line": rule.line.code} if rule.line else {}
    return {"name": rule.name, **line, **said}
