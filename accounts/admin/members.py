"""Members: invited, given roles and a manager, their access ended and given again."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.models import Membership
from accounts.queries.managers import managers_of
from accounts.queries.members import manager_of, visible_members
from accounts.roles import ROLE_LABELS, Area
from accounts.services import create_user, deactivate_member, reactivate_member, set_manager, update_member
from accounts.services.leaving import open_ends_of
from core.admin.base import ServiceModelAdmin
from core.admin.forms import ServiceForm
from core.admin.menu import CONFIGURE, MenuPlace
from core.admin.site import console


class MemberForm(ServiceForm):
    """A person's place in the organisation. The e-mail address is given once, with the invitation."""

    email = forms.EmailField(
        label=_("E-mail"),
        widget=UnfoldAdminEmailInputWidget,
        help_text=_(
            "A link to choose a password is sent there. Who has an account already keeps it, with its password."
        ),
    )
    name = forms.CharField(label=_("Name"), required=False, max_length=150, widget=UnfoldAdminTextInputWidget)
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=40,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Such as +91 98765 43210."),
    )
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=lambda: [(role.value, label) for role, label in ROLE_LABELS.items()],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("A person may hold several; what each may do adds up."),
    )
    manager = forms.ModelChoiceField(
        label=_("Reports to"),
        queryset=Membership._base_manager.none(),
        required=False,
        empty_label=_("Nobody"),
        widget=UnfoldAdminSelectWidget,
        help_text=_("From today on. A team is its leader's reports, and theirs."),
    )

    class Meta:
        model = Membership
        fields = ("name", "phone", "roles")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if "manager" not in self.fields:
            return
        others = visible_members(self.actor).filter(is_active=True).exclude(pk=self.instance.pk)
        self.fields["manager"].queryset = others.order_by("name", "user__email")
        if not self.is_new:
            self.initial["manager"] = manager_of(self.instance)

    def perform(self, values: dict[str, Any]) -> Membership:
        if self.is_new:
            return create_user(actor=self.actor, **values)
        member = update_member(
            actor=self.actor,
            membership=self.instance,
            **{name: values[name] for name in ("roles", "name", "phone")},
        )
        if "manager" in self.changed_data:
            set_manager(actor=self.actor, membership=member, manager=values["manager"])
        return member


@admin.register(Membership, site=console)
class MemberAdmin(ServiceModelAdmin):
    """The organisation's people."""

    area = Area.ACCESS
    menu = MenuPlace(CONFIGURE, 70, "group", _("People"))
    form = MemberForm
    can_add = True
    can_change = True
    list_display = ("__str__", "email", "shown_roles", "shown_manager", "state")
    list_filter = ("is_active",)
    search_fields = ("name", "user__email")
    ordering = ("name", "user__email")
    fields = ("email", "name", "phone", "roles", "manager")
    add_fieldsets = ((None, {"fields": ("email", "name", "phone", "roles", "manager")}),)
    actions_detail = ("end_access", "give_access")

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_members(actor)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("email",) if obj else ()

    @admin.display(description=_("E-mail"), ordering="user__email")
    def email(self, member: Membership) -> str:
        return member.user.email

    @admin.display(description=_("Roles"))
    def shown_roles(self, member: Membership) -> str:
        return ", ".join(str(label) for role, label in ROLE_LABELS.items() if role in member.roles)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        managers = managers_of(request.actor, changelist.result_list)  # type: ignore[attr-defined]
        for member in changelist.result_list:
            member.shown_manager = managers.get(member.pk)
        return changelist

    @admin.display(description=_("Reports to"))
    def shown_manager(self, member: Any) -> str:
        return str(member.shown_manager or "—")

    @admin.display(description=_("Reports to"))
    def manager(self, member: Membership) -> str:
        """The form's field of this name, where it is only shown."""
        return str(manager_of(member) or "—")

    @display(description=_("Access"), ordering="is_active", label={"active": "success", "ended": "warning"})
    def state(self, member: Membership) -> tuple[str, Any]:
        return ("active", _("Active")) if member.is_active else ("ended", _("Ended"))

    def has_end_access_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._is_active(request, object_id) is True

    def has_give_access_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._is_active(request, object_id) is False

    def _is_active(self, request: HttpRequest, object_id: Any) -> bool | None:
        member = self.get_object(request, object_id) if object_id and self.may_write(request) else None
        return None if member is None else member.is_active

    @action(description=_("End access"), icon="block", permissions=["end_access"])
    def end_access(self, request: HttpRequest, object_id: str) -> HttpResponse:
        member = self.found(request, object_id)
        return self.confirm(
            request,
            member,
            title=_("End the access of %(member)s?") % {"member": member},
            text=_(
                "From the next request on the organisation is closed to this person. What the person owns stays."
            ),
            button=_("End access"),
            work=lambda: deactivate_member(actor=request.actor, membership=member),  # type: ignore[attr-defined]
            done=_("%(member)s has no access any more.") % {"member": member},
            template="console/accounts/end_access.html",
            open_ends=open_ends_of(request.actor, member),  # type: ignore[attr-defined]
        )

    @action(description=_("Give access again"), icon="lock_open", permissions=["give_access"])
    def give_access(self, request: HttpRequest, object_id: str) -> HttpResponse:
        member = self.found(request, object_id)
        return self.confirm(
            request,
            member,
            title=_("Give %(member)s access again?") % {"member": member},
            text=_("With the roles held before."),
            button=_("Give access"),
            work=lambda: reactivate_member(actor=request.actor, membership=member),  # type: ignore[attr-defined]
            done=_("%(member)s has access again.") % {"member": member},
        )
