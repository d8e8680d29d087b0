"""The address people use, as settings and checks look at it."""

import ipaddress
from urllib.parse import urlsplit


def host_of(address: str) -> str:
    """The host of an address such as `https://leads.example.com:8443`, in lower case; "" when it names none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def is_this_machine(address: str) -> bool:
    """Whether an address leads no further than to the machine itself."""
    host = host_of(address)
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
