"""What every API call needs before a view runs."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from core.errors import ValidationFailed

if TYPE_CHECKING:  # the framework imports this module while its views are being imported
    from rest_framework.views import APIView


class HasMembership(BasePermission):
    """The caller is signed in and belongs to the organisation that is named; queries and services decide the rest."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if getattr(request._request, "must_name_organization", False):
            raise ValidationFailed(
                "tenant_required",
                "You belong to several organisations. Name the one you mean in the header X-Tenant-ID.",
            )
        return bool(
            request.user and request.user.is_authenticated and getattr(request._request, "actor", None)
        )
