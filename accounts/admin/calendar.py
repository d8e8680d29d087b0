"""The working calendar in the console: hours of the week, holidays, and who is away."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.models import Absence, Holiday, Membership, WorkingHours
from accounts.queries.calendar import (
    absentees,
    changeable_absences,
    visible_absences,
    visible_holidays,
    visible_working_hours,
)
from accounts.services.absences import LONGEST_NOTE, change_absence, enter_absence, withdraw_absence
from accounts.services.calendar import (
    LONGEST_NAME,
    WEEKDAYS,
    drop_holiday,
    drop_working_hours,
    name_holiday,
    set_working_hours,
)
from accounts.working_time import WrongSpan, read_spans, written_spans
from core.admin.base import ServiceModelAdmin
from core.admin.forms import ServiceForm
from core.admin.menu import CONFIGURE, MenuPlace
from core.admin.site import console

LABELS = (
    _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
)  # fmt: skip


class SpansField(forms.CharField):
    """The hours of a day, as people write them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, widget=UnfoldAdminTextInputWidget, **options)

    def prepare_value(self, value: Any) -> Any:
        return written_spans(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[list[str]]:
        try:
            return read_spans(super().to_python(value) or "")
        except WrongSpan as error:
            raise ValidationError(str(error), code="invalid") from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or []) != self.to_python(data))
        except ValidationError:
            return True


class WorkingHoursForm(ServiceForm):
    """The hours of a week; nothing typed is a free day."""

    membership = forms.ModelChoiceField(
        label=_("Person"),
        queryset=Membership._base_manager.none(),
        required=False,
        empty_label=_("Everybody"),
        widget=UnfoldAdminSelectWidget,
        help_text=_("A person with hours of their own does not work at those of everybody."),
    )
    monday = SpansField(
        label=LABELS[0],
        help_text=_(
            "Such as 09:30–13:00, 14:00–18:30, by the clocks of the organisation. Empty: a free day."
        ),
    )
    tuesday = SpansField(label=LABELS[1])
    wednesday = SpansField(label=LABELS[2])
    thursday = SpansField(label=LABELS[3])
    friday = SpansField(label=LABELS[4])
    saturday = SpansField(label=LABELS[5])
    sunday = SpansField(label=LABELS[6])

    class Meta:
        model = WorkingHours
        fields: Sequence[str] = ()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if "membership" in self.fields:
            if self.is_new:
                self.fields["membership"].queryset = absentees(self.actor)
            else:
                del self.fields["membership"]
        if not self.is_new:
            self.initial |= dict(zip(WEEKDAYS, self.instance.week, strict=True))

    def perform(self, values: dict[str, Any]) -> WorkingHours:
        member = values.get("membership") if self.is_new else self.instance.membership
        if self.is_new and visible_working_hours(self.actor).filter(membership=member).exists():
            self.add_error("membership", _now("There are hours of this person already. Change those."))
            return self.instance
        return set_working_hours(
            actor=self.actor, week=[values[name] for name in WEEKDAYS], membership=member
        )


@admin.register(WorkingHours, site=console)
class WorkingHoursAdmin(ServiceModelAdmin):
    """When people work. Without any hours, at all times."""

    menu = MenuPlace(CONFIGURE, 71, "schedule")
    form = WorkingHoursForm
    can_add = True
    can_change = True
    list_display = ("__str__", "shown_week")
    sortable_by = ()
    ordering = ("membership_id", "id")
    actions = ("take_back",)
    fields = ("membership", *WEEKDAYS)

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_working_hours(actor)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if not self.has_change_permission(request, obj):
            return ("shown_week",)
        return self.fields if obj is None else WEEKDAYS

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if self.has_change_permission(request, obj) else ("shown_week",)

    @admin.display(description=_("Hours"))
    def shown_week(self, row: WorkingHours) -> str:
        days = [
            f"{label}: {written_spans(spans)}" for label, spans in zip(LABELS, row.week, strict=True) if spans
        ]
        return "; ".join(days)

    @admin.action(description=_("Take back"), permissions=["write"])
    def take_back(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        self.each(
            request,
            queryset,
            lambda row: drop_working_hours(actor=request.actor, row=row),  # type: ignore[attr-defined]
            str(_("{number} taken back.")),
        )


class HolidayForm(ServiceForm):
    """A day and its name."""

    day = forms.DateField(label=_("Day"), widget=UnfoldAdminDateWidget)
    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_NAME,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Such as Diwali. Nobody works on this day."),
    )

    class Meta:
        model = Holiday
        fields = ("day", "name")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if not self.is_new and "day" in self.fields:
            self.fields["day"].disabled = True

    def perform(self, values: dict[str, Any]) -> Holiday:
        return name_holiday(actor=self.actor, **values)


