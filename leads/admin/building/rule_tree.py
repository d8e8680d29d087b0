"""A rule on its way through a form: groups of conditions, and parts that the form carries without showing them.

Names in the form are `visible_if-0.1-op`: the rule, the place in the tree (the second part of the root), and what is
typed there. Nothing of a rule is ever lost: what the form cannot show of it stays in its place as `Kept`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from core.rules import FIELD_OPERATORS, OPERANDS, OPERATORS, Kind, Operand, Operator, parse_rule
from core.rules.language import RuleError
from core.rules.nodes import CHOICES
from leads.fields.definition import FieldDefinition
from leads.fields.types import FIELD_TYPES
from leads.pages.rule_rows import Row, checked, condition_of, suit, typed_values

# The root, and groups within groups: deeper trees are kept as they are.
DEEPEST = 3
# More than the rule language takes: whoever goes beyond is refused there, and loses nothing here.
MOST_PARTS = 400
# Of more choices one is typed.
MOST_CHOICES = 300
MATCHES = ("all", "any", "not_all", "not_any")
NODE = re.compile(r"((?:0)(?:\.[0-9]{1,3}){0,4})-(match|field|op|value|other|kept)")


@dataclass(frozen=True, slots=True)
class RuleField:
    """A field of the line that the rule may read."""

    name: str
    label: str
    kind: Kind
    section: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    # Comparisons that this rule may not make, though the kind has them.
    without: frozenset[Operator] = frozenset()

    @classmethod
    def of(cls, item: FieldDefinition, *, without: frozenset[Operator] = frozenset()) -> "RuleField":
        """Return a definition as rules know it."""
        choices = tuple((each.value, each.label) for each in item.choices)
        if len(choices) > MOST_CHOICES:
            choices = ()
        kind = FIELD_TYPES[item.type].rule_kind
        return cls(item.key, str(item.label), kind, str(item.section), choices, without)

    @property
    def operators(self) -> tuple[Operator, ...]:
        """The comparisons that a form offers for it, the most usual first."""
        return tuple(each for each in OPERATORS[self.kind] if each not in self.without)


@dataclass(slots=True)
class Condition(Row):
    """A row; `other` is the field it compares with, "" for a value. `place` is where it stands in the form."""

    other: str = ""
    place: str = ""


@dataclass(slots=True)
class Kept:
    """A part of the rule as it was written: the form shows it in words."""

    tree: Any
    place: str = ""
    problem: str = ""


@dataclass(slots=True)
class Group:
    """Conditions of which all or any must hold, or (not_all, not_any) must not."""

    match: str = "all"
    parts: list["Part"] = field(default_factory=list)
    place: str = "0"
    problem: str = ""

    @property
    def depth(self) -> int:
        """1 for the root."""
        return self.place.count(".") + 1


Part = Condition | Kept | Group


def draft_of_rule(tree: Any, fields: Mapping[str, RuleField]) -> Group:
    """Return a rule as the form has it; None is a root without conditions."""
    if tree is None:
        return Group()
    part = _part(tree, 1, fields)
    return placed(part if isinstance(part, Group) else Group("all", [part]))


def _part(tree: Any, depth: int, fields: Mapping[str, RuleField]) -> Part:
    if not isinstance(tree, Mapping):
        return Kept(tree)
    if "field" in tree:
        return _condition(tree, fields)
    group = _group(tree, depth, fields) if depth <= DEEPEST else None
    return group or Kept(tree)


def _group(tree: Mapping[str, Any], depth: int, fields: Mapping[str, RuleField]) -> Group | None:
    inner = tree.get("not") if set(tree) == {"not"} else tree
    negated = "not_" if inner is not tree else ""
    if not isinstance(inner, Mapping):
        return None
    if negated and "field" in inner:
        return Group("not_all", [_condition(inner, fields)])
    name = next((each for each in ("all", "any") if set(inner) == {each}), "")
    parts = inner.get(name)
    # An empty group says always or never: nothing that rows could say.
    if not isinstance(parts, list | tuple) or not parts:
        return None
    return Group(negated + name, [_part(part, depth + 1, fields) for part in parts])


def _condition(tree: Mapping[str, Any], fields: Mapping[str, RuleField]) -> Part:
    """The row of a condition, where a row can say all of it."""
    entry, operator = fields.get(str(tree.get("field"))), str(tree.get("op"))
    if entry is None or tree.get("exact") or operator not in entry.operators:
        return Kept(tree)
    value = tree.get("value")
    if isinstance(value, Mapping):
        row = Condition(entry.name, operator, other=str(value.get("field", "")))
        return row if can_compare(row, fields) else Kept(tree)
    row = Condition(entry.name, operator, typed_values(tree))
    return row if all(_can_type(text, row, entry) for text in row.values) else Kept(tree)


def _can_type(text: str, row: Condition, entry: RuleField) -> bool:
    """Whether the inputs of a row would give a value back as it is."""
    if entry.kind is Kind.DATETIME and Operator(row.operator) is not Operator.WITHIN_DAYS:
        return text[16:] in ("", ":00")
    is_parted = OPERANDS[Operator(row.operator)] is Operand.LIST and not entry.choices
    # Browsers take the ends of lines out of what stands in an input.
    is_whole = text == text.strip() and text.splitlines() in ([], [text])
    return is_whole and not (is_parted and "," in text)


def placed(root: Group) -> Group:
    """Number the parts of a tree by where they stand."""

    def number(group: Group, place: str) -> None:
        group.place = place
        for index, part in enumerate(group.parts):
            part.place = f"{place}.{index}"
            if isinstance(part, Group):
                number(part, part.place)

    number(root, "0")
    return root


def read_tree(data: QueryDict, name: str, fields: Mapping[str, RuleField]) -> Group | None:
    """Return what is typed for a rule; None where the form had no rows for it."""
    nodes: dict[tuple[int, ...], dict[str, list[str]]] = {}
    prefix = f"{name}-"
    for key in data:
        if key.startswith(prefix) and (found := NODE.fullmatch(key[len(prefix) :])):
            place = tuple(int(step) for step in found[1].split("."))
            nodes.setdefault(place, {})[found[2]] = data.getlist(key)
    if "match" not in nodes.get((0,), {}):
        return None
    groups: dict[tuple[int, ...], Group] = {}
    for place in sorted(nodes)[:MOST_PARTS]:
        part = _typed(nodes[place], fields)
        if isinstance(part, Group):
            groups[place] = part
        # A part whose group was not sent is nobody's; nothing of the page makes one.
        if parent := groups.get(place[:-1]):
            parent.parts.append(part)
    return placed(groups[(0,)])


def _typed(given: Mapping[str, list[str]], fields: Mapping[str, RuleField]) -> Part:
    if "match" in given:
        match = given["match"][-1]
        return Group(match if match in MATCHES else "all")
    if "kept" in given:
        return Kept(_read_json(given["kept"][-1]))
    row = Condition(
        _last(given, "field"),
        _last(given, "op"),
        [value for value in given.get("value", []) if value.strip()],
        other=_last(given, "other"),
    )
    if (entry := fields.get(row.name)) is not None or not row.name:
        suit(row, entry)
    if not can_compare(row, fields):
        row.other = ""
    return row


def _last(given: Mapping[str, list[str]], name: str) -> str:
    return given.get(name, [""])[-1]


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def can_compare(row: Condition, fields: Mapping[str, RuleField]) -> bool:
    """Whether the row may compare with the field that it names."""
    return row.other in dict(comparable(row, fields))


def comparable(row: Condition, fields: Mapping[str, RuleField]) -> list[tuple[str, str]]:
    """Return the fields that the row may compare with, by key and label."""
    entry = fields.get(row.name)
    if entry is None or Operator(row.operator) not in FIELD_OPERATORS or Operator(row.operator) in CHOICES:
        return []
    return [
        (other.name, other.label)
        for other in fields.values()
        if other.kind is entry.kind and other.name != entry.name
    ]


@dataclass(slots=True)
class Written:
    """The rule that a draft says, and where in it each row stands: a path such as `all[1].not` → its part."""

    tree: Any
    parts: dict[str, Part]


def rule_of(root: Group, fields: Mapping[str, RuleField]) -> Written:
    """Return the rule of the rows that say something; those that are wrong are told so and left out."""
    kinds = {entry.name: entry.kind for entry in fields.values()}
    found = _tree(root, fields, kinds)
    return Written(None, {}) if found is None else Written(found[0], dict(found[1]))


def problems_in(root: Group) -> bool:
    """Whether a part of the tree was told that something is wrong with it."""
    return any(part.problem for part in each_part(root))


def each_part(group: Group) -> Iterator[Part]:
    """All parts below a group."""
    for part in group.parts:
        yield part
        if isinstance(part, Group):
            yield from each_part(part)


Located = tuple[Any, list[tuple[str, Part]]]


def _tree(part: Part, fields: Mapping[str, RuleField], kinds: Mapping[str, Kind]) -> Located | None:
    if isinstance(part, Kept):
        return part.tree, [("", part)]
    if isinstance(part, Condition):
        tree = _written(part, fields, kinds)
        return None if tree is None else (tree, [("", part)])
    return _of_group(part, fields, kinds)


def _of_group(group: Group, fields: Mapping[str, RuleField], kinds: Mapping[str, Kind]) -> Located | None:
    found = [each for each in (_tree(part, fields, kinds) for part in group.parts) if each is not None]
    if not found:
        return None
    name = group.match.removeprefix("not_")
    if len(found) == 1:
        tree, rows = found[0]
    else:
        tree = {name: [each for each, _rows in found]}
        rows = [
            (_join(f"{name}[{index}]", path), part)
            for index, (_each, inside) in enumerate(found)
            for path, part in inside
        ]
    if group.match.startswith("not_"):
        return {"not": tree}, [(_join("not", path), part) for path, part in rows]
    return tree, rows


def _join(step: str, path: str) -> str:
    return f"{step}.{path}" if path else step


def _written(
    row: Condition, fields: Mapping[str, RuleField], kinds: Mapping[str, Kind]
) -> dict[str, Any] | None:
    entry = fields.get(row.name)
    if entry is None:
        if row.name:
            # Its field is not there any more, or not yet: the check of the line says so beside the row.
            row.problem = _unknown(row, kinds)
        return None
    if row.other:
        return checked(row, {"field": row.name, "op": row.operator, "value": {"field": row.other}}, kinds)
    return condition_of(row, entry, kinds, is_chosen=bool(entry.choices) or entry.kind is Kind.BOOLEAN)


def _unknown(row: Condition, kinds: Mapping[str, Kind]) -> str:
    try:
        parse_rule({"field": row.name, "op": "is_empty"}, kinds)
    except RuleError as error:
        return error.problems[0].message
    return ""


def act(root: Group, action: str) -> Group:
    """Do what a button asks for: `add-0.1` and `group-0` at the end of a group, `remove-0.1.2`."""
    verb, _dash, place = action.partition("-")
    groups = {root.place: root, **{part.place: part for part in each_part(root) if isinstance(part, Group)}}
    if verb == "add" and place in groups:
        groups[place].parts.append(Condition())
    elif verb == "group" and place in groups and groups[place].depth < DEEPEST:
        groups[place].parts.append(Group("any" if groups[place].match == "all" else "all", [Condition()]))
    elif verb == "remove" and (parent := groups.get(place.rpartition(".")[0])):
        parent.parts = [part for part in parent.parts if part.place != place]
    elif verb == "clear":
        root.match, root.parts = "all", []
    return placed(root)
