"""The command `purge`: it counts, or removes, for one organisation or all."""

import io
import json

import pytest
from django.core.management import call_command

from core.models import Job, PurgeRecord
from core.retention import Purge
from core.scope import organization_scope, system_scope

pytestmark = pytest.mark.django_db


@pytest.fixture
def old_jobs(only_purge, old_job, organization, other_organization):
    only_purge()
    for where, count in ((organization, 2), (other_organization, 3)):
        for _ in range(count):
            old_job(where=where)


def purge(*arguments: str) -> dict:
    printed = io.StringIO()
    call_command("purge", *arguments, "--json", stdout=printed)
    return json.loads(printed.getvalue())


def left(organization) -> int:
    with organization_scope(organization):
        return Job.objects.filter(title="old").count()


def test_a_dry_run_counts_and_removes_nothing(old_jobs, organization, other_organization):
    assert purge("--dry-run") == {
        "dry_run": True,
        "purges": {"test.jobs": {"days": 30, "rows": 5}},
        "rows": 5,
    }
    assert (left(organization), left(other_organization)) == (2, 3)
    with system_scope():
        assert not PurgeRecord.objects.exists()


def test_without_it_what_was_counted_goes(old_jobs, organization, other_organization):
    assert purge()["rows"] == 5
    assert (left(organization), left(other_organization)) == (0, 0)
    assert purge()["rows"] == 0


def test_one_organisation_alone(old_jobs, organization, other_organization):
    assert purge("--organization", organization.slug)["rows"] == 2
    assert (left(organization), left(other_organization)) == (0, 3)


def test_what_belongs_to_nobody_is_counted_once(only_purge, organization, other_organization):
    only_purge(Purge("test.nobodys", "Nobody's", "RETENTION_TEST_DAYS", lambda b: 7, lambda b, n: 0, True))
    assert purge("--dry-run")["rows"] == 7


def test_it_tells_people_in_words(old_jobs):
    printed = io.StringIO()
    call_command("purge", "--dry-run", stdout=printed)
    assert printed.getvalue().split() == ["test.jobs", "kept", "30", "days", "5", "would", "go"]
