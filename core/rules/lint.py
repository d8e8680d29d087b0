"""What is wrong with rules that are valid: findings that can be proved, and nothing that is only suspected.

One rule: parts that can never be true (`contradictory`), parts that always are (`always_true`), a condition
written twice (`duplicate`). An ordered list, where the first rule that holds wins: rules that can never win
(`unreachable`), rules that share rows with an earlier one (`overlapping`), rows that no rule takes
(`missing_fallback`).

Fields are taken to be independent and numbers to be dense, so a rule that cannot hold for other reasons is
not found. Every claim of overlap or of a missing fallback comes with a row for which the interpreter
confirmed it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from core.rules.language import Rule
from core.rules.nodes import AllOf, AnyOf, Node, parts_of
from core.rules.reasoning import Case, Cases, Reasoner, TooManyCasesError, join, meeting
from core.rules.values import Typed, stored_value

# Overlaps named per rule; with more, a list says no more.
MAX_OVERLAPS = 5
# Many rules together are judged only where little stays open between them: lists may have hundreds of rules.
MAX_REMAINDER = 64


@dataclass(frozen=True, slots=True)
class NamedRule:
    """A rule with the name under which findings speak of it."""

    name: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Finding:
    """Something proved about the rules named, the one to change first; `path` leads to its part."""

    code: str
    message: str
    rules: tuple[str, ...]
    path: str = ""


def lint_rule(named: NamedRule, *, timezone: tzinfo | None = None) -> list[Finding]:
    """What is wrong with a rule on its own.

    With a timezone, datetime literals without an offset are judged too.
    """
    return [*_constant_parts(named, Reasoner(timezone)), *_duplicates(named)]


def lint(rules: Sequence[NamedRule], *, timezone: tzinfo | None = None) -> list[Finding]:
    """What is wrong with rules of which the first that holds wins: with each, and with their order."""
    findings = [finding for named in rules for finding in lint_rule(named, timezone=timezone)]
    return findings + (_OrderedRules(rules, Reasoner(timezone)).findings() if rules else [])


def _constant_parts(named: NamedRule, reasoner: Reasoner) -> Iterator[Finding]:
    """The smallest parts that are never true, and the largest that always are."""
    root = named.rule.root
    rule_fails = reasoner.never(root, True)
    for path, outcome in _constants(root, "", reasoner):
        part = f"The part {path}" if path else "The rule"
        if outcome:
            message = f"{part} is always true. Remove it, or correct its values."
            yield Finding("always_true", message, (named.name,), path)
        else:
            so = " Therefore the rule never holds." if path and rule_fails else ""
            message = f"{part} can never be true.{so} Correct its values, or remove it."
            yield Finding("contradictory", message, (named.name,), path)


def _constants(node: Node, path: str, reasoner: Reasoner) -> Iterator[tuple[str, bool]]:
    if reasoner.never(node, True):
        # Of a conjunction, the part that fails by itself is what needs correcting.
        culprits = [
            (step, part)
            for step, part in parts_of(node)
            if isinstance(node, AllOf) and reasoner.never(part, True)
        ]
        if not culprits:
            yield path, False
        for step, part in culprits:
            yield from _constants(part, _join(path, step), reasoner)
        return
    if reasoner.never(node, False):
        # {"all": []} is how one writes "always" on purpose.
        if node != AllOf(()):
            yield path, True
        return
    for step, part in parts_of(node):
        yield from _constants(part, _join(path, step), reasoner)


def _duplicates(named: NamedRule) -> Iterator[Finding]:
    """Parts of one all or any that say the same."""
    for path, node in _walk(named.rule.root, ""):
        if not isinstance(node, AllOf | AnyOf):
            continue
        first: dict[Node, str] = {}
        for step, part in parts_of(node):
            here = _join(path, step)
            if part in first:
                message = f"The part {here} says the same as {first[part]}. Remove one of them."
                yield Finding("duplicate", message, (named.name,), here)
            first.setdefault(part, here)


def _walk(node: Node, path: str) -> Iterator[tuple[str, Node]]:
    yield path, node
    for step, part in parts_of(node):
        yield from _walk(part, _join(path, step))


def _join(path: str, step: str) -> str:
    return f"{path}.{step}" if path else step


class _OrderedRules:
    """Rules unfolded once, compared in their order."""

    def __init__(self, rules: Sequence[NamedRule], reasoner: Reasoner) -> None:
        self.rules = rules
        self.reasoner = reasoner
        self.holding = [self.unfold(named, True) for named in rules]
        self.failing = [self.unfold(named, False) for named in rules]

    def unfold(self, named: NamedRule, outcome: bool) -> Cases | None:
        """The cases in which the rule has the outcome; None where there are too many to judge."""
        try:
            return self.reasoner.cases(named.rule.root, outcome)
        except TooManyCasesError:
            return None

    def findings(self) -> list[Finding]:
        found: list[Finding] = []
        for position in range(1, len(self.rules)):
            if self.holding[position] == []:
                continue  # said already: it is contradictory
            covering = self.covering(position)
            finding = self.unreachable(position, covering) if covering else self.overlapping(position)
            found += [finding] if finding else []
        fallback = self.missing_fallback()
        return [*found, fallback] if fallback else found

    def covering(self, position: int) -> list[int]:
        """Earlier rules of which one or another holds whenever this one does; none, if that is not proved."""
        for earlier in range(position):
            if self.rules[earlier].rule == self.rules[position].rule or self.is_implied(position, earlier):
                return [earlier]
        return self.covering_together(position)

    def is_implied(self, position: int, earlier: int) -> bool:
        holding, failing = self.holding[position], self.failing[earlier]
        return holding is not None and failing is not None and next(meeting(holding, failing), None) is None

    def is_covered(self, position: int, earlier: list[int]) -> bool:
        return self.remaining(self.holding[position], earlier) == []

    def covering_together(self, position: int) -> list[int]:
        earlier = list(range(position))
        if not self.is_covered(position, earlier):
            return []
        # Those without which it is covered too are not to be named.
        for candidate in range(position):
            fewer = [index for index in earlier if index != candidate]
            if self.is_covered(position, fewer):
                earlier = fewer
        return earlier

    def remaining(self, cases: Cases | None, earlier: Sequence[int]) -> Cases | None:
        """The cases in which all of the earlier rules fail; None where that is too much to judge."""
        for index in earlier:
            failing = self.failing[index]
            if cases is None or failing is None:
                return None
            try:
                cases = join((cases, failing), MAX_REMAINDER)
            except TooManyCasesError:
                return None
        return cases

    def unreachable(self, position: int, covering: list[int]) -> Finding:
        names = [self.rules[index].name for index in covering]
        listed = " or ".join(f'"{name}"' for name in names)
        name = self.rules[position].name
        message = (
            f'"{name}" can never be reached: whenever it holds, {listed} holds before it. '
            "Move it up, or narrow the rules before it."
        )
        return Finding("unreachable", message, (name, *names))

    def overlapping(self, position: int) -> Finding | None:
        shared: list[tuple[str, Mapping[str, Typed]]] = []
        for earlier in range(position):
            row = self.shared_row(position, earlier)
            if row is not None:
                shared.append((self.rules[earlier].name, row))
            if len(shared) == MAX_OVERLAPS:
                break
        if not shared:
            return None
        name, (first, row) = self.rules[position].name, shared[0]
        names = tuple(other for other, _ in shared)
        listed = ", ".join(f'"{other}"' for other in names)
        message = (
            f'"{name}" shares rows with {listed}, which win because they come first: '
            f'"{first}" takes, for example, {self.described(row)}.'
        )
        return Finding("overlapping", message, (name, *names))

    def shared_row(self, position: int, earlier: int) -> Mapping[str, Typed] | None:
        """A row for which both rules hold, tried out; none for a fallback, which is there to overlap."""
        holding, sooner = self.holding[position], self.holding[earlier]
        if holding is None or sooner is None or not self.failing[position]:
            return None
        pair = next(meeting(holding, sooner), None)
        if pair is None:
            return None
        row = pair[0].joined(pair[1]).example()
        return row if self.holds(position, row) and self.holds(earlier, row) else None

    def missing_fallback(self) -> Finding | None:
        row = self.untaken_row()
        if row is None:
            return None
        message = (
            f"No rule takes {self.described(row)}. Add a last rule that always holds, unless such rows "
            "are to be left over."
        )
        return Finding("missing_fallback", message, (self.rules[-1].name,))

    def untaken_row(self) -> Mapping[str, Typed] | None:
        """A row for which no rule holds, tried out: one without values, or one found by reasoning."""
        everywhere = range(len(self.rules))
        left = self.remaining([Case()], everywhere) or []
        rows = ({}, *(case.example() for case in left[:1]))
        return next(
            (row for row in rows if all(self.holds(index, row) is False for index in everywhere)), None
        )

    def holds(self, position: int, row: Mapping[str, Typed]) -> bool | None:
        """Whether the rule holds for the row; None where that depends on the day or an unknown timezone."""
        rule = self.rules[position].rule
        if any(self.reasoner.depends_on_moment(condition, row) for condition in rule.conditions()):
            return None
        return rule.compile()(row, self.reasoner.moment)

    def described(self, row: Mapping[str, Typed]) -> str:
        """A row in words, for example `a row with credit_score 760 and city mumbai`."""
        stored = (f"{key} {stored_value(value)}" for key, value in sorted(row.items()))
        return f"a row with {' and '.join(stored)}" if row else "a row without values"
