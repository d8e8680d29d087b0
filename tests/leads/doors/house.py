"""A world whose values must not get out, and what is looked for in the raw answers of its doors."""

import html
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from operator import attrgetter
from typing import Any
from urllib.parse import unquote_plus

from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.actor import Actor
from accounts.roles import Role
from core.jobs import run_job_inline
from core.models import Intake
from core.scope import organization_scope, system_scope
from core.services.intakes import load_intake, receive_file
from leads.models import (
    BusinessLine,
    DoNotCall,
    Engagement,
    FollowUp,
    FormLink,
    FormSubmission,
    Lead,
    LeadAttachment,
    Note,
    Notification,
    SavedView,
)
from leads.queries.form_links import form_link_scope
from leads.services.attachments import attach_file
from leads.services.consent import list_number
from leads.services.follow_ups import plan_follow_up
from leads.services.form_submissions import FilledForm, submit_form
from leads.services.leads import assign_lead, create_lead, update_lead
from leads.services.notes import write_note
from leads.services.saved_views import save_view
from leads.services.statistics.judging import judge_quality
from tests.factories import World, make_actor, make_organization
from tests.leads.lines.definitions import make_line
from tests.permissions.matrix import CALLS, CONSOLE, PAGES, Line

ONLY_ADMIN = {"visible_to": ["admin"]}
FIELDS: list[dict[str, Any]] = [
    {"key": "name", "label": "Name", "type": "text", "maps_to": "name", **ONLY_ADMIN},
    {"key": "region", "label": "Region", "type": "text", "maps_to": "region", "pii": True},
    {"key": "phone", "label": "Phone", "type": "phone", "maps_to": "phone", "pii": True, "indexed": True},
    {"key": "mail", "label": "Mail", "type": "email", "maps_to": "email", "pii": True},
    {"key": "pan", "label": "PAN", "type": "text", "pii": True, "indexed": True, "unique": True},
    {"key": "amount", "label": "Amount", "type": "money", "maps_to": "amount", "indexed": True, **ONLY_ADMIN},
    {"key": "city", "label": "City", "type": "text", "maps_to": "city", "indexed": True, **ONLY_ADMIN},
    {"key": "rating", "label": "Rating", "type": "text", "indexed": True, **ONLY_ADMIN},
    {"key": "open", "label": "Open", "type": "text"},
]
# What nobody but an administrator sees, and what those see who may edit the lead.
HIDDEN = {"name": "Zephyrina", "amount": "7316402", "city": "Quixoburg", "rating": "zyxgrade"}
PERSONAL = {
    "region": "Zarnovia",
    "phone": "+919876501234",
    "mail": "plume@quillfeather.example",
    "pan": "QZXJV8841K",
}
FORMER = {"rating": "oldzyxgrade", "pan": "QZXJV7730K"}
OFFER = b"An offer."
# The PAN of a row of the file that was refused.
REFUSED_PAN = "QZXJV9952K"
EDITORS = (Role.OPERATIONS, Role.TEAM_LEADER, Role.AGENT)
# The partner system reads what it brought itself: none of these leads.
READERS = (Role.AUDITOR, Role.FINANCE, Role.PARTNER)
ROLES = (*EDITORS, *READERS)
LINES = [*PAGES, *CALLS, *CONSOLE]


