"""Who may open the living page of the design language."""

from collections.abc import Callable

import pytest
from django.test import Client

from tests.conftest import ActorFor

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("role", "status"), [("operations", 200), ("agent", 404), ("finance", 404)])
def test_the_page_is_for_those_who_configure(
    role: str, status: int, actor_for: ActorFor, client_for: Callable[..., Client]
) -> None:
    assert client_for(actor_for(role)).get("/styleguide/").status_code == status
