"""Prepares organisations for browser tests: a process that is asked in JSON, one call a line.

It makes everything through the services, as the console and the commands do.
"""

import json
import sys
import traceback
from itertools import count
from pathlib import Path
from typing import Any

import django

DATA = Path(__file__).parent.parent / "data" / "loan_leads"
_numbers = count(1)


def make_organization(*, people: dict[str, Any], password: str) -> dict[str, Any]:
    """Make an Indian organisation and its people; return its slug and who they are.

    `people` maps a key to a role, or to {role, name, manager (a key named before)}.
    """
    from core.scope import organization_scope
    from core.services.organizations import create_organization

    number = next(_numbers)
    slug = f"house-{number:03d}"
    organization = create_organization(
        slug=slug, name=f"House {number:03d} Finance", currency="INR", timezone="Asia/Kolkata"
    )
    with organization_scope(organization, reason="test"):
        return {"slug": slug, "people": _people(organization, people, password)}


def _people(organization: Any, people: dict[str, Any], password: str) -> dict[str, Any]:
    from accounts.actor import Actor
    from accounts.services import create_user

    members: dict[str, Any] = {}
    for key, wanted in people.items():
        given = wanted if isinstance(wanted, dict) else {"role": wanted}
        members[key] = create_user(
            actor=Actor.system(organization),
            email=given.get("email") or f"{key}@{organization.slug}.example",
            roles=[given["role"]],
            password=password,
            name=given.get("name") or key.capitalize(),
            manager=members[given["manager"]] if "manager" in given else None,
        )
    return {key: {"name": member.name, "email": member.user.email} for key, member in members.items()}


def import_configuration(*, slug: str, path: str = "", document: dict[str, Any] | None = None) -> None:
    """Bring a configuration in, the sections of later parts of the product left out."""
    from accounts.actor import Actor
    from core.configuration import import_document, read_document

    organization, scope = _inside(slug)
    with scope:
        read = document if document is not None else read_document(Path(path).read_bytes())
        import_document(actor=Actor.system(organization), document=read, skip_unknown=True)


def find_duplicates(*, slug: str) -> None:
    """Look for pairs of leads that may be the same."""
    from accounts.actor import Actor
    from core.jobs import run_job_inline
    from leads.services.pairing import find_pairs

    organization, scope = _inside(slug)
    with scope:
        run_job_inline(find_pairs(actor=Actor.system(organization)))


def make_leads(*, slug: str, line: str, leads: list[dict[str, Any]]) -> list[str]:
    """Write leads down; each is {owner (an e-mail), values}. Return their references."""
    from accounts.actor import Actor
    from accounts.models import Membership
    from leads.models import BusinessLine
    from leads.services.leads import create_lead

    _organization, scope = _inside(slug)
    with scope:
        found = BusinessLine.objects.get(code=line)
        references = []
        for lead in leads:
            member = Membership.objects.select_related("user", "organization").get(user__email=lead["owner"])
            made = create_lead(actor=Actor.of(member), line=found, values=lead["values"], attributes={})
            references.append(made.lead.reference)
        return references


def make_form_link(*, slug: str, line: str, **settings: Any) -> str:
    """Make a form of a line, from Website; return its address."""
    from accounts.actor import Actor
    from leads.models import BusinessLine
    from leads.services.form_links import create_form_link
    from leads.services.origins import create_source

    organization, scope = _inside(slug)
    with scope:
        actor = Actor.system(organization)
        link = create_form_link(
            actor=actor,
            line=BusinessLine.objects.get(code=line),
            source=create_source(actor=actor, name="Website"),
            **settings,
        )
        return f"/f/{link.token}/"


def make_stop_link(*, slug: str, email: str) -> str:
    """Return the address of the link that ends a person's mails."""
    from accounts.models import Membership
    from leads.services.digests.choosing import stop_token

    _organization, scope = _inside(slug)
    with scope:
        return f"/mails/stop/{stop_token(Membership.objects.get(user__email=email))}/"


def let_leads_wait(*, slug: str, hours: int) -> int:
    """Move the clocks of all leads back, and take the steps that are due; return how many."""
    import datetime as dt

    from django.db.models import F

    from leads.models import StallClock
    from leads.services.stalling.escalating import escalate

    organization, scope = _inside(slug)
    with scope:
        passed = dt.timedelta(hours=hours)
        StallClock.objects.update(since=F("since") - passed, due_at=F("due_at") - passed)
    return escalate(organization)


def let_arrive(*, slug: str, folder: str, name: str, content: str) -> int:
    """Put a file into a watched folder, as old as a whole one is, and look at the place; return how many were taken."""
    import os
    import time

    from django.conf import settings

    from leads.models import WatchedPlace
    from leads.services.arriving.looking import look_at

    _organization, scope = _inside(slug)
    home = Path(settings.WATCHED_ROOT) / slug / folder
    home.mkdir(parents=True, exist_ok=True)
    (home / name).write_text(content)
    then = time.time() - 600
    os.utime(home / name, (then, then))
    with scope:
        place = WatchedPlace.objects.get(path=folder)
        return look_at(place.pk) + look_at(place.pk)


def _inside(slug: str) -> tuple[Any, Any]:
    from core.models import Organization
    from core.scope import organization_scope, system_scope

    with system_scope(reason="test"):
        organization = Organization.objects.get(slug=slug)
    return organization, organization_scope(organization, reason="test")


FUNCTIONS = {
    function.__name__: function
    for function in (
        make_organization,
        import_configuration,
        make_leads,
        make_form_link,
        make_stop_link,
        find_duplicates,
        let_leads_wait,
        let_arrive,
    )
}


def main() -> None:
    """Answer calls until standard input ends."""
    django.setup()
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer = {"returned": FUNCTIONS[name](**arguments)}
        except Exception:
            answer = {"raised": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
