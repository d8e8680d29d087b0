"""Every page template with made-up content, as its own comment says the context must be."""

from datetime import timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

from django import forms
from django.template.loader import get_template
from django.utils import timezone

from core.errors import Conflict
from core.locale_formats import format_money
from core.models.intake import IntakeState
from core.pages.styleguide import FileForm, SampleForm, sample_context
from core.templatetags.components import fields, tone

NOW = timezone.now()
ORGANIZATION = SimpleNamespace(
    name="Axio Finance", slug="axio", currency="INR", timezone="Asia/Kolkata", locale="en-IN"
)
STATES = [
    ("new", "New"),
    ("in_progress", "In progress"),
    ("rejected", "Rejected"),
    ("converted", "Converted"),
]
COLUMNS = ["Mobile", "City", "Employment", "Monthly income (₹)", "Loan amt", "Credit score"]


class Person:
    """Somebody who is signed in."""

    is_authenticated = True
    email = "asha@axio.example"

    def __str__(self) -> str:
        return "Asha Rao"


class Message:
    """A message of Django's framework, without a request."""

    def __init__(self, text: str, level_tag: str) -> None:
        self.text = text
        self.level_tag = level_tag

    def __str__(self) -> str:
        return self.text


class WorkForm(forms.Form):
    """Status and owner of a lead."""

    status = forms.ChoiceField(choices=STATES)
    owner = forms.ChoiceField(choices=[("1", "Asha Rao")])


class NoteForm(forms.Form):
    """A note on a lead."""

    note = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}))


class FilterForm(forms.Form):
    """Filters of the leads list."""

    status = forms.ChoiceField(choices=[("", "Any"), *STATES], required=False)
    amount_from = forms.CharField(label="Loan amount from", required=False)


class MatchForm(forms.Form):
    """The field that each column fills."""

    column_0 = forms.ChoiceField(choices=[("", "Do not read"), ("name", "Full Name")], initial="name")
    column_1 = forms.ChoiceField(choices=[("", "Do not read"), ("email", "E-mail")], initial="email")
    column_2 = forms.ChoiceField(choices=[("", "Do not read")], required=False)


class RememberingForm(MatchForm):
    """The same, with the ways to remember it."""

    remember = forms.ChoiceField(
        label="These choices hold for",
        choices=[
            ("", "Only this once"),
            ("update", "Change “Weekly file”"),
            ("new", "Save as a new mapping"),
        ],
        widget=forms.RadioSelect,
    )
    remember_as = forms.CharField(label="Name of the new mapping", help_text="The next file is read by it.")


class RenameForm(forms.Form):
    """Another name for a saved mapping."""

    remember_as = forms.CharField(label="Name", initial="Weekly file")


def frame(active: str = "", **context: Any) -> dict[str, Any]:
    """What the context processors give, and more."""
    places = [("Leads", "leads", ""), ("Imports", "upload", 3), ("Console", "console", "")]
    return {
        "organization": ORGANIZATION,
        "memberships_available": [("axio", "Axio Finance"), ("bharat", "Bharat Loans")],
        "request": SimpleNamespace(user=Person(), path="/", request_id="a1b2c3"),
        "csrf_token": "t" * 64,
        "navigation": [
            {
                "label": label,
                "url": f"/{label.lower()}",
                "icon": icon,
                "active": label == active,
                "badge": badge,
            }
            for label, icon, badge in places
        ],
        "messages": [],
        **context,
    }


def lead_row(number: int) -> dict[str, Any]:
    """A row of the leads list, as wide as real ones are."""
    state, label = STATES[number % len(STATES)]
    texts = [
        f"+91 90716 {number:05d}",
        "Bengaluru",
        "Self Employed",
        format_money(number * 7_919, "INR"),
        format_money(number * 104_729, "INR"),
        "786",
    ]
    return {
        "url": f"/leads/PL-{number:06d}/",
        "reference": f"PL-{number:06d}",
        "pick": f"PL-{number:06d}@64869d1c2a040",
        "name": "Anaya Krishnamurthy",
        "status_label": label,
        "status_tone": tone(state),
        "owner": "Asha Rao" if number % 3 else "",
        "created": NOW - timedelta(hours=number),
        "cells": [
            {"label": name, "text": text, "kind": "number" if text[:1] in "₹7" else ""}
            for name, text in zip(COLUMNS, texts, strict=True)
        ],
    }


