"""The living page of the design language: every component in every state, with made-up content."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from core.icons import ICONS

CITIES = [("", "—"), *((city, city) for city in ("Mumbai", "Pune", "Bengaluru", "Chennai"))]


class SampleForm(forms.Form):
    """A form with a field of every kind; bound with wrong values it shows their errors."""

    full_name = forms.CharField(label=_("Full name"), max_length=120, help_text=_("As on the identity card."))
    mobile = forms.CharField(
        label=_("Mobile"), widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel"})
    )
    email = forms.EmailField(label=_("E-mail"), required=False)
    born = forms.DateField(
        label=_("Date of birth"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    city = forms.ChoiceField(label=_("City"), choices=CITIES)
    employment = forms.ChoiceField(
        label=_("Employment"),
        choices=[
            ("Salaried", _("Salaried")),
            ("Self Employed", _("Self employed")),
            ("Business", _("Business")),
        ],
        widget=forms.RadioSelect,
        initial="Salaried",
    )
    employer = forms.CharField(
        label=_("Employer"), required=False, help_text=_("Shown and required for the salaried.")
    )
    income = forms.DecimalField(
        label=_("Monthly income"), widget=forms.TextInput(attrs={"inputmode": "decimal"}), initial="1,84,000"
    )
    share = forms.DecimalField(
        label=_("Share"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        initial="12.5",
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages"),
        required=False,
        choices=[("hi", _("Hindi")), ("en", _("English")), ("ta", _("Tamil")), ("mr", _("Marathi"))],
        widget=forms.CheckboxSelectMultiple,
        initial=["hi", "en"],
    )
    products = forms.MultipleChoiceField(
        label=_("Products"),
        required=False,
        choices=[("home", _("Home loan")), ("car", _("Car loan")), ("gold", _("Gold loan"))],
    )
    remarks = forms.CharField(label=_("Remarks"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    reference = forms.CharField(label=_("Reference"), required=False, disabled=True, initial="PL-000123")
    consent = forms.BooleanField(label=_("The applicant agreed to be called"))
    photo = forms.FileField(label=_("Photo of the site"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("mobile", "email", "born", "city", "income", "share"):
            self.fields[name].width = "half"  # type: ignore[attr-defined]
        salaried = {"field": "employment", "op": "eq", "value": "Salaried"}
        self.fields["employer"].visible_if = salaried  # type: ignore[attr-defined]
        self.fields["employer"].required_if = salaried  # type: ignore[attr-defined]
        self.fields["income"].prefix = "₹"  # type: ignore[attr-defined]
        self.fields["income"].field_type = "money"  # type: ignore[attr-defined]
        self.fields["share"].suffix = "%"  # type: ignore[attr-defined]
        self.fields["share"].field_type = "percent"  # type: ignore[attr-defined]


class FileForm(forms.Form):
    """One file, shown as a drop area."""

    file = forms.FileField(label=_("Spreadsheet"), help_text=_("CSV, TSV, XLSX, XLS or ODS, up to 100 MB."))


def sample_context() -> dict[str, Any]:
    """Everything `templates/styleguide.html` shows; the moments are relative to now."""
    now = timezone.now()
    answers = {"mobile": "12", "email": "asha@", "income": "about 5 lakh", "employment": "Salaried"}
    wrong = SampleForm(answers, auto_id="wrong_%s")
    return {
        "form": SampleForm(),
        "wrong_form": wrong,
        "file_form": FileForm(),
        "icon_names": list(ICONS),
        "tones": ["good", "warn", "bad", "info", "accent", "quiet"],
        "people": [
            "Asha Rao",
            "Bharat Iyer",
            "Chitra Menon",
            "Dev Patel",
            "Esha Khan",
            "Farid Shaikh",
            "Gita Nair",
        ],
        "tabs": [
            {"label": _("Personal loan"), "url": "#tabs", "active": True, "count": "1,751"},
            {"label": _("Home loan"), "url": "#tabs", "active": False, "count": "312"},
            {"label": _("Gold loan"), "url": "#tabs", "active": False, "count": None},
        ],
        "steps": [
            {"label": _("Upload"), "url": "#stepper", "state": "done"},
            {"label": _("Match"), "url": "", "state": "current"},
            {"label": _("Check"), "url": "", "state": "ahead"},
            {"label": _("Load"), "url": "", "state": "ahead"},
        ],
        "chips": [
            {"name": _("City"), "value": "Mumbai", "remove_url": "#filters"},
            {"name": _("Loan amount"), "value": "₹ 5,00,000 – ₹ 10,00,000", "remove_url": "#filters"},
        ],
        "menu_items": [
            {"label": _("Newest first"), "url": "#menu", "current": True},
            {"label": _("Largest amount first"), "url": "#menu"},
            {"label": _("Withdraw"), "opens": "sample-dialog", "icon": "trash", "danger": True},
        ],
        "facts": [
            {"label": _("Mobile"), "value": "+91 90716 20218", "kind": "phone"},
            {"label": _("E-mail"), "value": "upasna@example.org", "kind": "email"},
            {"label": _("PAN"), "value": "M••••••••H", "kind": "masked"},
            {"label": _("Monthly income"), "value": "₹ 1,84,000.00", "kind": "number"},
            {"label": _("Employer"), "value": ""},
        ],
        "table_columns": [
            {"label": _("Name"), "sort_url": "#table", "sorted": "ascending"},
            {"label": _("Status")},
            {"label": _("City")},
            {"label": _("Loan amount"), "kind": "number", "sort_url": "#table"},
            {"label": _("Owner")},
        ],
        "table_rows": [
            _row("Upasna Chowdhury", _("New"), "info", "Kolkata", "₹ 7,00,000.00", "Asha Rao"),
            _row("Liam Din", _("In progress"), "accent", "Mumbai", "₹ 22,00,000.00", "Dev Patel"),
            _row("Girik Dalal", _("Rejected"), "bad", "", "₹ 12,40,000.00", ""),
            _row("Yatin Kade", _("Converted"), "good", "Chennai", "₹ 14,80,000.00", "Gita Nair"),
        ],
        "entries": [
            {
                "icon": "phone",
                "tone": "accent",
                "actor": "Asha Rao",
                "text": _("called"),
                "at": now - timedelta(minutes=4),
                "note": _("Wants 48 months instead of 36; sends the payslips tonight."),
            },
            {
                "icon": "edit",
                "actor": "Asha Rao",
                "text": _("changed two fields"),
                "at": now - timedelta(hours=3),
                "changes": [
                    {"label": _("Tenure"), "old": "36", "new": "48"},
                    {"label": _("Employer"), "old": "Chowdhury PLC", "new": ""},
                ],
            },
            {
                "icon": "upload",
                "tone": "good",
                "actor": "Dev Patel",
                "text": _("brought it in with loan_leads.xlsx, row 2"),
                "at": now - timedelta(days=12),
            },
        ],
        "moments": [
            now,
            now - timedelta(minutes=5),
            now - timedelta(hours=7),
            now - timedelta(days=3),
            now - timedelta(days=40),
        ],
        "amounts": ["1234567", "-1234567.5", "0", "999.995"],
    }


def _row(name: str, status: Any, tone: str, city: str, amount: str, owner: str) -> dict[str, Any]:
    return {
        "url": "#table",
        "cells": [
            {"text": name},
            {"label": _("Status"), "text": status, "kind": "badge", "tone": tone},
            {"label": _("City"), "text": city},
            {"label": _("Loan amount"), "text": amount, "kind": "number"},
            {"label": _("Owner"), "text": owner, "kind": "person"},
        ],
    }


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show the page while developing, and to staff."""
    if not (settings.DEBUG or getattr(request.user, "is_staff", False)):
        raise Http404
    return render(request, "styleguide.html", sample_context())
