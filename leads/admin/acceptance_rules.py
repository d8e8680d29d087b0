"""Acceptance rules in the console: which new leads of a source are taken, how many are left, and a trial."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget

from core.admin.base import PausingAdmin
from core.admin.menu import CONFIGURE, MenuPlace
from core.admin.site import console
from leads.admin.rule_pages import RuleAdmin, RuleForm, condition_field, line_field
from leads.models import AcceptanceRule, Source
from leads.queries.acceptance import Use, use_of, visible_acceptance_rules
from leads.services.accepting import create_acceptance_rule, update_acceptance_rule
from leads.services.accepting.rules import set_paused
from leads.services.accepting.trying import try_acceptance_rule

ALL_LINES = _("All lines together")
TONES = {"active": "success", "paused": "warning", "full": "warning", "off": ""}


class AcceptanceRuleForm(RuleForm):
    """The settings of a rule."""

    source = forms.ModelChoiceField(
        label=_("Source"),
        queryset=Source._base_manager.none(),
        widget=UnfoldAdminSelectWidget,
        help_text=_("Whose new leads it judges. Never changes."),
    )
    line = line_field(_("Conditions read the fields of one line. Never changes."), none=ALL_LINES)
    condition = condition_field(_("Take only leads for which"))

    class Meta:
        model = AcceptanceRule
        fields = ("source", "line", "name", "is_active", "condition", "message", "accepts_from", "accepts_until",
                  "daily_cap", "monthly_cap")  # fmt: skip
        help_texts = {
            "name": _("Such as “Loans from five lakh”. The sender reads it where there is no message."),
            "is_active": _("A rule that is not in use can be tried."),
            "message": _("What the sender is told. Empty: what the rule says."),
            "accepts_from": _("The first day, in the organisation's timezone. Empty: since ever."),
            "accepts_until": _("The last day. Empty: until further notice."),
            "daily_cap": _("New leads a day at most; repeats take no place. Empty: as many as come."),
            "monthly_cap": _("New leads a calendar month at most. Empty: as many as come."),
        }

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.offer("source", Source.objects.filter(is_active=True))

    def perform(self, values: dict[str, Any]) -> AcceptanceRule:
        if self.is_new:
            return create_acceptance_rule(actor=self.actor, **values)
        changes = {name: value for name, value in values.items() if name not in ("source", "line")}
        return update_acceptance_rule(actor=self.actor, rule=self.instance, **changes)


@admin.register(AcceptanceRule, site=console)
class AcceptanceRuleAdmin(RuleAdmin, PausingAdmin):
    """What a source's new leads must be, and how many of them are taken."""

    menu = MenuPlace(CONFIGURE, 32, "rule", _("Acceptance rules"))
    form = AcceptanceRuleForm
    all_lines = ALL_LINES
    list_display = ("name", "source", "line_label", "words", "today", "this_month", "state_label")
    list_filter = ("is_active", "is_paused")
    search_fields = ("name", "source__name")
    sortable_by = ()
    ordering = ("source__name_key", "id")
    actions_detail = ("try_it", "pause", "resume")

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_acceptance_rules(actor)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        used = ("today", "this_month") if obj else ()
        return (
            (None, {"fields": ("source", "line", "name", "is_active")}),
            (_("Which leads"), {"fields": (self.condition_name(request), "message")}),
            (_("When"), {"fields": ("accepts_from", "accepts_until")}),
            (_("How many"), {"fields": ("daily_cap", "monthly_cap", *used)}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("source", "line", "words", "today", "this_month") if obj else ()

    @admin.display(description=_("Business line"))
    def line_label(self, rule: AcceptanceRule) -> str:
        return str(rule.line or ALL_LINES)

    @admin.display(description=_("Condition"))
    def words(self, rule: AcceptanceRule) -> str:
        return self.condition_words(rule) or _now("Every lead")

    @admin.display(description=_("Today"))
    def today(self, rule: AcceptanceRule) -> str:
        return _used(use_of(rule, "day"))

    @admin.display(description=_("This month"))
    def this_month(self, rule: AcceptanceRule) -> str:
        return _used(use_of(rule, "month"))

    @display(description=_("State"), ordering="is_active", label=TONES)
    def state_label(self, rule: AcceptanceRule) -> tuple[str, Any]:
        if not rule.is_active:
            return "off", _("Not in use")
        if rule.is_paused:
            return "paused", _("Paused")
        uses = (use_of(rule, "day"), use_of(rule, "month"))
        if any(use is not None and use.left == 0 for use in uses):
            return "full", _("Full")
        if rule.accepts_until:
            return "active", _now("Until %(day)s") % {"day": date_format(rule.accepts_until, "j M Y")}
        return "active", _("In use")

    @action(description=_("Pause the source"), icon="pause", permissions=["pause"])
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let the source take nothing."""
        rule = self.found(request, object_id)
        return self.confirm(
            request,
            rule,
            title=_("Pause this source?"),
            text=_(
                "Its new leads are refused until you let it go on: files keep them as rejected rows, forms hold them."
            ),
            button=_("Pause"),
            work=lambda: set_paused(actor=request.actor, rule=rule, is_paused=True),  # type: ignore[attr-defined]
            done=_("The source takes nothing now."),
        )

    @action(description=_("Go on"), icon="play_arrow", permissions=["resume"])
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let the source take leads again."""
        rule = self.found(request, object_id)
        return self.confirm(
            request,
            rule,
            title=_("Take leads of this source again?"),
            text=_("New leads are taken as the rule says. What was refused meanwhile stays where it is."),
            button=_("Go on"),
            work=lambda: set_paused(actor=request.actor, rule=rule, is_paused=False),  # type: ignore[attr-defined]
            done=_("The source takes leads again."),
        )

    @action(description=_("Try it"), icon="science", permissions=["write"])
    def try_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what the rule would have done to the leads of the last days."""
        rule = self.found(request, object_id)
        return self.row_page(
            request,
            rule,
            "console/leads/acceptance_trial.html",
            title=_("What “%(rule)s” would have done") % {"rule": rule},
            trial=try_acceptance_rule(request.actor, rule),  # type: ignore[attr-defined]
        )


def _used(use: Use | None) -> str:
    if use is None:
        return "—"
    return _now("%(used)s of %(cap)s, %(left)s left") % {"used": use.used, "cap": use.cap, "left": use.left}
