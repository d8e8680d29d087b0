"""From where and with what somebody signs in."""

from dataclasses import dataclass

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest

LONGEST_DEVICE = 200


@dataclass(frozen=True, slots=True)
class Visitor:
    """`address`: an IP address, None where the server does not tell one. `device`: as it calls itself."""

    address: str | None = None
    device: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> "Visitor":
        """Return where a request comes from; the web server has looked through the proxies that it trusts."""
        try:
            address = get_adapter().get_client_ip(request)
        except (PermissionDenied, ImproperlyConfigured):
            address = None
        device = "".join(each for each in request.headers.get("User-Agent", "") if each.isprintable())
        return cls(address, device[:LONGEST_DEVICE])
