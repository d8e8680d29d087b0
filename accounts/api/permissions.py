"""What every API call needs before a view runs."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from core.errors import NotPermitted, ValidationFailed

TENANT_HEADER = "X-Tenant-ID"

if TYPE_CHECKING:  # the framework imports this module while its views are being imported
    from rest_framework.views import APIView


class IsSignedIn(BasePermission):
    """Somebody calls; in which organisation does not matter."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return bool(request.user and request.user.is_authenticated)


class MayName(IsSignedIn):
    """Somebody calls, and names no organisation or one of theirs."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not super().has_permission(request, view):
            return False
        if TENANT_HEADER in request.headers and getattr(request._request, "actor", None) is None:
            raise not_a_member()
        return True


class HasMembership(IsSignedIn):
    """The caller is signed in and belongs to the organisation that is named; queries and services decide the rest."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not super().has_permission(request, view):
            return False
        if getattr(request._request, "must_name_organization", False):
            raise ValidationFailed(
                "tenant_required", "Name the organisation you mean in the header X-Tenant-ID."
            )
        if getattr(request._request, "actor", None) is None:
            raise not_a_member()
        return True


def not_a_member() -> NotPermitted:
    """The refusal of who is no member of the organisation that is named, or of any."""
    return NotPermitted("You have no access to this organisation. Name another one in X-Tenant-ID.")
