"""The view that every call is made of."""

from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.views import APIView


class Call(APIView):
    """A view of the API that also takes bodies sent in chunks, whose length nobody announced."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Measure the body, then see who calls and whether they may: the check of the CSRF token reads it."""
        _measure(request._request)
        super().initial(request, *args, **kwargs)


def _measure(request: HttpRequest) -> None:
    """Say how long the body is: the framework takes one without a length for none at all."""
    if not request.META.get("CONTENT_LENGTH") and request.META.get("HTTP_TRANSFER_ENCODING"):
        request.META["CONTENT_LENGTH"] = str(len(request.body))
