"""Watched places in the configuration file: lines by code, sources by name, and never a password."""

from collections.abc import Mapping
from typing import Any

from accounts.actor import Actor
from accounts.roles import Area
from core.configuration import Report, Section, register_section
from core.errors import Conflict, ValidationFailed
from leads.models import BusinessLine, Source, WatchedPlace
from leads.queries.arrivals import visible_places
from leads.queries.lines import visible_lines
from leads.services.arriving import (
    create_watched_place,
    pause_watched_place,
    resume_watched_place,
    update_watched_place,
)
from leads.services.origins import origin_key

# Key of the file → (setting, type, default).
KEYS: dict[str, tuple[str, type, Any]] = {
    "path": ("path", str, ""),
    "loads_known": ("loads_known", bool, True),
    "on_duplicate": ("on_duplicate", str, ""),
    "host": ("host", str, ""),
    "port": ("port", int, 993),
    "security": ("security", str, "tls"),
    "username": ("username", str, ""),
    "mailbox": ("mailbox", str, "INBOX"),
    "done_mailbox": ("done_mailbox", str, ""),
    "allowed_senders": ("allowed_senders", list, []),
}
BESIDE = ("name", "kind", "business_line", "source", "paused")


@register_section
class WatchedPlaces(Section):
    """Where files come from by themselves; a place is known by its name.

    A mailbox that is new comes in paused and without its password: somebody types that in the console.
    """

    name = "watched_places"
    order = 40

    def bring_in(self, actor: Actor, items: list[Any], report: Report) -> None:
        lines = {line.code: line for line in visible_lines(actor)}
        sources = {source.name_key: source for source in Source.objects.all()}
        stored = {place.name: place for place in visible_places(actor)}
        seen: set[str] = set()
        for index, item in enumerate(items):
            path = f"{self.name}[{index}]"
            name = " ".join(item["name"].split()) if _is_place(item) else ""
            if not name:
                hint = 'Write an object with "name", "kind" and "business_line".'
                report.add_problem(path, "wrong_value", hint)
            elif name in seen:
                report.add_problem(path, "repeated", f'The place "{name}" stands above already.')
            else:
                seen.add(name)
                settings = _settings(item, sources, path, report)
                if settings is not None:
                    _bring_in_one(actor, name, item, settings, lines, stored.get(name), path, report)
        report.left_alone += [f"{self.name}[{name}]" for name in sorted(stored.keys() - seen)]

    def write_out(self, actor: Actor) -> list[Any]:
        actor.require(Area.CONFIGURATION, "read")
        return [_written(place) for place in visible_places(actor)]


def _is_place(item: Any) -> bool:
    names = ("name", "kind", "business_line")
    return isinstance(item, Mapping) and all(isinstance(item.get(name), str) for name in names)


def _settings(
    item: Mapping[str, Any], sources: Mapping[str, Source], path: str, report: Report
) -> dict[str, Any] | None:
    """The settings that an item says, defaults for what it leaves out; None where something is wrong."""
    wrong = [key for key in item if key not in KEYS and key not in BESIDE]
    for key in wrong:
        report.add_problem(f"{path}.{key}", "unknown_setting", f'A watched place has no "{key}". Remove it.')
    settings: dict[str, Any] = {"source": None}
    for key, (setting, kind, default) in KEYS.items():
        value = item.get(key)
        value = default if value is None else value
        is_wrong = not isinstance(value, kind) or (kind is int and isinstance(value, bool))
        if is_wrong or (kind is list and not all(isinstance(each, str) for each in value)):
            report.add_problem(f"{path}.{key}", "wrong_value", "This is not what the setting takes.")
            wrong.append(key)
        settings[setting] = value
    if (named := item.get("source")) is not None:
        source = sources.get(origin_key(named)) if isinstance(named, str) else None
        if source is None:
            report.add_problem(f"{path}.source", "unknown", f'There is no source "{named}".')
            wrong.append("source")
        settings["source"] = source
    if not isinstance(item.get("paused", False), bool):
        report.add_problem(f"{path}.paused", "wrong_value", "Write true or false.")
        wrong.append("paused")
    return None if wrong else settings


def _bring_in_one(
    actor: Actor,
    name: str,
    item: Mapping[str, Any],
    settings: Mapping[str, Any],
    lines: Mapping[str, BusinessLine],
    stored: WatchedPlace | None,
    path: str,
    report: Report,
) -> None:
    kind, code = item["kind"], item["business_line"]
    if code not in lines:
        report.add_problem(f"{path}.business_line", "unknown", f'There is no line "{code}".')
        return
    if stored is not None and (stored.kind, stored.line.code) != (kind, code):
        report.add_problem(path, "never_changes", "A place stays what it is. Give the new one another name.")
        return
    before = None if stored is None else _written(stored)
    try:
        if stored is None:
            place = create_watched_place(
                actor=actor, kind=kind, line=lines[code], name=name, needs_password=False, **settings
            )
        else:
            place = update_watched_place(actor=actor, place=stored, needs_password=False, **settings)
        is_paused = bool(item.get("paused", False)) or (place.kind == "mailbox" and not place.password)
        if place.is_paused != is_paused:
            turn = pause_watched_place if is_paused else resume_watched_place
            place = turn(actor=actor, place=place)
    except (ValidationFailed, Conflict) as error:
        report.add_refusal(path, error)
        return
    report.add_outcome(f"watched_places[{name}]", before, _written(place))


def _written(place: WatchedPlace) -> dict[str, Any]:
    said = {key: getattr(place, setting) for key, (setting, _kind, _default) in KEYS.items()}
    kept = {key: value for key, value in said.items() if value != KEYS[key][2]}
    source = {"source": place.source.name} if place.source else {}
    paused = {"paused": True} if place.is_paused else {}
    return {
        "name": place.name,
        "kind": place.kind,
        "business_line": place.line.code,
        **source,
        **kept,
        **paused,
    }
