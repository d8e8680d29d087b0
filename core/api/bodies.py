"""Reading JSON bodies: exactly, and nothing that would hurt later.

Python's own reader takes more than JSON and tells less than it read: NaN, the last of two equal keys, floats
with other digits than were sent. What passes here can be stored, compared and written out again.
"""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from core.errors import TooLarge

MOST_DEPTH = 32
# Of a number written out: no field holds more, and writing out 1e999999999 takes a gigabyte.
MOST_DIGITS = 400
SURROGATES = ("\ud800", "\udfff")


class JSONParser(BaseParser):
    """Bodies of `application/json`, in UTF-8; numbers with a point come as Decimal.

    Raises ParseError with what is wrong, and TooLarge for a body beyond DATA_UPLOAD_MAX_MEMORY_SIZE.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the value that the body holds."""
        try:
            text = _read(stream, parser_context or {}).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ParseError("The body is not UTF-8. Send JSON in UTF-8.") from None
        return read_json(text)


def read_json(text: str) -> Any:
    """Return the value of a JSON text. Raises ParseError with what is wrong with it."""
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_refuse_constant,
        )
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        raise ParseError(
            f"The body is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from None
    # Brackets within texts count too, which costs a look at a body that would have passed without.
    if text.count("[") + text.count("{") > MOST_DEPTH or "\\u" in text:
        _check(value)
    return value


def _read(stream: IO[bytes], context: Mapping[str, Any]) -> bytes:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    request = context.get("request")
    announced = request.META.get("CONTENT_LENGTH") if request is not None else None
    if announced and str(announced).isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _too_large(limit: int) -> TooLarge:
    return TooLarge("too_large", f"The body is larger than {limit // 1024 // 1024} MB. Send less at once.")


def _too_deep() -> ParseError:
    return ParseError(f"The body is nested deeper than {MOST_DEPTH} levels. Send it flatter.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        keys = [key for key, _value in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ParseError(f"“{_quotable(twice)}” stands twice in one object. Send each key once.")
    return read


def _integer(written: str) -> int:
    if len(written) > MOST_DIGITS:
        raise _too_many_digits()
    return int(written)


def _decimal(written: str) -> Decimal:
    if len(written) > MOST_DIGITS:
        raise _too_many_digits()
    try:
        number = Decimal(written)
    except InvalidOperation:  # an exponent beyond all bounds
        raise _too_many_digits() from None
    if abs(number.adjusted()) > MOST_DIGITS:
        raise _too_many_digits()
    return number


def _too_many_digits() -> ParseError:
    return ParseError(f"A number has more than {MOST_DIGITS} digits. Send it as it is meant.")


def _refuse_constant(name: str) -> Any:
    raise ParseError(f"The body is not JSON: {name} is no number there. Send null for no value.")


def _check(value: Any) -> None:
    """Refuse what is nested too deep and texts with half a surrogate pair, which no encoding can write."""
    level: list[Any] = [value]
    for _depth in range(MOST_DEPTH + 1):
        if not level:
            return
        inner: list[Any] = []
        for each in level:
            if isinstance(each, str):
                _check_text(each)
            elif isinstance(each, list):
                inner += each
            elif isinstance(each, dict):
                inner += each.keys()
                inner += each.values()
        level = inner
    if level:
        raise _too_deep()


def _check_text(text: str) -> None:
    if any(SURROGATES[0] <= character <= SURROGATES[1] for character in text):
        raise ParseError(f"“{_quotable(text)}” holds half of a surrogate pair. Send the whole character.")


def _quotable(text: str) -> str:
    return text[:60].encode("utf-8", "replace").decode()
