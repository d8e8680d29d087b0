"""create_organization and create_user: the row, in words or as JSON, and refusals of one line."""

import io
import json

import pytest
from django.core.management import call_command, execute_from_command_line

from accounts.models import Membership
from accounts.queries.members import manager_of
from accounts.roles import Role
from core.models import Organization
from core.scope import organization_scope, system_scope
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def refusal(capsys, *arguments: str) -> tuple[int, str]:
    """The exit status and what stands on standard error, as from a command line."""
    with pytest.raises(SystemExit) as ended:
        execute_from_command_line(["manage.py", *arguments])
    return ended.value.code, capsys.readouterr().err.strip()


def test_an_organisation_is_opened_and_printed(db):
    printed = json.loads(
        run(
            *[
                "create_organization",
                "acme",
                "--name",
                "Acme",
                "--currency",
                "USD",
                "--timezone",
                "UTC",
                "--json",
            ]
        )
    )
    assert printed == {
        "id": printed["id"],
        "slug": "acme",
        "name": "Acme",
        "currency": "USD",
        "timezone": "UTC",
        "locale": "en-IN",
    }
    with system_scope():
        assert Organization.history.get(slug="acme").history_change_reason == "create_organization"


def test_the_outcome_in_words(db):
    assert run("create_organization", "acme") == "The organisation acme (acme) is open: INR, Asia/Kolkata.\n"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["acme"], 1, "exists already"),
        (["Not A Slug"], 1, "slug"),
        (["rival", "--timezone", "Mars/Base"], 1, "Mars/Base"),
        (["rival", "--currency", "XXX"], 2, "invalid choice"),
        ([], 2, "SLUG"),
    ],
)
def test_what_cannot_be_opened_is_refused(organization, capsys, arguments, status, words):
    code, said = refusal(capsys, "create_organization", *arguments)
    assert (code, words in said) == (status, True), said
    if status == 1:
        assert "\n" not in said


def test_a_person_is_invited_with_roles_and_manager(organization):
    run("create_user", "meera@acme.example", "--organization", "acme", "--role", "team_leader")
    printed = json.loads(
        run(
            *[
                "create_user",
                "Asha@Acme.example",
                "--organization",
                "acme",
                "--role",
                "agent",
                "--role",
                "finance",
                "--json",
            ],
            *("--password", PASSWORD, "--manager", "MEERA@acme.example", "--name", "Asha Rao"),
        )
    )
    assert printed == {
        "id": printed["id"],
        "email": "asha@acme.example",
        "name": "Asha Rao",
        "organization": "acme",
        "roles": ["agent", "finance"],
        "manager": "meera@acme.example",
    }
    with organization_scope(organization):
        member = Membership.objects.get(pk=printed["id"])
        assert member.role_set == {Role.AGENT, Role.FINANCE}
        assert manager_of(member).user.email == "meera@acme.example"
        assert member.history.get().history_change_reason == "create_user"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["known@acme.example", "--role", "agent"], 1, "is a member already"),
        (["new@acme.example", "--role", "agent", "--password", "short"], 1, "too short"),
        (["new@acme.example", "--role", "agent", "--manager", "x@acme.example"], 1, "no member"),
        (["nobody", "--role", "agent"], 1, "asha@example.com"),
        (["new@acme.example", "--role", "king"], 2, "invalid choice"),
        (["new@acme.example"], 2, "--role"),
    ],
)
def test_who_cannot_be_invited_is_refused(organization, actor_for, capsys, arguments, status, words):
    actor_for(Role.AGENT, email="known@acme.example")
    code, said = refusal(capsys, "create_user", *arguments, "--organization", "acme")
    assert (code, words in said) == (status, True), said
    if status == 1:
        assert "\n" not in said


def test_an_unknown_organisation_is_named(db, capsys):
    code, said = refusal(capsys, "create_user", "a@b.example", "--organization", "nowhere", "--role", "agent")
    assert code == 1
    assert "nowhere" in said
