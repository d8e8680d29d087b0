"""From the text of a formula to its terms: a tokenizer, and a parser by binding power (Pratt's method)."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from core.rules.formula import (
    FUNCTIONS,
    Call,
    Choice,
    FieldValue,
    Formula,
    FormulaError,
    Negation,
    Number,
    Operation,
    Rounding,
    Term,
)
from core.rules.language import RuleError, nearest, parse_rule, shown
from core.rules.values import Kind, read_number

MAX_LENGTH = 10_000
MAX_TERMS = 200
MAX_DEPTH = 32
MAX_DIGITS = 20

BINDING = {"+": 10, "-": 10, "*": 20, "/": 20}
BINDING_OF_SIGN = 30
SPELLINGS = {"−": "-", "×": "*", "÷": "/"}
FUNCTION_NAMES = (*FUNCTIONS, "round", "if")

TOKEN = re.compile(
    r"(?P<number>[0-9][0-9A-Za-z_.]*)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>[-+*/−×÷(),])"
    r"|(?P<rule>\{)"
)
SPACE = re.compile(r"\s*")
JSON = json.JSONDecoder(parse_float=Decimal)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a formula: number, name, sign, rule (with its JSON tree), or the end."""

    sort: str
    text: str
    position: int
    end: int
    tree: object = None

    def __str__(self) -> str:
        return "the end of the formula" if self.sort == "end" else f'"{shown(self.text)}"'


def parse_formula(text: str, fields: Mapping[str, Kind]) -> Formula:
    """The formula that a text says, over fields of the given kinds.

    Raises FormulaError, with the position, for what is misspelt, misplaced, unknown, no number, or too large.
    """
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"A formula may have at most {MAX_LENGTH:,} characters.", MAX_LENGTH)
    parser = _Parser(list(tokens(text)), fields)
    term = parser.term(0, depth=1)
    parser.expect_end()
    return Formula(text, term)


def tokens(text: str) -> Iterator[Token]:
    """The pieces of a formula in their order, the last one its end. Raises FormulaError."""
    position = _skip_space(text, 0)
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            usable = "Use numbers, fields, + - * / and parentheses."
            raise FormulaError(f'"{text[position]}" has no meaning in a formula. {usable}', position)
        sort = str(match.lastgroup)
        if sort == "rule":
            tree, end = _read_json(text, position)
            yield Token(sort, "{…}", position, end, tree)
        else:
            end = match.end()
            yield Token(sort, SPELLINGS.get(match.group(), match.group()), position, end)
        position = _skip_space(text, end)
    yield Token("end", "", len(text), len(text))


def _skip_space(text: str, position: int) -> int:
    match = SPACE.match(text, position)
    return match.end() if match else position


def _read_json(text: str, position: int) -> tuple[object, int]:
    try:
        return JSON.raw_decode(text, position)
    except json.JSONDecodeError as error:
        raise FormulaError(f"The rule is not valid JSON: {error.msg}.", error.pos) from error
    except (RecursionError, ValueError) as error:  # nested too deeply, or a number of thousands of digits
        raise FormulaError("The rule cannot be read. Make it simpler.", position) from error


