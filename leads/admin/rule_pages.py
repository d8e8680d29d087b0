"""What the pages of rules have in common: the line they belong to, their conditions, whether they are in use."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from leads.admin.building.building_form import BuildingAdmin, BuildingForm
from leads.admin.building.rule_field import BuiltRuleField
from leads.admin.building.rule_tree import RuleField
from leads.admin.building.surroundings import rule_fields, with_members
from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition, line_definition
from leads.models import BusinessLine
from leads.pages.widgets import DrawnWidget
from leads.queries.lines import visible_lines
from leads.queries.named import References

LONGEST_NUMBER = 18


class ChosenLine(DrawnWidget):
    """The line that was chosen before the form opened, by name, with the way back to choosing."""

    template = "console/leads/chosen_line.html"

    def __init__(self, none: Any = "") -> None:
        super().__init__({})
        self.none = none
        self.line: BusinessLine | None = None

    def id_for_label(self, id_: str) -> str:
        """None: there is nothing to type into."""
        return ""

    def shown(self, name: str, value: Any) -> dict[str, Any]:
        return {"line": self.line, "none": self.none, "value": self.line.pk if self.line else ""}


def line_field(help_text: Any, *, none: Any = "") -> forms.ModelChoiceField:
    """Return the field of the line that a rule belongs to; `none` says what a rule without one is for."""
    return forms.ModelChoiceField(
        label=_("Business line"),
        queryset=BusinessLine._base_manager.none(),
        widget=ChosenLine(none),
        help_text=help_text,
        required=not none,
    )


def condition_field(label: Any) -> BuiltRuleField:
    """Return the field of a rule's condition; its form says what there is to build with."""
    return BuiltRuleField(
        label=label,
        nothing=_("Every lead."),
        help_text=_(
            "Add a condition, choose a field, a comparison and a value. Without conditions: every lead."
        ),
    )


class RuleForm(BuildingForm):
    """The settings of a rule, that of its line and its condition among them, where it has such."""

    built = ("condition",)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        lines = published_lines(self.actor)
        self.line = self.instance.line if not self.is_new else self._given_line(lines)
        self.offer("line", lines)
        if "line" in self.fields:
            self.fields["line"].widget.line = self.line
        if "condition" in self.fields:
            self._surround_condition(self.fields["condition"])

    def _given_line(self, lines: models.QuerySet[BusinessLine]) -> BusinessLine | None:
        given = str((self.data if self.is_bound else self.initial).get("line") or "")
        return lines.filter(pk=int(given)).first() if _is_number(given) else None

    def _surround_condition(self, field: BuiltRuleField) -> None:
        if self.line is None:
            field.widget.without_fields = _("Conditions read the fields of one line.")
            return
        definition = line_definition(self.line)
        named = with_members(self.actor, definition.fields)
        field.surround(*self.readable(definition, named))
        field.widget.without_fields = _("Conditions read the fields of the line, and it has none yet.")

    def offer(self, name: str, rows: models.QuerySet) -> None:
        """Let a field choose among rows, where the page has it."""
        if name in self.fields:
            self.fields[name].queryset = rows

    def readable(
        self, definition: LineDefinition, named: Mapping[str, FieldDefinition]
    ) -> tuple[Mapping[str, RuleField], Mapping[str, FieldDefinition]]:
        """Return what conditions may read, and what puts them into words; `named` are the line's fields by key."""
        return rule_fields(named), named


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


def published_lines(actor: Any) -> models.QuerySet[BusinessLine]:
    """Return the lines that rules can be of, by name."""
    return visible_lines(actor).filter(version__gt=0).order_by("name", "pk")


def _is_number(text: str) -> bool:
    """Whether an address can mean a row by this text."""
    return text.isascii() and text.isdecimal() and len(text) < LONGEST_NUMBER


class RuleAdmin(BuildingAdmin):
    """Rules whose form opens once their line is chosen, since conditions read its fields."""

    can_add = True
    can_change = True
    # A rule may also be for all lines together.
    all_lines: Any = ""

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """Ask for the line first; where there is one only, there is nothing to ask."""
        if request.method == "GET" and self.has_add_permission(request):
            lines = list(published_lines(request.actor))  # type: ignore[attr-defined]
            if not self._is_chosen(request, lines):
                return self._choose_line(request, lines)
        return super().add_view(request, form_url, extra_context)

    def _is_chosen(self, request: HttpRequest, lines: list[BusinessLine]) -> bool:
        given = request.GET.get("line")
        if given is None:
            return len(lines) == 1 and not self.all_lines
        return (not given and bool(self.all_lines)) or given in {str(line.pk) for line in lines}

    def _choose_line(self, request: HttpRequest, lines: list[BusinessLine]) -> HttpResponse:
        of_line = Counter(self.rows(request.actor).values_list("line_id", flat=True))  # type: ignore[attr-defined]
        offered = [(line, of_line[line.pk]) for line in lines]
        frame = {
            "title": _now("Add %(rule)s") % {"rule": self.opts.verbose_name},
            "opts": self.opts,
            "lines": offered,
            "all_lines": self.all_lines,
            "of_all_lines": of_line[None],
            "back": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
            "lines_link": reverse("admin:leads_businessline_changelist"),
        }
        return TemplateResponse(
            request, "console/leads/choose_line.html", {**self.admin_site.each_context(request), **frame}
        )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = super().get_changeform_initial_data(request)
        if "line" not in initial and not self.all_lines:
            initial["line"] = published_lines(request.actor).values_list("pk", flat=True).first()  # type: ignore[attr-defined]
        return initial

    # Words name people, as far as the reader may know them, which the stock admin does not tell its columns: the row
    # carries it.

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        rule = super().get_object(request, object_id, from_field)
        if rule is not None:
            rule.references = References(request.actor)  # type: ignore[attr-defined]
        return rule

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        references = References(request.actor)  # type: ignore[attr-defined]
        for rule in changelist.result_list:
            rule.references = references
            references.expect_rule(getattr(rule, "condition", None), self.fields_of(rule))
        return changelist

    def fields_of(self, rule: Any) -> Mapping[str, FieldDefinition]:
        """Return the fields that the condition of a rule reads, by key."""
        return line_definition(rule.line).by_key if rule.line else {}

    def condition_words(self, rule: Any) -> str:
        """Return the condition of a rule in words; "" where it has none."""
        words: str = rule.references.rule_words(rule.condition, self.fields_of(rule))
        return words

    def condition_name(self, request: HttpRequest) -> str:
        """Return what the page shows of the condition: rows to change, or words for who only reads."""
        return "condition" if self.may_write(request) else "words"


class LineRuleAdmin(RuleAdmin):
    """Rules of lines, in the order in which they are asked."""

    list_filter = ("is_active",)
    search_fields = ("name",)
    sortable_by = ()
    ordering = ("line__name", "position", "id")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("line", "words") if obj else ()

    @display(description=_("State"), ordering="is_active", label={"active": "success", "off": ""})
    def state_label(self, rule: Any) -> tuple[str, Any]:
        return ("active", _("In use")) if rule.is_active else ("off", _("Not in use"))
