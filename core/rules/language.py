"""The rule language: one typed JSON tree, checked against the fields it may read.

    {"all": [...]}   {"any": [...]}   {"not": ...}
    {"field": key, "op": operator, "value": literal | list | {"field": other}, "exact": true}

Texts compare normalised, or as stored with `"exact": true`; numbers are decimals; a comparison with a missing
value is false; `not` is plain negation. `{"all": []}` is always true, `{"any": []}` never.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from core.errors import FieldError, ValidationFailed
from core.rules.nodes import (
    EXACT_OPERATORS,
    FIELD_OPERATORS,
    OPERANDS,
    OPERATORS,
    AllOf,
    AnyOf,
    Comparison,
    FieldReference,
    Literal,
    Node,
    Not,
    Operand,
    Operator,
    fields_of,
    walk,
)
from core.rules.patterns import PatternError, compile_pattern
from core.rules.predicates import Predicate, compile_node
from core.rules.values import Kind, parse_literal, parse_text

MAX_DEPTH = 8
MAX_NODES = 200
MAX_LIST = 5_000
MAX_DAYS = 1_000_000
# Enough to repair any rule a person wrote; a hostile one must not fill memory with its mistakes.
MAX_PROBLEMS = 200
MAX_SHOWN = 80

CONDITION_KEYS = ("field", "op", "value", "exact")
GROUP_KEYS = ("all", "any", "not")
NOTHING = object()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a rule: where (`all[2].not.value`; "" is the rule itself) and what to do."""

    path: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.path or 'rule'}: {self.message}"


