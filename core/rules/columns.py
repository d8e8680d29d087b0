"""Where a rule's filter finds the values of a field in the database.

A `Column` answers one question per family of operators with a `Q` that is two-valued: true or false for every
row, never NULL, so that `not` may stand before it. It is given typed values in comparable form: normalised
text, decimals, aware datetimes in UTC. Every question has a general answer here, made from `expression()`; a
column that has an index overrides those the index serves.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import cast

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BooleanField,
    Case,
    DateTimeField,
    DecimalField,
    Expression,
    F,
    Field,
    Func,
    JSONField,
    Q,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable, CombinedExpression
from django.db.models.functions import Coalesce, Collate, Length, NullIf, Replace, StrIndex
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNull,
    LessThan,
    LessThanOrEqual,
    Regex,
)

from core.rules.nodes import Operator
from core.rules.values import MAX_NUMBER_LENGTH, PLAIN_NUMBER, Kind, Scalar, stored_value

# Kinds that the database compares as ISO text: such texts sort as what they stand for, and comparing them,
# unlike casting them, cannot fail on a row that holds something else.
ISO_KINDS = frozenset((Kind.DATE, Kind.DATETIME, Kind.TIME))
SMALLEST_BIGINT, LARGEST_BIGINT = -(2**63), 2**63 - 1


class Column(ABC):
    """The values of one field of the rows that a rule is tried on. A subclass must give the two expressions.

    Types of `expression()`: text for `text` and `reference`; numeric; boolean, for `presence` too; ISO text with
    collation "C" for dates, datetimes (UTC, as `stored_value` writes them) and times; for `multi` a jsonb
    array of normalised texts.
    """

    kind: Kind

    @abstractmethod
    def expression(self) -> Expression:
        """The value in comparable form, NULL where it is missing."""

    @abstractmethod
    def exact_expression(self) -> Expression:
        """For text: the value as stored, NULL where it is missing."""

    def present(self) -> Q:
        """The rows that have a value."""
        return Q(IsNull(self.expression(), False))

    def equal(self, value: Scalar, *, exact: bool = False) -> Q:
        """The rows whose value is this one; `exact` compares text as stored."""
        return compare(Operator.EQ, self._side(exact), self._literal(value))

    def one_of(self, values: Sequence[Scalar], *, exact: bool = False) -> Q:
        """The rows whose value is among these."""
        return two_valued(In(self._side(exact), [self._literal(value) for value in values]))

    def ordered(self, operator: Operator, value: Scalar) -> Q:
        """The rows whose value is gt, gte, lt or lte this one."""
        return compare(operator, self.expression(), self._literal(value))

    def between(self, low: Scalar, high: Scalar) -> Q:
        """The rows whose value is from `low` to `high`, both included."""
        return self.ordered(Operator.GTE, low) & self.ordered(Operator.LTE, high)

    def fragment(self, operator: Operator, value: str, *, exact: bool = False) -> Q:
        """The rows whose text contains, starts with or ends with this one."""
        return compare(operator, self._side(exact), self._literal(value))

    def has_any(self, values: Sequence[str]) -> Q:
        """The rows with at least one of these choices."""
        return compare(Operator.HAS_ANY, self.expression(), _texts(values))

    def has_all(self, values: Sequence[str]) -> Q:
        """The rows with all of these choices."""
        return compare(Operator.HAS_ALL, self.expression(), _texts(values))

    def relate(self, operator: Operator, other: "Column", *, exact: bool = False) -> Q:
        """The rows where both columns have a value and the operator holds between them."""
        if self.kind is Kind.MULTI:
            # All of no choices would be true, where a comparison with a missing value is false.
            return other.present() & compare(operator, self.expression(), _texts_of(other.expression()))
        return compare(operator, self._side(exact), other._side(exact))

    def _side(self, exact: bool) -> Expression:
        return self.exact_expression() if exact else self.expression()

    def _literal(self, value: Scalar) -> Value:
        if self.kind in ISO_KINDS:
            return _text(str(stored_value(value)))
        return Value(value, output_field=_OUTPUT_FIELDS[type(value)])


_OUTPUT_FIELDS: dict[type, Field] = {str: TextField(), Decimal: DecimalField(), bool: BooleanField()}


def two_valued(condition: Expression) -> Q:
    """The condition as a Q, false where it would be NULL."""
    return Q(Coalesce(condition, Value(False), output_field=BooleanField()))


def compare(operator: Operator, left: Expression, right: Expression) -> Q:
    """The rows where the operator holds between two expressions; false where either is NULL."""
    return two_valued(_CONDITIONS[operator](left, right))


def _contains(left: Expression, right: Expression) -> Expression:
    return GreaterThan(StrIndex(left, right), 0)


def _starts_with(left: Expression, right: Expression) -> Expression:
    return Func(left, right, function="starts_with", output_field=BooleanField())


def _ends_with(left: Expression, right: Expression) -> Expression:
    # Not Django's Right(), which takes only a fixed number of characters.
    end = Func(left, Length(right), function="right", output_field=TextField())
    return Exact(end, right)


def _has_any(left: Expression, right: Expression) -> Expression:
    return Func(left, right, function="jsonb_exists_any", output_field=BooleanField())


def _has_all(left: Expression, right: Expression) -> Expression:
    return Func(left, right, function="jsonb_exists_all", output_field=BooleanField())


_CONDITIONS = {
    Operator.EQ: Exact,
    Operator.GT: GreaterThan,
    Operator.GTE: GreaterThanOrEqual,
    Operator.LT: LessThan,
    Operator.LTE: LessThanOrEqual,
    Operator.CONTAINS: _contains,
    Operator.STARTS_WITH: _starts_with,
    Operator.ENDS_WITH: _ends_with,
    Operator.HAS_ANY: _has_any,
    Operator.HAS_ALL: _has_all,
}


def _text(value: str) -> Value:
    return Value(value, output_field=TextField())


def _texts(values: Sequence[str]) -> Value:
    return Value(list(values), output_field=ArrayField(TextField()))


def _texts_of(choices: Expression) -> Expression:
    template = "ARRAY(SELECT jsonb_array_elements_text(%(expressions)s))"
    return Func(choices, template=template, output_field=ArrayField(TextField()))


def _numeric(expression: Expression | F) -> Expression:
    # Not Cast(): Django's decimal type has a fixed precision, and a rule's numbers have none.
    return Func(expression, template="CAST(%(expressions)s AS numeric)", output_field=DecimalField())


class JsonColumn(Column):
    """A key of a JSON column, with the column beside it that `comparison_values` fills.

    `data` and `compare` are the names of the two columns of the model (or paths to them).
    """

    def __init__(self, kind: Kind, key: str, data: str = "data", compare: str = "compare") -> None:
        self.kind = kind
        self.key = _text(key)
        self.data = F(data)
        self.compare = F(compare)

    def expression(self) -> Expression:
        """Reads the comparable form first, then the stored value; numbers and booleans by their format."""
        if self.kind is Kind.NUMBER:
            return self._number()
        if self.kind is Kind.BOOLEAN:
            is_true, is_false = (Exact(self._text(self.data), text) for text in ("true", "false"))
            return Case(When(is_true, then=Value(True)), When(is_false, then=Value(False)))
        if self.kind is Kind.MULTI:
            return self._choices()
        if self.kind is Kind.PRESENCE:
            return self._presence()
        text = NullIf(Coalesce(self._text(self.compare), self._text(self.data)), _text(""))
        return Collate(text, "C") if self.kind in ISO_KINDS else text

    def exact_expression(self) -> Expression:
        """The stored text; a blank one is missing here too."""
        return Case(When(IsNull(self.expression(), False), then=self._text(self.data)))

    def _number(self) -> Expression:
        text = self._text(self.data)
        is_number = Q(LessThanOrEqual(Length(text), MAX_NUMBER_LENGTH)) & Q(
            Regex(text, f"^{PLAIN_NUMBER.pattern}$")
        )
        return Case(When(is_number, then=_numeric(text)))

    def _choices(self) -> Expression:
        choices = Coalesce(self._member(self.compare), self._member(self.data))
        is_list = Exact(Func(choices, function="jsonb_typeof", output_field=TextField()), "array")
        return Case(When(is_list, then=NullIf(choices, Value([], output_field=JSONField()))))

    def _presence(self) -> Expression:
        member = self._member(self.data)
        is_object = Exact(Func(member, function="jsonb_typeof", output_field=TextField()), "object")
        filled = IsNull(NullIf(member, Value({}, output_field=JSONField())), False)
        return Case(When(Q(is_object) & Q(filled), then=Value(True)))

    # The functions behind -> and ->>: their second argument is always a key, never the position in a list.

    def _text(self, column: F) -> Expression:
        return Func(column, self.key, function="jsonb_object_field_text", output_field=TextField())

    def _member(self, column: F) -> Expression:
        return Func(column, self.key, function="jsonb_object_field", output_field=JSONField())


class AttributeColumn(Column):
    """A column of the model itself, or of one it points to (`source__code`).

    Text is compared with `normalised_name`, a column that holds it normalised; without one, the column must
    hold text that is normal already: codes, statuses, phones in E.164. Numbers are in a decimal column
    (`IntegerColumn` is for the others). Comparisons with literals are plain ones, which an index of the
    column serves. Several choices, references and presences are kept in JSON only.
    """

    def __init__(self, kind: Kind, name: str, *, normalised_name: str | None = None) -> None:
        if kind in (Kind.MULTI, Kind.REFERENCE, Kind.PRESENCE):
            raise ValueError(f"A {kind} is kept in JSON: use JsonColumn.")
        self.kind = kind
        self.name = name
        self.compared_name = normalised_name or name

    def expression(self) -> Expression:
        """The column's value, in the type that all columns of this kind share."""
        column = F(self.compared_name)
        if self.kind is Kind.TEXT:
            return NullIf(column, _text(""), output_field=TextField())
        if self.kind is Kind.NUMBER:
            return _numeric(column)
        if self.kind is Kind.BOOLEAN:
            return Func(column, template="%(expressions)s", output_field=BooleanField())
        return Collate(_iso_text(self.kind, column), "C")

    def exact_expression(self) -> Expression:
        """The text as stored; a blank one is missing here too."""
        return Case(When(self.present(), then=F(self.name)), output_field=TextField())

    def present(self) -> Q:
        """The rows that have a value."""
        filled = Q(**{f"{self.compared_name}__isnull": False})
        return filled & ~Q(**{self.compared_name: ""}) if self.kind is Kind.TEXT else filled

    def equal(self, value: Scalar, *, exact: bool = False) -> Q:
        """A plain comparison with the column."""
        return self.one_of([value], exact=exact)

    def one_of(self, values: Sequence[Scalar], *, exact: bool = False) -> Q:
        """A plain comparison with the column."""
        return self._among(values, self.name if exact else self.compared_name)

    def ordered(self, operator: Operator, value: Scalar) -> Q:
        """A plain comparison with the column."""
        return self._beside(operator, value)

    def _among(self, values: Sequence[object], name: str) -> Q:
        return self.present() & Q(**{f"{name}__in": list(values)})

    def _beside(self, operator: Operator, value: object) -> Q:
        return self.present() & Q(**{f"{self.name}__{operator.value}": value})


