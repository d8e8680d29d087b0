"""Formulas of computed fields: `loan_amount / (monthly_income * 12)`.

    + - * /  (also − × ÷)   parentheses   numbers   fields that hold numbers
    min(a, b, …)   max(a, b, …)   abs(a)   round(a)   round(a, digits)
    if({"field": "city", "op": "eq", "value": "Pune"}, a, b)

The condition of `if` is a rule as a JSON object, over fields of any kind. Formulas reckon in decimals of 50
digits and round half-up, half away from zero. A missing input, a division by zero or more than 50 digits give
no value; of an `if` only the branch that is taken counts.
"""

import graphlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import (
    ROUND_HALF_UP,
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    DivisionUndefined,
    InvalidOperation,
    Overflow,
)

from core.errors import FieldError, ValidationFailed
from core.rules.language import Rule
from core.rules.moment import Moment
from core.rules.values import read_number

# Large enough for any sum of money to the last paisa; with ends, so that no result grows without bound.
CONTEXT = Context(
    prec=50,
    rounding=ROUND_HALF_UP,
    Emin=-999,
    Emax=999,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
OPERATIONS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": CONTEXT.add,
    "-": CONTEXT.subtract,
    "*": CONTEXT.multiply,
    "/": CONTEXT.divide,
}
FUNCTIONS: dict[str, Callable[[list[Decimal]], Decimal]] = {
    "min": min,
    "max": max,
    "abs": lambda values: values[0].copy_abs(),
}


class FormulaError(ValidationFailed):
    """A formula that cannot be accepted; `position` counts characters from 0."""

    def __init__(self, message: str, position: int) -> None:
        self.position = position
        said = f"At character {position + 1}: {message}"
        super().__init__("invalid_formula", said, {"formula": [FieldError("invalid_formula", said)]})


class FormulaCycleError(ValidationFailed):
    """Formulas that need one another; `cycle` has their keys, the first again at the end."""

    def __init__(self, cycle: list[str]) -> None:
        self.cycle = cycle
        message = f"These formulas need one another: {' → '.join(cycle)}. Take one of the fields out of them."
        fields = {key: [FieldError("formula_cycle", message)] for key in cycle}
        super().__init__("formula_cycle", message, fields)


class NoValueError(Exception):
    """An input is missing; `key` is its field."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a formula gives: a value, or why there is none (the key of the input that is `missing`, or a `problem`:
    division_by_zero, too_large)."""

    value: Decimal | None = None
    missing: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """A number written in the formula."""

    value: Decimal

    def compute(self, values: Mapping[str, object], moment: Moment) -> Decimal:
        """The number itself."""
        return self.value

    def fields(self) -> Iterator[str]:
        """None."""
        return iter(())


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A field that holds a number."""

    key: str

    def compute(self, values: Mapping[str, object], moment: Moment) -> Decimal:
        """The field's number. Raises NoValueError where it is missing."""
        number = read_number(values.get(self.key))
        if number is None:
            raise NoValueError(self.key)
        return number

    def fields(self) -> Iterator[str]:
        """Its key."""
        yield self.key


@dataclass(frozen=True, slots=True)
class Negation:
    """A minus sign before a term."""

    term: "Term"

    def compute(self, values: Mapping[str, object], moment: Moment) -> Decimal:
        """The term's opposite."""
        return self.term.compute(values, moment).copy_negate()

    def fields(self) -> Iterator[str]:
        """Those of the term."""
        return self.term.fields()


@dataclass(frozen=True, slots=True)
class Operation:
    """Two terms with + - * or / between them."""

    sign: str
    left: "Term"
    right: "Term"

    def compute(self, values: Mapping[str, object], moment: Moment) -> Decimal:
        """Raises a decimal exception where there is no result."""
        return OPERATIONS[self.sign](self.left.compute(values, moment), self.right.compute(values, moment))

    def fields(self) -> Iterator[str]:
        """Those of both terms."""
        yield from self.left.fields()
        yield from self.right.fields()


@dataclass(frozen=True, slots=True)
class Call:
    """min, max or abs of terms, all of which must have a value."""

    function: str
    terms: "tuple[Term, ...]"

    def compute(self, values: Mapping[str, object], moment: Moment) -> Decimal:
        """The function of the terms' numbers."""
        return FUNCTIONS[self.function]([term.compute(values, moment) for term in self.terms])

    def fields(self) -> Iterator[str]:
        """Those of all terms."""
        for term in self.terms:
            yield from term.fields()


@dataclass(frozen=True, slots=True)
class Rounding:
    """A term rounded half-up to `digits` after the point, or, negative, before it."""

    term: "Term"
    digits: int

    def compute(self, values: Mapping[str, object], moment: Moment) -> Decimal:
        """The rounded number."""
        return rounded(self.term.compute(values, moment), self.digits)

    def fields(self) -> Iterator[str]:
        """Those of the term."""
        return self.term.fields()


@dataclass(frozen=True, slots=True)
class Choice:
    """One term where a rule holds, another where it does not."""

    rule: Rule
    then: "Term"
    otherwise: "Term"

    def compute(self, values: Mapping[str, object], moment: Moment) -> Decimal:
        """Only the branch that is taken is looked at."""
        branch = self.then if self.rule.compile()(values, moment) else self.otherwise
        return branch.compute(values, moment)

    def fields(self) -> Iterator[str]:
        """Those of the rule and of both branches."""
        yield from self.rule.fields()
        yield from self.then.fields()
        yield from self.otherwise.fields()


Term = Number | FieldValue | Negation | Operation | Call | Rounding | Choice


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was checked against the fields it reads."""

    text: str
    root: Term

    def fields(self) -> frozenset[str]:
        """The keys of all fields the formula reads, those of its rules included."""
        return frozenset(self.root.fields())

    def evaluate(
        self, values: Mapping[str, object], *, decimals: int, now: datetime, timezone: tzinfo
    ) -> Decimal | None:
        """The result rounded half-up to `decimals`, or None where there is none.

        `values` are stored or typed; `now` (aware) and `timezone` are those of the rules in the formula.
        """
        return self.outcome(values, decimals=decimals, now=now, timezone=timezone).value

    def outcome(
        self, values: Mapping[str, object], *, decimals: int, now: datetime, timezone: tzinfo
    ) -> Outcome:
        """The same as `evaluate`, and where there is no result, why."""
        try:
            return Outcome(rounded(self.root.compute(values, Moment(now, timezone)), decimals))
        except NoValueError as error:
            return Outcome(missing=error.key)
        except DecimalException as error:
            # Zero by zero is told by what the exception carries.
            by_zero = isinstance(error, ZeroDivisionError) or DivisionUndefined in error.args[0]
            return Outcome(problem="division_by_zero" if by_zero else "too_large")


def rounded(number: Decimal, digits: int) -> Decimal:
    """The number, half-up, with so many digits after the point; never a negative zero."""
    result = CONTEXT.quantize(number, Decimal((0, (1,), -digits)))
    return result if result else result.copy_abs()


def order_formulas(formulas: Mapping[str, Formula]) -> list[str]:
    """The keys of computed fields in an order in which each comes after those it reads.

    Raises FormulaCycleError where formulas need one another.
    """
    needs = {key: sorted(formula.fields() & formulas.keys()) for key, formula in formulas.items()}
    try:
        return list(graphlib.TopologicalSorter(needs).static_order())
    except graphlib.CycleError as error:
        # graphlib tells the cycle from what is needed to what needs it.
        raise FormulaCycleError(list(reversed(error.args[1]))) from error
