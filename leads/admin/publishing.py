"""From a draft to what is in force and back: difference, publication, versions, rollback."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget

from core.admin.base import ServiceModelAdmin
from core.errors import ApplicationError, NotPermitted, NotVisible
from leads.admin.differences import shown_changes, summary
from leads.admin.findings import lead_words, shown_impact
from leads.fields.checks import check_definitions
from leads.fields.definition import FieldDefinition
from leads.models import BusinessLine
from leads.queries.draft_edits import draft_token
from leads.queries.impact import change_impact
from leads.queries.line_changes import compare_definitions
from leads.queries.lines import draft_definitions, published_definitions, visible_versions
from leads.queries.versions import line_versions, version_fields
from leads.services.lines import publish_line
from leads.services.reverting import discard_draft, rehearse_restoring, restore_version

DRAFT = "draft"
NOTE_LENGTH = 500


class PublishForm(forms.Form):
    """A word about the version."""

    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=NOTE_LENGTH,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": _("Why, in a few words")}),
    )


class PublishingAdmin(ServiceModelAdmin):
    """The pages of a line about its draft and its versions."""

    def get_urls(self) -> list[Any]:
        pages = {
            "<int:line_id>/versions/": (self.versions, "versions"),
            "<int:line_id>/difference/": (self.difference, "difference"),
            "<int:line_id>/restore/<int:number>/": (self.restore, "restore"),
            "<int:line_id>/discard/": (self.discard, "discard"),
        }
        own = [
            path(route, self.admin_site.admin_view(view), name=f"leads_businessline_{name}")
            for route, (view, name) in pages.items()
        ]
        return [*own, *super().get_urls()]

    def line_of(self, request: HttpRequest, line_id: int) -> BusinessLine:
        """The line of an address; raises NotVisible where the actor may not read it."""
        if not self.has_view_permission(request):
            raise NotPermitted
        line: BusinessLine = self.found(request, str(line_id))
        return line

    def line_page(
        self, request: HttpRequest, line: BusinessLine, template: str, **context: Any
    ) -> HttpResponse:
        """A page about a line within the console's frame."""
        frame = {"opts": self.model._meta, "original": line, "line": line, "back": self.address(line)}
        return TemplateResponse(
            request, template, {**self.admin_site.each_context(request), **frame, **context}
        )

    @action(description=_("Publish"), icon="publish", permissions=["write"], variant=ActionVariant.PRIMARY)
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        line = self.found(request, object_id)
        form = PublishForm(request.POST or None, initial={"note": request.GET.get("note", "")[:NOTE_LENGTH]})
        note = form.cleaned_data["note"] if form.is_bound and form.is_valid() else ""
        seen = request.POST.get("seen", "")
        published, draft = published_definitions(line), draft_definitions(line)
        changes = compare_definitions(published, draft)
        problems = check_definitions(
            [item.written() for item in draft], duplicate_match=line.duplicate_match, published=published
        )
        impact = change_impact(request.actor, line, published, draft)  # type: ignore[attr-defined]
        touched = shown_impact(impact, request.actor)  # type: ignore[attr-defined]
        return self.confirm(
            request,
            line,
            title=_("Publish %(line)s") % {"line": line.name},
            text=_("With the next request this is in force in forms, lists, files and the API."),
            button=_("Publish"),
            work=lambda: publish_line(actor=request.actor, line=line, note=note, seen=seen),  # type: ignore[attr-defined]
            done=_("%(line)s is published.") % {"line": line.name},
            template="console/leads/publish.html",
            changes=shown_changes(changes, draft, touched),
            summary=summary(changes),
            leads=lead_words(impact.leads, request.actor, is_partial=impact.is_partial)  # type: ignore[attr-defined]
            if impact.leads and changes
            else "",
            problems=problems,
            preview_link=reverse("admin:leads_businessline_preview", args=[line.pk]),
            form=form,
            seen=draft_token(line),
            discard_link=reverse("admin:leads_businessline_discard", args=[line.pk]) if line.version else "",
        )

    def versions(self, request: HttpRequest, line_id: int) -> HttpResponse:
        """The line's versions, newest first, and two of them to be compared."""
        line = self.line_of(request, line_id)
        before = request.GET.get("before", "")
        page = line_versions(
            request.actor,  # type: ignore[attr-defined]
            line,
            before=int(before) if before.isdecimal() and len(before) < 10 else None,
        )
        numbers = visible_versions(request.actor).filter(line=line).order_by("-number")  # type: ignore[attr-defined]
        shown = [
            {
                "version": version,
                "summary": summary(version.changes),
                "changes": shown_changes(version.changes, version.fields) if version.number > 1 else [],
                "fields": sum(item.is_active for item in version.fields),
                "in_force": version.number == line.version,
                "restore": reverse("admin:leads_businessline_restore", args=[line.pk, version.number]),
            }
            for version in page.versions
        ]
        return self.line_page(
            request,
            line,
            "console/leads/versions.html",
            title=_("Versions of %(line)s") % {"line": line.name},
            versions=shown,
            before=page.before,
            numbers=list(numbers.values_list("number", flat=True)[:500]),
            difference_link=reverse("admin:leads_businessline_difference", args=[line.pk]),
            may_configure=self.may_write(request),
        )

    def difference(self, request: HttpRequest, line_id: int) -> HttpResponse:
        """What differs between two versions, or a version and the draft; the older is what it begins with."""
        line = self.line_of(request, line_id)
        first = self._state(request, line, request.GET.get("from", str(line.version)))
        second = self._state(request, line, request.GET.get("to", DRAFT))
        older, newer = sorted((first, second), key=lambda state: state[0])
        changes = compare_definitions(older[2], newer[2])
        return self.line_page(
            request,
            line,
            "console/leads/difference.html",
            title=_("%(line)s: %(old)s → %(new)s") % {"line": line.name, "old": older[1], "new": newer[1]},
            changes=shown_changes(changes, newer[2]),
            summary=summary(changes),
            versions_link=reverse("admin:leads_businessline_versions", args=[line.pk]),
        )

    def _state(
        self, request: HttpRequest, line: BusinessLine, name: str
    ) -> tuple[float, str, list[FieldDefinition]]:
        """A state by its name in an address: where it stands in time, its title, its fields."""
        if name == DRAFT:
            return float("inf"), str(_("draft")), draft_definitions(line)
        if not name.isdecimal() or len(name) > 9:
            raise NotVisible(f"{line.name} has no version {name[:20]}.")
        if name == "0":
            return 0, str(_("nothing")), []
        number = int(name)
        title = str(_("version %(number)s") % {"number": number})
        return number, title, version_fields(request.actor, line, number)  # type: ignore[attr-defined]

    def restore(self, request: HttpRequest, line_id: int, number: int) -> HttpResponse:
        """Ask, then make the draft what a version was, and go on to its publication."""
        line = self._to_write(request, line_id)
        seen = request.POST.get("seen", "")
        if request.method == "POST" and self.attempt(
            request,
            lambda: restore_version(actor=request.actor, line=line, number=number, seen=seen),  # type: ignore[attr-defined]
            _("The draft is what version %(number)s was. Publish it to put it into force.")
            % {"number": number},
        ):
            address = reverse("admin:leads_businessline_publish", args=[line.pk])
            return redirect(f"{address}?note=Back+to+version+{number}")
        draft, problem = draft_definitions(line), ""
        try:
            changes = rehearse_restoring(actor=request.actor, line=line, number=number)  # type: ignore[attr-defined]
        except NotVisible:
            raise
        except ApplicationError as error:
            changes, problem = [], error.message
        replaced = compare_definitions(published_definitions(line), draft)
        return self.line_page(
            request,
            line,
            "console/leads/restore.html",
            title=_("Roll %(line)s back to version %(number)s?") % {"line": line.name, "number": number},
            changes=shown_changes(changes, draft),
            summary=summary(changes),
            replaced=shown_changes(replaced, draft),
            problem=problem,
            seen=draft_token(line),
            back=reverse("admin:leads_businessline_versions", args=[line.pk]),
        )

    def discard(self, request: HttpRequest, line_id: int) -> HttpResponse:
        """Ask, then make the draft what is in force."""
        line = self._to_write(request, line_id)
        seen = request.POST.get("seen", "")
        draft = draft_definitions(line)
        changes = compare_definitions(published_definitions(line), draft)
        return self.confirm(
            request,
            line,
            title=_("Discard the draft of %(line)s?") % {"line": line.name},
            text=_("These changes go. History keeps what they were; what is in force stays as it is."),
            button=_("Discard the draft"),
            work=lambda: discard_draft(actor=request.actor, line=line, seen=seen),  # type: ignore[attr-defined]
            done=_("The draft is discarded. The fields are what is in force."),
            template="console/leads/discard.html",
            changes=shown_changes(changes, draft),
            seen=draft_token(line),
        )

    def _to_write(self, request: HttpRequest, line_id: int) -> BusinessLine:
        line = self.line_of(request, line_id)
        if not self.may_write(request):
            raise NotPermitted
        return line
