"""What every page shows: the organisation, its navigation and the person."""

from typing import Any

from django.http import HttpRequest

from core.pages.navigation import bar_for, navigation_for, search_of, sought_for


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Template context of the base page; safe for anonymous visitors and error pages."""
    actor = getattr(request, "actor", None)
    return {
        "actor": actor,
        "organization": actor.organization if actor else None,
        "memberships_available": [
            (membership.organization.slug, membership.organization.name)
            for membership in getattr(request, "memberships", [])
        ],
        "navigation": navigation_for(request) if actor else [],
        "bar": bar_for(request) if actor else [],
        "palette": sought_for(request) if actor else [],
        "search_url": search_of(request) if actor else "",
    }
