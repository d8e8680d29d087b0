"""Phone numbers: what `phonenumbers` says, only sooner."""

import random

import phonenumbers
import pytest

from core.values import Coerced, Refused, phone
from core.values.reasons import EXTENSION_DROPPED, IMPROBABLE_PHONE, INVALID_PHONE


@pytest.mark.parametrize(
    "cell",
    [
        "9876543210", "09876543210", "+91 98765 43210", "+91-9876543210", "0091 98765 43210", "98765-43210",
        " 9876543210 ", "\u00a09876543210", "9876543210.0", "Mob: 9876543210", "tel:+919876543210",
        "919876543210", "(0)9876543210", "９８７６５４３２１０", 9876543210.0, 9876543210, 919876543210.0,
    ],
)  # fmt: skip
def test_every_way_to_write_a_mobile_gives_one_number(cell):
    assert phone(cell, "IN") == Coerced("+919876543210")


@pytest.mark.parametrize(
    "cell",
    [
        "12345", "not known", "9.19E+11", "9.19e+11", "98765ABCDE", "1800-FLOWERS", "9876543210/9876543211",
        "9876543210, 9876543211", "+9876543210", "9" * 100, 9876543210.5, -9876543210.0, float("nan"), 1e300,
        True, [1],
    ],
)  # fmt: skip
def test_impossible_numbers_are_refused(cell):
    assert phone(cell, "IN") == Refused(INVALID_PHONE)


def test_improbable_numbers_and_extensions_are_doubted_not_refused():
    assert phone("5000000000", "IN") == Coerced("+915000000000", IMPROBABLE_PHONE)
    assert phone("022 2345 6789 ext. 12", "IN") == Coerced("+912223456789", EXTENSION_DROPPED)


def test_numbers_without_a_plus_belong_to_the_region():
    assert phone("202 555 0123", "US") == Coerced("+12025550123")
    assert phone("+91 98765 43210", "US") == Coerced("+919876543210")


def test_the_quick_way_gives_the_answer_of_the_library():
    choose = random.Random(2024)
    for _ in range(4000):
        national = f"{choose.randint(6, 9)}{choose.randint(0, 10**9 - 1):09}"
        written = choose.choice(["{}", "0{}", "+91{}", "+91 {}", "+91-{}"]).format(national)
        if choose.random() < 0.3:
            written = f"{written[:-5]} {written[-5:]}"

        assert phone(written, "IN") == answer_of_the_library(written), written


def answer_of_the_library(text):
    number = phonenumbers.parse(text, "IN")
    if not phonenumbers.is_possible_number(number):
        return Refused(INVALID_PHONE)
    formatted = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Coerced(formatted, None if phonenumbers.is_valid_number(number) else IMPROBABLE_PHONE)
