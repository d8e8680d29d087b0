"""A problem of a definition, and the refusal made of many."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import FieldError, ValidationFailed


@dataclass(frozen=True, slots=True)
class DefinitionProblem:
    """One thing wrong with a line's draft.

    `field` is the key of the field ("" for the line itself), `index` its position in the list that was
    checked. `setting` is a path below it, such as `min`, `choices[2].label` or `visible_if.all[0].op`.
    """

    field: str
    setting: str
    code: str
    message: str
    index: int | None = None

    @property
    def path(self) -> str:
        """Where the problem is, below the line: `fields[3].min`, `duplicate_match[0]`."""
        if self.index is None:
            return self.setting
        return f"fields[{self.index}].{self.setting}".rstrip(".")

    def without_position(self) -> tuple[str, str, str, str]:
        """What stays the same when fields are added before this one."""
        return (self.field, self.setting, self.code, self.message)


def refusal(problems: Iterable[DefinitionProblem], *, by_setting: bool = False) -> ValidationFailed:
    """Return the error that names all problems: by path, or by setting where one field is being edited."""
    fields: dict[str, list[FieldError]] = {}
    sentences = []
    for problem in problems:
        name = problem.setting if by_setting else problem.path
        fields.setdefault(name, []).append(FieldError(problem.code, problem.message))
        sentences.append(problem.message)
    more = f" And {len(sentences) - 1} more." if len(sentences) > 1 else ""
    return ValidationFailed("invalid_definition", f"{sentences[0]}{more}", fields)
