"""Fields, nasty values and generated rules, shared by the property tests of the rule language."""

import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from core.rules import FIELD_OPERATORS, OPERATORS, Kind, Operator

NOW = datetime(2024, 3, 10, 20, 0, tzinfo=UTC)
ZONES = [ZoneInfo(name) for name in ("UTC", "Asia/Kolkata", "America/New_York", "Pacific/Kiritimati")]

# Fields of the JSON columns, two of each kind so that fields compare with fields.
JSON_FIELDS = {f"{kind.value}_{number}": kind for kind in Kind for number in (1, 2)}
# Fields that are columns of the model.
ATTRIBUTES = {
    "status": Kind.TEXT,
    "city": Kind.TEXT,
    "amount": Kind.NUMBER,
    "score": Kind.NUMBER,
    "price": Kind.NUMBER,
    "flag": Kind.BOOLEAN,
    "day": Kind.DATE,
    "moment": Kind.DATETIME,
    "clock": Kind.TIME,
}
FIELDS = JSON_FIELDS | ATTRIBUTES

FILLED_TEXTS = [
    "Mumbai",
    "MUMBAI ",
    "\u00a0mumbai\u2003",
    "Navi Mumbai",
    "İstanbul",
    "i\u0307stanbul",
    "istanbul",
    "ISTANBUL",
    "Straße",
    "STRASSE",
    "ﬁn",
    "FIN",
    "é",
    "e\u0301",
    "É",
    "\u212b",
    "å",
    "ΟΔΟΣ",
    "οδος",
    "οδοσ",
    "𝓜umbai",
    "😀 mumbai",
    "a%b_c\\d",
    "'; drop table leads; --",
    "%s {0} $1",
    "१२",
    "ⅷ",
    "\u0345\u0301a",
    "\u0301",
    "\u200bx",
    "a\tb\nc",
    "null",
    "true",
    "[]",
    "x" * 3000,
]
BLANK_TEXTS = ["", " ", "\u00a0", "\u3000\t\n"]
NUMBERS = [
    "0",
    "-0.00",
    "1",
    "1.0",
    "-1",
    "700.5",
    "700.5" + "0" * 40 + "1",
    "0.1",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "99999999999999999999999999999999999999.99",
    "-99999999999999999999999999999999999999.999",
    "1" + "0" * 150,
    "0." + "0" * 150 + "1",
]
DATES = ["2024-02-29", "2024-03-09", "2024-03-10", "2024-03-11", "1899-12-31", "0001-01-01", "9999-12-31"]
DATETIMES = [
    "2024-03-10T20:00:00+00:00",
    "2024-03-10T18:29:59.999999+00:00",
    "2024-03-10T18:30:00+00:00",
    "2024-03-10T18:30:00.5+00:00",
    "2024-03-11T01:30:00+05:30",
    "2024-03-10T20:00:00Z",
    "2024-03-10 20:00",
    "2024-03-10T02:30:00",
    "1899-12-31T23:59:59+00:00",
    "0001-01-01T00:00:00+00:00",
    "9999-12-31T23:59:59.999999+00:00",
]
TIMES = ["09:30", "09:30:00", "09:30:00.000001", "00:00", "23:59:59.999999"]
DAYS = [0, 1, 2, 30, 1_000_000]
REFERENCES = ["12", "7", "L00000042", "l00000042", " 12 ", "Ⅷ"]
PRESENCES = [{"id": 1, "name": "pan.pdf"}, {"lat": "18.520430", "lon": "73.856743"}, {"a": None}, {}]
CHOICES = ["red", "RED ", "Straße", "é", "e\u0301", "😀", "a%b", "blue"]
NASTY_LITERALS: dict[Kind, list] = {
    Kind.TEXT: FILLED_TEXTS,
    Kind.NUMBER: NUMBERS,
    Kind.BOOLEAN: [True, False],
    Kind.DATE: DATES,
    Kind.DATETIME: DATETIMES,
    Kind.TIME: TIMES,
    Kind.MULTI: CHOICES,
    Kind.REFERENCE: REFERENCES,
    Kind.PRESENCE: PRESENCES,
}
# What a raw write can leave where a value of some kind belongs: none of it may raise, none may split
# opinions.
GARBAGE = [
    None,
    5,
    -3.25,
    1e22,
    1e-7,
    5e-324,
    True,
    False,
    [],
    {},
    {"a": 1},
    [None],
    "n/a",
    "1e5",
    "+5",
    " 7 ",
    "１２",
    "NaN",
    "-Infinity",
    "1_000",
    "9" * 201,
    "True",
    "2023-02-30",
    "2024-W10-7",
    "20240310",
    "2024-03-10T25:00:00+00:00",
    "0001-01-01T00:00:00+14:00",
    "24:00",
    "09:30:00+05:30",
]

