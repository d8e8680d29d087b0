"""Where a condition on leads finds its values: index rows where there are some, else the lead itself.

Filters of lists, API, exports and saved views are rules of the rule language; these columns answer them.
A condition that an index serves becomes a `Probe`, which the list's plan can also read the other way round:
from the matching index rows to their leads.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any, cast

from django.db.models import (
    BooleanField,
    Case,
    Expression,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Lower

from core.rules import AttributeColumn, Column, JsonColumn, Kind, Operator, normalise_text, stored_value
from core.scope import current_organization_id
from leads.fields.definition import FieldDefinition
from leads.fields.types import INDEXED_TEXT_LENGTH, type_of
from leads.models import LeadValue
from leads.models.origin import Origin

NOTHING = Q(Value(False))
SMALLEST_BIGINT, LARGEST_BIGINT = -(2**63), 2**63 - 1
# Wide enough for any number of a rule, so that shifting its point rounds nothing.
WIDE = Context(prec=500)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_CODE_POINT = 0x10FFFF
CANONICAL_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
# More values than this are looked up together, fewer one by one, each in the order of the index.
MOST_ALTERNATIVES = 20
NEWEST = ("-created_at", "-lead_id")


# What no row holds in the column that a field or a token uses, by column.
UNUSED: dict[str, Any] = {
    "reason": "",
    "text_value": "",
    "number_value": 0,
    "date_value": date.min,
    "token": "",
    "tag_id": 0,
    "rule_id": 0,
}
BESIDE = "value_of_lead"


@dataclass(frozen=True, slots=True)
class RowMatch:
    """Index rows that one range of one index holds.

    `fixed` names the field, `values` makes the condition on `column` for the name under which that stands.
    `order` is that of the index within the range; an `equality` gives the rows of one value, newest first.
    """

    model: type[Model]
    column: str
    values: Callable[[str], Q]
    fixed: Q = field(default_factory=Q)
    order: tuple[str, ...] = ()
    equality: bool = False

    def queryset(self) -> QuerySet[Any]:
        """The rows of the current organisation, unordered, as the index on the column finds them."""
        return _rows_of(self.model).filter(self.fixed & self.values(self.column))

    def beside(self, lead: str) -> QuerySet[Any]:
        """For a sub-select: the rows of the lead that stands under this name around it."""
        found = _rows_of(self.model).filter(lead_id=OuterRef(lead)).annotate(**{BESIDE: unindexed(self)})
        return found.filter(self.fixed & self.values(BESIDE))


def _rows_of(model: type[Model]) -> QuerySet[Any]:
    # Not the tenant manager: a sub-select says the organisation itself, and the policy holds anyway.
    return model._base_manager.filter(organization_id=current_organization_id())


def unindexed(match: RowMatch) -> Expression:
    """The column in a form that its index does not serve.

    Rows beside a lead must be found by the lead. The planner takes organisation, field and value for
    independent and so for very selective together; it would rather walk a whole range of values, once per lead.
    """
    field = match.model._meta.get_field(match.column)
    kind = getattr(field, "target_field", field)
    return Coalesce(F(match.column), Value(UNUSED[match.column], output_field=kind))


class Probe(Coalesce):
    """Whether a lead has an index row that one of the matches describes; `lead` is the name under which it stands.

    A scalar sub-select: PostgreSQL looks it up lead by lead, and does not turn it into a join or a hash of
    all matching rows, which `EXISTS` allows and which is slow when many rows match.
    """

    def __init__(self, *matches: RowMatch, lead: str = "pk") -> None:
        self.matches = matches
        rows = Q()
        names = {match.column: f"{BESIDE}_{match.column}" for match in matches}
        for match in matches:
            rows |= match.fixed & match.values(names[match.column])
        found = _rows_of(self.model).filter(lead_id=OuterRef(lead))
        found = found.annotate(**{names[match.column]: unindexed(match) for match in matches}).filter(rows)
        answer = Subquery(found.annotate(found=Value(True)).values("found")[:1])
        super().__init__(answer, Value(False), output_field=BooleanField())

    @property
    def model(self) -> type[Model]:
        return self.matches[0].model


def prefix_range(prefix: str) -> Callable[[str], Q]:
    """The condition that a text (collation "C") begins with `prefix`, as a range that an index serves."""
    end = text_after(prefix)
    return lambda name: Q(**{f"{name}__gte": prefix} | ({f"{name}__lt": end} if end else {}))


def text_after(prefix: str) -> str:
    """The least text above all that begin with `prefix`, by code point; "" where there is none."""
    while prefix:
        head, last = prefix[:-1], ord(prefix[-1])
        if last < LAST_CODE_POINT:
            # Surrogates are no characters of a text.
            return head + chr(0xE000 if last == 0xD7FF else last + 1)
        prefix = head
    return ""


class IndexedColumn(JsonColumn):
    """A field whose values stand in `LeadValue`.

    What the index does not serve is read from the lead's JSON.
    """

    def __init__(self, item: FieldDefinition) -> None:
        behaviour = type_of(item)
        super().__init__(behaviour.rule_kind, item.key)
        self.item = item
        self.column = behaviour.index_column

    def present(self) -> Q:
        return self._having(self.all_rows())

    def equal(self, value: Any, *, exact: bool = False) -> Q:
        return self.one_of([value], exact=exact)

    def one_of(self, values: Sequence[Any], *, exact: bool = False) -> Q:
        entries = self._entries(values)
        if not entries:
            return NOTHING
        found = self._having(*self._equalities(entries))
        return found & super().one_of(values, exact=exact) if exact or _any_cut(entries) else found

    def ordered(self, operator: Operator, value: Any) -> Q:
        bound = self._bound(operator, value)
        if isinstance(bound, bool):
            return self.present() if bound else NOTHING
        return self._having(self._match(lambda name: Q(**{f"{name}__{operator.value}": bound})))

    def between(self, low: Any, high: Any) -> Q:
        least, most = self._bound(Operator.GTE, low), self._bound(Operator.LTE, high)
        if least is False or most is False:
            return NOTHING
        bounds = {"gte": least, "lte": most, "isnull": False}
        kept = {name: bound for name, bound in bounds.items() if bound is not True}
        return self._having(self._match(lambda name: Q(**{f"{name}__{end}": kept[end] for end in kept})))

    def fragment(self, operator: Operator, value: str, *, exact: bool = False) -> Q:
        # Exact beginnings are not beginnings of the normalised text: an accent may join their last letter.
        if operator is not Operator.STARTS_WITH or exact:
            return super().fragment(operator, value, exact=exact)
        cut = value[:INDEXED_TEXT_LENGTH]
        found = self._having(self._match(prefix_range(cut)))
        return found & super().fragment(operator, value) if cut != value else found

    def has_any(self, values: Sequence[str]) -> Q:
        entries = self._entries(values)
        found = self._having(*self._equalities(entries)) if entries else NOTHING
        return found & super().has_any(values) if _any_cut(entries) else found

    def has_all(self, values: Sequence[str]) -> Q:
        entries = self._entries(values)
        found = Q()
        for entry in entries:
            found &= self._having(self._equality(entry))
        return found & super().has_all(values) if _any_cut(entries) else found

    def all_rows(self) -> RowMatch:
        """Every value of the field, for ordering by it."""
        return self._match(lambda name: Q(**{f"{name}__isnull": False}))

    def _having(self, *matches: RowMatch) -> Q:
        return Q(Probe(*matches))

    def _match(self, values: Callable[[str], Q]) -> RowMatch:
        return RowMatch(LeadValue, self.column, values, Q(field_id=self.item.id), (self.column, *NEWEST))

    def _equality(self, entry: Any) -> RowMatch:
        return RowMatch(
            LeadValue,
            self.column,
            lambda name: Q(**{name: entry}),
            Q(field_id=self.item.id),
            NEWEST,
            equality=True,
        )

    def _equalities(self, entries: Sequence[Any]) -> list[RowMatch]:
        if len(entries) <= MOST_ALTERNATIVES:
            return [self._equality(entry) for entry in entries]
        of_field = Q(field_id=self.item.id)
        return [RowMatch(LeadValue, self.column, lambda name: Q(**{f"{name}__in": entries}), of_field)]

    def _entries(self, values: Iterable[Any]) -> list[Any]:
        """What the index holds for these values, each once; values it cannot hold are no lead's."""
        entries = (self._entry(value) for value in values)
        return list(dict.fromkeys(entry for entry in entries if entry is not None))

    def _entry(self, value: Any) -> Any:
        match self.kind:
            case Kind.NUMBER:
                scaled = WIDE.scaleb(cast(Decimal, value), self.item.scale)
                return int(scaled) if _is_bigint(scaled) else None
            case Kind.BOOLEAN:
                return "true" if value else "false"
            case Kind.DATE:
                return cast(date, value)
            case Kind.DATETIME:
                return microseconds(cast(datetime, value))
            case Kind.TIME:
                return str(stored_value(value))
            case _:
                return normalise_text(str(value))[:INDEXED_TEXT_LENGTH]

    def _bound(self, operator: Operator, value: Any) -> Any:
        """The bound as the index holds it; True where every value is within it, False where none is."""
        if self.kind is not Kind.NUMBER:
            return self._entry(value)
        scaled = WIDE.scaleb(cast(Decimal, value), self.item.scale)
        rounding = ROUND_FLOOR if operator in (Operator.GT, Operator.LTE) else ROUND_CEILING
        bound = int(scaled.to_integral_value(rounding))
        upwards = operator in (Operator.GT, Operator.GTE)
        if bound < SMALLEST_BIGINT:
            return upwards
        if bound > LARGEST_BIGINT:
            return not upwards
        return bound


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 in UTC, as the index keeps moments."""
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def _any_cut(entries: Sequence[Any]) -> bool:
    return any(isinstance(entry, str) and len(entry) >= INDEXED_TEXT_LENGTH for entry in entries)


def _is_bigint(value: Decimal) -> bool:
    return value == value.to_integral_value() and SMALLEST_BIGINT <= value <= LARGEST_BIGINT


class OwnerColumn(AttributeColumn):
    """The owner, as the membership's number in text."""

    def __init__(self) -> None:
        super().__init__(Kind.TEXT, "owner_id")

    def expression(self) -> Expression:
        return Cast(F("owner_id"), TextField())

    def exact_expression(self) -> Expression:
        return self.expression()

    def present(self) -> Q:
        return Q(owner_id__isnull=False)

    def one_of(self, values: Sequence[Any], *, exact: bool = False) -> Q:
        numbers = [int(value) for value in values if CANONICAL_NUMBER.fullmatch(value)]
        return Q(owner_id__in=numbers) if numbers else NOTHING


