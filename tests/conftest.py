"""Fixtures for every test: running servers, organisations, people of each role, signed-in clients.

No test starts inside an organisation: what forgets to enter one fails, as it would in production.
"""

import gc
import os
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck

from accounts.actor import Actor
from accounts.roles import Role
from core.models import Organization
from core.scope import Scope, entered, organization_scope, system_scope
from tests.databases import migrated_database
from tests.factories import make_actor, make_organization

ActorFor = Callable[..., Actor]


def pytest_configure(config: pytest.Config) -> None:
    """Settings that only tests want: quick hashes, a cache and a broker of their own, mail kept in memory."""
    settings.PASSWORD_HASHERS = ["tests.hashers.QuickArgon2"]
    settings.CACHES["default"]["KEY_PREFIX"] = f"test-{os.environ.get('PYTEST_XDIST_WORKER', os.getpid())}"
    settings.CELERY_BROKER_URL = "memory://"
    settings.API_CALLS_PER_MINUTE = 100_000  # tests of the limit set one
    settings.FORM_ENQUIRIES_PER_MINUTE_AND_ADDRESS = settings.FORM_ENQUIRIES_PER_MINUTE = 100_000  # as well
    settings.STATIC_ROOT = None  # static files are found where they are written, nothing is collected
    settings.WHITENOISE_AUTOREFRESH = True  # and looked for when asked for, not all of them for each client
    # How long an example takes says how busy the machine is.
    hypothesis.settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    hypothesis.settings.load_profile("tests")
    gc.disable()  # until all is collected


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Spread the tests over the workers of `-n`."""
    from tests.scheduling import Spreading

    return Spreading(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let workers begin with what lasts longest."""
    if hasattr(config, "workerinput"):
        from tests.scheduling import longest_first

        items[:] = longest_first(items)


def pytest_collection_finish() -> None:
    """Spare the collector what stays to the end, all modules and tests: it took a tenth of a run to look at them."""
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    gc.enable()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The test database is a copy of a migrated one."""
    connection.settings_dict["TEST"]["TEMPLATE"] = migrated_database()


@pytest.fixture(scope="session", autouse=True)
def media_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Uploads of tests lie in a folder of their own."""
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")


@pytest.fixture(autouse=True)
def no_scope() -> Iterator[None]:
    """Each test begins outside every organisation, as an unprivileged nobody."""
    with entered(Scope()):
        yield


@pytest.fixture
def organization(db: None) -> Organization:
    """The organisation most tests work in."""
    return make_organization("acme", name="Acme Loans")


@pytest.fixture
def other_organization(db: None) -> Organization:
    """Another organisation, whose rows nobody of the first may see."""
    return make_organization("rival", name="Rival Credit")


@pytest.fixture
def actor_for(request: pytest.FixtureRequest) -> ActorFor:
    """Return `actor_for(*roles, organization=…, manager=…, name=…)`: a new person with these roles.

    The organisation is `organization` unless said otherwise; `manager` is an actor.
    """

    def build(*roles: Role | str, organization: Organization | None = None, **attributes: object) -> Actor:
        where = organization or request.getfixturevalue("organization")
        return make_actor(where, *roles, **attributes)

    return build


@pytest.fixture
def in_organization(organization: Organization) -> Iterator[Organization]:
    """Run the test inside `organization`, as the application role."""
    with organization_scope(organization):
        yield organization


@pytest.fixture
def client_for() -> Callable[[Actor], Client]:
    """Return `client_for(actor)`: a test client in which that person is signed in, in that organisation."""

    def sign_in(actor: Actor, **options: object) -> Client:
        client = Client(**options)
        with system_scope(reason="test"):
            client.force_login(actor.user)
            session = client.session
            session["organization"] = actor.organization.slug
            session.save()
        return client

    return sign_in
