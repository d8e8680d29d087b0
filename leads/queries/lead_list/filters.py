"""Filters as an address carries them, read into a rule.

`status=new&data.city__in=Pune,Surat&created__gte=2024-01-31`

A parameter is a name of the catalog, with an operator after two underscores; without one, equal. Several
values of one parameter mean any of them. Blank values say nothing: forms send them.
"""

import datetime as dt
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from core.errors import FieldError, ValidationFailed
from core.rules import OPERANDS, OPERATORS, Kind, Operand, Operator, RuleError, normalise_text, parse_rule
from core.values import Refused, boolean, day
from leads.models import FieldKind
from leads.presentation import stage_text
from leads.queries.lead_list.catalog import Catalog, Filterable, choices_of
from leads.queries.references import members_named

ME, NOBODY = "me", "none"
SEPARATOR = "__"
MOST_SUGGESTIONS = 12
# An address may be about twice as long.
LONGEST_RULE = 4_000
EMPTINESS = {Operator.IS_EMPTY: Operator.IS_NOT_EMPTY, Operator.IS_NOT_EMPTY: Operator.IS_EMPTY}
LISTS = {Operator.EQ: Operator.IN, Operator.NE: Operator.NOT_IN}
# Comparisons of a moment in which a day may stand for its beginning, its end, or all of it.
CALENDAR = frozenset(
    (
        Operator.EQ, Operator.GT, Operator.GTE, Operator.LT, Operator.LTE, Operator.BEFORE, Operator.AFTER,
        Operator.BETWEEN,
    )
)  # fmt: skip


class Parameters(Protocol):
    """The parameters of an address: each name with its values, as Django's QueryDict has them."""

    def lists(self) -> Iterable[tuple[str, list[str]]]: ...


def parse_filters(
    catalog: Catalog, parameters: Parameters | Mapping[str, str | Sequence[str]]
) -> dict[str, Any] | None:
    """Return the rule that the parameters say (JSON of the rule language), or None where they say nothing.

    Raises:
        ValidationFailed: unknown names, operators or values, by parameter, all of them.
    """
    conditions: list[dict[str, Any]] = []
    errors: dict[str, list[FieldError]] = {}
    for parameter, given in _lists(parameters):
        values = [value for value in given if value.strip()]
        try:
            if values:
                conditions.append(_Parameter(catalog, parameter, values).condition())
        except _WrongParameterError as error:
            errors[parameter] = error.problems
    if errors:
        raise ValidationFailed("invalid_filter", "Some filters are not understood.", errors)
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    return {"all": conditions}


def parse_rule_text(catalog: Catalog, text: str) -> dict[str, Any] | None:
    """Return the rule that the parameter `rule` of an address holds as JSON, or None where it is blank.

    Raises:
        ValidationFailed: it is no rule over the catalog's names; about `rule`.
    """
    if not text.strip():
        return None
    try:
        tree = json.loads(text) if len(text) <= LONGEST_RULE else None
    except (ValueError, RecursionError):
        tree = None
    if tree is None:
        raise _wrong_rule("not_a_rule", f"Write a rule as JSON, of at most {LONGEST_RULE:,} characters.")
    try:
        return parse_rule(tree, catalog.kinds).to_json()
    except RuleError as error:
        raise _wrong_rule(error.problems[0].code, str(error.problems[0])) from None


