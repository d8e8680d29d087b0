"""What can be said about a line's fields together: names, rules, cycles, duplicates, what was published."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.errors import ApplicationError
from core.rules import Kind, Rule, RuleError, parse_formula, parse_rule
from leads.fields.checks.problems import DefinitionProblem
from leads.fields.checks.reading import RULES, ReadField, column_name, read_written
from leads.fields.checks.settings import SELECTS, THINGS, check_field
from leads.fields.definition import FieldDefinition
from leads.fields.line import CORE_ATTRIBUTES, DependencyCycle, dependency_order
from leads.fields.types import FIELD_TYPES
from leads.models import FieldKind, FieldStatus

MOST_FIELDS = 500
MOST_MATCHES = 20
LONGEST_MATCH = 120


def check_definitions(
    definitions: Sequence[Any],
    *,
    duplicate_match: Sequence[Any] = (),
    published: Iterable[FieldDefinition] = (),
) -> list[DefinitionProblem]:
    """Return everything wrong with the draft of a line, in the order of its fields.

    Args:
        definitions: the fields in the configuration file's form, retired and draft ones included.
        duplicate_match: the line's own entries, such as `phone` or `name+city`.
        published: the fields of the version in force; their keys keep type and decimals for ever.
    """
    return LineCheck(definitions, duplicate_match, published).problems()


class LineCheck:
    """One look at all fields of a line."""

    def __init__(
        self, definitions: Sequence[Any], duplicate_match: Sequence[Any], published: Iterable[FieldDefinition]
    ) -> None:
        self.read = [read_written(written, index) for index, written in enumerate(definitions)]
        self.duplicate_match = duplicate_match
        self.published = {item.key: item for item in published}
        self.line_problems: list[DefinitionProblem] = []
        # The first field of each key: a repeat is a problem of its own and takes part in nothing else.
        self.by_key: dict[str, ReadField] = {}
        for read in self.read:
            if read.definition is not None:
                self.by_key.setdefault(read.definition.key, read)

    def problems(self) -> list[DefinitionProblem]:
        if len(self.read) > MOST_FIELDS:
            self._of_line(
                "fields", "too_many", f"A line may have at most {MOST_FIELDS} fields. Retired ones count too."
            )
            return self.line_problems
        for read in self.read:
            check_field(read)
        self._check_keys()
        self._check_published()
        self._check_names()
        self._check_mappings()
        self._check_parents()
        self._check_dependencies()
        self._check_duplicate_match()
        return [problem for read in self.read for problem in read.problems] + self.line_problems

    def _of_line(self, setting: str, code: str, message: str) -> None:
        self.line_problems.append(DefinitionProblem("", setting, code, message))

    def _in_use(self) -> list[tuple[ReadField, FieldDefinition]]:
        """The fields that are active or will be; retired ones give their names free."""
        return [
            (read, read.definition)
            for read in self.by_key.values()
            if read.definition is not None and read.definition.status is not FieldStatus.RETIRED
        ]

    def _check_keys(self) -> None:
        for read in self.read:
            if read.definition is not None and self.by_key[read.key] is not read:
                read.add(
                    "key", "repeated", f'Another field has the key "{read.key}" already. Use another key.'
                )

    def _check_published(self) -> None:
        for key, before in self.published.items():
            read = self.by_key.get(key)
            if read is None or read.definition is None:
                continue
            now = read.definition
            another = (
                f'It was published so and cannot change. Use another key for a new field, and retire "{key}".'
            )
            if now.type is not before.type:
                read.add("type", "fixed", f"The type stays {before.type}. {another}")
            elif FIELD_TYPES[now.type].is_number and now.scale != before.scale:
                read.add("decimals", "fixed", f"The field keeps {before.scale} decimals. {another}")
            if now.status is FieldStatus.DRAFT:
                read.add(
                    "status", "published", "A published field cannot be a draft again. Retire it instead."
                )

    def _check_names(self) -> None:
        """No column of a file may fit two fields."""
        owners: dict[str, ReadField] = {}
        for read, item in self._in_use():
            named = [("key", item.key), ("label", item.label)]
            named += [(f"aliases[{place}]", alias) for place, alias in enumerate(item.aliases)]
            if item.maps_to:
                named.append(("maps_to", item.maps_to))
            for setting, name in named:
                other = owners.setdefault(column_name(name), read)
                if other is not read and not (setting == "maps_to" and self._maps_to(other) == item.maps_to):
                    self._ambiguous(read, setting, name, other)

    @staticmethod
    def _maps_to(read: ReadField) -> str:
        return read.definition.maps_to if read.definition else ""

    @staticmethod
    def _ambiguous(read: ReadField, setting: str, name: str, other: ReadField) -> None:
        for one, its_setting, another in ((read, setting, other), (other, "label", read)):
            one.add(
                its_setting, "ambiguous",
                f'A column named "{name}" would fit this field and "{another.key}". Rename one of them.',
            )  # fmt: skip

    def _check_mappings(self) -> None:
        fillers: dict[str, list[ReadField]] = {}
        for read, item in self._in_use():
            if item.maps_to:
                fillers.setdefault(item.maps_to, []).append(read)
        for attribute, reads in fillers.items():
            for read in reads if len(reads) > 1 else ():
                others = ", ".join(other.key for other in reads if other is not read)
                read.add("maps_to", "repeated", f"{others} fills {attribute} already. Only one field can.")

    def _check_parents(self) -> None:
        """Choices that depend on another field: it is a choice itself, and has the values they name."""
        for read, item in self._in_use():
            if not item.choices_from or item.type not in SELECTS or "choices_from" in read.broken:
                continue
            parent = self.by_key.get(item.choices_from)
            parent_item = parent.definition if parent else None
            if parent_item is None or parent_item.type is not FieldKind.SELECT:
                known = [key for key, other in self.by_key.items() if _is_select(other) and key != item.key]
                hint = f"Name one of {', '.join(known)}." if known else "Add a field of one choice first."
                read.add(
                    "choices_from",
                    "unknown_field",
                    f'There is no field "{item.choices_from}" of one choice. {hint}',
                )
                continue
            self._check_readable(read, item, "choices_from", frozenset([item.choices_from]))
            if "choices" not in read.broken and parent is not None and "choices" not in parent.broken:
                self._check_parent_values(read, item, parent_item)

    @staticmethod
    def _check_parent_values(read: ReadField, item: FieldDefinition, parent: FieldDefinition) -> None:
        for position, choice in enumerate(item.choices):
            unknown = [value for value in choice.parents if value not in parent.choice_by_value]
            if unknown:
                read.add(
                    f"choices[{position}].parents", "unknown_choice",
                    f'"{parent.key}" has no choice "{unknown[0]}". Write it as its value is written there.',
                )  # fmt: skip

    def _check_dependencies(self) -> None:
        kinds = {
            key: FIELD_TYPES[read.definition.type].rule_kind
            for key, read in self.by_key.items()
            if read.definition
        }
        dependencies = {}
        for read, item in self._in_use():
            reads = self._formula_fields(read, item, kinds)
            for setting in RULES:
                rule = self._rule(read, item, setting, kinds)
                if rule is not None:
                    self._check_readable(read, item, setting, rule.fields())
                    reads |= rule.fields() if setting == "visible_if" else frozenset()
            if item.choices_from and item.type in SELECTS:
                reads |= {item.choices_from}
            dependencies[item.key] = reads - {item.key}
        # Fields that may not be read are reported above and lead nowhere.
        usable = dependencies.keys()
        self._check_cycles({key: reads & usable for key, reads in dependencies.items()})

    def _rule(
        self, read: ReadField, item: FieldDefinition, setting: str, kinds: Mapping[str, Kind]
    ) -> Rule | None:
        tree = getattr(item, setting)
        if tree is None or setting in read.broken:
            return None
        try:
            return parse_rule(tree, kinds)
        except RuleError as error:
            for problem in error.problems:
                read.add(f"{setting}.{problem.path}".rstrip("."), problem.code, problem.message)
            return None

    def _formula_fields(
        self, read: ReadField, item: FieldDefinition, kinds: Mapping[str, Kind]
    ) -> frozenset[str]:
        if item.type is not FieldKind.COMPUTED or "formula" in read.broken:
            return frozenset()
        if not item.formula:
            read.add(
                "formula",
                "required",
                "Write how the field is computed, such as loan_amount / (monthly_income * 12).",
            )
            return frozenset()
        try:
            fields = frozenset(parse_formula(item.formula, kinds).fields())
        except ApplicationError as error:
            read.add("formula", error.code, error.message)
            return frozenset()
        self._check_readable(read, item, "formula", fields)
        return fields

    def _check_readable(
        self, read: ReadField, item: FieldDefinition, setting: str, keys: frozenset[str]
    ) -> None:
        for key in sorted(keys):
            other = self.by_key[key].definition
            if other is None:
                continue
            problem = ""
            if key == item.key:
                problem = "The field cannot depend on itself. Name another field here."
            elif other.status is FieldStatus.RETIRED:
                problem = (
                    f'"{key}" is retired and gets no values. Take it out of here, or make it active again.'
                )
            elif other.status is FieldStatus.DRAFT and item.status is FieldStatus.ACTIVE:
                problem = (
                    f'"{key}" is a draft, which is not published. Make it active, or this field a draft.'
                )
            elif other.type is FieldKind.JSON:
                problem = f'"{key}" holds structured data, which rules cannot read. Name another field here.'
            if problem:
                read.add(setting, "unreadable_field", problem)

    def _check_cycles(self, dependencies: Mapping[str, frozenset[str]]) -> None:
        try:
            dependency_order(dependencies)
        except DependencyCycle as cycle:
            circle = " → ".join(cycle.keys)
            for key in dict.fromkeys(cycle.keys):
                read = self.by_key[key]
                read.add(
                    _waiting_setting(read, set(cycle.keys)), "cycle",
                    f"These fields wait for each other: {circle}."
                    " Take one of them out of a rule, a formula, or choices_from.",
                )  # fmt: skip

    def _check_duplicate_match(self) -> None:
        if len(self.duplicate_match) > MOST_MATCHES:
            self._of_line("duplicate_match", "too_many", f"Use at most {MOST_MATCHES} ways to tell a repeat.")
            return
        entries: Counter[tuple[str, ...]] = Counter()
        for position, entry in enumerate(self.duplicate_match):
            setting = f"duplicate_match[{position}]"
            if not isinstance(entry, str) or not entry.strip() or len(entry) > LONGEST_MATCH:
                self._of_line(
                    setting, "wrong_value", "Write fields joined with +, such as phone or name+city."
                )
                continue
            keys = [self._matched_key(setting, part.strip()) for part in entry.split("+")]
            known = [key for key in keys if key]
            entries[tuple(sorted(known))] += 1
            if len(set(known)) < len(known):
                self._of_line(setting, "repeated", "A field stands here twice. Name it once.")
            elif len(known) == len(keys) and entries[tuple(sorted(known))] > 1:
                self._of_line(
                    setting, "repeated", "This way to tell a repeat stands above already. Remove it."
                )

    def _matched_key(self, setting: str, name: str) -> str:
        """The key of the field that a part of an entry means; "" after reporting that there is none."""
        in_use = {item.key: item for _read, item in self._in_use() if item.status is FieldStatus.ACTIVE}
        filled_by = {item.maps_to: item for item in in_use.values() if item.maps_to}
        item = in_use.get(name) or filled_by.get(name)
        if item is not None and item.type is not FieldKind.JSON and item.type not in THINGS:
            return item.key
        if item is not None:
            message = (
                f'"{name}" holds {item.type.label.lower()}, which cannot tell a repeat. Name another field.'
            )
        elif name in CORE_ATTRIBUTES:
            message = f'No active field fills {name}. Set maps_to "{name}" on one, or name a field here.'
        else:
            known = ", ".join([*in_use, *(attribute for attribute in filled_by if attribute not in in_use)])
            message = (
                f'There is no active field "{name}". Name one of {known}.'
                if known
                else "Add the field first."
            )
        self._of_line(setting, "unknown_field", message)
        return ""


def _is_select(read: ReadField) -> bool:
    item = read.definition
    return item is not None and item.type is FieldKind.SELECT and item.status is not FieldStatus.RETIRED


def _waiting_setting(read: ReadField, circle: set[str]) -> str:
    """The setting by which a field of a circle waits for another of it."""
    item = read.definition
    if item is not None and item.type is FieldKind.COMPUTED:
        return "formula"
    return "choices_from" if item is not None and item.choices_from in circle else "visible_if"
