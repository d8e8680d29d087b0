"""The JSON Schema of a line's `data`, for clients that draw forms or check before they send.

It describes the form in which values come back. Calls take more (amounts with separators, labels of choices):
what fits the schema is taken, unless a rule, a repeat or a limit that JSON Schema cannot say stands against it.
Those limits are there as `x-` keywords.
"""

import re
from decimal import Decimal
from typing import Any

from accounts.actor import Actor
from core.rules import parse_rule
from core.values import Coerced
from leads.fields.access import editable_keys, visible_fields
from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition, line_definition
from leads.fields.types import type_of
from leads.models import BusinessLine, FieldKind
from leads.queries.lead_list import Catalog
from leads.services.enquiries import capture_context

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Patterns are of RE2; these parts of it are said otherwise, or not at all, in JSON Schema.
NOT_PORTABLE = re.compile(r"\(\?[^:]|\\[AzQECpP]|\[\[:")


def line_schema(actor: Actor, line: BusinessLine, address: str) -> dict[str, Any]:
    """Return the schema of the active fields that the actor may see; `address` is where it is found."""
    writer = _Writer(actor, line)
    properties = {item.key: writer.field(item) for item in writer.fields}
    return {
        "$schema": DIALECT,
        "$id": address,
        "title": line.name,
        "type": "object",
        "properties": properties,
        "required": [item.key for item in writer.fields if writer.is_always_required(item)],
        "additionalProperties": False,
        **({"allOf": depending} if (depending := writer.depending_choices()) else {}),
        "x-line": line.code,
        "x-version": line.version,
        "x-currency": line.currency,
        "x-sections": list(dict.fromkeys(item.section for item in writer.fields)),
    }


class _Writer:
    """Writes the fields of one line for one actor."""

    def __init__(self, actor: Actor, line: BusinessLine) -> None:
        self.actor = actor
        self.definition: LineDefinition = line_definition(line)
        self.fields = visible_fields(actor, self.definition)
        self.known = {item.key for item in self.fields}
        self.editable = editable_keys(actor, self.definition)
        self.filters = Catalog(actor, line).entries

    def is_always_required(self, item: FieldDefinition) -> bool:
        """Whether every lead that the actor captures must give the field."""
        is_given = item.key in self.editable and item.type is not FieldKind.COMPUTED
        return item.required and is_given and not item.visible_if and not item.default

    def field(self, item: FieldDefinition) -> dict[str, Any]:
        """The schema of one field."""
        schema: dict[str, Any] = {"title": item.label, **_of_type(item)}
        if item.help:
            schema["description"] = item.help
        if item.placeholder:
            schema["examples"] = [item.placeholder]
        if (default := self._default(item)) is not None:
            schema["default"] = default
        if item.type is FieldKind.COMPUTED or item.key not in self.editable:
            schema["readOnly"] = True
        return {**schema, **self._extensions(item)}

    def _extensions(self, item: FieldDefinition) -> dict[str, Any]:
        said: dict[str, Any] = {
            "x-type": str(item.type),
            "x-section": item.section,
            "x-order": item.order,
            "x-required": item.required,
            "x-unique": item.unique,
            "x-personal-data": item.pii,
            "x-filterable": f"data.{item.key}" in self.filters,
            "x-indexed": item.indexed,
        }
        optional = {
            "x-width": item.width,
            "x-visible-if": self._rule(item.visible_if),
            "x-required-if": self._rule(item.required_if),
            "x-fills": item.maps_to,
            "x-transform": item.transform,
            "x-empty-values": list(item.empty_values),
            "x-minimum-age": item.min_age,
            "x-maximum-age": item.max_age,
            "x-minimum": item.min if item.type is FieldKind.DATE else "",
            "x-maximum": item.max if item.type is FieldKind.DATE else "",
            "x-regex": item.regex,
            "x-labels": _labels(item),
            "x-choices-from": item.choices_from if item.choices_from in self.known else "",
        }
        return {
            **said,
            **{name: value for name, value in optional.items() if value not in (None, "", [], {})},
        }

    def depending_choices(self) -> list[dict[str, Any]]:
        """For each choice of a field on which others depend: which of theirs may stand beside it."""
        result: list[dict[str, Any]] = []
        for item in self.fields:
            if not item.choices_from or item.choices_from not in self.known:
                continue
            parent = self.definition.by_key[item.choices_from]
            for choice in parent.choices:
                fitting = [each.value for each in item.choices if each.active and each.fits(choice.value)]
                if choice.active:
                    result.append(_if_then(parent.key, choice.value, item, fitting))
            absent = {"not": {"required": [parent.key]}}
            result.append({"if": absent, "then": {"properties": {item.key: _no_choice(item)}}})
        return result

    def _rule(self, rule: Any) -> Any:
        """A rule as it is written; `{}` would say nothing. One about fields the actor must not know: null."""
        if not rule:
            return None
        reads = parse_rule(rule, self.definition.kinds).fields()
        return dict(rule) if reads <= self.known else {"hidden": True}

    def _default(self, item: FieldDefinition) -> Any:
        if not item.default:
            return None
        result = type_of(item).coerce(item, item.default, capture_context(self.actor))
        if not isinstance(result, Coerced) or result.value is None:
            return None
        return type_of(item).stored(result.value)


def _of_type(item: FieldDefinition) -> dict[str, Any]:
    schema = type_of(item).schema(item)
    if type_of(item).is_number:
        schema |= _number(item)
    if item.regex:
        schema.pop("pattern", None)
        if not NOT_PORTABLE.search(item.regex):
            schema["pattern"] = f"^(?:{item.regex})$"
    return schema


def _number(item: FieldDefinition) -> dict[str, Any]:
    """As text, in which numbers come back, or as a number; `minimum` and `maximum` speak of the latter."""
    whole = item.scale == 0
    said: dict[str, Any] = {
        "type": ["string", "integer" if whole else "number"],
        "pattern": r"^-?[0-9]+$" if whole else rf"^-?[0-9]+(\.[0-9]{{1,{item.scale}}})?$",
        "x-decimals": item.scale,
    }
    for keyword, limit in (("minimum", item.min), ("maximum", item.max)):
        if limit:
            said[keyword] = _json_number(Decimal(limit))
    return said


def _json_number(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _if_then(parent: str, value: str, item: FieldDefinition, fitting: list[str]) -> dict[str, Any]:
    """Beside this value of the parent, only these choices of the item."""
    only = {"items": {"enum": fitting}} if item.type is FieldKind.MULTI_SELECT else {"enum": fitting}
    condition = {"properties": {parent: {"const": value}}, "required": [parent]}
    return {"if": condition, "then": {"properties": {item.key: only if fitting else _no_choice(item)}}}


def _no_choice(item: FieldDefinition) -> Any:
    return {"maxItems": 0} if item.type is FieldKind.MULTI_SELECT else False


def _labels(item: FieldDefinition) -> dict[str, str]:
    return {
        choice.value: choice.label
        for choice in item.choices
        if choice.active and choice.label != choice.value
    }
