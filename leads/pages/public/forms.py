"""A public form: the lead form with the fields that the link asks, a consent, and nothing about the house."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from core.models import StoredFile
from leads.fields.asked import asked_items
from leads.fields.definition import FieldDefinition
from leads.fields.line import line_definition
from leads.models import FormLink
from leads.pages.forms import FILES, PREFIX, LeadForm
from leads.queries.form_links import form_actor
from leads.services.form_files import keep_form_file, limits_of_form

CONSENT = "consent"
# Named so that machines like to fill it.
TRAP = "homepage"
# What browsers and phones may fill in for the person, by the core attribute that a field fills.
PURPOSES = {
    "name": "name",
    "phone": "tel",
    "email": "email",
    "city": "address-level2",
    "region": "address-level1",
}


class PublicForm(LeadForm):
    """The fields that a form link asks. What is typed is judged by the service, as in the agents' form."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
        *,
        link: FormLink,
    ) -> None:
        self.link = link
        definition = line_definition(link.line)
        super().__init__(data, files, actor=form_actor(link), line=link.line, definition=definition)
        for item in self.items:
            if item.type in FILES:
                self.fields[PREFIX + item.key].widget.limits = limits_of_form(item)
            if purpose := PURPOSES.get(item.maps_to):
                self.fields[PREFIX + item.key].widget.attrs["autocomplete"] = purpose
        if link.consent_text:
            words = _("Tick this to agree. Without it we may not get in touch.")
            self.fields[CONSENT] = forms.BooleanField(
                label=link.consent_text, error_messages={"required": words}
            )

    def chosen_items(self) -> list[FieldDefinition]:
        return asked_items(self.definition, self.link.field_keys)

    def store(self, key: str, upload: UploadedFile) -> StoredFile:
        return keep_form_file(link=self.link, key=key, filename=upload.name or "", chunks=upload.chunks())

    def add_origin(self) -> None:
        """Ask nothing: the link says where the lead comes from."""

    def attributes(self) -> dict[str, Any]:
        return {}

    def sections(self) -> list[dict[str, Any]]:
        """The form's fields by section, the consent last."""
        grouped: dict[str, list[Any]] = {}
        for item in self.items:
            grouped.setdefault(item.section, []).append(self[PREFIX + item.key])
        sections: list[dict[str, Any]] = [
            {"title": title or _("Details"), "help": "", "fields": fields}
            for title, fields in grouped.items()
        ]
        if CONSENT in self.fields:
            sections.append({"title": _("Consent"), "help": "", "fields": [self[CONSENT]]})
        return sections

    def take_back_consent(self) -> None:
        """Draw the form with its consent open: the words have changed since the page was seen."""
        self.data = self.data.copy()
        self.data.pop(CONSENT, None)
