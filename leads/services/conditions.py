"""Whether the condition of a rule can be used, as the writers of all kinds of rules tell it."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.errors import FieldError
from core.rules import Kind, RuleError, parse_rule


def condition_problems(tree: Any, kinds: Mapping[str, Kind]) -> Iterator[tuple[str, FieldError]]:
    """Yield what is wrong with a condition over fields of these kinds, by its place: `condition.all[1].value`.

    None is no condition, and right.
    """
    if tree is None:
        return
    try:
        parse_rule(tree, kinds)
    except RuleError as error:
        for problem in error.problems:
            place = f"condition.{problem.path}".rstrip(".")
            yield place, FieldError(problem.code, problem.message)
