"""What can be said about one field by itself: settings that suit its type and one another."""

import datetime as dt
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from zoneinfo import ZoneInfo

from phonenumbers import SUPPORTED_REGIONS

from accounts.roles import Role
from core.kept_files.kinds import KINDS, PICTURES
from core.rules import normalise_text, read_value
from core.rules.patterns import PatternError, compile_pattern
from core.rules.values import PLAIN_NUMBER, Kind
from core.values import Refused
from leads.fields.capture import TEXT_LIMITS, violations
from leads.fields.checks.reading import ReadField
from leads.fields.definition import FieldDefinition
from leads.fields.kept_files import MOST_MEGABYTES
from leads.fields.line import CORE_ATTRIBUTES
from leads.fields.types import FIELD_TYPES, CaptureContext, type_of
from leads.models import FieldKind, FieldStatus

SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
# Names that lists, files and the API use for what every lead has, and those of the formula language.
RESERVED_KEYS = frozenset(
    {
        *("id", "reference", "line", "version", "status", "stage", "score", "owner", "team", "source"),
        *(
            "campaign",
            "data",
            "compare",
            "created",
            "created_at",
            "updated",
            "updated_at",
            "deleted_at",
            "organization",
        ),
        *("intake", "intake_id", "row_number", "repeat_enquiries"),
        *("min", "max", "round", "abs", "if"),
    }
)
# Columns of a file that fill the lead itself, whatever the line's fields are.
RESERVED_COLUMNS = frozenset({"source", "campaign"})
MOST_DECIMALS = 10
OLDEST = 150
AMOUNT_DECIMALS = 2
BETWEEN_CHOICES = re.compile(r"[;|\n\r]")

ALL = frozenset(FieldKind)
TYPED = ALL - {FieldKind.COMPUTED}
TEXTS = frozenset({FieldKind.TEXT, FieldKind.LONG_TEXT})
SELECTS = frozenset({FieldKind.SELECT, FieldKind.MULTI_SELECT})
NUMBERS = frozenset({FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY, FieldKind.PERCENT})
DAY = frozenset({FieldKind.DATE})
# Their values mean something in one organisation only, or are things of their own: nothing to compare or to preset.
REFERENCES = frozenset({FieldKind.USER, FieldKind.LEAD})
FILES = frozenset({FieldKind.FILE, FieldKind.IMAGE})
THINGS = FILES | {FieldKind.LOCATION}

# The settings that not every type has a use for.
SUITS: dict[str, frozenset[FieldKind]] = {
    "width": TYPED,
    "placeholder": TYPED - FILES,
    "required": TYPED,
    "required_if": TYPED,
    "unique": TYPED - {FieldKind.JSON, FieldKind.BOOLEAN} - THINGS,
    "default": TYPED - REFERENCES - THINGS,
    "min": NUMBERS | DAY,
    "max": NUMBERS | DAY,
    "min_length": TEXTS,
    "max_length": TEXTS,
    "regex": TEXTS | {FieldKind.EMAIL, FieldKind.PHONE, FieldKind.URL},
    "choices": SELECTS,
    "choices_from": SELECTS,
    "max_size_mb": FILES,
    "accept": FILES,
    "date_order": DAY | {FieldKind.DATETIME},
    "min_age": DAY,
    "max_age": DAY,
    "default_region": frozenset({FieldKind.PHONE}),
    "transform": TEXTS,
    "formula": frozenset({FieldKind.COMPUTED}),
    "decimals": NUMBERS - {FieldKind.INTEGER} | {FieldKind.COMPUTED},
    "indexed": frozenset(kind for kind in FieldKind if FIELD_TYPES[kind].can_index),
    "editable_by": TYPED,
    "empty_values": TYPED - FILES,
    "aliases": TYPED - FILES,
    "maps_to": TYPED,
}
MAPPED_TYPES: dict[str, frozenset[FieldKind]] = {
    "name": frozenset({FieldKind.TEXT}),
    "phone": frozenset({FieldKind.PHONE}),
    "email": frozenset({FieldKind.EMAIL}),
    "amount": frozenset({FieldKind.MONEY, FieldKind.DECIMAL}),
    "city": frozenset({FieldKind.TEXT, FieldKind.SELECT}),
    "region": frozenset({FieldKind.TEXT, FieldKind.SELECT}),
}
# A default's age changes with the days; the form that uses it says so when it is too late.
CHANGES_WITH_TIME = ("min_age", "max_age")


def check_field(read: ReadField) -> None:
    """Add every problem that the field has by itself."""
    item = read.definition
    if item is None:
        return
    for check in CHECKS:
        check(read, item)


def suits(setting: str, kind: FieldKind) -> bool:
    """Whether fields of this type have a use for the setting."""
    return kind in SUITS.get(setting, ALL)


