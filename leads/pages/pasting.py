"""A message that is pasted on the page of a new lead: read into the form, which a person confirms."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actor import Actor
from accounts.roles import Area
from core.rules.values import is_storable_text
from leads.messages.lines import LONGEST_MESSAGE
from leads.messages.reading import Reading, read_message
from leads.models import BusinessLine
from leads.pages.forms import PREFIX, LeadForm
from leads.services.enquiries import capture_context

_WORDS_SHOWN = 90
_AREA = {"rows": "6", "maxlength": str(LONGEST_MESSAGE), "autocomplete": "off"}


class MessageForm(forms.Form):
    """The text that is pasted."""

    use_required_attribute = False

    message = forms.CharField(
        label=gettext_lazy("Message"),
        help_text=gettext_lazy("From WhatsApp or an e-mail. It fills the form below; you save it."),
        max_length=LONGEST_MESSAGE,
        error_messages={"required": gettext_lazy("Paste a message here first.")},
        widget=forms.Textarea(attrs=_AREA),
    )

    def clean_message(self) -> str:
        text: str = self.cleaned_data["message"]
        if not is_storable_text(text):
            raise forms.ValidationError(_("There is a character in it that cannot be stored. Copy it anew."))
        return text


class RestForm(forms.Form):
    """What was not recognised, to be kept with the lead."""

    prefix = "message"
    use_required_attribute = False

    keep = forms.BooleanField(
        label=gettext_lazy("Keep this as a note on the lead"), required=False, initial=True
    )
    note = forms.CharField(
        label=gettext_lazy("Not recognised in the message"),
        required=False,
        max_length=LONGEST_MESSAGE,
        widget=forms.Textarea(attrs=_AREA),
    )

    def clean_note(self) -> str:
        text: str = self.cleaned_data["note"]
        if not is_storable_text(text):
            raise forms.ValidationError(_("There is a character in it that cannot be stored. Type it anew."))
        return text

    @property
    def kept(self) -> str:
        """The note to write; "" for none."""
        return self.cleaned_data["note"] if self.cleaned_data["keep"] else ""


def may_note(actor: Actor) -> bool:
    """Whether the actor writes notes on the leads that the actor makes."""
    return actor.membership is not None and actor.may(Area.LEADS, "write")


def posted_rest(request: HttpRequest, actor: Actor) -> RestForm | None:
    """The note that comes with the form of a lead; None where no message was pasted."""
    if f"{RestForm.prefix}-note" not in request.POST or not may_note(actor):
        return None
    return RestForm(request.POST)


def read_into(form: LeadForm, text: str) -> Reading:
    """Fill an empty form with what a message says; what the form does not show is not filled."""
    writable = {item.key for item in form.items}
    reading = read_message(text, form.definition, writable, capture_context(form.actor))
    show_reading(form, reading)
    return reading


def show_reading(form: LeadForm, reading: Reading) -> None:
    """Fill an empty form with what a message says, and tell at each field where that comes from."""
    for item in form.items:
        field = form.fields[PREFIX + item.key]
        if item.key in reading.suggested:
            found = reading.suggested[item.key]
            form.initial[PREFIX + item.key] = found.raw
            field.source = _("from “%(words)s”") % {"words": shortened(found.words)}  # type: ignore[attr-defined]
        elif item.key in reading.unclear:
            words = ", ".join(f"“{shortened(each)}”" for each in reading.unclear[item.key][:3])
            told = _("Left empty, the message is not clear: %(words)s") % {"words": words}
            field.source = told  # type: ignore[attr-defined]


def shortened(words: str) -> str:
    """Words of a message as they are shown beside a field."""
    return Truncator(words).chars(_WORDS_SHOWN)


def told_of(reading: Reading, line: BusinessLine) -> dict[str, Any]:
    """What is told above the form of a message that was read."""
    filled, unclear = len(reading.suggested), len(reading.unclear)
    if not filled and not unclear:
        told = _("Nothing in the message was recognised for %(line)s.") % {"line": line.name}
        return {"tone": "warn", "text": told}
    told = _(
        "Fields filled from the message: %(filled)s. Left open because it is not clear: %(unclear)s."
    ) % {
        "filled": filled,
        "unclear": unclear,
    }
    return {
        "tone": "warn" if unclear else "info",
        "text": f"{told} {_('Look them over, then save the lead.')}",
    }
