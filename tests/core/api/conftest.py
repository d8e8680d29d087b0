"""The calls of the API's own tests are made as those of leads are."""

from tests.leads.api.conftest import api_for

__all__ = ["api_for"]
