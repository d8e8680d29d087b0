"""What of leads can be brought in and written out as a file: business lines, sources, campaigns."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import leads.arrival_configuration
import leads.assignment_configuration
import leads.form_link_configuration
import leads.rule_configuration  # noqa: F401
from accounts.actor import Actor
from accounts.roles import Area
from core.configuration import Report, Section, register_section
from core.errors import Conflict, ValidationFailed
from leads.acceptance_configuration import bring_in_rules, written_rules
from leads.models import BusinessLine, Campaign, Field, Source
from leads.models.line import QUALITY_TARGET
from leads.models.origin import Origin
from leads.queries.lines import visible_lines
from leads.services.configuring import LineResult, configure_line
from leads.services.drafts import Draft
from leads.services.origins import (
    clean_name,
    create_campaign,
    create_source,
    origin_key,
    rename_campaign,
    rename_source,
    set_campaign_active,
    set_source_active,
)


@dataclass(frozen=True, slots=True)
class LineKey:
    """A key of a line in the file: the setting it stands for, its type, and how that is said to people."""

    setting: str
    type: type
    hint: str


LINE_KEYS = {
    "name": LineKey("name", str, "a text"),
    "currency": LineKey("currency", str, "a text such as INR"),
    "duplicate_match": LineKey("duplicate_match", list, 'a list such as ["phone"]'),
    "on_duplicate": LineKey("on_duplicate", str, "one of skip, update, create"),
    "stages": LineKey("stages", list, 'a list such as ["new", "contacted"]'),
    "complete_fields": LineKey("complete_fields", list, 'a list such as ["mobile"]'),
    "quality_target": LineKey("quality_target", str, 'a text such as "98.5"'),
    "score_bounded": LineKey("score_bounded", bool, "true or false"),
    "active": LineKey("is_active", bool, "true or false"),
}
# What goes without saying is left out of the file.
UNSAID: dict[str, Any] = {
    "active": True,
    "complete_fields": [],
    "quality_target": str(QUALITY_TARGET),
    "score_bounded": False,
}
# Known words whose part of the product is not there yet.
LATER_KEYS = ("approval_flow",)


@register_section
class BusinessLines(Section):
    """Lines with their fields; each comes in as a whole and is published."""

    name = "business_lines"
    order = 10

    def bring_in(self, actor: Actor, items: list[Any], report: Report) -> None:
        codes: set[str] = set()
        for index, item in enumerate(items):
            path = f"{self.name}[{index}]"
            given = item.get("code") if isinstance(item, Mapping) else None
            code = given.strip() if isinstance(given, str) else ""
            if not code:
                report.add_problem(path, "required", 'Write an object with "code", "name" and "fields".')
            elif code in codes:
                report.add_problem(f"{path}.code", "repeated", f'The line "{code}" stands above already.')
            else:
                codes.add(code)
                self._bring_in_line(actor, code, item, path, report)
        present = visible_lines(actor).exclude(code__in=codes).order_by("code").values_list("code", flat=True)
        report.left_alone += [f"{self.name}[{code}]" for code in present]

    def _bring_in_line(
        self, actor: Actor, code: str, item: Mapping[str, Any], path: str, report: Report
    ) -> None:
        settings = _line_settings(item, path, report)
        definitions = item.get("fields", [])
        if not isinstance(definitions, list):
            report.add_problem(f"{path}.fields", "wrong_value", "Write a list of fields.")
            definitions = []
        try:
            result = configure_line(
                actor=actor,
                code=code,
                settings=settings,
                definitions=definitions,
                retire_missing=report.retire_missing,
            )
        except (ValidationFailed, Conflict) as error:
            report.add_refusal(path, error)
        else:
            _report_line(result, f"{self.name}[{code}]", report)

    def write_out(self, actor: Actor) -> list[Any]:
        actor.require(Area.CONFIGURATION, "read")
        return [_written_line(line) for line in visible_lines(actor).order_by("code")]


def _line_settings(item: Mapping[str, Any], path: str, report: Report) -> dict[str, Any]:
    settings = {}
    for name, value in item.items():
        if name in ("code", "fields") or value is None:
            continue
        key = LINE_KEYS.get(name)
        if key is None and name in LATER_KEYS:
            report.unknown(
                f"{path}.{name}", "This installation has no approval flows. Pass over it with --skip-unknown."
            )
        elif key is None:
            report.add_problem(f"{path}.{name}", "unknown_setting", f'A line has no "{name}". Remove it.')
        elif not isinstance(value, key.type) or not _are_texts(value):
            report.add_problem(f"{path}.{name}", "wrong_value", f"Write {key.hint}.")
        else:
            settings[key.setting] = value
    return settings


def _are_texts(value: Any) -> bool:
    return not isinstance(value, list) or all(isinstance(item, str) for item in value)


def _report_line(result: LineResult, path: str, report: Report) -> None:
    if result.is_new:
        report.add_created(path, result.line.name)
    elif result.settings:
        report.add_changed(path, [(change.setting, change.old, change.new) for change in result.settings])
    else:
        report.add_unchanged()
    for field in result.fields:
        below = f"{path}.fields[{field.key}]"
        if field.is_new:
            report.add_created(below, field.written)
        elif field.changes:
            report.add_changed(below, [(change.setting, change.old, change.new) for change in field.changes])
        else:
            report.add_unchanged()
    report.left_alone += [f"{path}.fields[{key}]" for key in result.left_alone]


def _written_line(line: BusinessLine) -> dict[str, Any]:
    written = {"code": line.code}
    for name, key in LINE_KEYS.items():
        value = getattr(line, key.setting)
        if name == "quality_target":
            value = f"{value.normalize():f}"
        if name not in UNSAID or value != UNSAID[name]:
            written[name] = value
    fields = []
    for position, row in enumerate(Field.objects.filter(line=line).order_by("order", "id"), start=1):
        definition = Draft.written(row)
        # A field's place in the list says its order, unless somebody numbered otherwise.
        if row.order == position:
            definition.pop("order", None)
        else:
            definition["order"] = row.order
        fields.append(definition)
    return written | {"fields": fields}


class Origins(Section):
    """Names, each with whether it is still offered; spelling and offer follow the file."""

    model: ClassVar[type[Origin]]
    create: ClassVar[Callable[..., Any]]
    rename: ClassVar[Callable[..., Any]]
    set_active: ClassVar[Callable[..., Any]]
    keys: ClassVar[frozenset[str]] = frozenset({"name", "active"})

    def bring_in(self, actor: Actor, items: list[Any], report: Report) -> None:
        stored = {row.name_key: row for row in self.model.objects.all()}
        seen: set[str] = set()
        for index, item in enumerate(items):
            path = f"{self.name}[{index}]"
            written = {"name": item} if isinstance(item, str) else item
            if not _is_origin(written, self.keys):
                report.add_problem(
                    path, "wrong_value", 'Write a name, or {"name": "Website", "active": false}.'
                )
                continue
            key = origin_key(written["name"])
            if key in seen:
                report.add_problem(path, "repeated", f'"{written["name"]}" stands above already, case aside.')
                continue
            seen.add(key)
            try:
                row = self._bring_in_one(actor, written, stored.get(key), report)
                self.bring_in_rules(actor, row, written, path, report)
            except (ValidationFailed, Conflict) as error:
                report.add_refusal(path, error)

    def _bring_in_one(
        self, actor: Actor, written: Mapping[str, Any], row: Origin | None, report: Report
    ) -> Origin:
        name, is_active = clean_name(written["name"]), written.get("active", True)
        path = f"{self.name}[{name}]"
        if row is None:
            row = type(self).create(actor=actor, name=name)
            if not is_active:
                self._set_active(actor, row, is_active)
            report.add_created(path, {"name": name, **({} if is_active else {"active": False})})
            return row
        changes: list[tuple[str, Any, Any]] = []
        if row.name != name:
            changes.append(("name", row.name, name))
            type(self).rename(actor=actor, name=name, **{self._argument: row})
        if row.is_active != is_active:
            changes.append(("active", row.is_active, is_active))
            self._set_active(actor, row, is_active)
        if changes:
            report.add_changed(path, changes)
        else:
            report.add_unchanged()
        return row

    def bring_in_rules(
        self, actor: Actor, row: Any, written: Mapping[str, Any], path: str, report: Report
    ) -> None:
        """Bring in what stands with an origin beside its name."""

    @property
    def _argument(self) -> str:
        return self.model._meta.model_name or ""

    def _set_active(self, actor: Actor, row: Origin, is_active: bool) -> None:
        type(self).set_active(actor=actor, is_active=is_active, **{self._argument: row})

    def write_out(self, actor: Actor) -> list[Any]:
        actor.require(Area.CONFIGURATION, "read")
        rows: Iterable[Origin] = self.model.objects.order_by("name_key")
        return [row.name if row.is_active else {"name": row.name, "active": False} for row in rows]


def _is_origin(written: Any, keys: frozenset[str]) -> bool:
    return (
        isinstance(written, Mapping)
        and set(written) <= keys
        and isinstance(written.get("name"), str)
        and isinstance(written.get("active", True), bool)
    )


@register_section
class Sources(Origins):
    """The channels leads come through, with the rules that say which leads are taken."""

    name = "sources"
    order = 20
    model = Source
    create = create_source
    rename = rename_source
    set_active = set_source_active
    keys = Origins.keys | {"accepts"}

    def bring_in_rules(
        self, actor: Actor, row: Any, written: Mapping[str, Any], path: str, report: Report
    ) -> None:
        bring_in_rules(actor, row, written.get("accepts", []), path, report)

    def write_out(self, actor: Actor) -> list[Any]:
        written = super().write_out(actor)
        rules = written_rules(actor)
        by_name = {row.name: rules[row.pk] for row in self.model.objects.filter(pk__in=rules)}
        return [_with_rules(each, by_name) for each in written]


def _with_rules(written: Any, rules: Mapping[str, list[dict[str, Any]]]) -> Any:
    """A source as the file holds it, with its rules."""
    item = {"name": written} if isinstance(written, str) else written
    return {**item, "accepts": rules[item["name"]]} if item["name"] in rules else written


@register_section
class Campaigns(Origins):
    """The campaigns that bring leads."""

    name = "campaigns"
    order = 30
    model = Campaign
    create = create_campaign
    rename = rename_campaign
    set_active = set_campaign_active
