"""The tree of a rule: its operators, and what each may be asked of which kind of field.

Nodes are immutable and compare by what they say. `core.rules.language` makes them from JSON, and refuses what
is wrong; everything else in this package may therefore rely on a tree being valid.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum

from core.rules.values import Kind, Scalar, stored_value

Literal = Scalar | int


class Operator(StrEnum):
    """What a condition asks of its field."""

    EQ = "eq"
    NE = "ne"
    IN = "in"
    NOT_IN = "not_in"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    BETWEEN = "between"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    MATCHES = "matches"
    IS_EMPTY = "is_empty"
    IS_NOT_EMPTY = "is_not_empty"
    BEFORE = "before"
    AFTER = "after"
    WITHIN_DAYS = "within_days"
    HAS_ANY = "has_any"
    HAS_ALL = "has_all"


class Operand(Enum):
    """What stands in `value` for an operator."""

    NOTHING = "nothing"
    ONE = "one value"
    LIST = "a list of values"
    PAIR = "a list of two values: the lowest and the highest"
    PATTERN = "a pattern"
    DAYS = "a number of days"


OPERANDS: dict[Operator, Operand] = {
    Operator.EQ: Operand.ONE,
    Operator.NE: Operand.ONE,
    Operator.IN: Operand.LIST,
    Operator.NOT_IN: Operand.LIST,
    Operator.GT: Operand.ONE,
    Operator.GTE: Operand.ONE,
    Operator.LT: Operand.ONE,
    Operator.LTE: Operand.ONE,
    Operator.BETWEEN: Operand.PAIR,
    Operator.CONTAINS: Operand.ONE,
    Operator.STARTS_WITH: Operand.ONE,
    Operator.ENDS_WITH: Operand.ONE,
    Operator.MATCHES: Operand.PATTERN,
    Operator.IS_EMPTY: Operand.NOTHING,
    Operator.IS_NOT_EMPTY: Operand.NOTHING,
    Operator.BEFORE: Operand.ONE,
    Operator.AFTER: Operand.ONE,
    Operator.WITHIN_DAYS: Operand.DAYS,
    Operator.HAS_ANY: Operand.LIST,
    Operator.HAS_ALL: Operand.LIST,
}

EMPTINESS = (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY)
EQUALITY = (Operator.EQ, Operator.NE, Operator.IN, Operator.NOT_IN)
ORDER = (Operator.GT, Operator.GTE, Operator.LT, Operator.LTE, Operator.BETWEEN)
CALENDAR = (Operator.BEFORE, Operator.AFTER, Operator.WITHIN_DAYS)
FRAGMENT = (Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH)
CHOICES = (Operator.HAS_ANY, Operator.HAS_ALL)

# In the order in which a rule builder offers them.
OPERATORS: dict[Kind, tuple[Operator, ...]] = {
    Kind.TEXT: (*EQUALITY, *FRAGMENT, Operator.MATCHES, *EMPTINESS),
    Kind.NUMBER: (*EQUALITY, *ORDER, *EMPTINESS),
    Kind.BOOLEAN: (Operator.EQ, Operator.NE, *EMPTINESS),
    Kind.DATE: (*EQUALITY, *ORDER, *CALENDAR, *EMPTINESS),
    Kind.DATETIME: (*EQUALITY, *ORDER, *CALENDAR, *EMPTINESS),
    Kind.TIME: (*EQUALITY, *ORDER, *EMPTINESS),
    Kind.MULTI: (*CHOICES, *EMPTINESS),
    Kind.REFERENCE: (*EQUALITY, *EMPTINESS),
    Kind.PRESENCE: EMPTINESS,
}

# Operators that may compare with another field of the same kind.
FIELD_OPERATORS = frozenset(
    operator for operator, operand in OPERANDS.items() if operand is Operand.ONE or operator in CHOICES
)
# Operators that take `"exact": true`: texts are then compared as they are stored, untrimmed, with their case.
EXACT_OPERATORS = frozenset((*EQUALITY, *FRAGMENT))


@dataclass(frozen=True, slots=True)
class FieldReference:
    """Another field, whose value a condition compares with."""

    field: str

    def to_json(self) -> dict[str, object]:
        """`{"field": key}`."""
        return {"field": self.field}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A condition on one field. `value` has the shape that `OPERANDS` says; `kind` is the field's."""

    field: str
    operator: Operator
    kind: Kind
    value: Literal | tuple[Literal, ...] | FieldReference | None = None
    exact: bool = False

    def to_json(self) -> dict[str, object]:
        """The condition as JSON: numbers as text, moments in UTC."""
        tree: dict[str, object] = {"field": self.field, "op": self.operator.value}
        if isinstance(self.value, FieldReference):
            tree["value"] = self.value.to_json()
        elif isinstance(self.value, tuple):
            tree["value"] = [stored_value(item) for item in self.value]
        elif self.value is not None:
            tree["value"] = stored_value(self.value)
        return tree | ({"exact": True} if self.exact else {})


@dataclass(frozen=True, slots=True)
class AllOf:
    """True when every part is true; of nothing it is true."""

    parts: "tuple[Node, ...]"

    def to_json(self) -> dict[str, object]:
        """`{"all": [...]}`."""
        return {"all": [part.to_json() for part in self.parts]}


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True when at least one part is true; of nothing it is false."""

    parts: "tuple[Node, ...]"

    def to_json(self) -> dict[str, object]:
        """`{"any": [...]}`."""
        return {"any": [part.to_json() for part in self.parts]}


@dataclass(frozen=True, slots=True)
class Not:
    """The plain negation of its part: true where a condition failed because a value is missing."""

    part: "Node"

    def to_json(self) -> dict[str, object]:
        """`{"not": ...}`."""
        return {"not": self.part.to_json()}


Node = AllOf | AnyOf | Not | Comparison


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, parents first."""
    yield node
    for _, part in parts_of(node):
        yield from walk(part)


def parts_of(node: Node) -> Iterator[tuple[str, Node]]:
    """The direct parts of a node, each with its step in a path: `all[0]`, `any[2]`, `not`."""
    if isinstance(node, AllOf | AnyOf):
        name = "all" if isinstance(node, AllOf) else "any"
        for index, part in enumerate(node.parts):
            yield f"{name}[{index}]", part
    elif isinstance(node, Not):
        yield "not", node.part


def fields_of(comparison: Comparison) -> tuple[str, ...]:
    """The key of the field, and that of the field it is compared with, if it is."""
    if isinstance(comparison.value, FieldReference):
        return comparison.field, comparison.value.field
    return (comparison.field,)


def needs_timezone(comparison: Comparison) -> bool:
    """Whether a literal is a datetime without an offset, so that its meaning depends on the timezone."""
    literals = comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)
    return any(isinstance(literal, datetime) and literal.tzinfo is None for literal in literals)
