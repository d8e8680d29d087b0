"""The browser's interpreter of rules says what the server's says."""

import json
import random
import unicodedata
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.rules.evaluate import evaluate
from core.rules.language import parse_rule
from core.rules.nodes import FIELD_OPERATORS, OPERANDS, OPERATORS, Operand, Operator
from core.rules.values import Kind, normalise_text
from tests.core.templates.conftest import OpenPage

pytestmark = pytest.mark.browser

ZONE = ZoneInfo("Asia/Kolkata")
NOW = datetime(2025, 1, 5, 20, 0, tzinfo=UTC)
TODAY = NOW.astimezone(ZONE).date().isoformat()

VALUES: dict[Kind, list[Any]] = {
    Kind.TEXT: [
        *[
            None,
            "",
            "  ",
            "Mumbai",
            " mumbai ",
            "MUMBAI",
            "İstanbul",
            "istanbul",
            "Straße",
            "STRASSE",
            "ΣΑΣ",
            "σας",
        ],
        *["ﬁn", "FIN", "e\u0301", "é", "a\u00a0b", "a b", "ı", "I", "100", "Ⅷ"],
    ],
    Kind.NUMBER: [
        *[None, "", "0", "-0", "10", "10.0", "9.99", "-5", "n/a"],
        *["12345678901234567890.01", "12345678901234567890.02"],
    ],
    Kind.BOOLEAN: [None, "true", "false"],
    Kind.DATE: [None, "", "2025-01-06", "2025-01-05", "2024-12-30", "2025-01-13", "2025-02-30", "soon"],
    Kind.DATETIME: [
        *[None, "2025-01-05T18:30:00+00:00", "2025-01-06T18:29:59Z"],
        *["2024-12-31T00:00:00+05:30", "2025-06-01T00:00Z"],
    ],
    Kind.TIME: [None, "09:30", "09:30:00", "23:59:59", "noon"],
    Kind.MULTI: [None, [], ["Home"], ["home", "Car"], ["Gold", ""], ["ﬁn", "Straße"]],
    Kind.REFERENCE: [None, "", "12", "7", " 12", "L00000042", "l00000042"],
    Kind.PRESENCE: [None, {}, {"id": 1}, {"lat": "1.000000"}, "text", [], [{"id": 1}]],
}
PATTERNS = ["^M", "(?i)^m", "a.b", "^[A-Z]{5}$", "0+"]


def a_literal(random_: random.Random, kind: Kind) -> Any:
    while True:
        value = random_.choice(VALUES[kind])
        if kind is Kind.MULTI:
            value = random_.choice(["home", "CAR", "gold", "strasse"])
        if value not in (None, "", "  ", "n/a", "soon", "noon", "2025-02-30"):
            return {"true": True, "false": False}.get(value, value) if kind is Kind.BOOLEAN else value


def a_condition(random_: random.Random) -> dict[str, Any]:
    kind = random_.choice(list(Kind))
    operator = random_.choice(OPERATORS[kind])
    rule: dict[str, Any] = {"field": f"{kind}_a", "op": operator.value}
    operand = OPERANDS[operator]
    if operand is Operand.ONE or operator in (Operator.HAS_ANY, Operator.HAS_ALL):
        rule["value"] = a_literal(random_, kind)
        if operand is not Operand.ONE:
            rule["value"] = [rule["value"], a_literal(random_, kind)]
        if operator in FIELD_OPERATORS and random_.random() < 0.3:
            rule["value"] = {"field": f"{kind}_b"}
    elif operand in (Operand.LIST, Operand.PAIR):
        rule["value"] = [a_literal(random_, kind), a_literal(random_, kind)]
    elif operand is Operand.PATTERN:
        rule["value"] = random_.choice(PATTERNS)
    elif operand is Operand.DAYS:
        rule["value"] = random_.choice([0, 1, 7])
    if kind is Kind.TEXT and operand in (Operand.ONE, Operand.LIST) and random_.random() < 0.2:
        rule["exact"] = True
    return rule


def a_rule(random_: random.Random, depth: int = 2) -> dict[str, Any]:
    chance = random_.random()
    if depth == 0 or chance < 0.5:
        return a_condition(random_)
    if chance < 0.6:
        return {"not": a_rule(random_, depth - 1)}
    parts = [a_rule(random_, depth - 1) for _ in range(random_.randint(0, 3))]
    return {"all": parts} if chance < 0.8 else {"any": parts}


def test_rules_have_the_same_outcome_in_the_browser(open_page: OpenPage) -> None:
    random_ = random.Random(20250105)
    kinds = {f"{kind}_{name}": kind for kind in Kind for name in "ab"}
    cases, expected = [], []
    for _ in range(4_000):
        rule = parse_rule(a_rule(random_), kinds)
        values = {key: random_.choice(VALUES[kind]) for key, kind in kinds.items()}
        cases.append([rule.to_json(), values])
        expected.append(evaluate(rule, values, now=NOW, timezone=ZONE))

    outcomes = open_page("styleguide").evaluate(
        """async ([cases, types, today, timezone]) => {
             const { evaluate } = await import("/static/js/rules.js");
             const map = (object) => new Map(Object.entries(object));
             const page = { types: map(types), today, timezone };
             return cases.map(([rule, values]) => evaluate(rule, { ...page, values: map(values) }));
           }""",
        [cases, {key: kind.value for key, kind in kinds.items()}, TODAY, "Asia/Kolkata"],
    )

    different = [
        (json.dumps(rule), {key: values[key] for key in values if key in json.dumps(rule)}, want)
        for (rule, values), want, got in zip(cases, expected, outcomes, strict=True)
        if want != got
    ]
    assert different[:5] == []
    assert {True, False} == set(expected)


def test_texts_are_told_apart_alike(open_page: OpenPage) -> None:
    """No letters that the server tells apart may meet, among those that both Unicode versions know."""
    letters = [chr(code) for code in range(0x11000) if unicodedata.category(chr(code)) not in ("Cn", "Cs")]

    seen = open_page("styleguide").evaluate(
        """async (letters) => {
             const { normalise } = await import("/static/js/rules.js");
             return letters.map(normalise);
           }""",
        letters,
    )

    meanings: dict[str, set[str]] = {}
    for letter, form in zip(letters, seen, strict=True):
        meanings.setdefault(form, set()).add(normalise_text(letter))
    assert {form: found for form, found in meanings.items() if len(found) > 1} == {}


def test_what_cannot_be_decided_in_the_browser_is_said(open_page: OpenPage) -> None:
    undecided = open_page("styleguide").evaluate(
        r"""async () => {
             const { evaluate, Undecided } = await import("/static/js/rules.js");
             const page = { values: new Map([["a", "x"]]), types: new Map(), today: "2025-01-05" };
             const rules = [
               { field: "unknown", op: "eq", value: "x" },
               { field: "a", op: "matches", value: "(?P<n>x)" },
             ];
             return rules.map((rule) => {
               try { return evaluate(rule, page); } catch (error) { return error instanceof Undecided; }
             });
           }"""
    )

    assert undecided == [True, True]
