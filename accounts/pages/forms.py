"""Forms of a person's own page."""

from django import forms
from django.utils.translation import gettext_lazy as _

from core.errors import ApplicationError


class ProfileForm(forms.Form):
    """What a person may change alone. The service validates; the form shows what it says."""

    name = forms.CharField(label=_("Name"), required=False, help_text=_("As your colleagues read it."))
    phone = forms.CharField(label=_("Phone"), required=False)

    name.widget.attrs["autocomplete"] = "name"
    phone.widget = forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"})


def show_refusal(form: forms.Form, error: ApplicationError) -> None:
    """Put what a service refused beside the fields it names; what names none stands above the form."""
    placed = False
    for name, problems in error.fields.items():
        for problem in problems:
            form.add_error(name if name in form.fields else None, problem.message)
            placed = True
    if not placed:
        form.add_error(None, error.message)
