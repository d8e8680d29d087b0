"""Which type a column is of. The first rule that holds decides; each wants evidence, and a name is never enough.

The thresholds, in the order of the rules (all shares are of different values, so that one value that stands
in half the file does not decide for the other half):

- yes or no: words for them alone. `0` and `1` too, where both stand there and the name is not that of a count;
- e-mail, web address: every value is one, of web addresses four in five with `http` or `www` (or the name says it);
- date, date and time: every value is one in one and the same order; digits alone only where the name says date;
- phone: every value is possible, and 95 % of ten digits and more in use (50 % where the name says phone);
- time of day: every value has a colon, or am or pm;
- percent: every value is a number, and half of them bear the sign;
- numbers: unless they name something (an identifier or code by the name of the column, or by leading zeros, or by
  one width and hardly a repeat); money by a currency sign or the name;
- several choices: a fifth of the values has a separator, and the parts are few and come again;
- choice: at most 200 values, each four times on average (a dozen: twice);
- text: everything else, long where it has lines or is long.
"""

from collections.abc import Callable
from typing import Final

from core.values import DateOrder
from leads.models import FieldKind
from leads.proposals.facts import ColumnFacts
from leads.proposals.names import hints
from leads.proposals.readings import Reading, pattern_of, read_as

SURE_PHONES: Final = 0.95
SURE_PHONES_BY_NAME: Final = 0.5
SURE_ADDRESSES: Final = 0.8
PERCENT_SIGNS: Final = 0.5
MOST_CHOICES: Final = 200
CELLS_PER_CHOICE: Final = 4
A_DOZEN: Final = 12
CELLS_PER_CHOICE_OF_A_DOZEN: Final = 2
SEPARATED: Final = 0.2
SEPARATED_BY_COMMA: Final = 0.3
USES_PER_PART: Final = 3
MOST_PARTS: Final = 60
LONGEST_PART: Final = 40
LONG_TEXT: Final = 200
LONG_TEXT_ON_AVERAGE: Final = 80
LONGEST_PLAIN_NUMBER: Final = 15
FIXED_WIDTH: Final = 6
HARDLY_A_REPEAT: Final = 0.98
ENOUGH_TO_TELL_CODES: Final = 100

_CLEAR_WORDS = frozenset({"yes", "no", "true", "false"})


def decide(column: ColumnFacts, usual_order: DateOrder) -> Reading:
    """The column as the type that its values, and then its name, speak for."""
    for rule in _RULES:
        if (kind := rule(column, usual_order)) is not None:
            reading = read_as(column, kind, usual_order)
            if reading.fit.is_whole:
                return reading
    short = read_as(column, FieldKind.TEXT, usual_order)
    return short if short.fit.is_whole and not _is_prose(column) else _prose(column, usual_order)


def _prose(column: ColumnFacts, usual_order: DateOrder) -> Reading:
    return read_as(column, FieldKind.LONG_TEXT, usual_order)


def _share(count: int, column: ColumnFacts) -> float:
    return count / column.looked if column.looked else 0.0


def _boolean(column: ColumnFacts, usual_order: DateOrder) -> FieldKind | None:
    reading = read_as(column, FieldKind.BOOLEAN, usual_order)
    if not reading.fit.is_whole or not column.values_complete:
        return None
    empty = {text for text, _count in reading.fit.empty}
    words = {text.casefold() for text, _count in column.values if text not in empty}
    if words <= {"0", "1"} and hints(column.header, "count"):
        return None
    return FieldKind.BOOLEAN if len(words) > 1 or words <= _CLEAR_WORDS else None


def _email(column: ColumnFacts, usual_order: DateOrder) -> FieldKind:
    return FieldKind.EMAIL


def _url(column: ColumnFacts, usual_order: DateOrder) -> FieldKind | None:
    sure = _share(column.sure_addresses, column) >= SURE_ADDRESSES
    return FieldKind.URL if sure or hints(column.header, "url") else None


def _day(column: ColumnFacts, usual_order: DateOrder) -> FieldKind | None:
    return FieldKind.DATE if _may_be_dates(column) else None


def _moment(column: ColumnFacts, usual_order: DateOrder) -> FieldKind | None:
    return FieldKind.DATETIME if _may_be_dates(column) else None


def _may_be_dates(column: ColumnFacts) -> bool:
    """Whether digits alone, such as 45306 or 20240105, may be meant as days."""
    if hints(column.header, "day"):
        return True
    return not column.bare_digits and (column.numbers is None or column.numbers.seen * 2 < column.looked)


