"""Where this application may connect to when somebody has typed a host: out into the world, not to its neighbours."""

import ipaddress
import socket

from core.errors import FieldError, ValidationFailed

TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


def address_of(host: str, port: int, *, allows_private: bool, field: str = "host") -> str:
    """Return the address to connect to, resolved once: who asks connects to it, and asks no name server again.

    Raises ValidationFailed where the name is unknown, or one of its addresses is of a private network, this machine,
    or of no single machine at all, unless `allows_private`.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise _refusal(field, "unknown_host", f"No machine is known as {host}. Check the name.") from None
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not addresses:
        raise _refusal(field, "unknown_host", f"No machine is known as {host}. Check the name.")
    if not allows_private and not all(is_public(address) for address in addresses):
        raise _refusal(
            field,
            "private_host",
            f"{host} is a machine of a private network. Name one that the world can reach.",
        )
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an address is that of one machine of the world."""
    found: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        # What is an address of the old kind inside is judged as that.
        found = found.ipv4_mapped or found.sixtofour or _translated(found) or found
    return found.is_global and not found.is_multicast


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The address of the old kind that a translator (NAT64) would connect to."""
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in TRANSLATED else None


def _refusal(field: str, code: str, message: str) -> ValidationFailed:
    return ValidationFailed(code, message, {field: [FieldError(code, message)]})
