"""Fill the demo organisation: people of every role, two business lines, an import and worked leads."""

import logging
import random
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from accounts.actor import Actor
from accounts.models import Membership
from accounts.roles import Role
from accounts.services import create_user
from core.configuration import import_document, read_document
from core.jobs import run_job_inline
from core.management.base import Outcome, OutcomeCommand
from core.models import Job, Organization
from core.scope import Scope, organization_scope, system_scope
from core.services.intakes import load_intake, receive_file
from core.services.organizations import create_organization
from leads import demo
from leads.demo.days import keep_calendar, let_leads_stall, make_assignment_rules, plan_days
from leads.demo.duplicates import make_duplicates
from leads.demo.lists import keep_lists
from leads.demo.spreadsheet import messy_workbook
from leads.models import BusinessLine, Campaign, FormLink, Lead, LeadStatus, SavedView, Source
from leads.queries.form_links import form_link_scope
from leads.services.form_links import create_form_link
from leads.services.form_submissions import FilledForm, submit_form
from leads.services.leads import assign_lead, update_lead
from leads.services.statistics.judging import judge_quality

SLUG = "sunrise"
PASSWORD = "lead-to-ledger"
# (name, e-mail, role, whom they report to)
PEOPLE = (
    ("Asha Menon", "admin@sunrise.example", Role.ADMIN, None),
    ("Omkar Joshi", "operations@sunrise.example", Role.OPERATIONS, None),
    ("Leela Nair", "leader@sunrise.example", Role.TEAM_LEADER, None),
    ("Arjun Rao", "agent@sunrise.example", Role.AGENT, "leader@sunrise.example"),
    ("Bina Shah", "agent2@sunrise.example", Role.AGENT, "leader@sunrise.example"),
    ("Farah Khan", "finance@sunrise.example", Role.FINANCE, None),
    ("Arun Iyer", "auditor@sunrise.example", Role.AUDITOR, None),
)
FORM = {
    "title": "Solar for your roof",
    "introduction": "Tell us about your roof and your bill. We call you within a working day with a first estimate.",
    "thank_you": "We have your enquiry and call you within a working day.",
    "accent": "green",
    # A photo of the roof beside what else everybody may fill: files are asked where somebody chose so.
    "field_keys": [
        "owner_name",
        "mobile",
        "roof_area",
        "meter_number",
        "monthly_bill",
        "preferred_visit",
        "roof_site",
        "roof_photo",
        "website",
    ],
    "consent_purpose": "Calls and messages about rooftop solar",
    "consent_text": "Sunrise Home Finance may call and message me about rooftop solar.",
}
# (what is typed, whether the field is filled that people do not see)
ENQUIRIES: tuple[tuple[dict[str, Any], bool], ...] = (
    (
        {"owner_name": "Meera Pillai", "mobile": "98470 55512", "roof_area": "42", "monthly_bill": "2,400"},
        False,
    ),
    ({"owner_name": "BEST PRICE", "mobile": "98470 55513", "roof_area": "5", "monthly_bill": "1"}, True),
)
LEADS = 240
SEED = 20_251
CONFIGURATION = Path(demo.__file__).parent / "configuration.json"


