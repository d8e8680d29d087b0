"""Forms of the console: their last step is the service, whose refusals stand beside the fields."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from core.errors import ApplicationError


class ServiceForm(forms.ModelForm):
    """A form that is valid once its service has done the work.

    The service validates and writes; the form only reads what was typed. So the model's own validation is not
    run, and a refusal is shown with everything that was typed still there.
    """

    # Set by the admin for each request.
    actor: Any = None
    # Read what was typed, and do nothing.
    rehearses = False

    def perform(self, values: dict[str, Any]) -> models.Model:
        """Call the service with the cleaned values and return the row it wrote."""
        raise NotImplementedError

    @property
    def is_new(self) -> bool:
        """Whether the form adds a row."""
        return self.instance.pk is None

    def _post_clean(self) -> None:
        if self.errors or self.rehearses:
            return
        try:
            with transaction.atomic():
                self.instance = self.perform(self.cleaned_data)
        except ApplicationError as error:
            self.add_refusal(error)

    def add_refusal(self, error: ApplicationError) -> None:
        """Put what a service refused beside the fields it is about, the rest above the form."""
        placed = False
        for name, problems in error.fields.items():
            top = name.split(".")[0].split("[")[0]
            for problem in problems:
                if top in self.fields:
                    # The place inside a rule helps; the number of a line in a list does not, its text is named.
                    where = name[len(top) + 1 :] if name[len(top) :].startswith(".") else ""
                    self.add_error(top, f"{where}: {problem.message}" if where else problem.message)
                else:
                    self.add_error(None, f"{name}: {problem.message}")
                placed = True
        if not placed:
            self.add_error(None, error.message)

    def save(self, commit: bool = True) -> models.Model:
        """Return the row: the service has saved it."""
        return self.instance

    def save_m2m(self) -> None:
        """Do nothing: the service has saved everything."""


def in_words(error: ApplicationError) -> str:
    """Return an error with what is wrong with each field, for a message above a page."""
    sentences = [problem.message for problems in error.fields.values() for problem in problems]
    return " ".join(dict.fromkeys([error.message, *sentences]))


class LinesField(forms.CharField):
    """A list of texts, one per line."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", UnfoldAdminTextareaWidget(attrs={"rows": 3}))
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(list(initial or []) != self.to_python(data))


class JsonField(forms.CharField):
    """JSON in a text area; nothing is None. What is no JSON comes back as it was typed, with the place."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", UnfoldAdminTextareaWidget(attrs={"rows": 5, "spellcheck": "false"}))
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, str):
            return value
        return json.dumps(value, ensure_ascii=False, indent=1)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise ValidationError(
                _("This is no JSON: %(what)s in line %(line)s, column %(column)s."),
                code="no_json",
                params={"what": error.msg, "line": error.lineno, "column": error.colno},
            ) from None
        except RecursionError:
            raise ValidationError(_("This is nested too deeply. Make it simpler."), code="no_json") from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(initial != self.to_python(data))
        except ValidationError:
            return True