def leads_context() -> dict[str, Any]:
    """The list with fifty rows, filters, chips, sorting."""
    names = ["Name", "Reference", "Status", *COLUMNS, "Owner", "Created"]
    return {
        "line_tabs": [
            {"label": "Personal loan", "url": "?line=pl", "active": True, "count": "1,751"},
            {"label": "Education", "url": "?line=ed", "active": False, "count": None},
        ],
        "list_url": "/leads",
        "new_url": "/lead_form",
        "import_url": "/upload",
        "export_url": "/leads?format=csv",
        "shows_owner": True,
        "search": "",
        "filters": fields(FilterForm()),
        "sort_choices": [{"label": "Newest first", "url": "?", "current": True}],
        "column_choices": [{"key": "city", "label": "City", "shown": True}],
        "carried": [("sort", "-created")],
        "chips": [{"name": "City", "value": "Mumbai", "remove_url": "?"}],
        "clear_url": "/leads",
        "columns": [
            {
                "label": name,
                "kind": "",
                "sort_url": f"?sort={name}",
                "sorted": "descending" if name == "Created" else "",
            }
            for name in names
        ],
        "rows": [lead_row(number) for number in range(1, 51)],
        "newer_url": "",
        "older_url": "?before=PL-000050",
        "summary": "50 of about 1,751",
    }


def lead_context() -> dict[str, Any]:
    """One lead that may be edited and withdrawn."""
    sample = sample_context()
    lead = SimpleNamespace(
        reference="PL-000123",
        name="Upasna Chowdhury",
        status_label="In progress",
        status_tone="accent",
        stage="Documents",
        owner="Asha Rao",
        phone="+919071620218",
        email="upasna@example.org",
        phone_masked=False,
        email_masked=False,
        line="Personal loan",
        source="Website",
        campaign="Diwali 2025",
        created=NOW - timedelta(days=3),
        updated=NOW,
    )
    return {
        "lead": lead,
        "list_url": "/leads",
        "edit_url": "/lead_form",
        "work_form": WorkForm(),
        "work_url": "/lead",
        "delete_url": "/lead",
        "note_form": NoteForm(),
        "note_url": "/lead",
        "sections_left": [{"title": "Applicant", "facts": sample["facts"]}],
        "sections_right": [{"title": "Loan", "facts": sample["facts"]}],
        "timeline": sample["entries"],
        "older_timeline_url": "?older",
    }


def form_context(form: SampleForm) -> dict[str, Any]:
    """A lead's form in two sections."""
    names = [bound.name for bound in form.visible_fields()]
    return {
        "form": form,
        "sections": [
            {"title": "Applicant", "help": "", "fields": [form[name] for name in names[:5]]},
            {"title": "The rest", "help": "Rounded to rupees.", "fields": [form[name] for name in names[5:]]},
        ],
        "heading": "New lead",
        "list_url": "/leads",
        "cancel_url": "/leads",
        "today": "2025-01-05",
    }


def intake(state: IntakeState = IntakeState.LOADED, **values: Any) -> SimpleNamespace:
    """A file on its way in."""
    counts = {"data_rows": 2000, "accepted": 1751, "rejected": 187, "duplicate": 62, "held": 0, "updated": 3}
    found = {
        "filename": "loan_leads.xlsx",
        "sheet": "Leads",
        "header_row": 4,
        "current_state": state,
        "created_at": NOW,
        "finished_at": NOW,
        "notices": [{"code": "sheet", "message": "The sheet “Notes” is not read."}],
        "error": "",
        "counts": counts,
        **counts,
    }
    return SimpleNamespace(**(found | values))


JOB = SimpleNamespace(
    state="running",
    get_state_display="Running",
    title="Load loan_leads.xlsx",
    done=64_250,
    total=100_000,
    started_at=NOW,
    error="",
    is_finished=False,
    cancel_requested=False,
)
PAUSED_JOB = SimpleNamespace(
    **(vars(JOB) | {"state": "paused", "get_state_display": "Paused", "paused_at": NOW})
)
MAPPING = SimpleNamespace(name="Weekly file", created_at=NOW, used_at=NOW)
REASONS = [
    {"label": "Loan amount is below the minimum", "code": "loan_amount:min", "count": 36, "share": 0.19},
    {"label": "City is none of the choices", "code": "city:choice", "count": 21, "share": 0.11},
]


