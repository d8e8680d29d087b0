"""Score rules in the console: conditions one per line, points, and what all rules of the line come to."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget

from core.admin.base import ServiceModelAdmin
from core.admin.forms import LinesField, ServiceForm
from core.admin.menu import CONFIGURE, MenuPlace
from core.admin.site import console
from core.errors import ApplicationError
from leads.admin.assignment_rules import read_conditions, with_answers, written_conditions
from leads.fields.line import line_definition
from leads.fields.scoring import score_kinds
from leads.models import BusinessLine, Lead, ScoreRule
from leads.queries.leads import get_lead
from leads.queries.lines import visible_lines
from leads.queries.scores import condition_words, renewal_of, visible_score_rules
from leads.services.scoring import create_score_rule, update_score_rule
from leads.services.scoring.rules import renew_line_scores
from leads.services.scoring.trying import try_rules


class ScoreRuleForm(ServiceForm):
    """The settings of a rule."""

    line = forms.ModelChoiceField(
        label=_("Business line"),
        queryset=BusinessLine._base_manager.none(),
        widget=UnfoldAdminSelectWidget,
        help_text=_("Whose leads get the points. Never changes."),
    )
    condition = LinesField(
        label=_("Conditions"),
        help_text=_(
            "One per line, all of them must hold; none: every lead. A field's key, or status, stage, source,"
            " campaign; a sign, a value. For example:<br>income &gt;= 500000<br>source in Website, Referral"
        ),
    )

    class Meta:
        model = ScoreRule
        fields = ("line", "name", "position", "is_active", "condition", "points")
        help_texts = {
            "name": _("Such as “Large income”. People read it on the lead."),
            "position": _("In which order reasons are told; small numbers come first."),
            "is_active": _("A rule that is not in use gives no points, and can be tried."),
            "points": _("What a lead gets that meets the conditions, such as 20; -10 takes points away."),
        }

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if "line" in self.fields:
            self.fields["line"].queryset = visible_lines(self.actor).filter(version__gt=0)
        if self.is_new or "condition" not in self.fields:
            return
        lines = written_conditions(self.instance.condition)
        if lines is None:
            # It came with a configuration file and says more than lines can: it stays as it is.
            del self.fields["condition"]
        else:
            self.initial["condition"] = lines

    def clean_condition(self) -> dict[str, Any] | None:
        tree = read_conditions(self.cleaned_data["condition"])
        line = self.cleaned_data.get("line") or (None if self.is_new else self.instance.line)
        return tree if line is None else with_answers(tree, score_kinds(line_definition(line)))

    def perform(self, values: dict[str, Any]) -> ScoreRule:
        line = values.pop("line", None)
        if self.is_new:
            return create_score_rule(actor=self.actor, line=line, **values)
        return update_score_rule(actor=self.actor, rule=self.instance, **values)


@admin.register(ScoreRule, site=console)
class ScoreRuleAdmin(ServiceModelAdmin):
    """What leads are worth."""

    menu = MenuPlace(CONFIGURE, 36, "leaderboard", _("Score rules"))
    form = ScoreRuleForm
    can_add = True
    can_change = True
    list_display = ("name", "line", "position", "points_label", "words", "state_label")
    list_filter = ("is_active",)
    search_fields = ("name",)
    sortable_by = ()
    ordering = ("line__name", "position", "id")
    actions_detail = ("try_it", "renew")

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_score_rules(actor)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fits = "words" if obj is not None and written_conditions(obj.condition) is None else "condition"
        return (
            (None, {"fields": ("line", "name", "position", "is_active")}),
            (_("Which leads, and what they get"), {"fields": (fits, "points")}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("line", "words") if obj else ()

    @admin.display(description=_("Condition"))
    def words(self, rule: ScoreRule) -> str:
        return condition_words(rule.line, rule) or _now("Every lead")

    @admin.display(description=_("Points"), ordering="points")
    def points_label(self, rule: ScoreRule) -> str:
        return f"{rule.points:+d}"

    @display(description=_("State"), ordering="is_active", label={"active": "success", "off": ""})
    def state_label(self, rule: ScoreRule) -> tuple[str, Any]:
        return ("active", _("In use")) if rule.is_active else ("off", _("Not in use"))

    @action(description=_("Try the rules"), icon="science", permissions=["write"])
    def try_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what the rules of the line make of its newest leads, and of one that is named."""
        rule = self.found(request, object_id)
        actor = request.actor  # type: ignore[attr-defined]
        reference = request.GET.get("lead", "").strip()
        lead, problem = _lead_of(actor, rule.line, reference) if reference else (None, "")
        job = renewal_of(rule.line)
        return TemplateResponse(
            request,
            "console/leads/score_trial.html",
            {
                **self.admin_site.each_context(request),
                "title": _("Scores of %(line)s") % {"line": rule.line},
                "opts": self.model._meta,
                "original": rule,
                "trial": try_rules(actor, rule.line, lead),
                "reference": reference,
                "lead": lead,
                "problem": problem,
                "job": job,
                "job_url": reverse("admin:core_job_change", args=[job.pk]) if job else "",
                "renew_url": reverse("admin:leads_scorerule_renew", args=[rule.pk]),
                "back": self.address(rule),
            },
        )

    @action(description=_("Score anew"), icon="refresh", permissions=["write"])
    def renew(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have the stored leads of the line scored anew."""
        rule = self.found(request, object_id)
        return self.confirm(
            request,
            rule,
            title=_("Score the leads of %(line)s anew?") % {"line": rule.line},
            text=_(
                "This happens by itself when rules change. It is needed where that was cancelled or has failed."
            ),
            button=_("Score anew"),
            work=lambda: renew_line_scores(actor=request.actor, line=rule.line),  # type: ignore[attr-defined]
            done=_("The leads are being scored anew. “Try the rules” says how far it is."),
        )


def _lead_of(actor: Any, line: BusinessLine, reference: str) -> tuple[Lead | None, str]:
    try:
        lead = get_lead(actor, reference)
    except ApplicationError as error:
        return None, error.message
    if lead.line_id != line.pk:
        return None, _now("This lead belongs to %(line)s.") % {"line": lead.line}
    return lead, ""
