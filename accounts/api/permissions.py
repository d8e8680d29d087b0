"""What every API call needs before a view runs."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:  # the framework imports this module while its views are being imported
    from rest_framework.views import APIView


class HasMembership(BasePermission):
    """The caller is signed in and belongs to an organisation; queries and services decide the rest."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return bool(
            request.user and request.user.is_authenticated and getattr(request._request, "actor", None)
        )