storable_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
filled_text = st.sampled_from(FILLED_TEXTS) | storable_text.filter(lambda text: text.strip())
number_text = st.sampled_from(NUMBERS) | st.decimals(
    min_value=-(10**25), max_value=10**25, places=3, allow_nan=False
).map(lambda number: format(number, "f"))
choice = st.sampled_from(CHOICES) | filled_text

LITERALS = {
    Kind.TEXT: filled_text,
    Kind.NUMBER: number_text | st.integers(-1000, 1000),
    Kind.BOOLEAN: st.booleans(),
    Kind.DATE: st.sampled_from(DATES) | st.dates().map(str),
    Kind.DATETIME: st.sampled_from(DATETIMES) | st.datetimes().map(datetime.isoformat),
    Kind.TIME: st.sampled_from(TIMES) | st.times().map(str),
    Kind.MULTI: choice,
    Kind.REFERENCE: st.sampled_from(REFERENCES) | st.integers(1, 20),
    Kind.PRESENCE: st.sampled_from(PRESENCES),
}
STORED = {
    **LITERALS,
    Kind.TEXT: LITERALS[Kind.TEXT] | st.sampled_from(BLANK_TEXTS),
    Kind.REFERENCE: st.sampled_from(REFERENCES) | st.sampled_from(BLANK_TEXTS),
    Kind.MULTI: st.lists(choice | st.sampled_from([*BLANK_TEXTS, None, 1]), max_size=4),
}
garbage = st.sampled_from(GARBAGE)
# Mostly what belongs there; now and then nothing, or what does not belong.
stored_data = st.fixed_dictionaries(
    {},
    optional={key: STORED[kind] | STORED[kind] | STORED[kind] | garbage for key, kind in JSON_FIELDS.items()},
)

PATTERNS = ["mum", "(?i)^m", "^$", "[0-9]+", r"\p{L}", "^.a", r"\s"]
LIST_OPERATORS = (Operator.IN, Operator.NOT_IN, Operator.HAS_ANY, Operator.HAS_ALL)


def operand(kind: Kind, operator: Operator) -> st.SearchStrategy:
    """A value that the operator accepts for the kind."""
    literal = LITERALS[kind]
    if operator in (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY):
        return st.none()
    if operator is Operator.MATCHES:
        return st.sampled_from(PATTERNS)
    if operator is Operator.WITHIN_DAYS:
        return st.sampled_from(DAYS)
    if operator is Operator.BETWEEN:
        return st.lists(literal, min_size=2, max_size=2)
    if operator in LIST_OPERATORS:
        return st.lists(literal, min_size=1, max_size=4)
    return literal


@st.composite
def conditions(draw: st.DrawFn, fields: dict[str, Kind] = FIELDS) -> dict[str, object]:
    """A valid condition as JSON."""
    texts = [key for key in fields if fields[key] is Kind.TEXT]  # twice, for they have the most to go wrong
    key = draw(st.sampled_from([*fields, *texts]))
    kind = fields[key]
    operator = draw(st.sampled_from(OPERATORS[kind]))
    tree: dict[str, object] = {"field": key, "op": operator.value}
    if operator in FIELD_OPERATORS and draw(st.integers(0, 3)) == 0:
        others = sorted(other for other in fields if fields[other] is kind)
        tree["value"] = {"field": draw(st.sampled_from(others))}
    elif (value := draw(operand(kind, operator))) is not None:
        tree["value"] = value
    takes_exact = kind is Kind.TEXT and operator not in (
        Operator.MATCHES,
        Operator.IS_EMPTY,
        Operator.IS_NOT_EMPTY,
    )
    if takes_exact and draw(st.booleans()):
        tree["exact"] = True
    return tree


def groups(part: st.SearchStrategy) -> st.SearchStrategy:
    """all, any or not over parts."""
    several = st.lists(part, max_size=4)
    return st.one_of(
        several.map(lambda parts: {"all": parts}),
        several.map(lambda parts: {"any": parts}),
        part.map(lambda inner: {"not": inner}),
    )


def trees(fields: dict[str, Kind] = FIELDS) -> st.SearchStrategy:
    """A valid rule as JSON, up to five deep."""
    condition = conditions(fields)
    shallow = condition | groups(condition)
    deep = condition | groups(groups(shallow)) | groups(groups(groups(shallow)))
    return condition | groups(shallow) | groups(deep)


def random_data(source: random.Random) -> dict[str, object]:
    """A stored row of the nasty values; about a third of them are missing or not of their kind."""
    stored = {
        **NASTY_LITERALS,
        Kind.TEXT: [*FILLED_TEXTS, *BLANK_TEXTS],
        Kind.MULTI: [source.choices(CHOICES, k=count) for count in (0, 1, 2, 3)],
    }
    data = {}
    for key, kind in JSON_FIELDS.items():
        if source.random() < 0.9:
            data[key] = source.choice(stored[kind] if source.random() < 0.8 else GARBAGE)
    return data
