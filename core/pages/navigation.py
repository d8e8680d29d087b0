"""The navigation's registry: an app adds its own entries, so that core knows no app."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject


def _nowhere(actor: Any) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One place of the main navigation, or (`is_in_bar`) an icon that every page has. All functions take the actor.

    `is_sought`: a place that stands in no menu, but is found by its name in the palette. `is_home`: whether this is
    where the person begins, once no entry before it is. `takes_search`: the page reads `?search=`. `badge`: a short
    text beside the label, "" for none; asked only where it is shown.
    """

    label: Any
    url_name: str
    icon: str
    order: int
    allowed: Callable[[Any], bool]
    is_home: Callable[[Any], bool] = _nowhere
    takes_search: bool = False
    is_in_bar: bool = False
    is_sought: bool = False
    badge: Callable[[Any], str] | None = None


_entries: list[NavigationEntry] = []


def register_navigation(entry: NavigationEntry) -> None:
    """Add an entry; apps call this when they are ready."""
    _entries.append(entry)


def navigation_for(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the entries the request's actor may open, in order, the current one marked."""
    entries = [entry for entry in _allowed(request) if not (entry.is_in_bar or entry.is_sought)]
    return [_shown(request, entry) for entry in entries]


def bar_for(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the icons that every page has, as the entries are returned."""
    return [_shown(request, entry) for entry in _allowed(request) if entry.is_in_bar]


def sought_for(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the places that the palette finds beside the navigation {label, url}."""
    entries = [entry for entry in _allowed(request) if entry.is_sought or entry.is_in_bar]
    return [{"label": entry.label, "url": reverse(entry.url_name)} for entry in entries]


def home_of(request: HttpRequest) -> str:
    """Return the address where the request's actor begins; "" where no entry is for them."""
    actor = request.actor  # type: ignore[attr-defined]
    return next((reverse(entry.url_name) for entry in _allowed(request) if entry.is_home(actor)), "")


def search_of(request: HttpRequest) -> str:
    """Return the address of the first entry that takes a search; "" for none."""
    return next((reverse(entry.url_name) for entry in _allowed(request) if entry.takes_search), "")


def _allowed(request: HttpRequest) -> list[NavigationEntry]:
    actor = request.actor  # type: ignore[attr-defined]
    return [entry for entry in sorted(_entries, key=lambda entry: entry.order) if entry.allowed(actor)]


def _shown(request: HttpRequest, entry: NavigationEntry) -> dict[str, Any]:
    url, badge, actor = reverse(entry.url_name), entry.badge, request.actor  # type: ignore[attr-defined]
    return {
        "label": entry.label,
        "url": url,
        "icon": entry.icon,
        "active": request.path.startswith(url),
        "badge": SimpleLazyObject(lambda: badge(actor)) if badge else "",
    }