def _check_key(read: ReadField, item: FieldDefinition) -> None:
    if not SNAKE_CASE.fullmatch(item.key):
        read.add(
            "key",
            "not_snake_case",
            "Write the key in small letters, digits and single underscores, such as monthly_income.",
        )
    elif item.key in RESERVED_KEYS:
        read.add(
            "key",
            "reserved",
            f'"{item.key}" already means something for every lead. Use a key such as {item.key}_given.',
        )


def _check_suitable(read: ReadField, item: FieldDefinition) -> None:
    for setting, kinds in SUITS.items():
        given = getattr(item, setting)
        if item.type in kinds or not _is_set(setting, given):
            continue
        read.add(setting, "not_for_type", f"Remove {setting}: a {item.type} field has no use for it.")


def _is_set(setting: str, given: object) -> bool:
    return (
        given is not None
        if setting in ("min_length", "max_length", "min_age", "max_age", "decimals", "max_size_mb")
        else bool(given)
    )


def _check_limits(read: ReadField, item: FieldDefinition) -> None:
    if item.decimals is not None and item.decimals > MOST_DECIMALS:
        read.add("decimals", "too_many", f"Use at most {MOST_DECIMALS} decimals.")
    if item.type in NUMBERS:
        _check_range(read, item, lambda text: _number(item, text), _number_example(item))
    elif item.type is FieldKind.DATE:
        _check_range(
            read,
            item,
            lambda text: read_value(Kind.DATE, text),
            "a date as year-month-day, such as 2024-12-31",
        )
    if item.type in TEXTS:
        _check_lengths(read, item)
    for setting in ("min_age", "max_age"):
        age = getattr(item, setting)
        if age is not None and age > OLDEST:
            read.add(setting, "too_large", f"Write an age of at most {OLDEST} years.")
    _check_order(read, "min_age", item.min_age, "max_age", item.max_age)


def _number_example(item: FieldDefinition) -> str:
    return (
        "a whole number, such as 18"
        if item.type is FieldKind.INTEGER
        else "a plain number, such as 10000 or 2.5"
    )


def _number(item: FieldDefinition, text: str) -> Decimal | None:
    if not PLAIN_NUMBER.fullmatch(text) or (item.type is FieldKind.INTEGER and "." in text):
        return None
    return Decimal(text)


def _check_range(
    read: ReadField, item: FieldDefinition, parse: Callable[[str], object], example: str
) -> None:
    bounds = {}
    for setting in ("min", "max"):
        text = getattr(item, setting)
        if not text or setting in read.broken:
            continue
        bounds[setting] = parse(text)
        if bounds[setting] is None:
            read.add(setting, "wrong_value", f"Write {example}.")
    _check_order(read, "min", bounds.get("min"), "max", bounds.get("max"))


def _check_order(read: ReadField, low: str, lowest: object, high: str, highest: object) -> None:
    if lowest is not None and highest is not None and lowest > highest:  # type: ignore[operator]
        read.add(high, "range", f"Nothing fits: {high} is less than {low}. Raise {high} or lower {low}.")


def _check_lengths(read: ReadField, item: FieldDefinition) -> None:
    longest = TEXT_LIMITS[item.type]
    if item.max_length is not None and not 1 <= item.max_length <= longest:
        read.add("max_length", "range", f"Write a length from 1 to {longest:,}.")
    elif item.min_length is not None and item.min_length > longest:
        read.add("min_length", "range", f"Write a length of at most {longest:,}.")
    else:
        _check_order(read, "min_length", item.min_length, "max_length", item.max_length)


def _check_pattern(read: ReadField, item: FieldDefinition) -> None:
    if not item.regex:
        return
    try:
        compile_pattern(item.regex)
    except PatternError as error:
        read.add("regex", "invalid_pattern", str(error))


def _check_choices(read: ReadField, item: FieldDefinition) -> None:
    if item.type not in SELECTS or "choices" in read.broken:
        return
    if item.status is not FieldStatus.RETIRED and not any(choice.active for choice in item.choices):
        read.add(
            "choices", "required", 'Write at least one active choice, such as ["Salaried", "Self employed"].'
        )
    taken: dict[str, int] = {}
    for position, choice in enumerate(item.choices):
        names = {normalise_text(choice.value), normalise_text(choice.label)}
        for name in sorted(names & taken.keys()):
            read.add(
                f"choices[{position}]", "ambiguous",
                f'"{choice.label}" reads the same as choice {taken[name] + 1}, case aside. Remove one.',
            )  # fmt: skip
        taken.update(dict.fromkeys(names - taken.keys(), position))
        if choice.parents and not item.choices_from:
            read.add(
                f"choices[{position}].parents", "not_for_type",
                "Name in choices_from the field on which the choices depend, or leave the parents out.",
            )  # fmt: skip
        if item.type is FieldKind.MULTI_SELECT and BETWEEN_CHOICES.search(choice.value + choice.label):
            read.add(
                f"choices[{position}]", "separator",
                "Leave out ; and | and line breaks: in files they stand between several choices.",
            )  # fmt: skip
    for position, text in enumerate(item.empty_values):
        if normalise_text(text) in taken:
            read.add(
                f"empty_values[{position}]",
                "ambiguous",
                f'"{text}" is also a choice. Remove it here or there.',
            )