class RuleError(ValidationFailed):
    """A rule that cannot be accepted: `problems` has everything wrong with it, `path` leads to the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        self.path = self.problems[0].path
        fields: dict[str, list[FieldError]] = {}
        for problem in self.problems:
            fields.setdefault(problem.path, []).append(FieldError(problem.code, problem.message))
        super().__init__("invalid_rule", " ".join(map(str, self.problems)), fields)


@dataclass(frozen=True)
class Rule:
    """A rule that was checked against the fields it reads."""

    root: Node

    def fields(self) -> frozenset[str]:
        """The keys of all fields the rule reads, those it compares with included."""
        return frozenset(key for condition in self.conditions() for key in fields_of(condition))

    def conditions(self) -> Iterator[Comparison]:
        """All conditions on fields, in the order in which they are written."""
        return (node for node in walk(self.root) if isinstance(node, Comparison))

    def to_json(self) -> dict[str, object]:
        """The rule in its one spelling: numbers as text, datetimes in UTC. It parses to an equal rule."""
        return self.root.to_json()

    def compile(self) -> Predicate:
        """The rule as a function of (values, moment), prepared once: for callers with many rows."""
        return self._predicate

    @cached_property
    def _predicate(self) -> Predicate:
        return compile_node(self.root)


def parse_rule(tree: object, fields: Mapping[str, Kind]) -> Rule:
    """The rule that a JSON tree says, over fields of the given kinds.

    Raises RuleError with every problem found: shape, unknown keys and fields, operators that do not suit the
    field's kind, values of another type, patterns that RE2 refuses, and more than the language allows of
    depth, nodes, items.
    """
    parser = _Parser(fields)
    root = parser.node(tree, "", depth=1)
    if parser.problems or root is None:
        raise RuleError(parser.problems)
    return Rule(root)


class _Parser:
    """Walks a tree once; each method gives its node, or None after adding a problem."""

    def __init__(self, fields: Mapping[str, Kind]) -> None:
        self.fields = fields
        self.problems: list[Problem] = []
        self.nodes = 0

    def add(self, path: str, code: str, message: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(path, code, message))

    def node(self, tree: object, path: str, depth: int) -> Node | None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            # Said once; what follows is not looked at, so that a hostile tree costs no more than a valid one.
            if self.nodes == MAX_NODES + 1:
                self.add(path, "too_many_nodes", f"Split the rule: it may have at most {MAX_NODES} parts.")
            return None
        if depth > MAX_DEPTH:
            self.add(path, "too_deep", f"Flatten the rule: it may be nested at most {MAX_DEPTH} deep.")
            return None
        if not isinstance(tree, Mapping):
            self.add(path, "not_a_rule", 'Write an object with "all", "any", "not" or "field".')
            return None
        given = [key for key in (*GROUP_KEYS, "field") if key in tree]
        if len(given) != 1:
            self.add(path, "not_a_rule", 'Write exactly one of "all", "any", "not" and "field" here.')
            return None
        if given[0] == "field":
            return self.condition(tree, path)
        self.refuse_unknown_keys(tree, (given[0],), path)
        return self.group(given[0], tree[given[0]], path, depth)

    def group(self, name: str, content: object, path: str, depth: int) -> Node | None:
        here = _join(path, name)
        if name == "not":
            part = self.node(content, here, depth + 1)
            return None if part is None else Not(part)
        if not isinstance(content, list | tuple):
            self.add(here, "not_a_list", f'Write a list of rules in "{name}".')
            return None
        parts = []
        for index, item in enumerate(content):
            parts.append(self.node(item, f"{here}[{index}]", depth + 1))
            if self.nodes > MAX_NODES:
                return None
        complete = tuple(part for part in parts if part is not None)
        if len(complete) < len(parts):
            return None
        return AllOf(complete) if name == "all" else AnyOf(complete)

    def refuse_unknown_keys(self, tree: Mapping[object, object], known: tuple[str, ...], path: str) -> None:
        for key in tree:
            if key not in known:
                self.add(path, "unknown_key", f'Remove "{shown(key)}"{nearest(key, known)}')

    def condition(self, tree: Mapping[object, object], path: str) -> Comparison | None:
        before = len(self.problems)
        self.refuse_unknown_keys(tree, CONDITION_KEYS, path)
        kind = self.kind_of(tree["field"], _join(path, "field"))
        operator = self.operator(tree.get("op"), _join(path, "op"))
        if kind is None or operator is None:
            return None
        if operator not in OPERATORS[kind]:
            choices = ", ".join(OPERATORS[kind])
            self.add(
                _join(path, "op"),
                "operator_not_for_kind",
                f'"{operator}" does not suit a {kind} field. Use one of {choices}.',
            )
            return None
        exact = self.exact(tree.get("exact", False), kind, operator, _join(path, "exact"))
        value = self.value(tree.get("value", NOTHING), kind, operator, _join(path, "value"))
        if len(self.problems) > before:
            return None
        return Comparison(str(tree["field"]), operator, kind, value, exact)

    def kind_of(self, key: object, path: str) -> Kind | None:
        if not isinstance(key, str):
            self.add(path, "unknown_field", "Write the key of a field, as text.")
            return None
        kind = self.fields.get(key)
        if kind is None:
            self.add(path, "unknown_field", f'There is no field "{shown(key)}"{nearest(key, self.fields)}')
        return kind

    def operator(self, name: object, path: str) -> Operator | None:
        try:
            return Operator(str(name))
        except ValueError:
            known = [operator.value for operator in Operator]
            message = (
                "Write an operator."
                if name is None
                else f'There is no operator "{shown(name)}"{nearest(name, known)}'
            )
            self.add(path, "unknown_operator", message)
            return None

    def exact(self, given: object, kind: Kind, operator: Operator, path: str) -> bool:
        if not isinstance(given, bool):
            self.add(path, "not_a_boolean", "Write true or false, without quotes.")
            return False
        if given and (kind is not Kind.TEXT or operator not in EXACT_OPERATORS):
            self.add(
                path, "exact_not_for_operator", f'Remove "exact": it says nothing about "{operator}" here.'
            )
        return given

    def value(
        self, given: object, kind: Kind, operator: Operator, path: str
    ) -> Literal | tuple[Literal, ...] | FieldReference | None:
        operand = OPERANDS[operator]
        if operand is Operand.NOTHING:
            if given is not NOTHING and given is not None:
                self.add(path, "value_not_expected", f'Remove the value: "{operator}" takes none.')
            return None
        if given is NOTHING or given is None:
            self.add(path, "value_missing", f'Write {operand.value} for "{operator}".')
            return None
        if isinstance(given, Mapping):
            return self.reference(given, kind, operator, path)
        if operand is Operand.PATTERN:
            return self.pattern(given, path)
        if operand is Operand.DAYS:
            return self.days(given, path)
        if operand is Operand.ONE:
            return self.literal(given, kind, path)
        return self.items(given, kind, operand, path)

    def reference(
        self, given: Mapping[object, object], kind: Kind, operator: Operator, path: str
    ) -> FieldReference | None:
        if "field" not in given:
            self.add(path, "not_a_value", 'Write a value, or {"field": key} to compare with another field.')
            return None
        self.refuse_unknown_keys(given, ("field",), path)
        other = self.kind_of(given["field"], _join(path, "field"))
        if operator not in FIELD_OPERATORS:
            self.add(
                path,
                "field_not_for_operator",
                f'"{operator}" cannot compare with a field. Write {OPERANDS[operator].value}.',
            )
        elif other is not None and other is not kind:
            self.add(
                path, "other_kind", f"Compare fields of one kind: this one is {other}, the other {kind}."
            )
        return FieldReference(str(given["field"]))

    def literal(self, given: object, kind: Kind, path: str) -> Literal | None:
        try:
            return parse_literal(kind, given)
        except ValueError as error:
            self.add(path, "wrong_type", str(error))
            return None

    def items(self, given: object, kind: Kind, operand: Operand, path: str) -> tuple[Literal, ...] | None:
        if not isinstance(given, list | tuple):
            self.add(path, "not_a_list", f"Write {operand.value}.")
            return None
        if operand is Operand.PAIR and len(given) != 2:
            self.add(path, "not_a_pair", f"Write {operand.value}.")
            return None
        if not given:
            self.add(path, "empty_list", "Write at least one value in the list.")
            return None
        if len(given) > MAX_LIST:
            self.add(path, "list_too_long", f"Shorten the list: it may have at most {MAX_LIST:,} values.")
            return None
        literals = [self.literal(item, kind, f"{path}[{index}]") for index, item in enumerate(given)]
        return tuple(literal for literal in literals if literal is not None)

    def pattern(self, given: object, path: str) -> str | None:
        try:
            pattern = parse_text(given)
            compile_pattern(pattern)
        except PatternError as error:
            self.add(path, "invalid_pattern", str(error))
            return None
        except ValueError as error:
            self.add(path, "wrong_type", str(error))
            return None
        return pattern

    def days(self, given: object, path: str) -> int | None:
        if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= MAX_DAYS:
            self.add(
                path, "not_days", f"Write a whole number of days from 0 to {MAX_DAYS:,}, without quotes."
            )
            return None
        return given


def _join(path: str, step: str) -> str:
    return f"{path}.{step}" if path else step


def shown(given: object) -> str:
    """What was given, short enough for a message."""
    text = str(given)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def nearest(given: object, known: Iterable[str]) -> str:
    """The end of a message: the nearest known name, if one is near."""
    near = difflib.get_close_matches(shown(given), known, n=1)
    return f'. Did you mean "{near[0]}"?' if near else "."
