"""Rules for stalled leads in the console: how long leads may wait, and what happens then."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextInputWidget,
)

from core.admin.menu import CONFIGURE, MenuPlace
from core.admin.site import console
from leads.admin.rule_pages import LineRuleAdmin, LineRuleForm, line_field
from leads.models import LeadStatus, StallGives, StallRule
from leads.models.stalling import open_statuses
from leads.queries.stalling import visible_stall_rules
from leads.services.stalling import create_stall_rule, update_stall_rule

SPAN = re.compile(r"(?P<number>[0-9]{1,6})\s*(?P<unit>[a-z]*)")
HOUR, DAY = 60, 24 * 60
SPANS = ("owner_after", "leader_after", "give_after")
UNITS = {
    **dict.fromkeys(("", "m", "min", "mins", "minute", "minutes"), 1),
    **dict.fromkeys(("h", "hour", "hours"), HOUR),
    **dict.fromkeys(("d", "day", "days"), DAY),
}


class SpanField(forms.CharField):
    """A span of time such as 30 min, 48 h or 3 d, in minutes; nothing is None.

    `in_days`: whether it is shown in days, where it has whole ones.
    """

    in_days = True

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return written_span(value, in_days=self.in_days) if isinstance(value, int) else value

    def to_python(self, value: Any) -> Any:
        text = (super().to_python(value) or "").strip().lower()
        if not text:
            return None
        found = SPAN.fullmatch(text)
        if found is None or found["unit"] not in UNITS:
            raise ValidationError(_("Write a time such as 30 min, 48 h or 3 d."))
        return int(found["number"]) * UNITS[found["unit"]]

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(initial != self.to_python(data))
        except ValidationError:
            return True


def typed_in_days(text: Any) -> bool:
    """Whether a time was typed in days."""
    found = SPAN.fullmatch(str(text or "").strip().lower())
    return found is not None and UNITS.get(found["unit"]) == DAY


def written_span(minutes: int, *, in_days: bool = True) -> str:
    """Return minutes as they are typed: in the largest unit that says them whole."""
    # Two days are said in hours: 48 h is what people agree on.
    if in_days and minutes % DAY == 0 and minutes >= 3 * DAY:
        return f"{minutes // DAY} d"
    return f"{minutes // HOUR} h" if minutes % HOUR == 0 and minutes else f"{minutes} min"


def span_words(minutes: int) -> str:
    """Return minutes in words."""
    if minutes % DAY == 0:
        days = minutes // DAY
        return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
    if minutes % HOUR == 0:
        hours = minutes // HOUR
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}


def work_words(minutes: int) -> str:
    """Return minutes of working time in words: a day of it has no length of its own."""
    if minutes % HOUR == 0:
        hours = minutes // HOUR
        return ngettext("%(n)s hour of work", "%(n)s hours of work", hours) % {"n": hours}
    return ngettext("%(n)s minute of work", "%(n)s minutes of work", minutes) % {"n": minutes}


class StallRuleForm(LineRuleForm):
    """The settings of a rule."""

    create = staticmethod(create_stall_rule)
    update = staticmethod(update_stall_rule)
    line = line_field(_("Whose leads it watches. Never changes."))
    statuses = forms.MultipleChoiceField(
        label=_("In which statuses"),
        choices=LeadStatus.choices,
        initial=open_statuses,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    stages = forms.MultipleChoiceField(
        label=_("In which stages"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("None chosen: in any."),
    )
    owner_after = SpanField(
        label=_("The owner is told after"),
        help_text=_("Such as 30 min or 16 h; by the clock also 3 d."),
    )
    leader_after = SpanField(
        label=_("The team leader is told"),
        required=False,
        help_text=_("So long after the owner, such as 4 h; blank: never."),
    )
    give_after = SpanField(
        label=_("Somebody else gets it"),
        required=False,
        help_text=_("So long after the step before, such as 24 h; blank where it stays."),
    )

    class Meta:
        model = StallRule
        fields = ("line", "name", "position", "is_active", "trigger", "statuses", "stages", "in_working_hours",
                  "owner_after", "leader_after", "gives_to", "give_after")  # fmt: skip
        help_texts = {
            "name": _("Such as “Two days of silence”. People read it on the lead."),
            "position": _("The first rule that fits a lead counts; small numbers come first."),
            "is_active": _("When a rule comes into use, time begins then for the leads that are there."),
            "trigger": _(
                "Nothing happens: no change, note, call, message or follow-up. Nobody calls or writes: whatever"
                " else happens, until the first call or message."
            ),
            "in_working_hours": _(
                "Times are hours of work: nights, free days and holidays of the organisation do not count, as"
                " “Working hours” and “Holidays” have them. Without it all time counts. A lead waits on while its"
                " owner is away: then others have to know."
            ),
        }

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if not self.is_new and self.instance.in_working_hours:
            for name in SPANS:
                self.fields[name].in_days = False  # type: ignore[attr-defined]
        if "stages" in self.fields:
            stages = self.line.stages if self.line else []
            # One that the line has no more stays until it is taken out, and is told.
            known = dict.fromkeys([*stages, *(self.instance.stages or [])])
            self.fields["stages"].choices = [(stage, stage) for stage in known]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("in_working_hours"):
            for name in SPANS:
                if cleaned.get(name) is not None and typed_in_days(self[name].data):
                    self.add_error(name, _("How long is a day of work? Write its hours, such as 16 h."))
        return cleaned


@admin.register(StallRule, site=console)
class StallRuleAdmin(LineRuleAdmin):
    """How long leads may wait."""

    menu = MenuPlace(CONFIGURE, 37, "hourglass_bottom", _("Stalled leads"))
    form = StallRuleForm
    list_display = ("name", "line", "position", "trigger", "which_leads", "words", "state_label")
    fieldsets = (
        (None, {"fields": ("line", "name", "position", "is_active")}),
        (_("Which leads"), {"fields": ("trigger", "statuses", "stages")}),
        (_("What happens"), {"fields": ("in_working_hours", *SPANS[:2], "gives_to", *SPANS[2:])}),
    )

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_stall_rules(actor)

    @admin.display(description=_("Which leads"))
    def which_leads(self, rule: StallRule) -> str:
        labels = dict(LeadStatus.choices)
        said = [", ".join(str(labels.get(status, status)) for status in rule.statuses)]
        if rule.stages:
            said.append(_now("in stage %(stages)s") % {"stages": ", ".join(rule.stages)})
        return "; ".join(said)

    @admin.display(description=_("What happens"))
    def words(self, rule: StallRule) -> str:
        worded = work_words if rule.in_working_hours else span_words
        said = [_now("owner after %(span)s") % {"span": worded(rule.owner_after)}]
        if rule.leader_after is not None:
            said.append(_now("leader %(span)s later") % {"span": worded(rule.leader_after)})
        if rule.gives_to != StallGives.NOBODY and rule.give_after is not None:
            said.append(_now("given away %(span)s later") % {"span": worded(rule.give_after)})
        return ", ".join(said)