class IntegerColumn(AttributeColumn):
    """A number kept in an integer column of the model, as the value times 10 to the power of `scale`."""

    def __init__(self, name: str, *, scale: int = 0) -> None:
        super().__init__(Kind.NUMBER, name)
        self.scale = scale

    def expression(self) -> Expression:
        """The value itself, unscaled by multiplying: PostgreSQL's division of numerics rounds."""
        unit = Value(Decimal(1).scaleb(-self.scale), output_field=DecimalField())
        return _numeric(CombinedExpression(_numeric(F(self.name)), Combinable.MUL, unit))

    def one_of(self, values: Sequence[Scalar], *, exact: bool = False) -> Q:
        """A plain comparison with the column; numbers it cannot hold fall out."""
        scaled = [self._scaled(value) for value in values]
        return self._among([int(value) for value in scaled if _is_bigint(value)], self.name)

    def ordered(self, operator: Operator, value: Scalar) -> Q:
        """A plain comparison with the nearest whole number on the side that the operator looks to."""
        rounding = ROUND_FLOOR if operator in (Operator.GT, Operator.LTE) else ROUND_CEILING
        return self._beside(operator, int(self._scaled(value).to_integral_value(rounding)))

    def _scaled(self, value: Scalar) -> Decimal:
        return WIDE.scaleb(cast(Decimal, value), self.scale)


# Wide enough for any number of a rule, so that shifting its point rounds nothing.
WIDE = Context(prec=2 * MAX_NUMBER_LENGTH)


def _is_bigint(value: Decimal) -> bool:
    return value == value.to_integral_value() and SMALLEST_BIGINT <= value <= LARGEST_BIGINT


def _iso_text(kind: Kind, column: F) -> Expression:
    """The text that `stored_value` writes: fractions of seconds only where there are any."""
    if kind is Kind.DATE:
        return _to_char(column, "YYYY-MM-DD")
    if kind is Kind.TIME:
        text = _to_char(column, "HH24:MI:SS.US")
    else:
        in_utc = Func(column, template="%(expressions)s AT TIME ZONE 'UTC'", output_field=DateTimeField())
        text = _to_char(in_utc, 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
    return Replace(text, _text(".000000"), _text(""), output_field=TextField())


def _to_char(source: Expression | F, form: str) -> Expression:
    return Func(source, _text(form), function="to_char", output_field=TextField())
