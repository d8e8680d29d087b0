"""Assignment rules in the console: conditions one per line, people by ticking, and a trial before they count."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.models import Membership
from accounts.queries.members import assignable_members, choice_label
from accounts.roles import Role
from core.admin.base import ServiceModelAdmin
from core.admin.forms import LinesField, ServiceForm
from core.admin.menu import CONFIGURE, MenuPlace
from core.admin.site import console
from core.rules import Kind
from core.rules.nodes import Operator
from leads.fields.line import line_definition
from leads.fields.rule_words import rule_words
from leads.models import AssignmentRule, BusinessLine
from leads.queries.assignments import visible_assignment_rules
from leads.queries.lines import visible_lines
from leads.services.assigning import create_assignment_rule, update_assignment_rule
from leads.services.assigning.trying import try_rule

SIGNS = {"=": "eq", "!=": "ne", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
SIGN_OF = {operator: sign for sign, operator in SIGNS.items()}
LISTS = ("in", "not_in", "between", "has_any", "has_all")
NOTHING = ("is_empty", "is_not_empty")
CONDITION = re.compile(r"(?P<field>[a-z][a-z0-9_]*)\s*(?P<sign>!=|>=|<=|=|>|<|\s[a-z_]+)\s*(?P<value>.*)")
WEIGHT = re.compile(r"(?P<address>\S+@\S+?)\s*[:=]?\s+(?P<weight>[0-9]{1,3})")
ANSWERS = {"true": True, "yes": True, "false": False, "no": False}


def read_conditions(lines: Iterable[str]) -> dict[str, Any] | None:
    """Return the rule that lines such as `income >= 500000` say together; None for none. Raises ValidationError."""
    parts = [_condition(line) for line in lines]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else {"all": parts}


def _condition(line: str) -> dict[str, Any]:
    found = CONDITION.fullmatch(line.strip())
    operator = SIGNS.get(sign := found["sign"].strip(), sign) if found else ""
    if found is None or operator not in set(Operator):
        raise ValidationError(
            _("“%(line)s” is no condition. Write, for example, income >= 500000."), params={"line": line}
        )
    read: dict[str, Any] = {"field": found["field"], "op": operator}
    text = found["value"].strip()
    if operator in NOTHING:
        return read
    if operator in LISTS:
        return {**read, "value": [part.strip() for part in text.split(",") if part.strip()]}
    if operator == Operator.WITHIN_DAYS and text.isascii() and text.isdigit():
        return {**read, "value": int(text)}
    return {**read, "value": text}


def written_conditions(tree: Any) -> list[str] | None:
    """Return a rule as such lines; None where it says more than lines can."""
    if not tree:
        return []
    parts = tree["all"] if set(tree) == {"all"} else [tree]
    lines = []
    for part in parts:
        value = part.get("value")
        items = value if isinstance(value, list) else [value]
        if "field" not in part or part.get("exact") or any(isinstance(each, Mapping) for each in items):
            return None
        texts = ["" if each is None else str(each).lower() if each is True or each is False else str(each)
                 for each in items]  # fmt: skip
        lines.append(f"{part['field']} {SIGN_OF.get(part['op'], part['op'])} {', '.join(texts)}".strip())
    try:
        return lines if _said(read_conditions(lines)) == _said(tree) else None
    except ValidationError:
        return None


def _said(tree: Any) -> Any:
    """A tree with its values as text, for comparing."""
    parts = tree.get("all", [tree])
    return [(part["field"], part["op"], str(part.get("value")).lower()) for part in parts]


def with_answers(tree: dict[str, Any] | None, kinds: Mapping[str, Kind]) -> dict[str, Any] | None:
    """Return a tree that was read from lines with yes and no for what: text, until the fields' kinds are known."""
    for part in tree.get("all", [tree]) if tree else []:
        if str(kinds.get(part["field"])) in ("boolean", "presence"):
            part["value"] = ANSWERS.get(str(part.get("value")).lower(), part.get("value"))
    return tree


