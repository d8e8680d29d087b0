"""Public form links in the configuration file: lines by code, origins by name, people by address; never a token.

A form that comes in new gets an address of its own. One that has ended is no configuration any more: it is not
written out, and a file that says “ended” ends the form that it names.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from accounts.actor import Actor
from accounts.models import Membership
from accounts.roles import Area
from core.configuration import Report, Section, register_section
from core.errors import Conflict, ValidationFailed
from leads.fields.asked import askable_items
from leads.fields.line import line_definition
from leads.models import BusinessLine, Campaign, FormLink, FormLinkState, Source
from leads.queries.form_links import visible_form_links
from leads.queries.lines import visible_lines
from leads.services.form_links import (
    create_form_link,
    end_form_link,
    pause_form_link,
    resume_form_link,
    update_form_link,
)
from leads.services.origins import origin_key

# Key of the file → (setting, type, default). A list is one of texts.
KEYS: dict[str, tuple[str, type, Any]] = {
    "source": ("source", str, None),
    "campaign": ("campaign", str, None),
    "owner": ("owner", str, None),
    "introduction": ("introduction", str, ""),
    "thank_you": ("thank_you", str, ""),
    "redirect_url": ("redirect_url", str, ""),
    "accent": ("accent", str, "teal"),
    "fields": ("field_keys", list, []),
    "consent_purpose": ("consent_purpose", str, ""),
    "consent_text": ("consent_text", str, ""),
    "expires_at": ("expires_at", str, None),
    "daily_cap": ("daily_cap", int, None),
    "embed_origins": ("embed_origins", list, []),
}
STATE = "state"
NAMES = ("business_line", "title")
TURNS = {
    FormLinkState.ACTIVE: resume_form_link,
    FormLinkState.PAUSED: pause_form_link,
    FormLinkState.ENDED: end_form_link,
}
# Line, title, and which one of those that are called the same: forms may share a title.
Name = tuple[str, str, int]


@register_section
class FormLinks(Section):
    """Pages that anybody may fill in; a form is known by its line and its title."""

    name = "form_links"
    order = 45

    def bring_in(self, actor: Actor, items: list[Any], report: Report) -> None:
        arriving = _Arriving(actor, report)
        for index, item in enumerate(items):
            path = f"{self.name}[{index}]"
            if _is_form(item):
                arriving.bring_in(item, path)
            else:
                hint = 'Write an object with "business_line", "title" and "source".'
                report.add_problem(path, "wrong_value", hint)
        report.left_alone += arriving.left_alone()

    def write_out(self, actor: Actor) -> list[Any]:
        actor.require(Area.CONFIGURATION, "read")
        return [_written(link) for link in _living(actor).values()]


def _is_form(item: Any) -> bool:
    return isinstance(item, Mapping) and all(
        isinstance(item.get(name), str) and item[name].strip() for name in NAMES
    )


def _living(actor: Actor) -> dict[Name, FormLink]:
    """The forms that have not ended, those of one title by age."""
    rows = visible_form_links(actor).exclude(state=FormLinkState.ENDED)
    seen: Counter[tuple[str, str]] = Counter()
    found = {}
    for link in rows.order_by("line__code", "title", "pk"):
        name = link.line.code, link.title
        seen[name] += 1
        found[(*name, seen[name])] = link
    return found


def _told(name: Name) -> str:
    code, title, number = name
    return f"form_links[{code}/{title}]" + (f"[{number}]" if number > 1 else "")


class _Arriving:
    """The forms of one file on their way in."""

    def __init__(self, actor: Actor, report: Report) -> None:
        self.actor = actor
        self.report = report
        self.stored = _living(actor)
        self.lines = {line.code: line for line in visible_lines(actor)}
        self.named: dict[str, dict[str, Any]] = {
            "source": {row.name_key: row for row in Source.objects.all()},
            "campaign": {row.name_key: row for row in Campaign.objects.all()},
            "owner": {row.user.email: row for row in Membership.objects.select_related("user")},
        }
        self.seen: Counter[tuple[str, str]] = Counter()

    def left_alone(self) -> list[str]:
        """What is there and not in the file."""
        return [_told(name) for name in self.stored if name[2] > self.seen[name[:2]]]

    def bring_in(self, item: Mapping[str, Any], path: str) -> None:
        """Make one form what the file says, or note what is wrong with it."""
        code, title = item["business_line"], item["title"].strip()
        if code not in self.lines:
            self.report.add_problem(f"{path}.business_line", "unknown", f'There is no line "{code}".')
            return
        self.seen[code, title] += 1
        name = code, title, self.seen[code, title]
        settings, state = self._settings(item, path), item.get(STATE, FormLinkState.ACTIVE)
        if state not in FormLinkState.values:
            choices = ", ".join(FormLinkState.values)
            self.report.add_problem(f"{path}.state", "wrong_value", f"Write one of {choices}.")
        elif settings is not None:
            try:
                self._write(name, settings, FormLinkState(state))
            except (ValidationFailed, Conflict) as error:
                self.report.add_refusal(path, error)

    def _write(self, name: Name, settings: Mapping[str, Any], state: FormLinkState) -> None:
        stored = self.stored.get(name)
        if stored is None:
            if state == FormLinkState.ENDED:
                # There is none to end, here or any more.
                self.report.add_unchanged()
                return
            link = create_form_link(
                actor=self.actor, line=self.lines[name[0]], title=name[1], may_be_over=True, **settings
            )
        else:
            before = _settings_of(stored)
            # What is as the file says is not judged again: a field may be gone that an old form asks.
            changes = {key: value for key, value in settings.items() if value != before[key]}
            link = update_form_link(actor=self.actor, link=stored, **changes) if changes else stored
        if link.state != state:
            link = TURNS[state](actor=self.actor, link=link)
        self.report.add_outcome(_told(name), stored and _written(stored), _written(link))

    def _settings(self, item: Mapping[str, Any], path: str) -> dict[str, Any] | None:
        """The settings that an item says, defaults for what it leaves out; None where something is wrong."""
        known = {*KEYS, *NAMES, STATE}
        problems = {
            key: ("unknown_setting", f'A form has no "{key}". Remove it.') for key in item if key not in known
        }
        settings = {}
        for key, (setting, kind, default) in KEYS.items():
            value = default if item.get(key) is None else item[key]
            if value is not None and not _is_of_kind(kind, value):
                problems[key] = ("wrong_value", "This is not what the setting takes.")
            elif value is None:
                settings[setting] = None
            elif key in self.named:
                settings[setting] = self._found(key, value)
                if settings[setting] is None:
                    problems[key] = ("unknown", f'There is no {key} "{value}".')
            elif key == "expires_at":
                settings[setting] = _moment(value)
                if settings[setting] is None:
                    problems[key] = ("wrong_value", 'Write a moment such as "2030-03-31T18:30:00+00:00".')
            else:
                settings[setting] = value
        for key, (code, message) in problems.items():
            self.report.add_problem(f"{path}.{key}", code, message)
        return None if problems else settings

    def _found(self, key: str, value: str) -> Any:
        return self.named[key].get(value if key == "owner" else origin_key(value))


def _is_of_kind(kind: type, value: Any) -> bool:
    if kind is list:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def _moment(text: str) -> datetime | None:
    """The moment that a text says with its offset."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _settings_of(link: FormLink) -> dict[str, Any]:
    """The settings of a form as a file that it was written to says them again."""
    settings = {setting: getattr(link, setting) for setting, _kind, _default in KEYS.values()}
    return {**settings, "field_keys": _keys(link, link.line)}


def _keys(link: FormLink, line: BusinessLine) -> list[str]:
    """The chosen fields without those that no form can ask any more, unless that left none: none means all."""
    askable = {item.key for item in askable_items(line_definition(line))} if line.version else set()
    return [key for key in link.field_keys if key in askable] or link.field_keys


def _written(link: FormLink) -> dict[str, Any]:
    said = {
        **_settings_of(link),
        "source": link.source.name,
        "campaign": link.campaign.name if link.campaign else None,
        "owner": link.owner.user.email if link.owner else None,
        "expires_at": link.expires_at.isoformat() if link.expires_at else None,
    }
    kept = {key: said[setting] for key, (setting, _kind, default) in KEYS.items() if said[setting] != default}
    state = {} if link.state == FormLinkState.ACTIVE else {STATE: str(link.state)}
    return {"business_line": link.line.code, "title": link.title, **kept, **state}
