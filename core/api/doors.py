"""Doors that belong to no app: the description, its reader, and addresses where nothing is."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from core.errors import NotVisible


class DescriptionView(SpectacularAPIView):
    """The OpenAPI description: JSON, or YAML for who asks for it."""

    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer]


class ReaderView(SpectacularSwaggerSplitView):
    """The description as a page to read and try, without scripts of its own or of others."""

    url_name = "api-schema"
    template_name = "api/docs.html"

    def handle_exception(self, exc: Exception) -> Any:
        """Send a visitor to sign in: this is a page."""
        if isinstance(exc, NotAuthenticated):
            return redirect_to_login(self.request.get_full_path())
        return super().handle_exception(exc)


@extend_schema(exclude=True)
class NowhereView(APIView):
    """Any address of the API that leads nowhere, by any method."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Say so, to those who may call at all."""
        super().initial(request, *args, **kwargs)
        raise NotVisible("No call has this address. See /api/docs/.")
