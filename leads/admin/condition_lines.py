"""Conditions as people type them in the console: one per line, such as `income >= 500000`; all of them must hold."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.rules import Kind
from core.rules.nodes import Operator

SIGNS = {"=": "eq", "!=": "ne", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
SIGN_OF = {operator: sign for sign, operator in SIGNS.items()}
LISTS = ("in", "not_in", "between", "has_any", "has_all")
NOTHING = ("is_empty", "is_not_empty")
CONDITION = re.compile(r"(?P<field>[a-z][a-z0-9_]*)\s*(?P<sign>!=|>=|<=|=|>|<|\s[a-z_]+)\s*(?P<value>.*)")
ANSWERS = {"true": True, "yes": True, "false": False, "no": False}


def read_conditions(lines: Iterable[str]) -> dict[str, Any] | None:
    """Return the rule that lines such as `income >= 500000` say together; None for none. Raises ValidationError."""
    parts = [_condition(line) for line in lines]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else {"all": parts}


def _condition(line: str) -> dict[str, Any]:
    found = CONDITION.fullmatch(line.strip())
    operator = SIGNS.get(sign := found["sign"].strip(), sign) if found else ""
    if found is None or operator not in set(Operator):
        raise ValidationError(
            _("“%(line)s” is no condition. Write, for example, income >= 500000."), params={"line": line}
        )
    read: dict[str, Any] = {"field": found["field"], "op": operator}
    text = found["value"].strip()
    if operator in NOTHING:
        return read
    if operator in LISTS:
        return {**read, "value": [part.strip() for part in text.split(",") if part.strip()]}
    if operator == Operator.WITHIN_DAYS and text.isascii() and text.isdigit():
        return {**read, "value": int(text)}
    return {**read, "value": text}


def written_conditions(tree: Any) -> list[str] | None:
    """Return a rule as such lines; None where it says more than lines can."""
    if not tree:
        return []
    parts = tree["all"] if set(tree) == {"all"} else [tree]
    lines = []
    for part in parts:
        value = part.get("value")
        items = value if isinstance(value, list) else [value]
        if "field" not in part or part.get("exact") or any(isinstance(each, Mapping) for each in items):
            return None
        texts = ["" if each is None else str(each).lower() if each is True or each is False else str(each)
                 for each in items]  # fmt: skip
        lines.append(f"{part['field']} {SIGN_OF.get(part['op'], part['op'])} {', '.join(texts)}".strip())
    try:
        return lines if _said(read_conditions(lines)) == _said(tree) else None
    except ValidationError:
        return None


def _said(tree: Any) -> Any:
    """A tree with its values as text, for comparing."""
    parts = tree.get("all", [tree])
    return [(part["field"], part["op"], str(part.get("value")).lower()) for part in parts]


def with_answers(tree: dict[str, Any] | None, kinds: Mapping[str, Kind]) -> dict[str, Any] | None:
    """Return a tree that was read from lines with yes and no for what: text, until the fields' kinds are known."""
    for part in tree.get("all", [tree]) if tree else []:
        if str(kinds.get(part["field"])) in ("boolean", "presence"):
            part["value"] = ANSWERS.get(str(part.get("value")).lower(), part.get("value"))
    return tree
