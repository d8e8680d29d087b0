"""A form with parts that are built of rows, and its page: a pressed button draws a part again and saves nothing."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from core.admin.base import ServiceModelAdmin
from core.admin.forms import ServiceForm
from core.errors import ApplicationError, NotPermitted, NotVisible, ValidationFailed
from leads.admin.building.choice_field import ChoicesField
from leads.admin.building.rule_field import BuiltRuleField


class BuildingForm(ServiceForm):
    """A form with built parts: what its service finds wrong in one stands beside the row."""

    # The parts that a button draws anew, by the names of their fields.
    built: Sequence[str] = ()

    def is_being_built(self) -> bool:
        """Whether a button of a builder was pressed: the form comes back changed, and nothing is saved."""
        return any(self.data.get(f"{name}-do") for name in self.built)

    def _post_clean(self) -> None:
        if self.is_being_built() and not self.rehearses:
            self._errors = ErrorDict(renderer=self.renderer)
            self.add_error(None, _("Nothing is saved yet. Go on, then save."))
        super()._post_clean()

    def add_refusal(self, error: ApplicationError) -> None:
        """Put what is wrong with a part of a rule, or with a choice, beside its row."""
        rest: dict[str, Any] = {}
        for name, problems in error.fields.items():
            top = name.split(".")[0].split("[")[0]
            field, place = self.fields.get(top), name[len(top) :].removeprefix(".")
            if isinstance(field, BuiltRuleField | ChoicesField) and field.place_problem(
                self[top].data, place, problems[0].message
            ):
                if not self.has_error(top, "marked"):
                    self.add_error(top, ValidationError(_("Correct the marked row."), code="marked"))
            else:
                rest[name] = problems
        if not error.fields:
            super().add_refusal(error)
        elif rest:
            super().add_refusal(ValidationFailed(error.code, error.message, rest))


class BuildingAdmin(ServiceModelAdmin):
    """Rows whose form is a BuildingForm. `shape` is where its buttons go, with a script; without one, to the form."""

    form: type[BuildingForm]
    change_form_before_template = "console/leads/building/first_button.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.shape)
        own = [
            path("shape/", view, name=self._shape_name(is_new=True)),
            path("<int:object_id>/shape/", view, name=self._shape_name(is_new=False)),
        ]
        return [*own, *super().get_urls()]

    def _shape_name(self, *, is_new: bool) -> str:
        name = f"{self.opts.app_label}_{self.opts.model_name}_shape"
        return f"{name}_new" if is_new else name

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        known = object_id is not None and object_id.isascii() and object_id.isdecimal()
        name = f"admin:{self._shape_name(is_new=not known)}"
        told = {
            "may_build": self.may_write(request),
            "shape_link": reverse(name, args=[object_id] if known else []),
        }
        return super().changeform_view(request, object_id, form_url, {**told, **(extra_context or {})})

    @method_decorator(require_POST)
    def shape(self, request: HttpRequest, object_id: int | None = None) -> HttpResponse:
        """One part of the form drawn again as it is typed, a row longer or shorter: what a pressed button asks for."""
        if not self.may_write(request):
            raise NotPermitted
        row = self.found(request, str(object_id)) if object_id else None
        form = self.get_form(request, row, change=row is not None)(request.POST, instance=row)
        form.rehearses = True
        part = request.POST.get("part", "")
        if part not in form.built or part not in form.fields:
            raise NotVisible
        return HttpResponse(form[part].as_widget())
