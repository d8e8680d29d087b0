"""The one vocabulary of reasons why a value is refused or doubted.

A reason is written `field:code` in counts and files. The sentences here are what a person reads beside the
cell: what is wrong, and what to write instead. Parts in braces are filled by `message`.
"""

from typing import Final

REQUIRED: Final = "required"
NOT_A_NUMBER: Final = "not_a_number"
NOT_AN_INTEGER: Final = "not_an_integer"
TOO_MANY_DECIMALS: Final = "too_many_decimals"
NOT_A_BOOLEAN: Final = "not_a_boolean"
NOT_A_DATE: Final = "not_a_date"
NOT_A_DATETIME: Final = "not_a_datetime"
NOT_A_TIME: Final = "not_a_time"
NONEXISTENT_TIME: Final = "nonexistent_time"
NOT_TEXT: Final = "not_text"
INVALID_PHONE: Final = "invalid_phone"
INVALID_EMAIL: Final = "invalid_email"
INVALID_URL: Final = "invalid_url"
NOT_JSON: Final = "not_json"
NOT_A_LOCATION: Final = "not_a_location"
AMBIGUOUS: Final = "ambiguous"
FILE_UNKNOWN: Final = "file_unknown"
FILE_EMPTY: Final = "file_empty"
FILE_TOO_LARGE: Final = "file_too_large"
FILE_TYPE: Final = "file_type"
PICTURE_DAMAGED: Final = "picture_damaged"
PICTURE_TOO_LARGE: Final = "picture_too_large"
FORMULA_ERROR: Final = "formula_error"
FORMULA_WITHOUT_VALUE: Final = "formula_without_value"
MINIMUM: Final = "min"
MAXIMUM: Final = "max"
MINIMUM_AGE: Final = "min_age"
MAXIMUM_AGE: Final = "max_age"
TOO_SHORT: Final = "too_short"
TOO_LONG: Final = "too_long"
PATTERN: Final = "pattern"
CHOICE: Final = "choice"
UNIQUE: Final = "unique"
EXTRA_CELLS: Final = "extra_cells"

IMPROBABLE_PHONE: Final = "improbable_phone"
IMPROBABLE_LOCATION: Final = "improbable_location"
EXTENSION_DROPPED: Final = "extension_dropped"
TIME_DROPPED: Final = "time_dropped"
AMBIGUOUS_TIME: Final = "ambiguous_time"

MESSAGES: Final[dict[str, str]] = {
    REQUIRED: "{label} is empty. Fill it in.",
    NOT_A_NUMBER: "{value} is not a number. Write digits such as 125000 or 1,25,000.",
    NOT_AN_INTEGER: "{value} is not a whole number. Write digits such as 48.",
    TOO_MANY_DECIMALS: "{value} has too many decimals. Write at most {limit} after the point.",
    NOT_A_BOOLEAN: "{value} is neither yes nor no. Write Yes or No.",
    NOT_A_DATE: "{value} is not a date. Write it as {example}.",
    NOT_A_DATETIME: "{value} is not a date with a time. Write it as {example}.",
    NOT_A_TIME: "{value} is not a time of day. Write it as 14:30.",
    NONEXISTENT_TIME: "{value} was skipped when the clocks changed. Write a time that existed on that day.",
    NOT_TEXT: "{label} holds characters that cannot be stored. Type the text again.",
    INVALID_PHONE: "{value} is not a phone number. Write all its digits, such as +91 98765 43210.",
    INVALID_EMAIL: "{value} is not an e-mail address. Write it as name@example.com.",
    INVALID_URL: "{value} is not a web address. Write it as https://example.com/page.",
    NOT_JSON: "{value} is not JSON that can be kept. Write a list or an object, at most 20 levels deep.",
    NOT_A_LOCATION: (
        "{value} is not a place. Write latitude and longitude, such as 18.520430, 73.856743, or paste a map link."
    ),
    AMBIGUOUS: "{value} fits several. Write the e-mail address, or the number behind the name.",
    FILE_UNKNOWN: "The file is not there any more, or is somebody else's. Choose it again.",
    FILE_EMPTY: "The file is empty. Choose another one.",
    FILE_TOO_LARGE: "The file is larger than {limit} MB. Choose a smaller one.",
    FILE_TYPE: "This kind of file is not taken here. Choose one of {limit}.",
    PICTURE_DAMAGED: "The picture cannot be read. Take it again, or save it anew.",
    PICTURE_TOO_LARGE: "The picture has more than {limit} million pixels. Save it smaller.",
    FORMULA_ERROR: "The cell shows {value}. Correct its formula, or write the value itself.",
    FORMULA_WITHOUT_VALUE: (
        "The formula {value} has no saved result. Open the workbook, save it, and load it again."
    ),
    MINIMUM: "{value} is below the least that is allowed, {limit}.",
    MAXIMUM: "{value} is above the most that is allowed, {limit}.",
    MINIMUM_AGE: "By {value} the person is younger than {limit}.",
    MAXIMUM_AGE: "By {value} the person is older than {limit}.",
    TOO_SHORT: "{value} is too short. Write at least {limit} characters.",
    TOO_LONG: "{value} is too long. Write at most {limit} characters.",
    PATTERN: "{value} does not have the form that {label} asks for.",
    CHOICE: "{value} is not one of the choices of {label}.",
    UNIQUE: "{value} is already taken: {label} may occur only once.",
    EXTRA_CELLS: "The row goes on beyond the last column of the header. Move or clear the extra cells.",
    IMPROBABLE_PHONE: "{value} has the length of a phone number, but none like it is in use.",
    IMPROBABLE_LOCATION: "{value} lies in the sea off Africa, where devices without a position say they are.",
    EXTENSION_DROPPED: "The extension of {value} is not kept.",
    TIME_DROPPED: "The time of {value} is not kept, only the day.",
    AMBIGUOUS_TIME: "{value} happened twice when the clocks changed; the earlier one is taken.",
}

