"""Sign-in by e-mail and password. Look-ups work in system_scope: nobody has an organisation yet."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from accounts.models import User, email_key
from accounts.queries.memberships import active_person
from core.scope import system_scope


class EmailBackend(BaseBackend):
    """Authenticates an active user by e-mail (any case) and password."""

    def authenticate(
        self, request: HttpRequest | None, email: str | None = None, password: str | None = None, **other: Any
    ) -> User | None:
        email = email or other.get("username")
        if not email or password is None:
            return None
        with system_scope(reason="sign-in"):
            user = User.objects.filter(email=email_key(email)).first()
            if user is None:
                # Hash all the same, so that the time taken does not tell which addresses exist.
                User().set_password(password)
                return None
            return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        with system_scope(reason="sign-in"):
            return active_person(int(user_id))
