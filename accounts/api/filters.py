"""The parameters of lists of people, keys and sign-ins."""

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet

from accounts.models import LoginLog, LoginMethod, LoginReason, Membership
from accounts.roles import ROLE_LABELS

LARGEST_ID = 2**63 - 1


class MemberNumberFilter(filters.Filter):
    """By the number of a member: a whole one, such as a row may have."""

    field_class = forms.IntegerField

    def __init__(self, field_name: str, label: str) -> None:
        super().__init__(field_name=field_name, label=label, min_value=1, max_value=LARGEST_ID)


class MemberFilter(filters.FilterSet):
    """Of members."""

    search = filters.CharFilter(method="find", label="A piece of the name or the e-mail address.")
    role = filters.ChoiceFilter(
        method="holding", choices=[(role.value, label) for role, label in ROLE_LABELS.items()], label="Held."
    )
    is_active = filters.BooleanFilter(label="Whether the person has access.")

    class Meta:
        model = Membership
        fields = ("is_active",)

    def find(self, rows: QuerySet[Membership], name: str, value: str) -> QuerySet[Membership]:
        return rows.filter(Q(name__icontains=value) | Q(user__email__icontains=value))

    def holding(self, rows: QuerySet[Membership], name: str, value: str) -> QuerySet[Membership]:
        return rows.filter(roles__contains=[value])


class TeamFilter(filters.FilterSet):
    """Of teams."""

    leader = MemberNumberFilter(field_name="pk", label="The number of the leader.")

    class Meta:
        model = Membership
        fields: tuple[str, ...] = ()


class KeyFilter(filters.FilterSet):
    """Of keys."""

    owner = MemberNumberFilter(field_name="owner", label="The number of the owner.")
    revoked = filters.BooleanFilter(
        field_name="revoked_at", lookup_expr="isnull", exclude=True, label="Whether the key was revoked."
    )


class LoginLogFilter(filters.FilterSet):
    """Of sign-ins."""

    member = MemberNumberFilter(field_name="membership", label="The number of the member.")
    method = filters.ChoiceFilter(choices=LoginMethod.choices, label="By which door.")
    reason = filters.ChoiceFilter(
        choices=[choice for choice in LoginReason.choices if choice[0]], label="Why it failed."
    )
    succeeded = filters.BooleanFilter(method="ended", label="Whether it opened anything.")
    since = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte", label="From this moment on.")
    until = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt", label="Before this moment.")

    class Meta:
        model = LoginLog
        fields = ("method", "reason")

    def ended(self, rows: QuerySet[LoginLog], name: str, value: bool) -> QuerySet[LoginLog]:
        return rows.filter(reason="") if value else rows.exclude(reason="")
