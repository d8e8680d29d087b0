"""Score rules in the console: conditions in rows, points, and what all rules of the line come to."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from core.admin.menu import CONFIGURE, MenuPlace
from core.admin.site import console
from core.errors import ApplicationError
from leads.admin.building.rule_tree import RuleField
from leads.admin.building.surroundings import rule_fields
from leads.admin.rule_pages import LineRuleAdmin, LineRuleForm, condition_field, line_field
from leads.fields.definition import Choice, FieldDefinition
from leads.fields.line import LineDefinition, line_definition
from leads.fields.scoring import ATTRIBUTES, PASSING_OPERATORS, score_fields
from leads.models import BusinessLine, Lead, ScoreRule
from leads.queries.leads import get_lead
from leads.queries.origins import active_origins
from leads.queries.scores import renewal_of, visible_score_rules
from leads.services.scoring import create_score_rule, update_score_rule
from leads.services.scoring.rules import renew_line_scores
from leads.services.scoring.trying import try_rules


class ScoreRuleForm(LineRuleForm):
    """The settings of a rule."""

    create = staticmethod(create_score_rule)
    update = staticmethod(update_score_rule)
    line = line_field(_("Whose leads get the points. Never changes."))
    condition = condition_field(_("Conditions"))

    class Meta:
        model = ScoreRule
        fields = ("line", "name", "position", "is_active", "condition", "points")
        help_texts = {
            "name": _("Such as “Large income”. People read it on the lead."),
            "position": _("In which order reasons are told; small numbers come first."),
            "is_active": _("A rule that is not in use gives no points, and can be tried."),
            "points": _("What a lead gets that meets the conditions, such as 20; -10 takes points away."),
        }

    def readable(
        self, definition: LineDefinition, named: Mapping[str, FieldDefinition]
    ) -> tuple[Mapping[str, RuleField], Mapping[str, FieldDefinition]]:
        """The fields of the line, and beside them what every lead has."""
        sources, campaigns = active_origins(self.actor)
        stages = self.line.stages if self.line else ()
        offered = {"stage": stages, "source": sources, "campaign": campaigns}
        attributes = {
            key: replace(
                item,
                section=_("Of every lead"),
                choices=item.choices or tuple(Choice(name, name) for name in offered.get(key, ())),
            )
            for key, item in ATTRIBUTES.items()
        }
        fields = rule_fields({**named, **attributes}, without=PASSING_OPERATORS)
        return fields, {**named, **attributes}


@admin.register(ScoreRule, site=console)
class ScoreRuleAdmin(LineRuleAdmin):
    """What leads are worth."""

    menu = MenuPlace(CONFIGURE, 36, "leaderboard", _("Score rules"))
    form = ScoreRuleForm
    list_display = ("name", "line", "position", "points_label", "words", "state_label")
    actions_detail = ("try_it", "renew")

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_score_rules(actor)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return (
            (None, {"fields": ("line", "name", "position", "is_active")}),
            (_("Which leads, and what they get"), {"fields": (self.condition_name(request), "points")}),
        )

    @admin.display(description=_("Condition"))
    def words(self, rule: ScoreRule) -> str:
        return self.condition_words(rule) or _now("Every lead")

    def fields_of(self, rule: ScoreRule) -> Mapping[str, FieldDefinition]:
        return score_fields(line_definition(rule.line))

    @admin.display(description=_("Points"), ordering="points")
    def points_label(self, rule: ScoreRule) -> str:
        return f"{rule.points:+d}"

    @action(description=_("Try the rules"), icon="science", permissions=["write"])
    def try_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what the rules of the line make of its newest leads, and of one that is named."""
        rule = self.found(request, object_id)
        actor = request.actor  # type: ignore[attr-defined]
        reference = request.GET.get("lead", "").strip()
        lead, problem = _lead_of(actor, rule.line, reference) if reference else (None, "")
        job = renewal_of(rule.line)
        return self.row_page(
            request,
            rule,
            "console/leads/score_trial.html",
            title=_("Scores of %(line)s") % {"line": rule.line},
            trial=try_rules(actor, rule.line, lead),
            reference=reference,
            lead=lead,
            problem=problem,
            job=job,
            job_url=reverse("admin:core_job_change", args=[job.pk]) if job else "",
            renew_url=reverse("admin:leads_scorerule_renew", args=[rule.pk]),
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
