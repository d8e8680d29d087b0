"""What bringing in a configuration did, or would do, and everything that is wrong with the file."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import ApplicationError, FieldError, ValidationFailed


@dataclass(slots=True)
class Report:
    """Counts of objects (lines, fields, sources …), the difference, and problems by JSON path."""

    retire_missing: bool = False
    skip_unknown: bool = False
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    # {"path", "change", "old", "new"}; paths name objects: business_lines[loan].fields[city].label
    diff: list[dict[str, Any]] = field(default_factory=list)
    # What the file says of parts of the product that are not there yet.
    skipped: list[str] = field(default_factory=list)
    # What the organisation has and the file has not.
    left_alone: list[str] = field(default_factory=list)
    # Paths as in the file: business_lines[0].fields[3].min
    problems: dict[str, list[FieldError]] = field(default_factory=dict)

    def add_created(self, path: str, written: Any) -> None:
        """Count an object that was not there."""
        self.created += 1
        self.diff.append({"path": path, "change": "created", "new": written})

    def add_changed(
        self, path: str, changes: Sequence[tuple[str, Any, Any]], *, change: str = "changed"
    ) -> None:
        """Count an object that differs; `changes` are (setting, old, new)."""
        self.changed += 1
        self.diff += [
            {"path": f"{path}.{setting}", "change": change, "old": old, "new": new}
            for setting, old, new in changes
        ]

    def add_unchanged(self, number: int = 1) -> None:
        """Count objects that are as the file says."""
        self.unchanged += number

    def add_outcome(self, path: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> None:
        """Count an object by how it was written, None where it was not there, and how it is now."""
        if before is None:
            self.add_created(path, dict(after))
            return
        keys = sorted(before.keys() | after.keys())
        changes = [
            (key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)
        ]
        if changes:
            self.add_changed(path, changes)
        else:
            self.add_unchanged()

    def add_problem(self, path: str, code: str, message: str) -> None:
        """Note something wrong with the file."""
        self.problems.setdefault(path, []).append(FieldError(code, message))

    def add_refusal(self, path: str, error: ApplicationError) -> None:
        """Note what a service found wrong with the object at `path`."""
        if not error.fields:
            self.add_problem(path, error.code, error.message)
        for name, problems in error.fields.items():
            for problem in problems:
                self.add_problem(f"{path}.{name}" if name else path, problem.code, problem.message)

    def unknown(self, path: str, message: str) -> None:
        """Skip what this installation does not know, or refuse it, as was asked."""
        if self.skip_unknown:
            self.skipped.append(path)
        else:
            self.add_problem(path, "unknown", message)

    def raise_problems(self) -> None:
        """Raise ValidationFailed with every problem, if there is one."""
        if self.problems:
            number = sum(map(len, self.problems.values()))
            message = (
                f"The configuration has {number} problem{'s' if number > 1 else ''}, and nothing was changed."
            )
            raise ValidationFailed("invalid_configuration", message, self.problems)

    @property
    def fingerprint(self) -> str:
        """What stands for all that the report says: equal reports have equal ones."""
        told = json.dumps(self.outcome(), sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()

    def outcome(self) -> Mapping[str, Any]:
        """Return what the command prints as JSON."""
        return {
            "created": self.created,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "diff": self.diff,
            "skipped": self.skipped,
            "left_alone": self.left_alone,
        }
