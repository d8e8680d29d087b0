"""The people and lines of the demo, some leads and a file: what the OpenAPI description speaks of."""

import json
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Role
from accounts.services.absences import enter_absence
from accounts.services.api_keys import create_api_key
from core.configuration import import_document, read_document
from core.intake.storage import local_path
from core.models import Job, JobState
from core.scope import organization_scope, system_scope
from core.services.intakes import load_intake, receive_file
from core.services.saved_mappings import save_mapping
from leads.demo.spreadsheet import messy_workbook
from leads.management.commands.demo import CONFIGURATION, PASSWORD, PEOPLE, SLUG
from leads.models import BusinessLine, DuplicatePair, Tag
from leads.queries.lead_list import LeadListQuery
from leads.services.attachments import attach_file
from leads.services.bulk import Change, change_many_leads
from leads.services.engagements import start_engagement
from leads.services.follow_ups import plan_follow_up
from leads.services.handing_over import hand_over
from leads.services.leads import create_lead
from leads.services.merging import merge_leads, undo_merge
from leads.services.notes import write_note
from leads.services.proposing import look_at_file
from leads.services.saved_views import save_view
from leads.services.stored_proposals import receive_proposed
from leads.services.tags import set_lead_tags
from tests.factories import make_actor, make_organization

FILE = b"Lead Source,City\nGoogle,Pune\ngoogle,Delhi\n"
SOLAR = {"owner_name": "Ravi Kumar", "mobile": "98765 43210", "roof_area": 40, "monthly_bill": 1800}


class Demo:
    """The people and lines of the demo, some leads, and one who may do all that is described."""

    def __init__(self) -> None:
        self.organization = make_organization(SLUG, name="Sunrise Home Finance")
        actors = {
            email: make_actor(self.organization, role, email=email, name=name, password=PASSWORD)
            for name, email, role, _manager in PEOPLE
        }
        self.by_role = {role: actors[email] for _name, email, role, _manager in PEOPLE}
        self.by_role[Role.PARTNER] = make_actor(self.organization, Role.PARTNER, password=PASSWORD)
        self.actor = actors["admin@sunrise.example"]
        agent = actors["agent@sunrise.example"]
        assert agent.membership is not None
        self.member_id = agent.membership.pk
        with organization_scope(self.organization, actor_id=agent.user.pk):
            import_document(actor=self.actor, document=read_document(CONFIGURATION.read_bytes()))
            made = create_lead(actor=agent, line=BusinessLine.objects.get(code="rooftop_solar"), values=SOLAR)
            assert made.lead is not None
            note = write_note(actor=self.actor, reference=made.lead.reference, text="She is away.").note
            attached = attach_file(
                actor=self.actor, reference=made.lead.reference, kind="quote", filename="q.txt", chunks=[b"A"]
            )
            twin = create_lead(
                actor=agent,
                line=BusinessLine.objects.get(code="rooftop_solar"),
                values={**SOLAR, "mobile": "98765 43211"},
            )
            assert twin.lead is not None
            names = {"actor": self.actor, "keep": made.lead.reference}
            merge = merge_leads(lose=twin.lead.reference, **names).merge
            undo_merge(merge_id=merge.pk, **names)
            pair = DuplicatePair.objects.create(
                line_id=made.lead.line_id, first=made.lead, second=twin.lead, score=90, reasons=["name:100"]
            )
            called = start_engagement(actor=self.actor, reference=made.lead.reference, channel="call")
            due = timezone.now() + timedelta(days=1)
            follow_up = plan_follow_up(
                actor=self.actor, reference=made.lead.reference, what="Call her back", due_at=due
            )
            line = BusinessLine.objects.get(code="home_loan")
            day = due.date()
            absence = enter_absence(
                actor=self.actor, membership=agent.membership, first_day=day, last_day=day
            )
            view = save_view(actor=self.actor, line=line, settings={"name": "In Pune"})
            set_lead_tags(actor=self.actor, reference=made.lead.reference, tags=["Hot"])
            tag = Tag.objects.get(name="Hot")
            change = change_many_leads(
                actor=self.actor,
                query=LeadListQuery(made.lead.line),
                change=Change("tag", "Called"),
                press="demo",
                as_of=timezone.now(),
            )
            other = actors["agent2@sunrise.example"].membership
            assert other is not None
            handed = hand_over(
                actor=self.actor, source=other, method="person", press="demo", target=agent.membership
            )
            intake = receive_file(
                actor=self.actor,
                importer="leads",
                target="home_loan",
                filename="enquiries.xlsx",
                chunks=[messy_workbook(rows=20, seed=1)],
            )
            mapping = save_mapping(actor=self.actor, intake_id=intake.pk, name="Branch enquiries")
            job = load_intake(actor=self.actor, intake_id=intake.pk)
            proposal = proposed(self.actor)
            made_key = create_api_key(
                actor=self.actor, name="Website", scopes=["leads:read", "leads:create", "lead_files:read"]
            )
        self.api_key = made_key.text
        # Another lead of the same line.
        self.twin = twin.lead.reference
        self.colleague_id = other.pk
        self.places = {
            "proposal_id": proposal.pk,
            "member_id": self.member_id,
            "prefix": made_key.key.prefix,
            "code": "home_loan",
            "reference": made.lead.reference,
            "note_id": note.pk,
            "merge_id": merge.pk,
            "pair_id": pair.pk,
            "attachment_id": attached.attachment.pk,
            "engagement_id": called.engagement.pk,
            "follow_up_id": follow_up.pk,
            "absence_id": absence.pk,
            "view_id": view.pk,
            "tag_id": tag.pk,
            "change_id": change.pk,
            "hand_over_id": handed.pk,
            "intake_id": intake.pk,
            "mapping_id": mapping.pk,
            "job_id": job.pk,
        }

    def send(self, method: str, path: str, *, body: Any = None, **options: Any) -> HttpResponse:
        """Send one call as the administrator, and take back what it did, unless it is to be kept."""
        keep = options.pop("keep", False)
        client = Client(raise_request_exception=False)
        with system_scope(reason="test"):
            client.force_login(self.actor.user)
        block = transaction.atomic()
        # Taken back also where its own transactions must be the outermost.
        block._from_testcase = True  # type: ignore[attr-defined]
        with block:
            if options.pop("is_form", False):
                file = SimpleUploadedFile("enquiries.csv", body["file"].encode())
                response = client.post(path, {**body, "file": file}, **options)
            else:
                content = b"" if body is None else json.dumps(body)
                response = client.generic(
                    method.upper(), path, content, content_type="application/json", **options
                )
            if response.streaming:
                b"".join(response.streaming_content)
            transaction.set_rollback(not keep)
        return response


def proposed(actor: Actor) -> Job:
    """A file that a job has looked at, as if a worker had run it."""
    job = receive_proposed(actor=actor, filename="enquiries.csv", chunks=[FILE])
    place = local_path(job.parameters["path"])
    job.result = {"facts": look_at_file(actor=actor, path=place, filename="enquiries.csv").written()}
    job.state = JobState.DONE
    job.save()
    return job
