"""What keeps a line's fields sound: every problem of a draft at once, each saying what to do."""

from leads.fields.checks.across import check_definitions
from leads.fields.checks.problems import DefinitionProblem, refusal
from leads.fields.checks.reading import ReadField, column_name, read_written

__all__ = ["DefinitionProblem", "ReadField", "check_definitions", "column_name", "read_written", "refusal"]
