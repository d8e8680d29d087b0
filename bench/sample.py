"""The leads that are measured with: twenty fields, the same rows each time, at any number.

A row follows from its number alone, so files of different sizes begin with the same rows.
"""

import csv
import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

LINE = "bench_loans"
# fmt: off
CITIES = (
    "Mumbai", "Delhi", "Bengaluru", "Hyderabad", "Chennai", "Pune", "Kolkata", "Jaipur", "Surat", "Kochi",
    "Indore", "Nagpur", "Lucknow", "Patna", "Bhopal", "Vadodara", "Nashik", "Agra", "Rajkot", "Mysuru",
)
# fmt: on
PRODUCTS = ("Personal loan", "Home loan", "Car loan", "Gold loan", "Business loan")
EMPLOYMENTS = ("Salaried", "Self-employed", "Business", "Retired")
REGIONS = ("West", "North", "South", "East")
FIRST_NAMES = ("Asha", "Ravi", "Meera", "Vikram", "Divya", "Arjun", "Farah", "Imran", "Kavya", "Rohan", "Sunita",
               "Tarun", "Uma", "Varun", "Yash", "Zoya", "Nikhil", "Pooja", "Sanjay", "Lata")  # fmt: skip
LAST_NAMES = ("Rao", "Shah", "Menon", "Iyer", "Khan", "Patel", "Nair", "Joshi", "Das", "Gupta", "Bose", "Reddy",
              "Singh", "Verma", "Kulkarni", "Fernandes", "Pillai", "Ghosh", "Mishra", "Chopra")  # fmt: skip
SOURCES = ("Website", "Branch", "Referral", "Partner", "Campaign mail")
CAMPAIGNS = ("Diwali", "Monsoon", "New year")
# One row in so many has the rare product, which a filter then looks for.
RARE = "Bridge loan"
RARE_EVERY = 2_000
REMARK = "Asked for a call back in the evening, documents are with the branch"

FIELDS: list[dict[str, Any]] = [
    {"key": "full_name", "label": "Full name", "type": "text", "required": True, "maps_to": "name"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "required": True, "maps_to": "phone"},
    {"key": "mail", "label": "E-mail", "type": "email", "maps_to": "email"},
    {"key": "city", "label": "City", "type": "text", "maps_to": "city", "indexed": True},
    {"key": "region", "label": "Region", "type": "select", "choices": list(REGIONS), "maps_to": "region"},
    {"key": "product", "label": "Product", "type": "select", "choices": [*PRODUCTS, RARE], "indexed": True},
    {"key": "employment", "label": "Employment", "type": "select", "choices": list(EMPLOYMENTS)},
    {"key": "income", "label": "Monthly income", "type": "money", "min": "0", "indexed": True},
    {"key": "amount", "label": "Loan amount", "type": "money", "min": "0", "maps_to": "amount"},
    {"key": "tenure", "label": "Tenure", "type": "integer", "min": "3", "max": "360"},
    {"key": "born", "label": "Date of birth", "type": "date", "min_age": 18},
    {"key": "enquired", "label": "Enquired on", "type": "date", "indexed": True},
    {"key": "existing", "label": "Existing customer", "type": "boolean"},
    {"key": "consent", "label": "Consent", "type": "boolean"},
    {"key": "pan", "label": "PAN", "type": "text", "unique": True, "transform": "upper",
     "regex": "[A-Z]{5}[0-9]{4}[A-Z]"},
    {"key": "pincode", "label": "PIN code", "type": "text", "regex": "[1-9][0-9]{5}"},
    {"key": "employer", "label": "Employer", "type": "text"},
    {"key": "credit_score", "label": "Credit score", "type": "integer", "min": "300", "max": "900",
     "indexed": True},
    {"key": "rate", "label": "Rate", "type": "percent", "max": "40", "decimals": 2},
    {"key": "remark", "label": "Remark", "type": "long_text"},
]  # fmt: skip
KEYS = [field["key"] for field in FIELDS]
HEADER = [*(field["label"] for field in FIELDS), "Source", "Campaign"]


def row(number: int) -> list[str]:
    """Return the cells of one row, in the order of HEADER, as a spreadsheet exports them."""
    chance = random.Random(number)
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    born = date(1955, 1, 1) + timedelta(days=chance.randrange(18_000))
    enquired = date(2024, 1, 1) + timedelta(days=number % 700)
    # Every tenth row leaves some optional cells blank, as files do.
    sparse = number % 10 == 0
    return [
        f"{first} {last}",
        _mobile(number),
        "" if sparse else f"{first.lower()}.{last.lower()}{number}@mail.example",
        chance.choice(CITIES),
        chance.choice(REGIONS),
        RARE if number % RARE_EVERY == 7 else chance.choice(PRODUCTS),
        chance.choice(EMPLOYMENTS),
        _grouped(chance.randrange(15_000, 400_000))
        if number % 3 == 0
        else str(chance.randrange(15_000, 400_000)),
        str(Decimal(chance.randrange(50_000, 9_000_000))),
        str(chance.randrange(3, 361)),
        born.strftime("%d/%m/%Y"),
        enquired.strftime("%d-%m-%Y") if number % 2 else enquired.isoformat(),
        chance.choice(("Yes", "No")),
        "" if sparse else chance.choice(("Yes", "No")),
        _pan(number),
        str(chance.randrange(110_001, 855_118)),
        "" if sparse else f"{chance.choice(LAST_NAMES)} Industries",
        str(chance.randrange(300, 901)),
        f"{chance.randrange(700, 2400) / 100:.2f}",
        "" if number % 2 else REMARK,
        chance.choice(SOURCES),
        chance.choice(CAMPAIGNS),
    ]


def rows(count: int, first: int = 1) -> Iterator[list[str]]:
    """Yield `count` rows from number `first` on."""
    return (row(number) for number in range(first, first + count))


def write_file(path: Path, count: int, first: int = 1) -> None:
    """Write the rows as a CSV file with a header."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows(count, first))


def values(number: int) -> dict[str, str]:
    """Return a row as the `data` of an API call: filled fields by key, without source and campaign."""
    cells = dict(zip(KEYS, row(number), strict=False))
    return {key: cell for key, cell in cells.items() if cell}


def _mobile(number: int) -> str:
    digits = f"{6 + number % 4}{number * 7_919 % 1_000_000_000:09d}"
    match number % 4:
        case 0:
            return f"+91 {digits[:5]} {digits[5:]}"
        case 1:
            return f"0{digits}"
    return digits


def _grouped(amount: int) -> str:
    """Indian digit grouping: 1,25,000."""
    head, tail = divmod(amount, 1_000)
    lakhs, thousands = divmod(head, 100)
    return f"{lakhs},{thousands:02d},{tail:03d}" if lakhs else f"{thousands},{tail:03d}"


def _pan(number: int) -> str:
    letters = ""
    rest = number // 10_000
    for _place in range(5):
        rest, letter = divmod(rest, 26)
        letters += chr(65 + letter)
    return f"{letters}{number % 10_000:04d}{chr(65 + number % 26)}"