class _Parser:
    """Takes tokens from left to right; each method leaves behind what it does not understand."""

    def __init__(self, given: list[Token], fields: Mapping[str, Kind]) -> None:
        self.tokens = given
        self.fields = fields
        self.index = 0
        self.terms = 0

    @property
    def current(self) -> Token:
        return self.tokens[self.index]

    def take(self) -> Token:
        token = self.current
        self.index = min(self.index + 1, len(self.tokens) - 1)
        return token

    def expect(self, sign: str) -> None:
        token = self.take()
        if token.sort != "sign" or token.text != sign:
            raise FormulaError(f'Write "{sign}" here, before {token}.', token.position)

    def expect_end(self) -> None:
        token = self.current
        if token.sort != "end":
            raise FormulaError(f"Write an operator before {token}, or remove it.", token.position)

    def term(self, binding: int, depth: int) -> Term:
        """A term and all that binds it more tightly than `binding` does."""
        self.count(depth)
        left = self.first(depth)
        while (power := BINDING.get(self.current.text, 0)) > binding:
            sign = self.take().text
            left = Operation(sign, left, self.term(power, depth + 1))
        return left

    def count(self, depth: int) -> None:
        self.terms += 1
        position = self.current.position
        if depth > MAX_DEPTH:
            raise FormulaError(f"Flatten the formula: it may be nested at most {MAX_DEPTH} deep.", position)
        if self.terms > MAX_TERMS:
            raise FormulaError(f"Split the formula: it may have at most {MAX_TERMS} terms.", position)

    def first(self, depth: int) -> Term:
        token = self.take()
        if token.sort == "number":
            return self.number(token)
        if token.sort == "name":
            is_call = self.current.text == "(" and self.current.sort == "sign"
            return self.call(token, depth) if is_call else self.field(token)
        if token.sort == "rule":
            raise FormulaError("A rule stands only at the beginning of if(…).", token.position)
        if token.text == "-":
            return Negation(self.term(BINDING_OF_SIGN, depth + 1))
        if token.text == "+":
            return self.term(BINDING_OF_SIGN, depth + 1)
        if token.text == "(":
            inner = self.term(0, depth + 1)
            self.expect(")")
            return inner
        raise FormulaError(f"Write a number, a field or a function before {token}.", token.position)

    def number(self, token: Token) -> Number:
        value = read_number(token.text)
        if value is None:
            message = f'"{shown(token.text)}" is no number. Write a plain one, such as 125000 or 2.5.'
            raise FormulaError(message, token.position)
        return Number(value)

    def field(self, token: Token) -> FieldValue:
        kind = self.fields.get(token.text)
        if kind is None:
            known = [key for key, its in self.fields.items() if its is Kind.NUMBER]
            raise FormulaError(
                f'There is no field "{shown(token.text)}"{nearest(token.text, known)}', token.position
            )
        if kind is not Kind.NUMBER:
            message = f'"{token.text}" holds {kind}. Use fields that hold numbers.'
            raise FormulaError(message, token.position)
        return FieldValue(token.text)

    def call(self, token: Token, depth: int) -> Term:
        name = token.text.lower()
        if name not in FUNCTION_NAMES:
            raise FormulaError(
                f'There is no function "{shown(token.text)}"{nearest(name, FUNCTION_NAMES)}', token.position
            )
        self.expect("(")
        if name == "if":
            return self.choice(depth)
        if name == "round":
            return self.rounding(depth)
        terms = [self.term(0, depth + 1)]
        while self.current.text == ",":
            self.take()
            terms.append(self.term(0, depth + 1))
        self.expect(")")
        if name == "abs" and len(terms) != 1:
            raise FormulaError("abs takes one term.", token.position)
        return Call(name, tuple(terms))

    def choice(self, depth: int) -> Choice:
        token = self.take()
        if token.sort != "rule":
            example = '{"field": "city", "op": "eq", "value": "Pune"}'
            raise FormulaError(
                f"Begin if(…) with a rule as a JSON object, such as {example}.", token.position
            )
        try:
            rule = parse_rule(token.tree, self.fields)
        except RuleError as error:
            raise FormulaError(f"In the rule, {error}", token.position) from error
        self.expect(",")
        then = self.term(0, depth + 1)
        self.expect(",")
        otherwise = self.term(0, depth + 1)
        self.expect(")")
        return Choice(rule, then, otherwise)

    def rounding(self, depth: int) -> Rounding:
        term = self.term(0, depth + 1)
        digits = 0
        if self.current.text == ",":
            self.take()
            digits = self.digits()
        self.expect(")")
        return Rounding(term, digits)

    def digits(self) -> int:
        negative = self.current.text == "-"
        if negative:
            self.take()
        token = self.take()
        if token.sort != "number" or not token.text.isdigit() or int(token.text) > MAX_DIGITS:
            raise FormulaError(f"Write a whole number of digits, at most {MAX_DIGITS}.", token.position)
        return -int(token.text) if negative else int(token.text)