def import_context(**more: Any) -> dict[str, Any]:
    """What the steps of an import have in common."""
    one = intake()
    return {
        "intake": one,
        "line": "Personal loan",
        "person": "Asha Rao",
        "counts": one.counts,
        "reasons": REASONS,
        "list_url": "/imports",
        "intake_url": "/result",
        **more,
    }


def grid_row(number: int) -> dict[str, Any]:
    """A rejected row with one wrong cell."""

    def cell(key: str, label: str, value: str, **more: Any) -> dict[str, Any]:
        return {
            "key": key,
            "label": label,
            "name": f"row-{number}-{key}",
            "value": value,
            "problems": [],
            **more,
        }

    cities = [("Atlantis", "Atlantis (none of the choices)"), ("Mumbai", "Mumbai")]
    problem = ["“Atlantis” is none of the choices."]
    return {
        "number": number,
        "id": number,
        "problems": [],
        "cells": [
            cell("full_name", "Full Name", "Girik Dalal"),
            cell("city", "City", "Atlantis", choices=cities, problems=problem),
            cell("loan_amount", "Loan Amt", "12,40,000", kind="number"),
        ],
    }


def match_context() -> dict[str, Any]:
    """Three columns: one matched, one suggested, one left."""
    form = MatchForm()
    columns = [("A", "Full Name", "matched"), ("B", "Mail", "suggested"), ("C", "", "unmatched")]
    return {
        "form": form,
        "data_rows": 2000,
        "columns": [
            {
                "letter": letter,
                "header": header,
                "samples": ["x", "y"],
                "state": state,
                "field": form[f"column_{index}"],
            }
            for index, (letter, header, state) in enumerate(columns)
        ],
        "missing": ["PAN"],
        "ignored": ["The sheet “Notes” is not read."],
        "cancel_url": "/imports",
    }


def drift_context() -> dict[str, Any]:
    """A file that almost has the columns of a saved mapping."""
    form = RememberingForm()
    context = match_context()
    for index, column in enumerate(context["columns"]):
        column["field"] = form[f"column_{index}"]
    context["columns"][0]["state"] = "remembered"
    drift = {"new": ["Branch"], "gone": ["Town"], "renamed": [("Handy", "Handy No.")], "retired": ["Grade"]}
    return context | {"form": form, "mapping": MAPPING, "drift": drift}


def mappings_listed() -> list[dict[str, Any]]:
    """One that is in use, and one that was never used."""
    unused = SimpleNamespace(name="Branches", created_at=NOW, used_at=None)
    return [
        {"url": "/mapping", "mapping": mapping, "line": "Personal loan", "person": "Asha Rao", "columns": 12}
        for mapping in (MAPPING, unused)
    ]


