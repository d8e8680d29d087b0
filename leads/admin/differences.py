"""Differences between states of a line as a person would tell them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.roles import ROLE_LABELS
from core.admin.audit import as_text
from leads.admin.findings import ShownFinding
from leads.fields.definition import Choice, FieldDefinition
from leads.fields.rule_words import rule_words
from leads.models import Field, FieldKind
from leads.queries.line_changes import Change, FieldChange, SettingChange

CHANGES = {
    Change.ADDED: (gettext_lazy("New"), "success"),
    Change.CHANGED: (gettext_lazy("Changed"), "info"),
    Change.RETIRED: (gettext_lazy("Retired"), "warning"),
    Change.RESTORED: (gettext_lazy("Back again"), "primary"),
    Change.MOVED: (gettext_lazy("Moved"), "info"),
}
# What a switch means when it is turned on, and when it is turned off.
SWITCHES = {
    "required": (gettext_lazy("now required"), gettext_lazy("no longer required")),
    "unique": (gettext_lazy("now unique in the line"), gettext_lazy("no longer unique")),
    "indexed": (gettext_lazy("now with fast filters"), gettext_lazy("no longer with fast filters")),
    "pii": (gettext_lazy("now personal data"), gettext_lazy("no longer personal data")),
}
# How the switches of a new field are said.
NEW_SWITCHES = {
    "required": gettext_lazy("required"),
    "unique": gettext_lazy("unique in the line"),
    "indexed": gettext_lazy("with fast filters"),
    "pii": gettext_lazy("personal data"),
}
# Told by the heading of a change already.
IN_HEADING = frozenset(("key", "label", "status"))
ROLES = ("visible_to", "editable_by")
RULES = ("visible_if", "required_if")
MOST_CHOICES = 12
NOTHING_TOUCHED: Mapping[str, Sequence[ShownFinding]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """What a setting was and is: a sentence, or `old` → `new`, or what came into a list and left it."""

    label: str
    sentence: str = ""
    old: str = ""
    new: str = ""
    added: Sequence[str] = ()
    removed: Sequence[str] = ()
    notes: Sequence[str] = ()

    @property
    def is_list(self) -> bool:
        """Whether it is told by what came and left."""
        return bool(self.added or self.removed or self.notes)


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A field's change, as text."""

    key: str
    label: str
    title: str
    tone: str
    is_new: bool
    place: str
    settings: list[ShownSetting] = field(default_factory=list)
    impact: Sequence[ShownFinding] = ()


def shown_changes(
    changes: Iterable[FieldChange],
    fields: Iterable[FieldDefinition] = (),
    impact: Mapping[str, Sequence[ShownFinding]] = NOTHING_TOUCHED,
) -> list[ShownChange]:
    """Return changes for a page; `fields` give the labels that rules speak of, `impact` what each touches."""
    by_key = {item.key: item for item in fields}
    return [_shown_change(change, by_key, impact.get(change.key, ())) for change in changes]


def summary(changes: Sequence[FieldChange]) -> str:
    """Return the changes as one line: 2 new, 1 changed."""
    numbers = Counter(change.change for change in changes)
    words = [
        ngettext("%(number)s new", "%(number)s new", numbers[Change.ADDED]),
        ngettext("%(number)s changed", "%(number)s changed", numbers[Change.CHANGED]),
        ngettext("%(number)s moved", "%(number)s moved", numbers[Change.MOVED]),
        ngettext("%(number)s retired", "%(number)s retired", numbers[Change.RETIRED]),
        ngettext("%(number)s back again", "%(number)s back again", numbers[Change.RESTORED]),
    ]
    order = (Change.ADDED, Change.CHANGED, Change.MOVED, Change.RETIRED, Change.RESTORED)
    told = [
        text % {"number": numbers[change]}
        for text, change in zip(words, order, strict=True)
        if numbers[change]
    ]
    return ", ".join(told) or _("no change")


def setting_label(name: str) -> str:
    """Return a setting's name as the forms have it."""
    return str(Field._meta.get_field(name).verbose_name).capitalize()


