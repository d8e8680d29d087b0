"""Forms of notes, follow-ups, attachments, and how calls went. They carry what was typed; the services judge it."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actor import Actor
from accounts.models import Membership
from core.errors import ApplicationError
from core.kept_files import KINDS
from core.services.files import MEGABYTE
from leads.due_times import default_due
from leads.models import AttachmentKind, ConsentChannel, ConsentState, EngagementOutcome, FollowUp, Lead
from leads.presentation import LeadReader
from leads.queries.follow_ups import follow_up_assignees
from leads.services.attachments import LIMITS, LONGEST_LABEL
from leads.services.consent import LONGEST_PURPOSE, LONGEST_REASON, LONGEST_WORDING
from leads.services.engagements import LONGEST_REMARK
from leads.services.follow_ups import LONGEST_WHAT
from leads.services.notes import LONGEST_NOTE

LOCAL = "%Y-%m-%dT%H:%M"


class MomentField(forms.Field):
    """A day and a time of day as clocks in `zone` show them."""

    zone: ZoneInfo

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"autocomplete": "off"}), **options)
        self.widget.input_type = "datetime-local"

    def to_python(self, value: Any) -> dt.datetime | None:
        if not value:
            return None
        try:
            typed = dt.datetime.fromisoformat(str(value).strip())
            return typed if typed.tzinfo else typed.replace(tzinfo=self.zone)
        except (ValueError, OverflowError):
            raise forms.ValidationError(
                _("Write a day and a time, such as 2026-01-15T10:00."), code="invalid"
            ) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether something else is typed than was shown: the control knows no seconds."""
        return (initial or "") != (data or "")

    def shown(self, moment: dt.datetime) -> str:
        """Return the moment as the control takes it."""
        return moment.astimezone(self.zone).strftime(LOCAL)


class NoteForm(forms.Form):
    """A note."""

    text = forms.CharField(
        label=gettext_lazy("Note"),
        # What is blank is refused by the service, once it is sent: the field carries no mark before that.
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": "3", "maxlength": str(LONGEST_NOTE)}),
    )

    def __init__(self, *arguments: Any, lead: Lead, **options: Any) -> None:
        super().__init__(*arguments, auto_id="note_%s", **options)
        self.fields["text"].widget.attrs |= {
            "placeholder": _("What was said? @ and a name tells a colleague."),
            "data-mentions": "yes",
            "data-shortcut": "n",
            "aria-label": _("Note"),
        }


class FollowUpForm(forms.Form):
    """What is to be done, when, and, for who leads people, by whom."""

    use_required_attribute = False

    what = forms.CharField(
        label=gettext_lazy("What"),
        strip=False,
        widget=forms.TextInput(attrs={"maxlength": str(LONGEST_WHAT), "autocomplete": "off"}),
    )
    due_at = MomentField(label=gettext_lazy("When"))
    assignee = forms.ModelChoiceField(label=gettext_lazy("For"), queryset=None, empty_label=None)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        actor: Actor,
        lead: Lead,
        follow_up: FollowUp | None = None,
        may_give: bool = False,
        people: Iterable[Membership] | None = None,
    ) -> None:
        """`people`: to whom it may be given, where that has been read."""
        super().__init__(data, auto_id="follow_up_%s")
        due: Any = self.fields["due_at"]
        due.zone, due.width = actor.organization.zone, "half"
        due.initial = due.shown(follow_up.due_at if follow_up else default_due(timezone.now(), due.zone))
        # As its reader sees it: left alone, what is masked in it stays as it was written.
        self.fields["what"].initial = LeadReader(actor).sentence(lead, follow_up.what) if follow_up else None
        if not may_give:
            del self.fields["assignee"]
            return
        whom: Any = self.fields["assignee"]
        whom.queryset, whom.width = follow_up_assignees(actor, lead), "half"
        # Read once: a select that must be filled looks at its first choice before it is drawn.
        whom.choices = [(each.pk, str(each)) for each in (whom.queryset if people is None else people)]
        own = actor.membership.pk if actor.membership else None
        whom.initial = follow_up.assignee_id if follow_up else own


class AttachmentForm(forms.Form):
    """A file, what it is to the lead, and what it is called."""

    use_required_attribute = False

    # What is missing or not taken is refused by the service, as for every other door.
    file = forms.FileField(
        label=gettext_lazy("File"),
        allow_empty_file=True,
        error_messages={"required": gettext_lazy("Choose a file.")},
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=AttachmentKind.choices)
    label = forms.CharField(
        label=gettext_lazy("Label"),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": str(LONGEST_LABEL), "autocomplete": "off"}),
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, auto_id="attachment_%s", **options)
        kinds = [KINDS[name] for name in KINDS if name in LIMITS.kinds]
        takes = {"labels": ", ".join(each.label for each in kinds), "size": LIMITS.max_bytes // MEGABYTE}
        self.fields["file"].help_text = _("%(labels)s, up to %(size)s MB") % takes
        self.fields["file"].widget.attrs["accept"] = ",".join(f".{each.name}" for each in kinds)
        self.fields["label"].widget.attrs["placeholder"] = _("As the file is called")
        for name in ("kind", "label"):
            control: Any = self.fields[name]
            control.width = "half"


class AttachmentLabelForm(forms.Form):
    """What an attachment is called."""

    label = forms.CharField(
        label=gettext_lazy("Label"),
        widget=forms.TextInput(attrs={"maxlength": str(LONGEST_LABEL), "autocomplete": "off"}),
    )


class EngagementForm(forms.Form):
    """How a call or message went, and when the next one is."""

    use_required_attribute = False

    outcome = forms.ChoiceField(
        label=gettext_lazy("How did it go?"),
        choices=[("", gettext_lazy("Choose")), *EngagementOutcome.choices],
    )
    remark = forms.CharField(
        label=gettext_lazy("Remark"),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": str(LONGEST_REMARK), "autocomplete": "off"}),
    )
    follow_up_at = MomentField(
        label=gettext_lazy("Follow up at"),
        required=False,
        help_text=gettext_lazy("Plans it for you. Leave it empty if nothing is next."),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, zone: ZoneInfo, **options: Any) -> None:
        super().__init__(data, auto_id="engagement_%s", **options)
        when: Any = self.fields["follow_up_at"]
        when.zone = zone


class ConsentForm(forms.Form):
    """What a person agreed to, or does not agree to any more."""

    use_required_attribute = False

    purpose = forms.CharField(
        label=gettext_lazy("For what"), max_length=LONGEST_PURPOSE, widget=forms.TextInput
    )
    channel = forms.ChoiceField(label=gettext_lazy("How"), choices=ConsentChannel.choices)
    state = forms.ChoiceField(label=gettext_lazy("Said"), choices=ConsentState.choices)
    wording = forms.CharField(
        label=gettext_lazy("Wording"),
        required=False,
        help_text=gettext_lazy("What was said or signed, word for word. A consent needs it."),
        widget=forms.Textarea(attrs={"rows": "3", "maxlength": str(LONGEST_WORDING)}),
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, auto_id="consent_%s", **options)


class DoNotCallForm(forms.Form):
    """Why a number is not to be called."""

    use_required_attribute = False

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=LONGEST_REASON, widget=forms.TextInput)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, auto_id="do_not_call_%s", **options)


def show_refusal(form: forms.Form, error: ApplicationError) -> None:
    """Put each problem that a service found beside its field, all else above the form."""
    for name, problems in error.fields.items():
        for problem in problems:
            form.add_error(name if name in form.fields else None, problem.message)
    if not error.fields:
        form.add_error(None, error.message)
