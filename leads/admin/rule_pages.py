"""What the pages of rules have in common: the line they belong to, their conditions, whether they are in use."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from core.admin.base import ServiceModelAdmin
from core.admin.forms import ServiceForm
from core.rules import Kind
from leads.admin.condition_lines import read_conditions, with_answers, written_conditions
from leads.fields.line import LineDefinition, line_definition
from leads.models import BusinessLine
from leads.queries.lines import visible_lines


def line_field(help_text: Any, **options: Any) -> forms.ModelChoiceField:
    """Return the field of the line that a rule belongs to; its form offers the lines."""
    return forms.ModelChoiceField(
        label=_("Business line"),
        queryset=BusinessLine._base_manager.none(),
        widget=UnfoldAdminSelectWidget,
        help_text=help_text,
        **options,
    )


class RuleForm(ServiceForm):
    """The settings of a rule, that of its line and its condition among them, where it has such."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.offer("line", visible_lines(self.actor).filter(version__gt=0))
        if self.is_new or "condition" not in self.fields:
            return
        lines = written_conditions(self.instance.condition)
        if lines is None:
            # It came with a configuration file and says more than lines can: it stays as it is.
            del self.fields["condition"]
        else:
            self.initial["condition"] = lines

    def offer(self, name: str, rows: models.QuerySet) -> None:
        """Let a field choose among rows, where the page has it."""
        if name in self.fields:
            self.fields[name].queryset = rows

    def kinds(self, definition: LineDefinition) -> Mapping[str, Kind]:
        """Return what conditions may read, with its kind."""
        return definition.kinds

    def clean_condition(self) -> dict[str, Any] | None:
        tree = read_conditions(self.cleaned_data["condition"])
        line = self.cleaned_data.get("line") or (None if self.is_new else self.instance.line)
        return tree if line is None else with_answers(tree, self.kinds(line_definition(line)))


class LineRuleForm(RuleForm):
    """The settings of a rule of one line. A subclass says which services write it."""

    create: Callable[..., Any]
    update: Callable[..., Any]

    def perform(self, values: dict[str, Any]) -> models.Model:
        line = values.pop("line", None)
        written: models.Model = (
            self.create(actor=self.actor, line=line, **values)
            if self.is_new
            else self.update(actor=self.actor, rule=self.instance, **values)
        )
        return written


def condition_field(obj: Any) -> str:
    """Return what a page shows of a rule's condition: lines to change, or words where lines cannot say it."""
    return "words" if obj is not None and written_conditions(obj.condition) is None else "condition"


class LineRuleAdmin(ServiceModelAdmin):
    """Rules of lines, in the order in which they are asked."""

    can_add = True
    can_change = True
    list_filter = ("is_active",)
    search_fields = ("name",)
    sortable_by = ()
    ordering = ("line__name", "position", "id")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("line", "words") if obj else ()

    @display(description=_("State"), ordering="is_active", label={"active": "success", "off": ""})
    def state_label(self, rule: Any) -> tuple[str, Any]:
        return ("active", _("In use")) if rule.is_active else ("off", _("Not in use"))
