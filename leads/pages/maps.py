"""Places as links to a map. A link is all: no part of a page comes from elsewhere."""

from collections.abc import Mapping
from typing import Any

CLOSE = 17


def map_address(stored: Any) -> str:
    """Return where a stored place is shown on OpenStreetMap; "" for what is no place, or half of one."""
    if not isinstance(stored, Mapping):
        return ""
    latitude, longitude = stored.get("lat", ""), stored.get("lon", "")
    if "" in (latitude, longitude):
        return ""
    return (
        f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map={CLOSE}/{latitude}/{longitude}"
    )