def pages() -> dict[str, tuple[str, dict[str, Any]]]:
    """Name → template and context."""
    wrong = {"mobile": "12", "email": "asha@", "income": "about 5 lakh", "employment": "Salaried"}
    said = [Message("Saved.", "success"), Message("The file is protected by a password.", "error")]
    rollback = SimpleNamespace(withdrawn=1748, restored=2, kept_edited=3)
    imports = [
        {
            "url": "/progress",
            "intake": intake(IntakeState.LOADING),
            "line": "Personal loan",
            "person": "",
            "job": JOB,
        },
        {"url": "/result", "intake": intake(), "line": "Personal loan", "person": "Dev Patel", "job": None},
    ]
    grid_columns = [{"key": cell["key"], "label": cell["label"]} for cell in grid_row(4)["cells"]]
    profile = {
        "person": {"name": "Asha Rao", "email": "asha@axio.example", "joined": NOW},
        "form": NoteForm(),
        "memberships": [{"organization": "Axio Finance", "roles": ["Agent"], "manager": "Gita Nair"}],
        "security": {"two_step": False},
    }
    found = {
        "styleguide": ("styleguide.html", frame(**sample_context() | {"messages": said})),
        "leads": ("leads/list.html", frame("Leads", **leads_context())),
        "leads_none": (
            "leads/list.html",
            frame("Leads", list_url="/leads", import_url="/upload", new_url="/lead_form"),
        ),
        "lead": ("leads/detail.html", frame("Leads", **lead_context())),
        "lead_form": ("leads/form.html", frame("Leads", **form_context(SampleForm()))),
        "lead_form_wrong": ("leads/form.html", frame("Leads", **form_context(SampleForm(wrong)))),
        "imports": (
            "imports/list.html",
            frame("Imports", imports=imports, new_url="/upload", summary="2 files"),
        ),
        "imports_none": ("imports/list.html", frame("Imports", imports=[], new_url="/upload")),
        "upload": ("imports/upload.html", frame("Imports", form=FileForm(), list_url="/imports")),
        "match": ("imports/match.html", frame("Imports", **import_context(**match_context()))),
        "match_drifted": ("imports/match.html", frame("Imports", **import_context(**drift_context()))),
        "mappings": (
            "imports/mappings.html",
            frame("Imports", mappings=mappings_listed(), list_url="/imports", new_url="/upload"),
        ),
        "mappings_none": (
            "imports/mappings.html",
            frame("Imports", mappings=[], list_url="/imports", new_url="/upload"),
        ),
        "mapping": (
            "imports/mapping.html",
            frame(
                "Imports",
                mapping=MAPPING,
                person="Asha Rao",
                columns=[
                    {"header": "Handy No.", "state": "read", "label": "Mobile"},
                    {"header": "Remarks", "state": "unread"},
                    {"header": "Grade", "state": "retired"},
                    {"header": "Margin", "state": "hidden"},
                ],
                form=RenameForm(),
                delete_url="/mappings",
                list_url="/imports",
                mappings_url="/mappings",
            ),
        ),
        "check": (
            "imports/check.html",
            frame(
                "Imports",
                **import_context(
                    columns=[{"label": "City", "kind": ""}],
                    rows=[{"number": 4, "cells": ["Atlantis"], "problems": ["City is none of the choices."]}],
                    error_file_url="/file",
                    load_url="/progress",
                    match_url="/match",
                ),
            ),
        ),
        "progress": (
            "imports/progress.html",
            frame("Imports", **import_context(job=JOB, progress_url="/progress_part", cancel_url="/imports")),
        ),
        "progress_paused": (
            "imports/progress.html",
            frame(
                "Imports",
                **import_context(
                    job=PAUSED_JOB,
                    progress_url="/progress_part",
                    cancel_url="/imports",
                    resume_url="/progress",
                    paused_by="Asha Rao",
                ),
            ),
        ),
        "result": (
            "imports/result.html",
            frame(
                "Imports",
                **import_context(
                    leads_url="/leads",
                    error_file_url="/file",
                    grid_url="/grid",
                    correction_form=FileForm(),
                    correction_url="/result",
                    rollback_url="/result",
                    rollback=rollback,
                ),
            ),
        ),
        "grid": (
            "imports/grid.html",
            frame(
                "Imports",
                **import_context(
                    columns=grid_columns,
                    rows=[grid_row(number) for number in range(4, 16)],
                    suggestions=[
                        {
                            "text": "24 rows: “Bombay” in City",
                            "value": "city",
                            "choices": [("Mumbai", "Mumbai")],
                            "right": "Mumbai",
                        }
                    ],
                    remaining=187,
                    save_url="/grid",
                    older_url="?older",
                    summary="12 of 187",
                ),
            ),
        ),
        "profile": ("accounts/profile.html", frame(**profile)),
        "no_organization": ("accounts/no_organization.html", frame()),
        "refused": (
            "errors/application_error.html",
            {"error": Conflict("standing", "This file was loaded already. Roll that import back first.")},
        ),
    }
    return found | {f"error_{name}": (f"errors/{name}.html", {}) for name in ("403", "404", "500", "csrf")}


@cache
def rendered_pages() -> dict[str, str]:
    """Name → HTML, rendered once in a process."""
    return {name: get_template(template).render(context) for name, (template, context) in pages().items()}


@cache
def rendered_parts() -> dict[str, str]:
    """What the same address answers to htmx."""
    found = leads_context() | {"rows": [lead_row(7)], "search": "anaya", "summary": "1 lead"}
    _template, progress = pages()["progress"]
    return {
        "leads": get_template("leads/_table.html").render(frame(**found)),
        "progress_part": get_template("imports/_progress.html").render(progress),
    }
