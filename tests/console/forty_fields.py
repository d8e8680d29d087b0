"""Forty fields of all types, as operations type them into the console.

Every door has to know them once the line is published: `tests/console/test_forty_fields.py` makes them, other
tests may use `define_forty_fields` and a row of `FORTY_VALUES` to try form, API, import, list, filter, export.
"""

from typing import Any

from django.test import Client

from leads.models import BusinessLine
from tests.console.pages import Console

SALARIED = '{"field": "employment", "op": "eq", "value": "SAL"}'

# What is typed, by input; the key is made from the label where none is typed.
FORTY_FIELDS: list[dict[str, Any]] = [
    {"label": "Full name", "type": "text", "required": True, "max_length": "120", "maps_to": "name",
     "section": "Applicant"},
    {"label": "Mobile", "type": "phone", "required": True, "default_region": "IN", "maps_to": "phone",
     "aliases": "Mobile No\nPhone no."},
    {"label": "E-mail address", "type": "email", "maps_to": "email", "pii": True},
    {"label": "Loan amount", "type": "money", "min": "50000", "max": "5000000", "maps_to": "amount",
     "indexed": True, "section": "Loan"},
    {"label": "State", "type": "select", "maps_to": "region", "choices": "Maharashtra\nGoa"},
    {"label": "Town", "type": "select", "maps_to": "city", "indexed": True, "choices_from": "state",
     "choices": "Mumbai | | Maharashtra\nPune | | Maharashtra\nPanaji | | Goa\n- Old Town"},
    {"label": "PAN", "type": "text", "regex": "^[A-Z]{5}[0-9]{4}[A-Z]$", "transform": "upper", "unique": True,
     "pii": True},
    {"label": "Nickname", "type": "text", "min_length": "2", "max_length": "30", "empty_values": "Select\nN/A"},
    {"label": "Reference text", "type": "text", "indexed": True, "placeholder": "as on the letter"},
    {"label": "Digits only", "type": "text", "transform": "digits"},
    {"label": "Story", "type": "long_text", "help": "In their own words"},
    {"label": "Address", "type": "long_text", "max_length": "500", "pii": True},
    {"label": "Age", "type": "integer", "min": "18", "max": "99", "indexed": True},
    {"label": "Dependants", "type": "integer", "default": "0"},
    {"label": "Credit score", "type": "integer", "min": "300", "max": "900", "indexed": True},
    {"label": "Tenure", "type": "integer", "required": True, "min": "6", "max": "84"},
    {"label": "Ratio", "type": "decimal", "decimals": "4", "indexed": True},
    {"label": "Weight", "type": "decimal", "min": "-10.5", "max": "10.5"},
    {"label": "Monthly income", "type": "money", "required": True, "min": "0", "indexed": True, "section": "Income"},
    {"label": "Existing EMI", "key": "existing_emi", "type": "money", "default": "0"},
    {"label": "Manager", "type": "user", "indexed": True},
    {"label": "Rate", "type": "percent", "decimals": "2", "max": "100", "indexed": True},
    {"label": "Referred by", "type": "lead", "indexed": True},
    {"label": "Owns home", "type": "boolean", "indexed": True},
    {"label": "Consents", "type": "boolean", "default": "No"},
    {"label": "Born on", "type": "date", "date_order": "DMY", "min_age": "18", "max_age": "75", "indexed": True},
    {"label": "Married on", "type": "date", "date_order": "MDY", "min": "1950-01-01"},
    {"label": "Called at", "type": "datetime", "date_order": "DMY", "indexed": True},
    {"label": "Payslip", "type": "file", "accept": ["pdf"], "max_size_mb": "2"},
    {"label": "Site", "type": "location"},
    {"label": "Office opens", "type": "time", "indexed": True},
    {"label": "Work e-mail", "type": "email", "indexed": True},
    {"label": "Photo", "type": "image"},
    {"label": "Web site", "type": "url"},
    {"label": "Employment", "type": "select",
     "choices": "SAL | Salaried\nSELF | Self employed\nBUS | Business", "required": True},
    {"label": "Employer", "type": "text", "visible_if": SALARIED, "required_if": SALARIED},
    {"label": "Products", "type": "multi_select",
     "choices": "CAR | Car loan\nHOME | Home loan\nGOLD | Gold loan", "indexed": True},
    {"label": "Languages", "type": "multi_select", "choices": "English\nHindi\nTamil", "visible_to": ["admin",
     "operations", "agent"]},
    {"label": "Loan to income", "type": "computed", "formula": "loan_amount / (monthly_income * 12)",
     "decimals": "2", "indexed": True},
    {"label": "Raw answer", "type": "json"},
]  # fmt: skip

# What a value of these is, depends on who works in the organisation and on its leads.
OF_THE_HOUSE = {"manager", "referred_by"}
HANDED_IN = {"payslip", "photo"}
# A valid lead of the line, as texts of a file or a form, by key; without those of the house and the files.
FORTY_VALUES: dict[str, str] = {
    "full_name": "Asha Rao", "mobile": "98765 43210", "e_mail_address": "asha@example.com", "loan_amount": "5,00,000",
    "town": "pune", "state": "maharashtra", "pan": "abcde1234f", "nickname": "Ash", "reference_text": "Ref 7",
    "digits_only": "A-12 34", "story": "Wants a\ncar.", "address": "1 Main Road", "age": "34", "dependants": "2",
    "credit_score": "760", "tenure": "48", "ratio": "0.1250", "weight": "-3.5", "monthly_income": "1,25,000.50",
    "existing_emi": "5000", "rate": "12.5%", "site": "18.5204, 73.8567", "owns_home": "Yes",
    "consents": "no", "born_on": "29/02/1992", "married_on": "12/31/2015", "called_at": "20/11/2025 10:30",
    "office_opens": "09:15", "work_e_mail": "a.rao@bank.example",
    "web_site": "https://example.com/asha", "employment": "Salaried",
    "employer": "Acme", "products": "Car loan; HOME", "languages": "English; Hindi", "raw_answer": '{"score": [1, 2]}',
}  # fmt: skip


def define_forty_fields(client: Client, code: str = "forty") -> BusinessLine:
    """Make and publish the line in the console, by a client of operations; call it in the organisation's scope."""
    console = Console(client)
    line = console.add_line(code)
    for typed in FORTY_FIELDS:
        console.add_field(line, **typed)
    return console.publish(line, note="Forty fields")
