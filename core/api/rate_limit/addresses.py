"""Addresses as limits count them."""

import ipaddress

# Of IPv6, what one household has.
NETWORK_BITS = 64


def network_of(address: str) -> str:
    """Return the address; of IPv6 the network, whose addresses one caller changes at will."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return address
    if known.ipv4_mapped is not None:
        # How a server that listens on both names callers by IPv4, who would all share one network.
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, NETWORK_BITS), strict=False).network_address)
