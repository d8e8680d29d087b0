"""What the tests of intake share."""

import pytest

from tests.core.intake.files import DATA


@pytest.fixture(scope="session")
def loan_leads_csv() -> bytes:
    """The bytes of the messy CSV of 2,000 loan leads."""
    return (DATA / "loan_leads" / "loan_leads.csv").read_bytes()


@pytest.fixture(scope="session")
def loan_leads_xlsx() -> bytes:
    """The bytes of the same leads as a messy workbook."""
    return (DATA / "loan_leads" / "loan_leads.xlsx").read_bytes()
