"""The ifs of a formula as rows: when these hold, then this; otherwise that. The text stays the formula.

Names in the form: `formula_case0x1-0.2-op` (a row of the rule of the first if's second case), `formula_case0x1-then`,
`formula_case0x1-rule` (the rule as it was written) and `formula_case0-otherwise`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from core.rules import written_choices
from leads.admin.building.rule_tree import (
    Condition,
    Group,
    RuleField,
    act,
    draft_of_rule,
    placed,
    problems_in,
    read_tree,
    rule_of,
)

CASES = "formula_case"
BUTTON = re.compile(rf"{CASES}[0-9]{{1,2}}(x[0-9]{{1,2}})?-do")
MOST_IFS, MOST_CASES = 20, 40
NOTHING = "0"
WORD = re.compile(r"[A-Za-z0-9_.]+")


@dataclass(slots=True)
class Case:
    """One row: `rule` is as it was written, "" for a row that was just added."""

    root: Group
    then: str
    rule: str = ""
    problem: str = ""


@dataclass(slots=True)
class Conditional:
    """One if of the formula; it stands at `start:end` of the text."""

    cases: list[Case] = field(default_factory=list)
    otherwise: str = ""
    start: int = 0
    end: int = 0


def conditionals_of(text: str, fields: Mapping[str, RuleField]) -> list[Conditional]:
    """Return the ifs of a formula as rows; those within others stay text."""
    return [
        Conditional(
            [Case(draft_of_rule(_parsed(case.rule), fields), case.then, case.rule) for case in choice.cases],
            choice.otherwise,
            choice.start,
            choice.end,
        )
        for choice in written_choices(text)[:MOST_IFS]
    ]


def read_conditionals(data: QueryDict, text: str, fields: Mapping[str, RuleField]) -> list[Conditional]:
    """Return the rows that were sent for the ifs of a text; none where they are not those of this text."""
    read = []
    for number, written in enumerate(conditionals_of(text, fields)):
        name = f"{CASES}{number}"
        if f"{name}-otherwise" not in data:
            return []
        # An input has one line: terms of several come back without the ends of theirs.
        terms = {
            each.replace("\n", ""): each
            for each in (*(case.then for case in written.cases), written.otherwise)
        }
        otherwise = _term(data[f"{name}-otherwise"], terms)
        typed = Conditional([], otherwise, written.start, written.end)
        for place in range(MOST_CASES):
            case = f"{name}x{place}"
            if f"{case}-then" not in data:
                break
            root = read_tree(data, case, fields) or Group()
            if pressed := data.get(f"{case}-do"):
                root = act(root, pressed)
            rule = data.get(f"{case}-rule", "").replace("\r\n", "\n")
            typed.cases.append(Case(root, _term(data[f"{case}-then"], terms), rule))
        _press(typed, data.get(f"{name}-do", ""))
        read.append(typed)
    return read


def _term(sent: str, terms: Mapping[str, str]) -> str:
    """The text of a term; as it was written, where it says the same."""
    text = sent.strip()
    return terms.get(text, text) or NOTHING


def _press(typed: Conditional, pressed: str) -> None:
    verb, _dash, place = pressed.partition("-")
    if verb == "add" and len(typed.cases) < MOST_CASES:
        typed.cases.append(Case(placed(Group(parts=[Condition()])), NOTHING))
    elif verb == "remove" and place.isdecimal() and len(place) < 3 and int(place) < len(typed.cases):
        del typed.cases[int(place)]


def spliced(
    text: str, ifs: Sequence[Conditional], fields: Mapping[str, RuleField]
) -> tuple[str, list[Conditional]]:
    """Return the formula with its ifs as their rows say, and those that it has then; an untouched one stays as it is
    written.

    A row that is unfinished is told so, and leaves its part of the formula as it was.
    """
    for typed, written in reversed(list(zip(ifs, conditionals_of(text, fields), strict=True))):
        before = _written(written)
        for case in typed.cases:
            _finish(case, fields)
        if (new := _written(typed)) != before:
            text = text[: written.start] + new + text[written.end :]
    left = [typed for typed in ifs if any(case.rule for case in typed.cases)]
    # Whoever wrote a parenthesis too few has other ifs than the rows say: the text is right.
    return text, left if len(left) == len(conditionals_of(text, fields)) else []


def _written(choice: Conditional) -> str:
    cases = [case for case in choice.cases if case.rule]
    text = choice.otherwise
    for case in reversed(cases):
        text = f"if({case.rule}, {case.then}, {text})"
    # What stood between other terms stays one of them.
    return text if cases or WORD.fullmatch(text) else f"({text})"


def _finish(case: Case, fields: Mapping[str, RuleField]) -> None:
    """Write the rule of a row: as before, unless it says something else."""
    found = rule_of(case.root, fields).tree
    if problems_in(case.root):
        case.problem = _("Correct the marked row.")
        return
    if found is None:
        case.problem = _("Add a condition first, and fill it in.")
        return
    before = _parsed(case.rule)
    if before is None or rule_of(draft_of_rule(before, fields), fields).tree != found:
        case.rule = json.dumps(found, ensure_ascii=False)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def has_problems(ifs: Sequence[Conditional]) -> bool:
    """Whether a row of them is unfinished or wrong."""
    return any(case.problem for choice in ifs for case in choice.cases)