SUMMARIES: Final[dict[str, str]] = {
    REQUIRED: "empty",
    NOT_A_NUMBER: "not a number",
    NOT_AN_INTEGER: "not a whole number",
    TOO_MANY_DECIMALS: "too many decimals",
    NOT_A_BOOLEAN: "neither yes nor no",
    NOT_A_DATE: "not a date",
    NOT_A_DATETIME: "not a date with a time",
    NOT_A_TIME: "not a time of day",
    NONEXISTENT_TIME: "a time that the clocks skipped",
    NOT_TEXT: "characters that cannot be stored",
    INVALID_PHONE: "not a phone number",
    INVALID_EMAIL: "not an e-mail address",
    INVALID_URL: "not a web address",
    FORMULA_ERROR: "a formula with an error",
    FORMULA_WITHOUT_VALUE: "a formula without a result",
    MINIMUM: "below the least that is allowed",
    MAXIMUM: "above the most that is allowed",
    MINIMUM_AGE: "too young",
    MAXIMUM_AGE: "too old",
    TOO_SHORT: "too short",
    TOO_LONG: "too long",
    PATTERN: "not in the form that is asked for",
    CHOICE: "not one of the choices",
    UNIQUE: "already taken",
    NOT_JSON: "not JSON",
    NOT_A_LOCATION: "not a place",
    AMBIGUOUS: "fits several",
    FILE_UNKNOWN: "a file that is not there",
    FILE_EMPTY: "an empty file",
    FILE_TOO_LARGE: "a file that is too large",
    FILE_TYPE: "a kind of file that is not taken",
    PICTURE_DAMAGED: "a damaged picture",
    PICTURE_TOO_LARGE: "a picture with too many pixels",
    EXTRA_CELLS: "more cells than the header has",
}
"""What rows that were refused for a reason have in common, after the field's name in a count of reasons."""

LONGEST_QUOTE: Final = 60
"""How many characters of a value a message repeats."""

_DEFAULT_PARTS: Final = {
    "label": "The field",
    "value": "The value",
    "limit": "the limit",
    "example": "2024-12-31",
}


def message(code: str, *, value: str | None = None, **parts: object) -> str:
    """The sentence for `code`; an unknown code gives a sentence too, so that no row goes unexplained.

    `value` is what the cell holds and is put in quotation marks; `label`, `limit` and `example` fill the
    other places of the sentence.
    """
    template = MESSAGES.get(code, "{value} is not accepted ({code}).")
    filled: dict[str, object] = {**_DEFAULT_PARTS, "code": code, **parts}
    if value is not None:
        filled["value"] = quoted(value)
    return template.format_map(filled)


def summary(code: str) -> str:
    """What `code` says in few words, for a count of reasons; an unknown code is spelled out."""
    return SUMMARIES.get(code, code.replace("_", " "))


def quoted(text: str) -> str:
    """`text` in quotation marks, cut where a person has seen enough of it."""
    shown = " ".join(text.split())
    if len(shown) > LONGEST_QUOTE:
        shown = shown[: LONGEST_QUOTE - 1] + "…"
    return f"“{shown}”"