class AssignmentRuleForm(ServiceForm):
    """The settings of a rule."""

    line = forms.ModelChoiceField(
        label=_("Business line"),
        queryset=BusinessLine._base_manager.none(),
        widget=UnfoldAdminSelectWidget,
        help_text=_("Whose new leads it gives away. Never changes."),
    )
    condition = LinesField(
        label=_("Conditions"),
        help_text=_(
            "One per line, all of them must hold; none: every lead. A field's key, a sign, a value. For example:"
            "<br>income &gt;= 500000<br>city in Pune, Mumbai<br>pan is_not_empty"
        ),
    )
    places = LinesField(
        label=_("Cities, regions and PIN codes"),
        help_text=_(
            "One per line; none: everywhere. The lead's city or region must be one of them, or its PIN code begin with"
            " one: 560001 is one code, 560 every code that begins so."
        ),
    )
    pin_field = forms.CharField(
        label=_("Field of the PIN code"),
        required=False,
        max_length=60,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Its key; nothing: the field of the line that is called PIN, or takes six digits."),
    )
    daily_cap = forms.IntegerField(
        label=_("Leads a day for each"),
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_(
            "Who has got so many by this rule since midnight gets no more today. When everybody has, the next rule"
            " that fits decides; without one the lead waits until tomorrow. Nothing: as many as come."
        ),
    )
    people = forms.ModelMultipleChoiceField(
        label=_("People"),
        queryset=Membership._base_manager.none(),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Who has no access any more is skipped."),
    )
    team = forms.ModelChoiceField(
        label=_("And everybody in the team of"),
        queryset=Membership._base_manager.none(),
        required=False,
        empty_label=_("Nobody"),
        widget=UnfoldAdminSelectWidget,
    )
    weights = LinesField(
        label=_("Weights"),
        help_text=_(
            "For “In turn, by weights”: one person per line; who is not listed weighs 1. For example:"
            "<br>asha@example.com 3"
        ),
    )

    class Meta:
        model = AssignmentRule
        fields = ("line", "name", "position", "is_active", "condition", "places", "pin_field", "method", "people",
                  "team", "weights", "only_at_work", "daily_cap")  # fmt: skip
        help_texts = {
            "name": _("Such as “Large loans in Pune”. People read it on the lead."),
            "position": _("The first rule that fits and has somebody decides; small numbers come first."),
            "is_active": _("A rule that is not in use can be tried."),
            "only_at_work": _(
                "By the working hours of each. While nobody of them is at work, leads wait, as nobody's, and are given"
                " in the order in which they came when the hours begin. Who is away is passed over by every rule."
            ),
            "method": _(
                "In turn: each gets the next one. By weights: who weighs 3 gets three while others get one."
            ),
        }

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        offered = {
            "line": visible_lines(self.actor).filter(version__gt=0),
            "people": assignable_members(self.actor),
            "team": assignable_members(self.actor).filter(roles__contains=[Role.TEAM_LEADER.value]),
        }
        for name, rows in offered.items():
            if name in self.fields:
                self.fields[name].queryset = rows
                if name != "line":
                    self.fields[name].label_from_instance = choice_label
        if self.is_new or "condition" not in self.fields:
            return
        lines = written_conditions(self.instance.condition)
        if lines is None:
            # It came with a configuration file and says more than lines can: it stays as it is.
            del self.fields["condition"]
        else:
            self.initial["condition"] = lines
        weights = dict(zip(self.instance.people, self.instance.weights, strict=False))
        people = Membership.objects.filter(pk__in=weights).select_related("user")
        self.initial["weights"] = [f"{each.user.email} {weights[each.pk]}" for each in people]

    def clean_condition(self) -> dict[str, Any] | None:
        tree = read_conditions(self.cleaned_data["condition"])
        line = self.cleaned_data.get("line") or (None if self.is_new else self.instance.line)
        return tree if line is None else with_answers(tree, line_definition(line).kinds)

    def clean_weights(self) -> dict[str, int]:
        weights = {}
        for line in self.cleaned_data["weights"]:
            found = WEIGHT.fullmatch(line)
            if found is None:
                raise ValidationError(
                    _("“%(line)s” is no weight. Write, for example, asha@example.com 3."),
                    params={"line": line},
                )
            weights[found["address"].lower()] = int(found["weight"])
        return weights

    def perform(self, values: dict[str, Any]) -> AssignmentRule:
        weights = values.pop("weights", {})
        people = list(values["people"])
        if unknown := sorted(weights.keys() - {each.user.email for each in people}):
            self.add_error("weights", _now("Tick %(who)s among the people first.") % {"who": unknown[0]})
            return self.instance
        values["people"] = [each.pk for each in people]
        values["weights"] = [weights.get(each.user.email, 1) for each in people] if weights else []
        line = values.pop("line", None)
        if self.is_new:
            return create_assignment_rule(actor=self.actor, line=line, **values)
        return update_assignment_rule(actor=self.actor, rule=self.instance, **values)


@admin.register(AssignmentRule, site=console)
class AssignmentRuleAdmin(ServiceModelAdmin):
    """Who gets new leads."""

    menu = MenuPlace(CONFIGURE, 35, "assignment_ind", _("Assignment rules"))
    form = AssignmentRuleForm
    can_add = True
    can_change = True
    list_display = ("name", "line", "position", "method", "words", "state_label")
    list_filter = ("is_active",)
    search_fields = ("name",)
    sortable_by = ()
    ordering = ("line__name", "position", "id")
    actions_detail = ("try_it",)

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_assignment_rules(actor)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fits = ("condition", "places", "pin_field")
        if obj is not None and written_conditions(obj.condition) is None:
            fits = ("words", "places", "pin_field")
        return (
            (None, {"fields": ("line", "name", "position", "is_active")}),
            (_("Which leads"), {"fields": fits}),
            (_("To whom"), {"fields": ("method", "people", "team", "weights")}),
            (_("When, and how many"), {"fields": ("only_at_work", "daily_cap")}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("line", "words") if obj else ()

    @admin.display(description=_("Condition"))
    def words(self, rule: AssignmentRule) -> str:
        fields = line_definition(rule.line).by_key
        said = [rule_words(rule.condition, fields)] if rule.condition else []
        if rule.places:
            said.append(_now("in %(places)s") % {"places": ", ".join(rule.places[:5])})
        return "; ".join(said) or _now("Every lead")

    @display(description=_("State"), ordering="is_active", label={"active": "success", "off": ""})
    def state_label(self, rule: AssignmentRule) -> tuple[str, Any]:
        return ("active", _("In use")) if rule.is_active else ("off", _("Not in use"))

    @action(description=_("Try it"), icon="science", permissions=["write"])
    def try_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what the rule would do to the newest leads."""
        rule = self.found(request, object_id)
        return TemplateResponse(
            request,
            "console/leads/assignment_trial.html",
            {
                **self.admin_site.each_context(request),
                "title": _("What “%(rule)s” would do") % {"rule": rule},
                "opts": self.model._meta,
                "original": rule,
                "trial": try_rule(request.actor, rule),  # type: ignore[attr-defined]
                "back": self.address(rule),
            },
        )