def choice_changes(old: Iterable[Any], new: Iterable[Any]) -> ShownSetting:
    """Return what came into a list of choices and left it, renamed ones and a new order as notes."""
    before = {choice.value: choice for choice in map(Choice.read, old)}
    after = {choice.value: choice for choice in map(Choice.read, new)}
    offered_before = [value for value, choice in before.items() if choice.active]
    offered = [value for value, choice in after.items() if choice.active]
    added = [after[value].label for value in offered if value not in offered_before]
    removed = [before[value].label for value in offered_before if value not in offered]
    notes = [
        _("%(old)s is now called %(new)s") % {"old": before[value].label, "new": choice.label}
        for value, choice in after.items()
        if value in before and before[value].label != choice.label
    ]
    notes += [
        _("%(choice)s goes with %(parents)s") % {"choice": choice.label, "parents": ", ".join(choice.parents)}
        if choice.parents
        else _("%(choice)s goes with any") % {"choice": choice.label}
        for value, choice in after.items()
        if value in before and before[value].parents != choice.parents
    ]
    stayed = [value for value in offered_before if value in offered]
    if stayed != [value for value in offered if value in offered_before]:
        notes.append(_("in another order"))
    if not (added or removed or notes):
        notes.append(_("only choices that are not offered"))
    return ShownSetting(setting_label("choices"), added=_few(added), removed=_few(removed), notes=_few(notes))


def _shown_change(
    change: FieldChange, fields: Mapping[str, FieldDefinition], impact: Sequence[ShownFinding]
) -> ShownChange:
    is_new = change.change is Change.ADDED
    title, tone = CHANGES[change.change]
    settings = [
        _new_setting(item, fields) if is_new else _setting(item, fields)
        for item in change.settings
        if not (item.setting == "status" or (is_new and item.setting in IN_HEADING))
    ]
    return ShownChange(
        key=change.key,
        label=change.label,
        title=str(title),
        tone=tone,
        is_new=is_new,
        place=_place(change.follows),
        settings=settings,
        impact=impact,
    )


def _place(follows: str | None) -> str:
    if follows is None:
        return ""
    return _("after %(label)s") % {"label": follows} if follows else _("first on the form")


def _setting(item: SettingChange, fields: Mapping[str, FieldDefinition]) -> ShownSetting:
    label = setting_label(item.setting)
    if item.setting in SWITCHES:
        return ShownSetting(label, sentence=str(SWITCHES[item.setting][0 if item.new else 1]))
    if item.setting == "choices":
        return choice_changes(item.old or (), item.new or ())
    return ShownSetting(
        label, old=_text(item.setting, item.old, fields), new=_text(item.setting, item.new, fields)
    )


def _new_setting(item: SettingChange, fields: Mapping[str, FieldDefinition]) -> ShownSetting:
    label = setting_label(item.setting)
    if item.setting in NEW_SWITCHES:
        return ShownSetting(label, sentence=str(NEW_SWITCHES[item.setting]))
    return ShownSetting(label, new=_text(item.setting, item.new, fields))


def _text(setting: str, value: Any, fields: Mapping[str, FieldDefinition]) -> str:
    """A setting's value as people read it."""
    if value in (None, "", [], ()):
        return as_text(None)
    if setting in RULES:
        return rule_words(value, fields)
    if setting in ROLES:
        return ", ".join(str(ROLE_LABELS.get(role, role)) for role in value)
    if setting == "choices_from" and value in fields:
        return fields[value].label
    if setting == "type":
        return str(FieldKind(value).label)
    if setting == "choices":
        return ", ".join(_few([Choice.read(each).label for each in value]))
    labels = dict(Field._meta.get_field(setting).flatchoices)
    return str(labels[value]) if isinstance(value, str) and value in labels else as_text(value)


def _few(texts: list[str]) -> list[str]:
    """The first of many, and how many more there are."""
    if len(texts) <= MOST_CHOICES:
        return texts
    return [*texts[: MOST_CHOICES - 1], _("%(number)s more") % {"number": len(texts) - MOST_CHOICES + 1}]
