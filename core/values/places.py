"""Coercion of a cell to a place on Earth: latitude and longitude in degrees of WGS 84.

Takes what people copy: `18.5204, 73.8567`, `18.5204 73.8567`, `18°31'13.5"N 73°51'24"E`, `geo:18.52,73.85;u=12`,
links of the usual maps, and the objects of API and forms. Latitude stands first, unless letters say otherwise.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from core.values.cells import CellError, finite_number, shortest_decimal, strip_text
from core.values.reasons import IMPROBABLE_LOCATION, NOT_A_LOCATION, TOO_LONG
from core.values.results import EMPTY, Coerced, Refused
from core.values.texts import text

PLACES = Decimal("0.000001")  # eleven centimetres
HIGHEST_LATITUDE, HIGHEST_LONGITUDE = Decimal(90), Decimal(180)
WORST_ACCURACY = Decimal(1_000_000)  # metres
MINUTES = 60
LONGEST_ADDRESS = 300
LONGEST_WRITTEN = 3_000
PARTS = frozenset(("lat", "lon", "accuracy", "address"))
OTHER_NAMES = {"latitude": "lat", "longitude": "lon", "lng": "lon", "long": "lon"}

NUMBER = r"[+-]?[0-9]{1,3}(?:[.][0-9]{1,30})?"
PAIR = re.compile(rf"({NUMBER})\s*(?:[,;/]\s*|\s)({NUMBER})")
# What an exported cell adds: ±12 m · the address.
ACCURACY = re.compile(r"\s*±\s*([0-9]{1,7}(?:\.[0-9]{1,3})?)\s*m\b")
ADDRESS = re.compile(r"\s*·\s*(.+)", re.DOTALL)
# 18°31'13.5"N, N 18 31 13.5, 18.52043 N: letters, and one to three numbers with marks between.
MARKS = re.compile(r"""[°º'’′"”″:,;/\s]+""")
ANGLE_PARTS = re.compile(r"[NSEW]|[+-]?[0-9]{1,3}(?:\.[0-9]{1,30})?")
GEO = re.compile(rf"geo:({NUMBER}),({NUMBER})(?:,{NUMBER})?((?:;[\w-]+=[^;?]*)*)(?:\?.*)?", re.IGNORECASE)
# In the path or fragment of a link: @18.52,73.85,15z · !3d18.52!4d73.85 · #map=15/18.52/73.85
IN_LINK = (
    re.compile(rf"!3d({NUMBER})!4d({NUMBER})"),
    re.compile(rf"@({NUMBER}),({NUMBER})"),
    re.compile(rf"map=[0-9.]+/({NUMBER})/({NUMBER})"),
    re.compile(rf"/(?:search|place|dir)/({NUMBER}),\+?\s*({NUMBER})"),
)
PAIRS_OF_LINKS = ("q", "query", "ll", "sll", "destination", "daddr", "center", "cp")


@dataclass(frozen=True, slots=True)
class Place:
    """A place: degrees with six decimals; `accuracy` in metres, where it is known."""

    latitude: Decimal
    longitude: Decimal
    accuracy: Decimal | None = None
    address: str = ""

    def stored(self) -> dict[str, str]:
        """The place as JSON keeps it: numbers as text."""
        kept = {"lat": format(self.latitude, "f"), "lon": format(self.longitude, "f")}
        if self.accuracy is not None:
            kept["accuracy"] = format(self.accuracy, "f")
        return {**kept, "address": self.address} if self.address else kept


def place(cell: Any) -> Coerced[Place | None] | Refused:
    """The cell as a place, with a warning for 0, 0: nobody works in the Gulf of Guinea, but faulty devices do."""
    if cell is None:
        return EMPTY
    if isinstance(cell, CellError):
        return Refused(cell.code)
    if isinstance(cell, Mapping):
        return _of_parts(cell)
    if not isinstance(cell, str) or len(cell) > LONGEST_WRITTEN:
        return Refused(NOT_A_LOCATION)
    # An exported CSV says by an apostrophe that what begins with a minus is no formula.
    written = strip_text(cell).removeprefix("'")
    return _of_text(written) if written else EMPTY


def written_place(stored: Mapping[str, str]) -> str:
    """A stored place as one text, which reads back as the same place."""
    parts = [f"{stored['lat']}, {stored['lon']}"]
    if stored.get("accuracy"):
        parts.append(f" ±{stored['accuracy']} m")
    if stored.get("address"):
        parts.append(f" · {stored['address']}")
    return "".join(parts)


def _of_parts(given: Mapping[str, Any]) -> Coerced[Place | None] | Refused:
    parts = {OTHER_NAMES.get(str(name), str(name)): value for name, value in given.items()}
    if not parts.keys() <= PARTS:
        return Refused(NOT_A_LOCATION)
    read = {name: text(_plain(value)) for name, value in parts.items()}
    if any(isinstance(result, Refused) for result in read.values()):
        return Refused(NOT_A_LOCATION)
    texts = {name: result.value or "" for name, result in read.items() if isinstance(result, Coerced)}
    latitude, longitude = texts.get("lat", ""), texts.get("lon", "")
    if not latitude and not longitude:
        return EMPTY if not texts.get("address") else Refused(NOT_A_LOCATION)
    if not longitude:
        # A pair that was pasted into the first of two inputs.
        pair = _of_text(latitude)
        if isinstance(pair, Refused) or pair.value is None:
            return Refused(NOT_A_LOCATION)
        latitude, longitude = format(pair.value.latitude, "f"), format(pair.value.longitude, "f")
    return _checked(
        _degrees(latitude), _degrees(longitude), texts.get("accuracy", ""), texts.get("address", "")
    )


def _plain(value: Any) -> Any:
    number = finite_number(value)
    if number is None:
        return value
    return format(shortest_decimal(number) if isinstance(number, float) else Decimal(number), "f")


def _of_text(written: str) -> Coerced[Place | None] | Refused:
    if found := GEO.fullmatch(written):
        uncertainty = re.search(r";u=([0-9.]+)", found[3] or "", re.IGNORECASE)
        return _checked(_degrees(found[1]), _degrees(found[2]), uncertainty[1] if uncertainty else "", "")
    if re.match(r"https?://", written, re.IGNORECASE):
        return _of_link(written)
    return _of_pair(written) or _of_angles(written) or Refused(NOT_A_LOCATION)


def _of_pair(written: str) -> Coerced[Place | None] | Refused | None:
    """Two decimals, and what an exported cell adds behind them."""
    found = PAIR.match(written)
    if not found:
        return None
    rest = written[found.end() :]
    accuracy = ACCURACY.match(rest)
    rest = rest[accuracy.end() :] if accuracy else rest
    address = ADDRESS.fullmatch(rest)
    if rest.strip() and not address:
        return None
    return _checked(
        _degrees(found[1]),
        _degrees(found[2]),
        accuracy[1] if accuracy else "",
        strip_text(address[1]) if address else "",
    )


def _of_angles(written: str) -> Coerced[Place | None] | None:
    """Degrees, minutes and seconds, with letters or signs; decimals with letters."""
    spaced = re.sub(r"([NSEW])", r" \1 ", MARKS.sub(" ", written.upper().replace("\u2212", "-")))
    parts = spaced.split()
    # Without letters and signs, 18,52 might be a decimal with a comma.
    is_said = re.search(r"[NSEW°º]", written.upper())
    if not is_said or not 2 <= len(parts) <= 8 or not all(ANGLE_PARTS.fullmatch(part) for part in parts):
        return None
    halves = _halves(parts)
    angles = [_angle(half) for half in halves]
    if len(angles) != 2 or None in angles:
        return None
    (first, letter), (second, other) = angles  # type: ignore[misc]
    if letter + other in ("EN", "ES", "WN", "WS"):
        first, second = second, first
    elif letter + other not in ("", "NE", "NW", "SE", "SW"):
        return None
    checked = _checked(first, second, "", "")
    return None if isinstance(checked, Refused) else checked


def _halves(parts: list[str]) -> list[list[str]]:
    """The parts of the two angles: each begins with its letter, or ends with it; without letters, half of them."""
    letters = [place for place, part in enumerate(parts) if part.isalpha()]
    if not letters:
        middle = len(parts) // 2
        return [parts[:middle], parts[middle:]] if len(parts) % 2 == 0 else []
    if len(letters) != 2:
        return []
    cut = letters[1] if letters[0] == 0 else letters[0] + 1
    return [parts[:cut], parts[cut:]]


def _angle(parts: list[str]) -> tuple[Decimal, str] | None:
    letter = "".join(part for part in parts if part.isalpha())
    numbers = [part for part in parts if not part.isalpha()]
    if (
        not 1 <= len(numbers) <= 3
        or (letter and numbers[0][0] in "+-")
        or any(n[0] in "+-" for n in numbers[1:])
    ):
        return None
    degrees, minutes, seconds = (*map(Decimal, numbers), Decimal(0), Decimal(0))[:3]
    if minutes >= MINUTES or seconds >= MINUTES:
        return None
    size = abs(degrees) + minutes / MINUTES + seconds / MINUTES / MINUTES
    return (-size if letter in ("S", "W") or numbers[0].startswith("-") else size), letter


def _of_link(written: str) -> Coerced[Place | None] | Refused:
    try:
        parts = urlsplit(written)
        query = parse_qs(parts.query)
    except ValueError:
        return Refused(NOT_A_LOCATION)
    if "mlat" in query and "mlon" in query:
        return _checked(_degrees(query["mlat"][0]), _degrees(query["mlon"][0]), "", "")
    for name in PAIRS_OF_LINKS:
        pair = PAIR.fullmatch(query.get(name, [""])[0].removeprefix("loc:").replace("~", ",").strip())
        if pair:
            return _checked(_degrees(pair[1]), _degrees(pair[2]), "", "")
    beside = unquote(f"{parts.path}#{parts.fragment}")
    for pattern in IN_LINK:
        if found := pattern.search(beside):
            return _checked(_degrees(found[1]), _degrees(found[2]), "", "")
    return Refused(NOT_A_LOCATION)


def _degrees(written: str) -> Decimal | None:
    written = written.strip().replace("\u2212", "-")
    return Decimal(written) if re.fullmatch(NUMBER, written, re.ASCII) else None


def _checked(
    latitude: Decimal | None, longitude: Decimal | None, accuracy: str, address: str
) -> Coerced[Place | None] | Refused:
    if latitude is None or longitude is None:
        return Refused(NOT_A_LOCATION)
    if abs(latitude) > HIGHEST_LATITUDE or abs(longitude) > HIGHEST_LONGITUDE:
        return Refused(NOT_A_LOCATION)
    if accuracy and not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,20})?", accuracy):
        return Refused(NOT_A_LOCATION)
    metres = min(Decimal(accuracy), WORST_ACCURACY).quantize(Decimal(1), ROUND_HALF_UP) if accuracy else None
    if len(address) > LONGEST_ADDRESS:
        return Refused(TOO_LONG)
    # Minus zero is zero.
    found = Place(
        latitude.quantize(PLACES, ROUND_HALF_UP) + 0, longitude.quantize(PLACES, ROUND_HALF_UP) + 0, metres
    )
    found = Place(found.latitude, found.longitude, metres, " ".join(address.split()))
    is_nowhere = not found.latitude and not found.longitude
    return Coerced(found, IMPROBABLE_LOCATION if is_nowhere else None)