def _phone(column: ColumnFacts, usual_order: DateOrder) -> FieldKind | None:
    by_name = hints(column.header, "phone")
    if not by_name and hints(column.header, "code"):
        return None
    wanted = SURE_PHONES_BY_NAME if by_name else SURE_PHONES
    return FieldKind.PHONE if _share(column.sure_phones, column) >= wanted else None


def _time(column: ColumnFacts, usual_order: DateOrder) -> FieldKind | None:
    reading = read_as(column, FieldKind.TIME, usual_order)
    values = column.looked - len(reading.fit.empty)
    return FieldKind.TIME if values and column.marked_clocks >= values else None


def _percent(column: ColumnFacts, usual_order: DateOrder) -> FieldKind | None:
    numbers = column.numbers
    if numbers is None or not numbers.with_percent:
        return None
    return FieldKind.PERCENT if numbers.with_percent >= PERCENT_SIGNS * numbers.seen else None


def _number(column: ColumnFacts, usual_order: DateOrder) -> FieldKind | None:
    numbers = column.numbers
    if numbers is None or names_something(column):
        return None
    named = hints(column.header, "money") and not hints(column.header, "no_money")
    if numbers.with_currency or (named and not hints(column.header, "count")):
        return FieldKind.MONEY
    whole = read_as(column, FieldKind.INTEGER, usual_order).fit.is_whole
    return FieldKind.INTEGER if whole else FieldKind.DECIMAL


def names_something(column: ColumnFacts) -> bool:
    """Whether the numbers of a column are names, which nobody reckons with: PIN codes, accounts, lead numbers."""
    numbers = column.numbers
    if numbers is None or numbers.decimals or numbers.with_currency or numbers.with_percent:
        return False
    if numbers.leading_zeros or numbers.longest > LONGEST_PLAIN_NUMBER:
        return True
    if numbers.indian_groups or hints(column.header, "count"):
        return False
    same_width = numbers.shortest == numbers.longest
    if hints(column.header, "code"):
        return (
            same_width or numbers.longest >= FIXED_WIDTH or pattern_of(column) != "" or is_different(column)
        )
    if hints(column.header, "money"):
        return False
    many = column.filled >= ENOUGH_TO_TELL_CODES and column.distinct >= HARDLY_A_REPEAT * column.filled
    return many and same_width and numbers.longest >= FIXED_WIDTH


def is_different(column: ColumnFacts) -> bool:
    """Whether no value stands twice, over the whole file, and they do not merely number its rows."""
    return column.all_different is True and column.filled > 1 and not numbers_the_rows(column)


def numbers_the_rows(column: ColumnFacts) -> bool:
    """Whether a column counts its rows from 1 (or 0) on: it identifies nothing beyond this file."""
    numbers = column.numbers
    if numbers is None or column.all_different is not True or numbers.seen != column.filled:
        return False
    return numbers.least in ("0", "1") and int(float(numbers.most)) - int(numbers.least) + 1 == column.filled


def _several(column: ColumnFacts, usual_order: DateOrder) -> FieldKind | None:
    parts = column.parts
    if parts is None or _is_prose(column) or hints(column.header, "name"):
        return None
    wanted = SEPARATED_BY_COMMA if parts.separator == "," else SEPARATED
    different = len(parts.parts)
    come_again = parts.uses >= USES_PER_PART * different and different < column.distinct
    strong = parts.separated >= wanted * column.looked and come_again
    return (
        FieldKind.MULTI_SELECT
        if strong and different <= MOST_PARTS and parts.longest <= LONGEST_PART
        else None
    )


def _choice(column: ColumnFacts, usual_order: DateOrder) -> FieldKind | None:
    if column.numbers is not None and column.numbers.seen >= column.looked and names_something(column):
        return None
    if not column.values_complete or hints(column.header, "prose") or hints(column.header, "name"):
        return None
    reading = read_as(column, FieldKind.SELECT, usual_order)
    choices = len(reading.settings["choices"])
    cells = column.filled - sum(count for _text, count in reading.fit.empty)
    few = choices <= A_DOZEN and cells >= CELLS_PER_CHOICE_OF_A_DOZEN * choices
    enough = few or (choices <= MOST_CHOICES and cells >= CELLS_PER_CHOICE * choices)
    return FieldKind.SELECT if choices and enough else None


def _is_prose(column: ColumnFacts) -> bool:
    average = column.length_sum / column.looked if column.looked else 0
    return column.has_lines or column.longest > LONG_TEXT or average > LONG_TEXT_ON_AVERAGE


_Rule = Callable[[ColumnFacts, DateOrder], FieldKind | None]
_RULES: Final[tuple[_Rule, ...]] = (
    _boolean, _email, _url, _day, _moment, _phone, _time, _percent, _number, _several, _choice,
)  # fmt: skip