class OriginColumn(AttributeColumn):
    """A source or campaign by its name.

    Names are looked up first: the filter is then on a number of the lead.
    """

    def __init__(self, name: str, model: type[Origin]) -> None:
        super().__init__(Kind.TEXT, f"{name}__name", normalised_name=f"{name}__name_key")
        self.reference = f"{name}_id"
        self.model = model

    def present(self) -> Q:
        return Q(**{f"{self.reference}__isnull": False})

    def one_of(self, values: Sequence[Any], *, exact: bool = False) -> Q:
        named = {"name__in" if exact else "name_key__in": list(values)}
        # Withdrawn ones too: their leads keep them.
        found = list(self.model.everything.filter(**named).values_list("pk", flat=True))
        return Q(**{f"{self.reference}__in": found}) if found else NOTHING


class SpelledColumn(AttributeColumn):
    """A text that a lead keeps in the spelling of its configuration, such as its stage."""

    def __init__(self, name: str, spellings: Iterable[str]) -> None:
        super().__init__(Kind.TEXT, name)
        self.spellings: dict[str, list[str]] = {}
        for spelling in dict.fromkeys(spellings):
            self.spellings.setdefault(normalise_text(spelling), []).append(spelling)

    def expression(self) -> Expression:
        """Normalised by the known spellings; what is no longer configured, in lower case."""
        whens = [
            When(**{f"{self.name}__in": spellings}, then=Value(normal))
            for normal, spellings in self.spellings.items()
        ]
        return Case(
            When(**{self.name: ""}, then=None), *whens, default=Lower(F(self.name)), output_field=TextField()
        )

    def one_of(self, values: Sequence[Any], *, exact: bool = False) -> Q:
        if exact:
            return super().one_of(values, exact=True)
        return Column.one_of(self, values)


class LineSwitch(Column):
    """An attribute that each line fills from a field of its own, for leads of all lines."""

    def __init__(self, kind: Kind, columns: Mapping[int, Column]) -> None:
        self.kind = kind
        self.columns = columns

    def expression(self) -> Expression:
        return self._chosen({line_id: column.expression() for line_id, column in self.columns.items()})

    def exact_expression(self) -> Expression:
        return self._chosen({line_id: column.exact_expression() for line_id, column in self.columns.items()})

    def _chosen(self, expressions: Mapping[int, Expression]) -> Expression:
        if not expressions:
            return JsonColumn(self.kind, "").expression()
        return Case(*(When(line_id=line_id, then=expression) for line_id, expression in expressions.items()))