class Command(OutcomeCommand):
    help = "Fill the demo organisation once, and print how to sign in. `make demo` calls it."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--prepare", action="store_true", help="Print the accounts as JSON, as --json does."
        )

    def handle(self, *arguments: Any, **options: Any) -> None:
        options["as_json"] = options["as_json"] or options["prepare"]
        # Who starts a demo wants its address, not the log of its import.
        logging.getLogger("leadledger").setLevel(logging.WARNING)
        super().handle(*arguments, **options)

    def enter_and_perform(self, options: dict[str, Any]) -> Outcome:
        with system_scope(reason="demo"):
            organization = Organization.objects.filter(slug=SLUG).first()
        # The people come last of what is needed, so a preparation that was interrupted is taken up again.
        if organization is None:
            organization = create_organization(
                slug=SLUG, name="Sunrise Home Finance", currency="INR", timezone="Asia/Kolkata"
            )
        with organization_scope(organization, reason="demo"):
            members = self._people(organization)
            if not Lead.objects.exists():
                self._fill(organization, members)
            if not FormLink.objects.exists():
                self._open_form(organization, members)
            if not SavedView.objects.exists():
                keep_lists(organization, members)
        self._leave_spreadsheet()
        accounts = [
            {"email": email, "password": PASSWORD, "role": role.value}
            for _name, email, role, _manager in PEOPLE
        ]
        return {"accounts": accounts}

    def describe(self, outcome: Outcome) -> str:
        return "\n".join(
            f"{account['role']:12} {account['email']}  {account['password']}"
            for account in outcome["accounts"]
        )

    @staticmethod
    def _people(organization: Organization) -> dict[str, Membership]:
        members = {
            member.user.email: member for member in Membership.objects.select_related("user", "organization")
        }
        actor = Actor.system(organization)
        for name, email, role, manager in PEOPLE:
            if email not in members:
                members[email] = create_user(
                    actor=actor,
                    email=email,
                    roles=[role],
                    password=PASSWORD,
                    name=name,
                    manager=members[manager] if manager else None,
                )
        return members

    def _fill(self, organization: Organization, members: dict[str, Membership]) -> None:
        actor = Actor.system(organization)
        import_document(actor=actor, document=read_document(CONFIGURATION.read_bytes()))
        for job in Job.objects.filter(state="queued"):
            run_job_inline(job)
        intake = receive_file(
            actor=Actor.of(members["operations@sunrise.example"]),
            importer="leads",
            target="home_loan",
            filename="Branch enquiries.xlsx",
            chunks=[messy_workbook(rows=LEADS, seed=SEED)],
        )
        run_job_inline(
            load_intake(
                actor=Actor.of(members["operations@sunrise.example"]), intake_id=intake.pk, inline=True
            )
        )
        self._work(organization, members)
        plan_days(organization, members)
        for line in BusinessLine.objects.filter(version__gt=0).order_by("pk"):
            run_job_inline(judge_quality(actor=actor, line=line))
        make_assignment_rules(organization, members)
        keep_calendar(organization, members)
        make_duplicates(organization, members)
        let_leads_stall(organization)

    @staticmethod
    def _open_form(organization: Organization, members: dict[str, Membership]) -> None:
        """Put a form on the demo's web site, with an enquiry through it and one that looks like a machine's."""
        operations = Actor.of(members["operations@sunrise.example"])
        with _as(organization, operations):
            link = create_form_link(
                actor=operations,
                line=BusinessLine.objects.get(code="rooftop_solar"),
                source=Source.objects.get(name="Website"),
                campaign=Campaign.objects.get(name="Monsoon offer"),
                owner=members["agent@sunrise.example"],
                **FORM,
            )
        with form_link_scope(link):
            for number, (values, is_trapped) in enumerate(ENQUIRIES):
                press = f"demo-{number}"
                submit_form(link=link, sent=FilledForm(values, press, 1, is_trapped=is_trapped))

    @staticmethod
    def _work(organization: Organization, members: dict[str, Membership]) -> None:
        """Give most leads to people, and let some of them move."""
        chance = random.Random(SEED)
        owners = [members[f"{name}@sunrise.example"] for name in ("agent", "agent2", "leader")]
        operations = Actor.of(members["operations@sunrise.example"])
        for reference in list(Lead.objects.order_by("pk").values_list("reference", flat=True)):
            if chance.random() < 0.2:
                continue
            owner = chance.choice(owners)
            with _as(organization, operations):
                assign_lead(actor=operations, reference=reference, owner=owner)
            status = chance.choice(
                [
                    LeadStatus.NEW,
                    LeadStatus.IN_PROGRESS,
                    LeadStatus.IN_PROGRESS,
                    LeadStatus.APPROVED,
                    LeadStatus.REJECTED,
                ]
            )
            if status != LeadStatus.NEW:
                stage = chance.choice(["contacted", "qualified", "documents"])
                worker = Actor.of(owner)
                with _as(organization, worker):
                    update_lead(
                        actor=worker,
                        reference=reference,
                        values={},
                        attributes={"status": status.value, "stage": stage},
                    )

    @staticmethod
    def _leave_spreadsheet() -> None:
        """Leave a file to try the import with."""
        place = settings.BASE_DIR / "var" / "messy_enquiries.xlsx"
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(messy_workbook(rows=120, seed=SEED + 1))


def _as(organization: Organization, actor: Actor) -> AbstractContextManager[Scope]:
    """The scope in which history names the actor."""
    return organization_scope(organization, actor_id=actor.user.pk if actor.user else None, reason="demo")
