"""Problems of a row in words: what is wrong with a field, and what to write instead."""

from collections.abc import Mapping
from typing import Any

from core.errors import FieldError
from core.values import cell_text, is_blank, message
from leads.fields.capture import Problem
from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition

# A day as each order writes it, for the sentences about dates.
EXAMPLES = {"DMY": "31/12/1990", "MDY": "12/31/1990", "YMD": "1990-12-31"}


def sentence(definition: LineDefinition, problem: Problem, raw: Any) -> str:
    """Return the sentence about one problem; `raw` is what was given for the field."""
    item: FieldDefinition = definition.by_key[problem.field]
    # Which field it depends on is not told: it may be hidden from who reads this.
    label = f"{item.label}, given what it depends on" if "depends" in problem.parameters else item.label
    return message(
        problem.code,
        value=None if raw is None or (isinstance(raw, str) and is_blank(raw)) else _written(raw),
        label=label,
        **{"example": EXAMPLES[item.date_order or "DMY"], **problem.parameters},
    )


def sentences(
    definition: LineDefinition, problems: list[Problem], given: Mapping[str, Any]
) -> dict[str, list[FieldError]]:
    """Return all problems by field key, as a ValidationFailed carries them."""
    result: dict[str, list[FieldError]] = {}
    for problem in problems:
        text = sentence(definition, problem, given.get(problem.field))
        result.setdefault(problem.field, []).append(FieldError(problem.code, text))
    return result


def _written(raw: Any) -> str:
    if isinstance(raw, Mapping):
        # A place by its parts, a member by number.
        return ", ".join(cell_text(part) for part in raw.values() if part not in (None, ""))
    return ", ".join(map(str, raw)) if isinstance(raw, list | tuple) else cell_text(raw)
