"""The navigation's registry: an app adds its own entries, so that core knows no app."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One place of the main navigation. `allowed` takes the actor."""

    label: Any
    url_name: str
    icon: str
    order: int
    allowed: Callable[[Any], bool]


_entries: list[NavigationEntry] = []


def register_navigation(entry: NavigationEntry) -> None:
    """Add an entry; apps call this when they are ready."""
    _entries.append(entry)


def navigation_for(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the entries the request's actor may open, in order, the current one marked."""
    shown = []
    for entry in sorted(_entries, key=lambda entry: entry.order):
        if entry.allowed(request.actor):  # type: ignore[attr-defined]
            url = reverse(entry.url_name)
            shown.append(
                {
                    "label": entry.label,
                    "url": url,
                    "icon": entry.icon,
                    "active": request.path.startswith(url),
                    "badge": "",
                }
            )
    return shown