def _check_files(read: ReadField, item: FieldDefinition) -> None:
    if item.type not in FILES:
        return
    if item.max_size_mb is not None and not 1 <= item.max_size_mb <= MOST_MEGABYTES:
        read.add("max_size_mb", "range", f"Write a size from 1 to {MOST_MEGABYTES} MB.")
    known = PICTURES if item.type is FieldKind.IMAGE else tuple(KINDS)
    for position, name in enumerate(item.accept):
        if name not in known:
            read.add(
                f"accept[{position}]", "unknown", f"Write one of {', '.join(known)}, or leave the list out."
            )


def _check_region(read: ReadField, item: FieldDefinition) -> None:
    if item.default_region and item.default_region not in SUPPORTED_REGIONS:
        read.add("default_region", "unknown", "Write a country by its two capital letters, such as IN or US.")


def _check_roles(read: ReadField, item: FieldDefinition) -> None:
    for setting in ("visible_to", "editable_by"):
        for position, role in enumerate(getattr(item, setting)):
            if role not in set(Role):
                read.add(
                    f"{setting}[{position}]",
                    "unknown_role",
                    f'There is no role "{role}". Roles are {", ".join(Role)}.',
                )
    blind = set(item.editable_by) - set(item.visible_to)
    if item.visible_to and blind and not read.broken & {"visible_to", "editable_by"}:
        read.add(
            "editable_by", "cannot_see",
            f"{', '.join(sorted(blind))} may edit it, not see it. Add them to visible_to, or take them out.",
        )  # fmt: skip


def _check_mapping(read: ReadField, item: FieldDefinition) -> None:
    if not item.maps_to:
        return
    if item.maps_to not in CORE_ATTRIBUTES:
        read.add("maps_to", "unknown", f"Write one of {', '.join(CORE_ATTRIBUTES)}, or leave it out.")
    elif item.type not in MAPPED_TYPES[item.maps_to] and item.type in TYPED:
        kinds = " or ".join(sorted(MAPPED_TYPES[item.maps_to]))
        read.add("maps_to", "wrong_type", f"Only a field of type {kinds} can fill {item.maps_to}.")
    elif item.maps_to == "amount" and item.scale != AMOUNT_DECIMALS:
        read.add(
            "maps_to",
            "wrong_decimals",
            f"The amount has {AMOUNT_DECIMALS} decimals: set decimals to {AMOUNT_DECIMALS}.",
        )


def _check_reserved_columns(read: ReadField, item: FieldDefinition) -> None:
    named = [
        ("label", item.label),
        *((f"aliases[{place}]", alias) for place, alias in enumerate(item.aliases)),
    ]
    for setting, name in named:
        if normalise_text(name) in RESERVED_COLUMNS:
            own = normalise_text(name)
            message = (
                f'A column named "{name}" fills the lead\'s own {own}. Use another, such as "Lead {own}".'
            )
            read.add(setting, "reserved", message)


def _check_default(read: ReadField, item: FieldDefinition) -> None:
    depends_on = {
        "default",
        "min",
        "max",
        "min_length",
        "max_length",
        "regex",
        "choices",
        "default_region",
        "decimals",
    }
    if not item.default or read.broken & depends_on:
        return
    if item.unique:
        read.add(
            "default",
            "unique",
            "A unique field can have no default: the second lead would repeat it. Remove one of the two.",
        )
        return
    for problem in _default_problems(item):
        read.add(
            "default",
            "wrong_value",
            f"The default does not pass the field's own checks ({problem}). Change it.",
        )


def _default_problems(item: FieldDefinition) -> Iterable[str]:
    if item.means_empty(item.default):
        return ["it means empty"]
    context = CaptureContext(dt.datetime.now(dt.UTC), ZoneInfo("UTC"))
    result = type_of(item).coerce(item, item.default, context)
    if isinstance(result, Refused):
        return [result.code]
    codes = [code for code, _parameters in violations(item, type_of(item), result, context)]
    return [code for code in codes if code not in CHANGES_WITH_TIME]


CHECKS = (
    _check_key,
    _check_suitable,
    _check_limits,
    _check_pattern,
    _check_choices,
    _check_files,
    _check_region,
    _check_roles,
    _check_mapping,
    _check_reserved_columns,
    _check_default,
)
