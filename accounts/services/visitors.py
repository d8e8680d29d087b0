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


# The first that a device's own words hold; browsers name their ancestors too, so the order matters.
BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
           ("Mac OS X", "macOS"), ("Linux", "Linux"))  # fmt: skip
LONGEST_NAME = 40


def device_name(device: str) -> str:
    """Return a device in a few words, such as “Firefox, Windows”; one that is not known as it calls itself."""
    browser = next((name for mark, name in BROWSERS if mark in device), "")
    system = next((name for mark, name in SYSTEMS if mark in device), "")
    return ", ".join(filter(None, (browser, system))) if browser else device[:LONGEST_NAME]
