"""Reading JSON: what is read is what was sent."""

import io
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from core.api.bodies import MOST_DEPTH, JSONParser, read_json
from core.errors import TooLarge

SOUND = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(value=SOUND, plain=st.booleans())
def test_sound_json_is_read_as_it_was_written(value, plain):
    written = json.dumps(value, ensure_ascii=plain)
    assert JSONParser().parse(io.BytesIO(written.encode())) == value


@given(number=st.decimals(-(10**60), 10**60, places=5))
def test_numbers_keep_every_digit(number):
    read = read_json(f"[{number:f}]")
    assert read == [number]
    assert str(read[0]) == f"{number:f}"


@given(text=st.text('{}[]",:0123456789eE+-.\\u truefalsnNaInity', max_size=80))
def test_any_text_is_read_or_refused(text):
    try:
        value = read_json(text)
    except ParseError:
        return
    json.dumps(value, ensure_ascii=False, default=str).encode()


@pytest.mark.parametrize("depth", [1, MOST_DEPTH - 1, MOST_DEPTH])
def test_depth_up_to_the_limit_is_read(depth):
    assert str(read_json("[" * depth + "]" * depth)) == "[" * depth + "]" * depth


@pytest.mark.parametrize("depth", [MOST_DEPTH + 1, 1_000, 100_000])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
def test_depth_beyond_the_limit_is_refused(depth, opened, closed):
    with pytest.raises(ParseError, match="deeper than 32 levels"):
        read_json(opened * depth + "1" + closed * depth)


def test_brackets_in_texts_are_no_depth():
    assert read_json(json.dumps(["[" * 100])) == ["[" * 100]


def test_a_mark_of_byte_order_is_no_content():
    assert JSONParser().parse(io.BytesIO(b"\xef\xbb\xbf[0.10]")) == [Decimal("0.10")]


def test_a_whole_pair_of_surrogates_is_a_character():
    assert read_json('"\\ud83d\\ude00"') == "😀"


def test_a_body_of_unknown_length_is_read_no_further_than_the_limit(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
    endless = io.BufferedReader(Endless())
    with pytest.raises(TooLarge, match="larger than 1 MB"):
        JSONParser().parse(endless)
    assert endless.raw.given < 2 * 1024 * 1024


class Endless(io.RawIOBase):
    """A body without end."""

    given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:
        self.given += len(buffer)
        buffer[:] = b" " * len(buffer)
        return len(buffer)