class House:
    """The matrix's world with a lead, a file, a held enquiry and a view that hold the values."""

    def __init__(self) -> None:
        self.organization = make_organization("doors")
        with organization_scope(self.organization):
            self._fill(World(self.organization))

    def _fill(self, world: World) -> None:
        self.world, rows = world, world._rows
        rows[BusinessLine] = self.line = make_line(world.admin, FIELDS, code="doors", stages=["new", "met"])
        rows[Lead] = lead = self._lead()
        self.reference = lead.reference
        written = " ".join(PERSONAL[key] for key in ("phone", "mail", "pan"))
        rows[Note] = write_note(
            actor=world.agent, reference=self.reference, text=f"Ask at {written} for more."
        ).note
        rows[FollowUp] = plan_follow_up(
            actor=world.agent,
            reference=self.reference,
            what=f"Call {written} of {HIDDEN['city']}",
            due_at=lead.created_at.replace(year=lead.created_at.year + 1, day=1),
        )
        rows[LeadAttachment] = attach_file(
            actor=world.admin,
            reference=self.reference,
            kind="other",
            label=f"Offer for {HIDDEN['name']}",
            filename="offer.txt",
            chunks=[OFFER],
        ).attachment
        # Called before it was listed.
        world.row(Engagement)
        phone = PERSONAL["phone"]
        rows[DoNotCall] = list_number(actor=world.admin, phone=phone, reason=f"Asked at {PERSONAL['mail']}")
        # That the lead is the agent's now.
        rows[Notification] = Notification.objects.get(recipient=world.agent.membership)
        rows[Intake] = self._loaded()
        rows[FormSubmission] = self._held()
        rows[SavedView] = self._view()
        named = (value for line in LINES for value in line.ids.values() if isinstance(value, tuple))
        for model, _attribute in named:  # now, because the effects of each call are taken back
            world.row(model)
        self.job = judge_quality(actor=world.admin, line=self.line)
        run_job_inline(self.job)
        self.actors = {Role.ADMIN: world.admin, Role.TEAM_LEADER: world.leader, Role.AGENT: world.agent} | {
            role: make_actor(self.organization, role) for role in (Role.OPERATIONS, *READERS)
        }

    def _lead(self) -> Lead:
        world = self.world
        made = create_lead(
            actor=world.admin,
            line=self.line,
            values={**PERSONAL, **HIDDEN, **FORMER, "open": "seen"},
            attributes={"source": "Web", "campaign": "Diwali"},
        ).lead
        assert made is not None
        today = {"rating": HIDDEN["rating"], "pan": PERSONAL["pan"]}
        update_lead(actor=world.admin, reference=made.reference, values=today)
        assign_lead(actor=world.admin, reference=made.reference, owner=world.agent.membership)
        return Lead.objects.get(pk=made.pk)

    def _loaded(self) -> Intake:
        """A file of the administrator's: a row that is refused, one that repeats what is unique."""
        secret = {**PERSONAL, **HIDDEN}
        keys = list(secret)
        bad = {**secret, "mail": "plume@quillfeather", "pan": REFUSED_PAN}
        lines = [",".join(keys), *(",".join(row[key] for key in keys) for row in (bad, secret))]
        intake = receive_file(
            actor=self.world.admin,
            importer="leads",
            target="doors",
            filename="leads.csv",
            chunks=["\n".join(lines).encode()],
        )
        run_job_inline(load_intake(actor=self.world.admin, intake_id=intake.pk, inline=True))
        intake.refresh_from_db()
        assert intake.rejected == 2
        return intake

    def _held(self) -> FormSubmission:
        """An enquiry that waits for somebody to look at it."""
        link = self.world.row(FormLink)
        with form_link_scope(link):
            return submit_form(
                link=link,
                sent=FilledForm(PERSONAL, "a-press", 1, "192.0.2.1", is_trapped=True),
            )

    def _view(self) -> SavedView:
        """A view of the administrator's for everybody, whose conditions name what others do not see."""
        values = {**HIDDEN, "pan": PERSONAL["pan"]}
        names = {"amount": "amount", "city": "data.city", "rating": "data.rating", "pan": "data.pan"}
        parts = [{"field": name, "op": "eq", "value": values[key]} for key, name in names.items()]
        settings = {"name": "All", "sharing": "organization", "conditions": {"any": parts}}
        return save_view(actor=self.world.admin, line=self.line, settings=settings)

    def client(self, actor: Actor) -> Client:
        """A browser in which this person is signed in."""
        client = Client(raise_request_exception=False)
        with system_scope(reason="test"):
            client.force_login(actor.user)
        return client

    def address(self, line: Line) -> str:
        """The address of a line of the matrix, for the rows of this world."""
        ids = {
            name: attrgetter(value[1])(self.world.row(value[0])) if isinstance(value, tuple) else value
            for name, value in line.ids.items()
        }
        return reverse(line.url, kwargs=ids)

    def named(self, query: str) -> str:
        """A query of the registry, for the rows of this world."""
        world = self.world
        return query.format(
            line=self.line.code,
            reference=self.reference,
            version=world.row(Lead).updated_at.isoformat().replace("+", "%2B"),  # type: ignore[attr-defined]
            view=world.row(SavedView).pk,
        )


@contextmanager
def taken_back() -> Iterator[None]:
    """What is written in this block is taken back, also by code whose transactions must be the outermost."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        transaction.set_rollback(True)


def body(response: Any) -> str:
    """The raw answer with its headers, a workbook unpacked."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"\n".join(book.read(name) for name in book.namelist())
    return content.decode(errors="replace") + str(dict(response.headers))


def _written(value: str) -> set[str]:
    """A value as it may stand in a text: as it is, reversed as in the search's tokens, and any eight of its digits."""
    texts = {value.casefold(), value.casefold()[::-1]}
    digits = re.sub(r"\D", "", value)
    if value.lstrip("+").isdigit():
        texts |= {digits, digits[::-1]}
        for start in range(len(digits) - 7):
            piece = digits[start : start + 8]
            texts |= {piece, piece[::-1]}
    return texts


# Beside what `_written` makes of them: pieces that are not shown either, and numbers as they are grouped.
PIECES = {
    "amount": {"73,16,402", "7,316,402", "73 16 402", "7 316 402"},
    "phone": {"98765 01234", "98765-01234", "5012 34"},
    "mail": {"quillfeather", "plume@"},
    "pan": {"qzxjv8"},
    "city": {"quixo"},
    "rating": {"zyxgr"},
    "name": {"zephyri"},
    "region": {"zarnov"},
}


def _secrets(role: Role) -> dict[str, set[str]]:
    kept = {**HIDDEN, "former": FORMER["rating"]}
    if role not in EDITORS:
        kept |= {**PERSONAL, "former_pan": FORMER["pan"], "refused_pan": REFUSED_PAN}
    return {name: _written(text) | PIECES.get(name, set()) for name, text in kept.items()}


SECRETS = {role: _secrets(role) for role in Role}


def told(role: Role, text: str) -> list[str]:
    """Which of the values that the role may not read stand in a text, however it is escaped."""
    plain = text.casefold()
    text = "\n".join((plain, html.unescape(plain), unquote_plus(plain)))
    return [name for name, forms in SECRETS[role].items() if any(form in text for form in forms)]
