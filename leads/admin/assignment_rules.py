"""Assignment rules in the console: conditions in rows, people by ticking, and a trial before they count."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
)

from accounts.models import Membership
from accounts.queries.members import assignable_members, choice_label
from accounts.roles import Role
from core.admin.forms import LinesField
from core.admin.menu import CONFIGURE, MenuPlace
from core.admin.site import console
from leads.admin.rule_pages import LineRuleAdmin, LineRuleForm, condition_field, line_field
from leads.fields.line import line_definition
from leads.models import AssignmentRule
from leads.queries.assignments import visible_assignment_rules
from leads.services.assigning import create_assignment_rule, update_assignment_rule
from leads.services.assigning.places import pin_key
from leads.services.assigning.trying import try_rule

WEIGHT = re.compile(r"(?P<address>\S+@\S+?)\s*[:=]?\s+(?P<weight>[0-9]{1,3})")


class AssignmentRuleForm(LineRuleForm):
    """The settings of a rule."""

    create = staticmethod(create_assignment_rule)
    update = staticmethod(update_assignment_rule)
    line = line_field(_("Whose new leads it gives away. Never changes."))
    condition = condition_field(_("Conditions"))
    places = LinesField(
        label=_("Cities, regions and PIN codes"),
        help_text=_(
            "One per line; none: everywhere. The lead's city or region must be one of them, or its PIN code begin with"
            " one: 560001 is one code, 560 every code that begins so."
        ),
    )
    pin_field = forms.ChoiceField(
        label=_("Field of the PIN code"), required=False, widget=UnfoldAdminSelectWidget
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
        people = assignable_members(self.actor)
        self.offer("people", people)
        self.offer("team", people.filter(roles__contains=[Role.TEAM_LEADER.value]))
        for name in ("people", "team"):
            if name in self.fields:
                self.fields[name].label_from_instance = choice_label
        if "pin_field" in self.fields:
            self.fields["pin_field"].choices = self._pin_fields()
        if self.is_new or "weights" not in self.fields:
            return
        weights = dict(zip(self.instance.people, self.instance.weights, strict=False))
        named = Membership.objects.filter(pk__in=weights).select_related("user")
        self.initial["weights"] = [f"{each.user.email} {weights[each.pk]}" for each in named]

    def _pin_fields(self) -> list[tuple[str, Any]]:
        """The fields that may hold PIN codes, the one that is found by itself first."""
        fields = line_definition(self.line).active_by_key if self.line else {}
        found = fields.get(pin_key("", line_definition(self.line))) if self.line else None
        by_itself = _("Found by itself: %(field)s") % {"field": found.label} if found else _("None")
        chosen = self.instance.pin_field
        gone = [(chosen, chosen)] if chosen and chosen not in fields else []
        return [("", by_itself), *((key, item.label) for key, item in fields.items()), *gone]

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

    def perform(self, values: dict[str, Any]) -> models.Model:
        weights = values.pop("weights", {})
        people = list(values["people"])
        if unknown := sorted(weights.keys() - {each.user.email for each in people}):
            self.add_error("weights", _now("Tick %(who)s among the people first.") % {"who": unknown[0]})
            return self.instance
        values["people"] = [each.pk for each in people]
        values["weights"] = [weights.get(each.user.email, 1) for each in people] if weights else []
        return super().perform(values)


@admin.register(AssignmentRule, site=console)
class AssignmentRuleAdmin(LineRuleAdmin):
    """Who gets new leads."""

    menu = MenuPlace(CONFIGURE, 35, "assignment_ind", _("Assignment rules"))
    form = AssignmentRuleForm
    list_display = ("name", "line", "position", "method", "words", "state_label")
    actions_detail = ("try_it",)

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_assignment_rules(actor)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return (
            (None, {"fields": ("line", "name", "position", "is_active")}),
            (_("Which leads"), {"fields": (self.condition_name(request), "places", "pin_field")}),
            (_("To whom"), {"fields": ("method", "people", "team", "weights")}),
            (_("When, and how many"), {"fields": ("only_at_work", "daily_cap")}),
        )

    @admin.display(description=_("Condition"))
    def words(self, rule: AssignmentRule) -> str:
        said = [self.condition_words(rule)] if rule.condition else []
        if rule.places:
            said.append(_now("in %(places)s") % {"places": ", ".join(rule.places[:5])})
        return "; ".join(said) or _now("Every lead")

    @action(description=_("Try it"), icon="science", permissions=["write"])
    def try_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what the rule would do to the newest leads."""
        rule = self.found(request, object_id)
        return self.row_page(
            request,
            rule,
            "console/leads/assignment_trial.html",
            title=_("What “%(rule)s” would do") % {"rule": rule},
            trial=try_rule(request.actor, rule),  # type: ignore[attr-defined]
        )
