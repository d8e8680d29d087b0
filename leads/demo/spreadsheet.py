"""A spreadsheet of home loan enquiries as messy as real ones: titles, odd dates, grouped numbers, mistakes."""

import datetime as dt
import io
import random
from typing import Any

import xlsxwriter

FIRST = [
    "Aarav", "Asha", "Bhavna", "Chetan", "Deepa", "Farhan", "Gauri", "Harish", "Isha",
    "Jatin", "Kavya", "Lakshmi", "Manoj", "Neha", "Omkar", "Priya", "Rahul", "Sana",
    "Tarun", "Usha", "Varun", "Yamini", "Zoya",
]  # fmt: skip
LAST = [
    "Agarwal", "Bhatt", "Chatterjee", "Desai", "Fernandes", "Gupta", "Hegde", "Iyer", "Joshi",
    "Kulkarni", "Menon", "Nair", "Patel", "Qureshi", "Rao", "Shah", "Thomas", "Varma",
]  # fmt: skip
CITIES = ["Mumbai", "Pune", "Bengaluru", "Chennai", "Hyderabad", "Delhi", "Jaipur", "Kochi"]
EMPLOYERS = ["Sahyadri Textiles", "Konkan Software", "Deccan Motors", "Nilgiri Foods", "Ganga Hospitals"]
SOURCES = ["Website", "website", "Referral", "Walk-in", "Partner branch"]
CAMPAIGNS = ["Monsoon offer", "Festival drive", None, None]
HEADER = [
    "Applicant Name", "Mobile", "E-mail", "DOB", "City", "Occupation", "Employer", "Annual income",
    "Property value", "Loan wanted", "Years", "Also interested in", "First home", "Source", "Campaign",
]  # fmt: skip


def messy_workbook(*, rows: int, seed: int) -> bytes:
    """Return an XLSX file with `rows` enquiries; about one in twelve has a mistake, one in thirty repeats."""
    chance = random.Random(seed)
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("Enquiries")
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.write(0, 0, "Enquiries of the branches")
    sheet.write(1, 0, "Exported from three sheets, please clean up")
    for column, name in enumerate(HEADER):
        sheet.write(3, column, name)
    made: list[list[Any]] = []
    for number in range(rows):
        row = list(chance.choice(made)) if made and chance.random() < 1 / 30 else _row(chance)
        made.append(row)
        for column, value in enumerate(_with_mistake(row, chance) if chance.random() < 1 / 12 else row):
            if isinstance(value, dt.date):
                sheet.write_datetime(4 + number, column, dt.datetime.combine(value, dt.time()), day)
            elif value is not None:
                sheet.write(4 + number, column, value)
    sheet.write(4 + rows, 0, "Total")
    book.add_worksheet("Read me").write(0, 0, "Call the branch if something is unclear.")
    book.close()
    return stream.getvalue()


def _row(chance: random.Random) -> list[Any]:
    name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
    digits = f"9{chance.randrange(10**9):09d}"
    phone = chance.choice([digits, f"+91 {digits[:5]} {digits[5:]}", f"0{digits}", int(digits)])
    born = dt.date(1960, 1, 1) + dt.timedelta(days=chance.randrange(365 * 38))
    occupation = chance.choice(["Salaried", "salaried ", "Self employed", "Business owner"])
    value = chance.randrange(20, 300) * 100_000
    wanted = value * chance.choice([40, 55, 70, 80]) // 100
    return [
        name,
        phone,
        f"{name.lower().replace(' ', '.')}@example.org" if chance.random() < 0.8 else None,
        chance.choice([born, born.strftime("%d-%m-%Y"), born.strftime("%d %b %Y")]),
        chance.choice(CITIES) + chance.choice(["", "", " "]),
        occupation,
        chance.choice(EMPLOYERS) if occupation.strip().lower() == "salaried" else None,
        _grouped(chance.randrange(3, 60) * 100_000, chance),
        _grouped(value, chance),
        _grouped(wanted, chance),
        chance.choice([5, 10, 15, 20, 25]),
        chance.choice([None, "Insurance", "Insurance; Top-up", "Credit card"]),
        chance.choice(["Yes", "No", "y", None]),
        chance.choice(SOURCES),
        chance.choice(CAMPAIGNS),
    ]


def _grouped(amount: int, chance: random.Random) -> Any:
    """An amount as people write it: a number, or lakhs grouped in the Indian way, with or without a sign."""
    digits = str(amount)
    head, tail = digits[:-3], digits[-3:]
    while len(head) > 2:
        head, tail = head[:-2], f"{head[-2:]},{tail}"
    return chance.choice([amount, f"{head},{tail}", f"₹ {head},{tail}"])


def _with_mistake(row: list[Any], chance: random.Random) -> list[Any]:
    column, wrong = chance.choice(
        [
            (0, None),
            (1, "98-not-a-number"),
            (3, "31/02/1985"),
            (4, "Bombay"),
            (4, "Bangalore"),
            (7, "twelve lakh"),
            (10, 45),
        ]
    )
    return [wrong if position == column else value for position, value in enumerate(row)]
