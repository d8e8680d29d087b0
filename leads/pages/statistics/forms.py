"""Which leads figures are of: a GET form, so that the address says it all."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.roles import Role
from leads.queries.origins import active_sources
from leads.queries.references import member_labels
from leads.queries.statistics.asking import people_to_choose


class DayInput(forms.TextInput):
    """The browser's own control for a day."""

    input_type = "date"


class AskedForm(forms.Form):
    """Period, source, owner and team."""

    def __init__(self, data: Any, *, actor: Actor, shows_source: bool = True) -> None:
        super().__init__(data, auto_id="asked_%s")
        # `from` is no name of a class's attribute.
        for name, label in (("from", _("Created from")), ("to", _("to"))):
            self.fields[name] = forms.CharField(label=label, required=False, widget=DayInput())
        self._choose("source", _("Source"), [(name, name) for name in active_sources(actor)])
        people = list(people_to_choose(actor))
        labels = member_labels(people)
        self._choose("owner", _("Owner"), [(str(each.pk), labels[each.pk]) for each in people])
        leaders = [each for each in people if Role.TEAM_LEADER.value in each.roles]
        self._choose("team", _("Team of"), [(str(each.pk), labels[each.pk]) for each in leaders])
        for field in self.fields.values():
            field.width = "third"  # type: ignore[attr-defined]

    def _choose(self, name: str, label: Any, choices: list[tuple[str, str]]) -> None:
        asked = self.data.get(name, "")
        if asked and asked not in dict(choices):
            choices = [*choices, (asked, asked)]
        if choices:
            widget = forms.Select(choices=[("", _("All")), *choices])
            self.fields[name] = forms.CharField(label=label, required=False, widget=widget)