def both_rules(first: Mapping[str, Any] | None, second: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the rule that holds where both do; None says nothing."""
    given = [dict(each) for each in (first, second) if each]
    return {"all": given} if len(given) == 2 else given[0] if given else None


def _wrong_rule(code: str, message: str) -> ValidationFailed:
    return ValidationFailed("invalid_filter", message, {"rule": [FieldError(code, message)]})


def _lists(parameters: Parameters | Mapping[str, str | Sequence[str]]) -> Iterable[tuple[str, list[str]]]:
    if isinstance(parameters, Mapping) and not hasattr(parameters, "lists"):
        return [
            (name, [value] if isinstance(value, str) else list(value)) for name, value in parameters.items()
        ]
    return parameters.lists()  # type: ignore[union-attr]


class _WrongParameterError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.problems = [FieldError(code, message)]


class _Parameter:
    """One parameter on its way to a condition."""

    def __init__(self, catalog: Catalog, parameter: str, values: list[str]) -> None:
        self.catalog = catalog
        self.values = values
        self.entry, self.operator = self._split(parameter)

    def _split(self, parameter: str) -> tuple[Filterable, Operator]:
        entries = self.catalog.entries
        if parameter in entries:
            return entries[parameter], Operator.EQ
        name, separator, suffix = parameter.rpartition(SEPARATOR)
        if not separator or name not in entries:
            raise _WrongParameterError("unknown_filter", self._unknown(name if separator else parameter))
        try:
            return entries[name], Operator(suffix)
        except ValueError:
            known = ", ".join(OPERATORS[entries[name].kind])
            message = f"There is no comparison “{suffix}”. After {name}__ write one of {known}."
            raise _WrongParameterError("unknown_operator", message) from None

    def _unknown(self, name: str) -> str:
        attributes = ", ".join(entry for entry in self.catalog.entries if "." not in entry)
        if name.startswith("data.") and self.catalog.line is None:
            return "Fields belong to a line: add line=<code> to filter by them."
        return f"Nothing here is filtered by “{name}”. Use data.<key of a field> or one of {attributes}."

    def condition(self) -> dict[str, Any]:
        """The condition as JSON, checked against the rule language."""
        tree = self._tree()
        try:
            rule = parse_rule(tree, self.catalog.kinds)
        except RuleError as error:
            raise _WrongParameterError(error.problems[0].code, error.problems[0].message) from None
        # `me` stays `me`: a saved filter means whoever looks.
        return rule.to_json()

    def _tree(self) -> dict[str, Any]:
        if self.operator in EMPTINESS:
            return self._emptiness()
        if self.entry.name == "owner":
            return self._owner()
        if self.entry.kind is Kind.DATETIME and self.operator in CALENDAR:
            return self._moment()
        if self.entry.kind is Kind.MULTI and self.operator is Operator.EQ:
            self.operator = Operator.HAS_ANY
        operand = OPERANDS[self.operator]
        if operand is Operand.ONE and len(self.values) > 1 and self.operator in LISTS:
            self.operator = LISTS[self.operator]
            operand = Operand.LIST
            listed = self.values
        else:
            listed = self._listed() if operand in (Operand.LIST, Operand.PAIR) else self.values
        if operand is Operand.DAYS:
            return self._compare(self._days(self.values[-1]))
        literals = [self._literal(value) for value in listed]
        return self._compare(literals if operand in (Operand.LIST, Operand.PAIR) else literals[-1])

    def _compare(self, value: Any, operator: Operator | None = None) -> dict[str, Any]:
        return {"field": self.entry.name, "op": (operator or self.operator).value, "value": value}

    def _listed(self) -> list[str]:
        """Values between commas; repeat the parameter for values that hold commas."""
        if len(self.values) > 1:
            return self.values
        return [part for part in self.values[0].split(",") if part.strip()]

    def _emptiness(self) -> dict[str, Any]:
        answer = boolean(self.values[-1])
        if isinstance(answer, Refused):
            raise _WrongParameterError("wrong_type", "Write true or false.")
        operator = self.operator if answer.value else EMPTINESS[self.operator]
        return {"field": self.entry.name, "op": operator.value}

    def _owner(self) -> dict[str, Any]:
        """`me`, `none` or the number of a member; several of them mean any."""
        listed = self._listed()
        if wrong := [
            value
            for value in listed
            if value not in (ME, NOBODY) and not (value.isascii() and value.isdecimal())
        ]:
            message = f"“{wrong[0]}” names no owner. Write me, none, or the number of a member."
            raise _WrongParameterError("wrong_type", message)
        people = [value for value in listed if value != NOBODY]
        parts: list[dict[str, Any]] = []
        if NOBODY in listed:
            parts.append({"field": "owner", "op": Operator.IS_EMPTY.value})
        if people:
            parts.append({"field": "owner", "op": Operator.IN.value, "value": people})
        found = parts[0] if len(parts) == 1 else {"any": parts}
        if self.operator in (Operator.EQ, Operator.IN):
            return found
        if self.operator in (Operator.NE, Operator.NOT_IN):
            return {"not": found}
        message = "Use owner, owner__in, owner__ne or owner__is_empty."
        raise _WrongParameterError("operator_not_for_kind", message)

    def _moment(self) -> dict[str, Any]:
        """A day stands for all of it, in the organisation's timezone."""
        if self.operator is Operator.BETWEEN:
            span = self._listed()
            if len(span) != 2:
                raise _WrongParameterError(
                    "not_a_pair", "Write the first and the last moment with a comma between."
                )
            return {
                "all": [self._moment_bound(Operator.GTE, span[0]), self._moment_bound(Operator.LTE, span[1])]
            }
        parts = [self._moment_bound(self.operator, text) for text in self.values]
        return parts[0] if len(parts) == 1 else {"any" if self.operator is Operator.EQ else "all": parts}

    def _moment_bound(self, operator: Operator, text: str) -> dict[str, Any]:
        result = day(text, "YMD") if len(text) == len("2024-01-31") else Refused("not_a_date")
        if isinstance(result, Refused) or result.value is None:
            return self._compare(text, operator)
        first = _beginning(result.value)
        after = None if result.value == dt.date.max else _beginning(result.value + dt.timedelta(days=1))
        match operator:
            case Operator.GTE:
                return self._compare(first, Operator.GTE)
            case Operator.LT | Operator.BEFORE:
                return self._compare(first, Operator.LT)
            case Operator.GT | Operator.AFTER:
                return self._compare(after, Operator.GTE) if after else {"any": []}
            case Operator.LTE:
                present = {"field": self.entry.name, "op": Operator.IS_NOT_EMPTY.value}
                return self._compare(after, Operator.LT) if after else present
        parts = [self._compare(first, Operator.GTE)]
        return {"all": [*parts, self._compare(after, Operator.LT)] if after else parts}

    @staticmethod
    def _days(text: str) -> int | str:
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text

    def _literal(self, text: str) -> Any:
        if self.entry.kind is Kind.BOOLEAN:
            answer = boolean(text)
            if isinstance(answer, Refused):
                raise _WrongParameterError("wrong_type", "Write true or false.")
            return answer.value
        if self.operator in (
            Operator.EQ,
            Operator.NE,
            Operator.IN,
            Operator.NOT_IN,
            Operator.HAS_ANY,
            Operator.HAS_ALL,
        ):
            return self._member(text) if self._is_member else self._chosen(text)
        return text

    @property
    def _is_member(self) -> bool:
        return self.entry.item is not None and self.entry.item.type is FieldKind.USER

    def _member(self, text: str) -> str:
        """The number of a member who is named by it, by name or by e-mail address; `me` stays `me`."""
        if text == ME:
            return text
        found = members_named(self.catalog.actor, text)
        if len(found) != 1:
            problem = "fits several members" if found else "is no member"
            message = (
                f"“{text}” {problem}. Write me, the number of a member, or a name as it is written there."
            )
            raise _WrongParameterError("ambiguous" if found else "choice", message)
        return found[0]

    def _chosen(self, text: str) -> str:
        """A choice by its value or its label."""
        wanted = normalise_text(text)
        if self.entry.name == "stage":
            stages = [stage for line in self.catalog.lines for stage in line.stages]
            return next((stage for stage in stages if normalise_text(stage_text(stage)) == wanted), text)
        choices = choices_of(self.entry)
        if not choices:
            return text
        values = {normalise_text(value): value for value in choices}
        labels = {normalise_text(label): value for value, label in choices.items()}
        found = values.get(wanted) or labels.get(wanted)
        if found is None:
            some = ", ".join(list(choices)[:MOST_SUGGESTIONS])
            more = "" if len(choices) <= MOST_SUGGESTIONS else " and others"
            raise _WrongParameterError(
                "choice", f"“{text}” is no choice of {self.entry.label}. Use one of {some}{more}."
            )
        return found


def _beginning(day_: dt.date) -> str:
    # Without an offset it is read in the organisation's timezone.
    return f"{day_.isoformat()}T00:00"


def resolve_me(tree: Any, membership_id: int | None, people: Collection[str] = ("owner",)) -> Any:
    """Return the rule with `me` replaced by a member's number, for the system by nobody's.

    `people` are the names of the catalog that mean members.
    """
    if isinstance(tree, list):
        return [resolve_me(part, membership_id, people) for part in tree]
    if not isinstance(tree, Mapping):
        return tree
    if tree.get("field") not in people or "value" not in tree:
        return {name: resolve_me(part, membership_id, people) for name, part in tree.items()}
    value = tree["value"]
    who = "0" if membership_id is None else str(membership_id)
    named = (
        [who if item == ME else item for item in value]
        if isinstance(value, list)
        else (who if value == ME else value)
    )
    return {**tree, "value": named}
