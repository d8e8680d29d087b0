"""Why a column became what it became, in words for the person who decides."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from leads.models import FieldKind
from leads.proposals.deciding import is_different, names_something, numbers_the_rows
from leads.proposals.facts import ColumnFacts, Counted
from leads.proposals.proposal import Dropped, ProposedField
from leads.proposals.readings import Reading
from leads.proposals.trials import PATTERNS

MOST_QUOTED = 3
LONGEST_QUOTE = 40

DATE_WORDS = {
    "DMY": gettext_lazy("day first, as in 31/12/2025"),
    "MDY": gettext_lazy("month first, as in 12/31/2025"),
    "YMD": gettext_lazy("year first, as in 2025/12/31"),
}


def quoted(texts: Sequence[str]) -> str:
    """A few texts in quotation marks."""
    shown = [text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 1]}…" for text in texts]
    return ", ".join(f"“{text}”" for text in shown[:MOST_QUOTED])


def why(item: ProposedField) -> str:
    """One or two sentences: why this type."""
    return reason_of(item.column, item.reading)


def reason_of(column: ColumnFacts, reading: Reading) -> str:
    """Why the column may be read as the type of the reading, or what speaks against it."""
    if not column.filled:
        return _("The column is empty: nothing speaks for a type.")
    if not reading.fit.is_whole:
        return _against(column, reading)
    return _for(column, reading)


def _against(column: ColumnFacts, reading: Reading) -> str:
    misfits = reading.fit.misfits
    if misfits < 0 or not reading.fit.texts:
        return _(
            "Most values do not fit this type, such as %(examples)s. Rows with them would be refused."
        ) % {"examples": quoted(column.examples)}
    return ngettext(
        "%(count)s row would be refused: %(texts)s does not fit.",
        "%(count)s rows would be refused: %(texts)s and the like do not fit.",
        misfits,
    ) % {"count": f"{misfits:,}", "texts": quoted([text for text, _count in reading.fit.texts])}


def _for(column: ColumnFacts, reading: Reading) -> str:
    kind, numbers = reading.kind, column.numbers
    values = {
        "count": f"{column.filled - _cells(reading.fit.empty):,}",
        "distinct": _about(column),
        "least": _number(numbers.least) if numbers else "",
        "most": _number(numbers.most) if numbers else "",
        "examples": quoted(column.examples),
    }
    match kind:
        case FieldKind.BOOLEAN:
            empty = {text for text, _count in reading.fit.empty}
            words = [text for text, _count in column.values if text not in empty]
            return _("Nothing but %(words)s.") % {"words": _(" and ").join(f"“{word}”" for word in words[:4])}
        case FieldKind.INTEGER:
            return _("%(count)s whole numbers, from %(least)s to %(most)s.") % values
        case FieldKind.DECIMAL:
            return _("%(count)s numbers, from %(least)s to %(most)s.") % values
        case FieldKind.MONEY:
            return " ".join(
                [_("%(count)s amounts, from %(least)s to %(most)s.") % values, _signs(column)]
            ).strip()
        case FieldKind.PERCENT:
            return _("%(count)s percentages, from %(least)s to %(most)s.") % values
        case FieldKind.DATE | FieldKind.DATETIME:
            return _date_reason(reading, values)
        case FieldKind.TIME:
            return _("%(count)s times of day, such as %(examples)s.") % values
        case FieldKind.EMAIL:
            return _("All %(count)s values are e-mail addresses.") % values
        case FieldKind.PHONE:
            return _("All %(count)s values are phone numbers.") % values
        case FieldKind.URL:
            return _("All %(count)s values are web addresses.") % values
        case FieldKind.SELECT:
            choices = len(reading.settings.get("choices", ()))
            return ngettext(
                "%(choices)s value in %(count)s cells.", "%(choices)s values in %(count)s cells.", choices
            ) % {**values, "choices": choices}
        case FieldKind.MULTI_SELECT:
            parts = len(reading.settings.get("choices", ()))
            return _("%(parts)s values, several of them in one cell, as in %(examples)s.") % {
                **values,
                "parts": parts,
            }
    return _text_reason(column, reading, values)


def _text_reason(column: ColumnFacts, reading: Reading, values: dict[str, str]) -> str:
    if reading.pattern in PATTERNS and reading.pattern != "uuid":
        return _("All %(count)s values have the form of a %(name)s.") % {
            **values,
            "name": PATTERNS[reading.pattern][0],
        }
    if is_different(column) and not column.spaced:
        return _("%(count)s values, all different: they identify the rows.") % values
    if names_something(column):
        return _("Digits that name something and are not reckoned with: as text they keep leading zeros.")
    if numbers_the_rows(column):
        return _("It numbers the rows of this file.")
    if reading.kind is FieldKind.LONG_TEXT:
        return _("Long texts, up to %(longest)s characters.") % {"longest": f"{column.longest:,}"}
    return _("%(distinct)s different values: too many to choose from.") % values


def _date_reason(reading: Reading, values: dict[str, str]) -> str:
    order = DATE_WORDS[reading.settings["date_order"]]
    what = (
        _("%(count)s dates, such as %(examples)s:")
        if reading.kind is FieldKind.DATE
        else _("%(count)s dates with times, such as %(examples)s:")
    )
    if len(reading.date_orders) == 1:
        return " ".join([what % values, _("they only make sense %(order)s.") % {"order": order}])
    return " ".join([what % values, _("read %(order)s where they could be either.") % {"order": order}])


def _signs(column: ColumnFacts) -> str:
    numbers = column.numbers
    if numbers is None:
        return ""
    if numbers.with_currency:
        return _("Some bear a currency sign.")
    return (
        _("Some are grouped as 1,25,000.") if numbers.indian_groups else _("The name says that it is money.")
    )


def notes(item: ProposedField, rows: int) -> list[str]:
    """What else a person should know before publishing the field."""
    said = []
    if item.reading.fit.empty:
        texts = quoted([text for text, _count in item.reading.fit.empty])
        said.append(
            _("%(texts)s means empty (%(count)s cells).")
            % {"texts": texts, "count": f"{_cells(item.reading.fit.empty):,}"}
        )
    if item.column.errors:
        texts = quoted([text for text, _count in item.column.errors])
        said.append(
            _("%(count)s cells show an error (%(texts)s); they are read as empty.")
            % {"texts": texts, "count": f"{item.column.error_cells:,}"}
        )
    if item.kind is FieldKind.SELECT:
        for choice, others in item.column.spellings.items():
            said.append(
                _("%(others)s and “%(choice)s” are one choice.")
                % {"others": quoted(others), "choice": choice}
            )
    if item.nearly is not None:
        said.append(
            _(
                "All but %(count)s values (%(texts)s) are of the type %(kind)s. Choose it to have those rows corrected."
            )
            % {
                "count": f"{item.nearly.misfits:,}",
                "texts": quoted([text for text, _count in item.nearly.texts]),
                "kind": item.nearly.kind.label,
            }
        )
    if item.column.all_different is None and item.column.filled == rows:
        said.append(_("Too many values to be sure that each stands there once: unique is not proposed."))
    return said


def _about(column: ColumnFacts) -> str:
    return (
        f"{column.distinct:,}"
        if column.distinct_exact
        else _("about %(count)s") % {"count": f"{column.distinct:,}"}
    )


def _cells(counted: Counted) -> int:
    return sum(count for _text, count in counted)


def _number(text: str) -> str:
    whole, _point, fraction = text.partition(".")
    grouped = f"{int(whole):,}" if len(whole) < 20 else whole
    return f"{grouped}.{fraction}" if fraction else grouped


def why_dropped(dropped: Dropped) -> str:
    """Why a column becomes no field."""
    return {
        "no_header_no_values": _("No name and nothing in it."),
        "no_header": _("It has no name. Write one above it to keep its %(count)s values."),
        "no_values": _("Nothing stands in it."),
        "attribute": _("It fills the lead's own %(attribute)s."),
        "long_name": _("Its name has more than 200 characters. Shorten it to keep the column."),
        "same_name": _("Another column has the same name, but for underscores. Rename one to keep both."),
        "unreadable": _(
            "It holds cells that cannot be stored: errors of many kinds, or texts that are too long."
        ),
        "left_out": _("You left it out."),
    }[dropped.reason] % {"count": f"{dropped.filled:,}", "attribute": dropped.attribute}