@admin.register(Holiday, site=console)
class HolidayAdmin(ServiceModelAdmin):
    """Days on which nobody works."""

    menu = MenuPlace(CONFIGURE, 72, "celebration")
    form = HolidayForm
    can_add = True
    can_change = True
    list_display = ("day", "name")
    sortable_by = ()
    search_fields = ("name",)
    ordering = ("-day",)
    actions = ("take_back",)

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_holidays(actor)

    @admin.action(description=_("Take back"), permissions=["write"])
    def take_back(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        self.each(
            request,
            queryset,
            lambda row: drop_holiday(actor=request.actor, row=row),  # type: ignore[attr-defined]
            str(_("{number} taken back.")),
        )


class AbsenceForm(ServiceForm):
    """Who is away, from when until when."""

    membership = forms.ModelChoiceField(
        label=_("Person"),
        queryset=Membership._base_manager.none(),
        widget=UnfoldAdminSelectWidget,
        help_text=_("Assignment rules pass over the person on these days."),
    )
    first_day = forms.DateField(label=_("From"), widget=UnfoldAdminDateWidget)
    last_day = forms.DateField(
        label=_("Until"), widget=UnfoldAdminDateWidget, help_text=_("This day included.")
    )
    note = forms.CharField(
        label=_("Note"),
        max_length=LONGEST_NOTE,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Read by the person, their leader, the deputy and operations."),
    )
    deputy = forms.ModelChoiceField(
        label=_("Deputy"),
        queryset=Membership._base_manager.none(),
        required=False,
        empty_label=_("Nobody"),
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = Absence
        fields = ("membership", "first_day", "last_day", "note", "deputy")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name in ("membership", "deputy"):
            if name in self.fields:
                self.fields[name].queryset = absentees(self.actor)
        if not self.is_new and "membership" in self.fields:
            self.fields["membership"].queryset = Membership.objects.filter(pk=self.instance.membership_id)
            self.fields["membership"].disabled = True

    def perform(self, values: dict[str, Any]) -> Absence:
        if self.is_new:
            return enter_absence(actor=self.actor, **values)
        del values["membership"]
        return change_absence(actor=self.actor, absence_id=self.instance.pk, changes=values)


@admin.register(Absence, site=console)
class AbsenceAdmin(ServiceModelAdmin):
    """Who is away. People enter their own on their profile, leaders those of their teams."""

    menu = MenuPlace(CONFIGURE, 73, "event_busy")
    form = AbsenceForm
    can_add = True
    can_change = True
    list_display = ("membership", "first_day", "last_day", "deputy", "note")
    sortable_by = ("first_day", "last_day")
    search_fields = ("membership__name", "membership__user__email")
    ordering = ("-last_day", "-id")
    actions = ("take_back",)

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_absences(actor)

    @admin.action(description=_("Take back"), permissions=["write"])
    def take_back(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        actor = request.actor  # type: ignore[attr-defined]
        self.each(
            request,
            changeable_absences(actor).filter(pk__in=queryset.values("pk")),
            lambda row: withdraw_absence(actor=actor, absence_id=row.pk),
            str(_("{number} taken back.")),
        )
