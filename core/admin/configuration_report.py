"""What bringing in a configuration changes, object by object, as people read it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from core.admin.audit import as_text
from core.configuration import Report

# business_lines[loan].fields[city], sources[Website]
OBJECT = re.compile(r"([a-z_]+)\[(.*?)\](?:\.([a-z_]+)\[(.*)\])?", re.DOTALL)
MOST_PROBLEMS = 200
MOST_ITEMS = 12
LONGEST = 300


@dataclass(frozen=True, slots=True)
class ShownValue:
    """A setting before and after: `old` → `new`, or what came into a list and left it."""

    label: str
    old: str = ""
    new: str = ""
    added: Sequence[str] = ()
    removed: Sequence[str] = ()
    note: str = ""

    @property
    def is_list(self) -> bool:
        """Whether it is told by what came and left."""
        return bool(self.added or self.removed or self.note)


@dataclass(slots=True)
class ShownObject:
    """An object that is new or differs. `within` is the object it belongs to, "" for none."""

    title: str
    within: str
    is_new: bool
    values: list[ShownValue] = field(default_factory=list)


def shown_objects(report: Report) -> list[ShownObject]:
    """Return the difference of a report, object by object in its order."""
    found: dict[str, ShownObject] = {}
    for entry in report.diff:
        is_new = entry["change"] == "created"
        path, setting = (entry["path"], "") if is_new else entry["path"].rsplit(".", 1)
        shown = found.setdefault(path, ShownObject(*_names(path), is_new=is_new))
        if is_new:
            shown.values += _written(entry["new"])
        else:
            shown.values.append(_changed(setting, entry["old"], entry["new"]))
    return list(found.values())


def shown_paths(paths: Iterable[str]) -> list[str]:
    """Return objects by their names, such as those that a file leaves alone."""
    return [" › ".join(part for part in reversed(_names(path)) if part) for path in paths]


def shown_problems(report_fields: Mapping[str, Iterable[Any]]) -> list[dict[str, str]]:
    """Return what is wrong with a file, by the place in it."""
    problems = [
        {"path": path, "message": problem.message}
        for path, found in report_fields.items()
        for problem in found
    ]
    return problems[:MOST_PROBLEMS]


def _names(path: str) -> tuple[str, str]:
    """The name of the object, and that of the one around it."""
    match = OBJECT.fullmatch(path)
    if match is None:
        return path, ""
    section, key, inner, inner_key = match.groups()
    outer = f"{_singular(section)} {key}"
    return (f"{_singular(inner)} {inner_key}", outer) if inner else (outer, "")


def _singular(name: str) -> str:
    words = name.replace("_", " ").capitalize()
    return words[:-1] if words.endswith("s") else words


def _written(new: Any) -> list[ShownValue]:
    if not isinstance(new, Mapping):
        return []
    return [
        ShownValue(_label(name), new=_text(value))
        for name, value in new.items()
        if name not in ("key", "name")
    ]


def _changed(setting: str, old: Any, new: Any) -> ShownValue:
    if isinstance(old or [], list) and isinstance(new or [], list) and (old or new):
        return _list_change(_label(setting), old or [], new or [])
    if isinstance(old, bool) or isinstance(new, bool):
        # What a definition does not say of a switch is No.
        old, new = bool(old), bool(new)
    return ShownValue(_label(setting), old=_text(old), new=_text(new))


def _list_change(label: str, old: Sequence[Any], new: Sequence[Any]) -> ShownValue:
    before, after = [_item(each) for each in old], [_item(each) for each in new]
    added = [each for each in after if each not in before]
    removed = [each for each in before if each not in after]
    stayed = [each for each in after if each in before]
    note = "" if stayed == [each for each in before if each in after] else _("in another order")
    return ShownValue(label, added=_few(added), removed=_few(removed), note=note)


def _item(value: Any) -> str:
    """An item of a list: a choice by its label, with its value where that is another."""
    if isinstance(value, Mapping) and "value" in value:
        label = str(value.get("label") or value["value"])
        text = label if label == value["value"] else f"{label} ({value['value']})"
        return text if value.get("active", True) else _("%(choice)s, not offered") % {"choice": text}
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_few([_item(each) for each in value])) or as_text(None)
    text = as_text(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def _few(texts: list[str]) -> list[str]:
    if len(texts) <= MOST_ITEMS:
        return texts
    return [*texts[: MOST_ITEMS - 1], _("%(number)s more") % {"number": len(texts) - MOST_ITEMS + 1}]


def _label(setting: str) -> str:
    return setting.replace("_", " ").capitalize()
