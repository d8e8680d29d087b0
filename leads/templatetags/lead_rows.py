"""The rows of the list of leads, written in one go: as a template's loop they took most of the page's time."""

from collections.abc import Iterable, Mapping
from datetime import UTC
from html import escape
from typing import Any

from django import template
from django.template import Context
from django.utils import timezone as clock
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core import locale_formats as formats
from core.templatetags.components import hue
from core.templatetags.formats import locale_from, timezone_from

register = template.Library()


@register.simple_tag(takes_context=True)
def lead_rows(context: Context, rows: Iterable[Mapping[str, Any]], shows_owner: bool) -> SafeString:
    """Table rows of leads: name, reference, status, cells ({label, text, kind}), owner, since when.

    What a row holds is said in `leads/list.html`. `now` in the context fixes the present for tests. Fifty rows are most
    of the page's weight: cells are not closed and plain attributes not quoted, which HTML allows.
    """
    now = context.get("now") or clock.now()
    place = locale_from(context), formats.timezone_of(timezone_from(context))
    owners: dict[str, str] = {}
    moments: dict[Any, str] = {}
    owner_label, created_label = escape(_("Owner")), escape(_("Created"))
    stalled = f' <span class="badge warn">{escape(_("Stalled"))}</span>'
    written = []
    for row in rows:
        owner, created = row["owner"], row["created"]
        if owner not in owners:
            owners[owner] = _owner(owner, owner_label) if shows_owner else ""
        if created not in moments:
            moments[created] = _moment(created, now, *place)
        reference = escape(row["reference"])
        written.append(
            f"<tr><td class=pick><label><input type=checkbox name=pick form=bulk value={escape(row['pick'])} "
            f'aria-label="{reference}"></label><td class=lead><a class=row-link href="{escape(row["url"])}">'
            f"{escape(str(row['name'])) or reference}</a><td class=reference>{reference}"
            f'<td class=side><span class="badge {escape(row["status_tone"])}">{escape(str(row["status_label"]))}'
            f"</span>{stalled if row.get('is_stalled') else ''}{_cells(row['cells'])}{owners[owner]}"
            f'<td class=since data-label="{created_label}">{moments[created]}'
        )
    return mark_safe("".join(written))


def _cells(cells: Iterable[Mapping[str, Any]]) -> str:
    written = []
    for cell in cells:
        kind = f" class={escape(cell['kind'])}" if cell["kind"] else ""
        written.append(f'<td data-label="{escape(str(cell["label"]))}"{kind}>{escape(str(cell["text"]))}')
    return "".join(written)


def _owner(name: str, label: str) -> str:
    if not name:
        return f'<td class=keep data-label="{label}">'
    avatar = f'<span class="avatar {hue(name)}" aria-hidden=true>{escape(formats.initials(name))}</span>'
    return (
        f'<td class=keep data-label="{label}"><span class=person>{avatar}<span>{escape(name)}</span></span>'
    )


def _moment(value: Any, now: Any, locale: str, zone: Any) -> str:
    """How long ago, with the exact moment on hover."""
    exact = formats.format_moment(value, locale, zone, seconds=True)
    return (
        f'<time datetime={value.astimezone(UTC):%Y-%m-%dT%H:%MZ} title="{escape(exact)}">'
        f"{escape(formats.format_relative(value, now, locale, zone))}</time>"
    )
