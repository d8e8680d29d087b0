"""A line as everything reads it: a published version, compiled once per process and kept for ever.

Versions are immutable, so a compiled one never goes stale: every request asks the line for the number in
force, and a newly published field is live in all processes with the next request.
"""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

from core.rules import Formula, Kind, parse_formula, parse_rule
from core.rules.predicates import Predicate
from leads.fields.definition import FieldDefinition
from leads.fields.types import FIELD_TYPES
from leads.models import BusinessLine, FieldKind, LineVersion

# Attributes of a lead that are columns of their own; a field may fill one by `maps_to`.
CORE_ATTRIBUTES = ("name", "phone", "email", "amount", "city", "region")


class LineDefinition:
    """The fields of one version of a line, with its rules and formulas ready to run."""

    def __init__(self, line_id: int, version: int, fields: list[FieldDefinition]) -> None:
        self.line_id = line_id
        self.version = version
        self.fields = tuple(sorted(fields, key=lambda item: item.order))
        self.by_key = {item.key: item for item in self.fields}
        self.active = tuple(item for item in self.fields if item.is_active)
        self.active_by_key = {item.key: item for item in self.active}
        self.position = {item.key: index for index, item in enumerate(self.fields)}
        self.kinds: Mapping[str, Kind] = {item.key: FIELD_TYPES[item.type].rule_kind for item in self.fields}

    @cached_property
    def visible_rules(self) -> dict[str, Predicate]:
        """For each field shown only sometimes: the predicate over (data, moment)."""
        return {
            item.key: parse_rule(item.visible_if, self.kinds).compile()
            for item in self.active
            if item.visible_if
        }

    @cached_property
    def required_rules(self) -> dict[str, Predicate]:
        """For each field required only sometimes: the predicate over (data, moment)."""
        return {
            item.key: parse_rule(item.required_if, self.kinds).compile()
            for item in self.active
            if item.required_if
        }

    @cached_property
    def formulas(self) -> dict[str, Formula]:
        """The formula of each computed field."""
        return {
            item.key: parse_formula(item.formula, self.kinds)
            for item in self.active
            if item.type is FieldKind.COMPUTED
        }

    @cached_property
    def indexed(self) -> tuple[FieldDefinition, ...]:
        """Fields whose values stand in LeadValue, retired ones included: their old values stay findable."""
        return tuple(item for item in self.fields if item.indexed and FIELD_TYPES[item.type].can_index)

    @cached_property
    def referring(self) -> tuple[tuple[str, str], ...]:
        """(key, part of `Known`) of the fields whose values are looked up before they are read."""
        kinds = ((item.key, FIELD_TYPES[item.type].refers_to) for item in self.fields)
        return tuple((key, refers_to) for key, refers_to in kinds if refers_to)

    @cached_property
    def core_fields(self) -> dict[str, FieldDefinition]:
        """Core attribute → the field that fills it."""
        return {item.maps_to: item for item in self.active if item.maps_to}

    @cached_property
    def in_dependency_order(self) -> tuple[FieldDefinition, ...]:
        """Active fields, each after those that its visibility, its formula or its choices depend on."""
        return tuple(self.active_by_key[key] for key in dependency_order(self._dependencies()))

    def _dependencies(self) -> dict[str, frozenset[str]]:
        dependencies = {}
        for item in self.active:
            reads = frozenset(self.formulas[item.key].fields()) if item.key in self.formulas else frozenset()
            if item.visible_if:
                reads |= parse_rule(item.visible_if, self.kinds).fields()
            if item.choices_from:
                reads |= {item.choices_from}
            dependencies[item.key] = reads & self.active_by_key.keys() - {item.key}
        return dependencies

    def sections(self) -> list[tuple[str, list[FieldDefinition]]]:
        """Active fields by section, in the order in which sections first appear."""
        grouped: dict[str, list[FieldDefinition]] = {}
        for item in self.active:
            grouped.setdefault(item.section, []).append(item)
        return list(grouped.items())


class DependencyCycle(ValueError):
    """Fields that wait for one another; `keys` names them."""

    def __init__(self, keys: list[str]) -> None:
        super().__init__(" → ".join(keys))
        self.keys = keys


def dependency_order(dependencies: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the keys, each after what it depends on, otherwise in the given order.

    Raises DependencyCycle where that is impossible.
    """
    ordered: dict[str, None] = {}

    def place(key: str, path: tuple[str, ...]) -> None:
        if key in ordered:
            return
        if key in path:
            raise DependencyCycle([*path[path.index(key) :], key])
        for needed in sorted(dependencies[key]):
            place(needed, (*path, key))
        ordered[key] = None

    for key in dependencies:
        place(key, ())
    return list(ordered)


def read_fields(definition: Mapping[str, Any]) -> list[FieldDefinition]:
    """Return the fields of a version's stored definition."""
    return [FieldDefinition.read(written) for written in definition["fields"]]


def line_definition(line: BusinessLine, version: int | None = None) -> LineDefinition:
    """Return the compiled version of a line: the one in force unless a number is given.

    One query the first time a process meets the version, none after.
    """
    return _compiled(line.pk, line.version if version is None else version)


@lru_cache(maxsize=512)
def _compiled(line_id: int, version: int) -> LineDefinition:
    if version == 0:
        return LineDefinition(line_id, 0, [])
    row = LineVersion.objects.get(line_id=line_id, number=version)
    return LineDefinition(line_id, version, read_fields(row.definition))
