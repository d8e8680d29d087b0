"""The parameters of lists of notes and follow-ups."""

import django_filters as filters

from leads.models import FollowUp, Note
from leads.queries.follow_ups import DUE


class NoteFilter(filters.FilterSet):
    """Of the notes of a lead: all of them."""

    class Meta:
        model = Note
        fields: tuple[str, ...] = ()


class FollowUpFilter(filters.FilterSet):
    """Of the follow-ups of a lead."""

    done = filters.BooleanFilter(
        field_name="done_at", lookup_expr="isnull", exclude=True, label="Whether nothing is left to do."
    )

    class Meta:
        model = FollowUp
        fields: tuple[str, ...] = ()


class OwnFollowUpFilter(filters.FilterSet):
    """Of one's own open follow-ups, which say when they are due."""

    due = filters.ChoiceFilter(
        choices=[(name, name) for name in DUE],
        label="Overdue, due later today, coming within the next seven days, or later.",
    )

    class Meta:
        model = FollowUp
        fields: tuple[str, ...] = ()
