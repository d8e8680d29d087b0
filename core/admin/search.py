"""The palette of the console: places of the menu, and rows that lists can be searched for."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

from core.admin.menu import navigation

LEAST_LETTERS = 2
LONGEST = 100
ROWS_PER_LIST = 5


def search_results(request: HttpRequest, site: Any, words: str) -> list[SearchResult]:
    """Return what a search finds for the person who looks, places first."""
    words = words.strip()[:LONGEST].replace("\0", "")
    if len(words) < LEAST_LETTERS:
        return []
    places = [
        SearchResult(str(item["title"]), str(group["title"]), item["link"], item["icon"])
        for group in navigation(request)
        for item in group["items"]
        if words.casefold() in str(item["title"]).casefold()
    ]
    return places + [
        result
        for model_admin in site._registry.values()
        if getattr(model_admin, "menu", None) and model_admin.has_view_permission(request)
        for result in _rows(request, model_admin, words)
    ]


def _rows(request: HttpRequest, model_admin: Any, words: str) -> list[SearchResult]:
    if not model_admin.get_search_fields(request):
        return []
    rows, _may_repeat = model_admin.get_search_results(request, model_admin.get_queryset(request), words)
    options = model_admin.model._meta
    address = f"admin:{options.app_label}_{options.model_name}_change"
    return [
        SearchResult(
            str(row), str(options.verbose_name), reverse(address, args=[row.pk]), model_admin.menu.icon
        )
        for row in rows[:ROWS_PER_LIST]
    ]
