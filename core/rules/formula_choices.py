"""Where the ifs of a formula stand in its text, for whoever edits them without writing the text anew."""

from dataclasses import dataclass

from core.rules.formula import FormulaError
from core.rules.formula_parser import Token, tokens


@dataclass(frozen=True, slots=True)
class WrittenCase:
    """What an if gives where its rule holds: the rule as it is written, and the term's text."""

    rule: str
    then: str


@dataclass(frozen=True, slots=True)
class WrittenChoice:
    """An if at `start:end` of a text: its cases in order, those of an if in its last place among them, and what holds
    otherwise."""

    start: int
    end: int
    cases: tuple[WrittenCase, ...]
    otherwise: str


def written_choices(text: str) -> list[WrittenChoice]:
    """Return the ifs that stand in no other one, in order; none where the text cannot be read."""
    try:
        given = list(tokens(text))
    except FormulaError:
        return []
    found, index = [], 0
    while index < len(given):
        choice = _choice(text, given, index)
        if choice is None:
            index += 1
            continue
        found.append(choice)
        while index < len(given) and given[index].position < choice.end:
            index += 1
    return found


def _choice(text: str, given: list[Token], index: int) -> WrittenChoice | None:
    """The if that begins with this piece, if one does and is complete."""
    head = given[index : index + 4]
    if [piece.text.lower() for piece in head] != ["if", "(", "{…}", ","] or head[2].sort != "rule":
        return None
    comma = _stop(given, index + 4, ",")
    last = _stop(given, comma + 1, ")") if comma else 0
    if not last:
        return None
    rule = text[head[2].position : head[2].end]
    then = text[head[3].end : given[comma].position].strip()
    otherwise = text[given[comma].end : given[last].position].strip()
    case = WrittenCase(rule, then)
    inner = written_choices(otherwise)
    if len(inner) == 1 and (inner[0].start, inner[0].end) == (0, len(otherwise)):
        cases, otherwise = (case, *inner[0].cases), inner[0].otherwise
    else:
        cases = (case,)
    return WrittenChoice(head[0].position, given[last].end, cases, otherwise)


def _stop(given: list[Token], index: int, sign: str) -> int:
    """Where the term that begins here ends, if it does with this sign; 0 otherwise."""
    depth = 0
    for place in range(index, len(given)):
        text = given[place].text if given[place].sort == "sign" else ""
        if depth == 0 and text in (",", ")"):
            return place if text == sign and place > index else 0
        depth += (text == "(") - (text == ")")
    return 0
