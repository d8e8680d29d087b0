"""The configuration file in the console: written out, compared with what is in force, brought in.

The same functions as the commands; what is uploaded is first compared, and applied by another press.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.admin.configuration_report import shown_objects, shown_paths, shown_problems
from core.configuration import (
    LARGEST_FILE,
    Report,
    export_document,
    import_document,
    read_document,
    registered_sections,
)
from core.configuration.uploads import KEPT_SECONDS, discard_upload, keep_upload, read_upload
from core.errors import ApplicationError, NotPermitted, ValidationFailed

AREA = "configuration"
SALT = "core.admin.configuration"
LONGEST_NAME = 200
# So many are shown, of objects that differ and of those left alone.
MOST_OBJECTS = 500


class UploadForm(forms.Form):
    """A configuration file, and what to do with what it does not say."""

    file = forms.FileField(
        label=gettext_lazy("File"), error_messages={"required": gettext_lazy("Choose a file.")}
    )
    skip_unknown = forms.BooleanField(
        label=gettext_lazy("Skip unknown"),
        required=False,
        help_text=gettext_lazy("Pass over parts that this installation does not have, such as partners."),
    )
    retire_missing = forms.BooleanField(
        label=gettext_lazy("Retire missing"),
        required=False,
        help_text=gettext_lazy("Retire fields of its lines that the file does not have."),
    )


@dataclass(frozen=True, slots=True)
class Looked:
    """A file whose difference somebody has looked at, carried by a signed token."""

    upload: str
    filename: str
    organization: int
    skip_unknown: bool
    retire_missing: bool
    fingerprint: str = ""


def may_read_configuration(request: HttpRequest) -> bool:
    """Whether the configuration has a page for the person who looks."""
    actor = getattr(request, "actor", None)
    return actor is not None and bool(actor.may(AREA, "read"))


def configuration_page(request: HttpRequest, site: Any) -> HttpResponse:
    """Where files come from and where they come in."""
    if not may_read_configuration(request):
        raise NotPermitted
    return _page(request, site, UploadForm())


def export_configuration(request: HttpRequest, site: Any) -> HttpResponse:
    """Hand over the file, whole or of the sections that are asked for."""
    if not may_read_configuration(request):
        raise NotPermitted
    actor = request.actor  # type: ignore[attr-defined]
    sections = request.GET.getlist("section") or None
    document = export_document(actor=actor, sections=sections)
    day = timezone.localdate().isoformat()
    parts = f"{sections[0]}-" if sections and len(sections) == 1 else ""
    response = HttpResponse(
        json.dumps(document, indent=1, ensure_ascii=False) + "\n",
        content_type="application/json; charset=utf-8",
    )
    filename = f"{actor.organization.slug}-{parts}configuration-{day}.json"
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def import_configuration(request: HttpRequest, site: Any) -> HttpResponse:
    """Compare an uploaded file with what is in force; with the token of a file looked at, look at it again."""
    _require_write(request)
    if request.method != "POST":
        return redirect("admin:configuration")
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, site, form)
    file = form.cleaned_data["file"]
    content = file.read(LARGEST_FILE + 1)
    looked = Looked(
        upload="",
        filename=str(file.name)[:LONGEST_NAME],
        organization=request.actor.organization.pk,  # type: ignore[attr-defined]
        skip_unknown=form.cleaned_data["skip_unknown"],
        retire_missing=form.cleaned_data["retire_missing"],
    )
    return _compare(request, site, looked, content)


def apply_configuration(request: HttpRequest, site: Any) -> HttpResponse:
    """Bring in the file whose difference was looked at, if it is still that difference."""
    _require_write(request)
    if request.method != "POST":
        return redirect("admin:configuration")
    try:
        looked = _read_token(request)
        content = read_upload(looked.upload)
    except ApplicationError as error:
        messages.error(request, error.message)
        return redirect("admin:configuration")
    try:
        report = import_document(
            actor=request.actor,  # type: ignore[attr-defined]
            document=read_document(content),
            expected=looked.fingerprint,
            skip_unknown=looked.skip_unknown,
            retire_missing=looked.retire_missing,
        )
    except ApplicationError as error:
        messages.error(request, error.message)
        return _compare(request, site, looked, content)
    discard_upload(looked.upload)
    messages.success(
        request,
        _("%(file)s is in force: %(summary)s.") % {"file": looked.filename, "summary": summary(report)},
    )
    return redirect("admin:configuration")


def summary(report: Report) -> str:
    """Return the counts of a report in words: 2 created, 1 changed, 12 unchanged."""
    return ", ".join(
        (
            ngettext("%(number)s created", "%(number)s created", report.created) % {"number": report.created},
            ngettext("%(number)s changed", "%(number)s changed", report.changed) % {"number": report.changed},
            ngettext("%(number)s unchanged", "%(number)s unchanged", report.unchanged)
            % {"number": report.unchanged},
        )
    )


def _require_write(request: HttpRequest) -> None:
    if not request.actor.may(AREA, "write"):  # type: ignore[attr-defined]
        raise NotPermitted


def _compare(request: HttpRequest, site: Any, looked: Looked, content: bytes) -> HttpResponse:
    """Show the difference of a file, or everything that is wrong with it."""
    actor = request.actor  # type: ignore[attr-defined]
    problems: list[dict[str, str]] = []
    error = ""
    report = None
    try:
        report = import_document(
            actor=actor,
            document=read_document(content),
            dry_run=True,
            skip_unknown=looked.skip_unknown,
            retire_missing=looked.retire_missing,
        )
    except ValidationFailed as refusal:
        error, problems = refusal.message, shown_problems(refusal.fields)
    token = ""
    if report is not None and report.diff:
        upload = looked.upload or keep_upload(content)
        agreed = Looked(**{**asdict(looked), "upload": upload, "fingerprint": report.fingerprint})
        token = signing.dumps(asdict(agreed), salt=SALT, compress=True)
    objects = shown_objects(report) if report else []
    context = {
        **site.each_context(request),
        "title": _("What %(file)s changes") % {"file": looked.filename},
        "filename": looked.filename,
        "error": error,
        "problems": problems,
        "report": report,
        "summary": summary(report) if report else "",
        "objects": objects[:MOST_OBJECTS],
        "hidden_objects": max(0, len(objects) - MOST_OBJECTS),
        "left_alone": shown_paths(report.left_alone[:MOST_OBJECTS]) if report else [],
        "token": token,
        "back": reverse("admin:configuration"),
        "apply_link": reverse("admin:configuration_apply"),
    }
    return TemplateResponse(request, "console/configuration/difference.html", context)


def _read_token(request: HttpRequest) -> Looked:
    try:
        looked = Looked(**signing.loads(request.POST.get("token", ""), salt=SALT, max_age=KEPT_SECONDS))
    except (signing.BadSignature, TypeError):
        looked = None
    if looked is None or looked.organization != request.actor.organization.pk:  # type: ignore[attr-defined]
        raise ValidationFailed("stale_token", _("This page is too old. Choose the file again."))
    return looked


def _page(request: HttpRequest, site: Any, form: UploadForm) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    context = {
        **site.each_context(request),
        "title": _("Configuration file"),
        "sections": registered_sections(),
        "form": form,
        "may_write": actor.may(AREA, "write"),
        "largest": LARGEST_FILE // 2**20,
        "export_link": reverse("admin:configuration_export"),
        "import_link": reverse("admin:configuration_import"),
    }
    return TemplateResponse(request, "console/configuration/page.html", context)
