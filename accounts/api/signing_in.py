"""Calls by which one signs in and out."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import documentation
from accounts.api.permissions import IsSignedIn
from accounts.api.serializers import LoginBody, RefreshBody, SecondStepBody
from accounts.services.signing_in import complete_sign_in, sign_in
from accounts.services.token_sessions import end_token_session, refresh_tokens
from accounts.services.visitors import Visitor
from accounts.tokens import TokenPair
from core.api.calls import Call
from core.errors import NotPermitted


class OpenCall(Call):
    """A call for those who have no credential yet; one that they send along is not looked at."""

    authentication_classes = []
    permission_classes = []
    is_about_no_organization = True


class LoginView(OpenCall):
    """The first step."""

    @extend_schema(**documentation.LOGIN)
    def post(self, request: Request) -> Response:
        """Sign in with e-mail and password."""
        body = _read(LoginBody, request)
        return _answer(sign_in(request=request._request, **body))


class SecondStepView(OpenCall):
    """The second step, for who has one."""

    @extend_schema(**documentation.SECOND_STEP)
    def post(self, request: Request) -> Response:
        """Sign in with a code, after the password."""
        body = _read(SecondStepBody, request)
        return _answer(complete_sign_in(request=request._request, **body))


class RefreshView(OpenCall):
    """Going on."""

    @extend_schema(**documentation.REFRESH)
    def post(self, request: Request) -> Response:
        """Change a refresh token for new tokens."""
        body = _read(RefreshBody, request)
        return _answer(refresh_tokens(visitor=Visitor.of(request._request), **body))


class LogoutView(Call):
    """The end."""

    permission_classes = [IsSignedIn]
    is_about_no_organization = True

    @extend_schema(**documentation.LOGOUT)
    def post(self, request: Request) -> Response:
        """End the session of the token."""
        session_id = request._request.token_session_id
        if session_id is None:
            raise NotPermitted(
                "Only tokens are signed out here. A key is revoked; pages have their own button."
            )
        end_token_session(user_id=request.user.pk, session_id=session_id)
        return Response(status=204)


def _read(body: Any, request: Request) -> dict[str, Any]:
    read = body(data=request.data)
    read.is_valid(raise_exception=True)
    return read.validated_data


def _answer(pair: TokenPair) -> Response:
    return Response({**asdict(pair), "token_type": "Bearer"}, headers={"Cache-Control": "no-store"})
