"""Template tags for money, numbers, dates and times in the organisation's way of writing.

Every tag reads `organization` (currency, timezone, locale) from the context and can be told otherwise:
`{% money lead.amount line.currency %}`, `{% moment job.created %}`, `{% number rate decimals=2 %}`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.template import Context
from django.utils import timezone as clock
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import locale_formats as formats

register = template.Library()


def locale_from(context: Context, explicit: str | None = None) -> str:
    """The locale that is asked for, else the organisation's, else the one its currency suggests."""
    organization = context.get("organization")
    return (
        explicit
        or getattr(organization, "locale", None)
        or formats.locale_of_currency(getattr(organization, "currency", None))
    )


def timezone_from(context: Context, explicit: Any = None) -> Any:
    """The timezone that is asked for, else the organisation's, else the one Django is set to."""
    return explicit or getattr(context.get("organization"), "timezone", None) or clock.get_current_timezone()


@register.simple_tag(takes_context=True)
def money(
    context: Context,
    value: formats.Amount | None,
    currency: str | None = None,
    locale: str | None = None,
    decimals: int | None = None,
) -> str:
    """An amount with its currency; without a currency, the organisation's."""
    code = currency or getattr(context.get("organization"), "currency", None)
    return formats.format_money(value, code, locale_from(context, locale), decimals)


@register.simple_tag(takes_context=True)
def number(
    context: Context, value: formats.Amount | None, decimals: int | None = None, locale: str | None = None
) -> str:
    """A number, grouped and with the decimal sign of the locale."""
    return formats.format_number(value, locale_from(context, locale), decimals)


@register.filter
def grouped(value: formats.Amount | None, locale: str | None = None) -> str:
    """A number grouped for a locale: `{{ job.total|grouped:organization.locale }}`."""
    return formats.format_number(value, locale)


@register.simple_tag(takes_context=True)
def day(
    context: Context, value: date | datetime | None, locale: str | None = None, timezone: Any = None
) -> SafeString | str:
    """A calendar day in a `<time>` element."""
    if value is None or value == "":
        return ""
    zone = timezone_from(context, timezone)
    shown = formats.format_day(value, locale_from(context, locale), zone)
    if isinstance(value, datetime):
        value = formats.to_timezone(value, zone).date()
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), shown)


@register.simple_tag(takes_context=True)
def moment(
    context: Context, value: datetime | None, locale: str | None = None, timezone: Any = None
) -> SafeString | str:
    """A day and a time of day in the organisation's timezone, in a `<time>` element."""
    if not value:
        return ""
    zone = timezone_from(context, timezone)
    shown = formats.format_moment(value, locale_from(context, locale), zone)
    return format_html(
        '<time datetime="{}">{}</time>', formats.to_timezone(value, zone).isoformat(timespec="seconds"), shown
    )


@register.simple_tag(takes_context=True)
def relative(
    context: Context, value: datetime | None, locale: str | None = None, timezone: Any = None
) -> SafeString | str:
    """How long ago, with the exact moment on hover; `now` in the context fixes the present for tests."""
    if not value:
        return ""
    zone = timezone_from(context, timezone)
    where = locale_from(context, locale)
    now = context.get("now")
    shown = formats.format_relative(value, now if isinstance(now, datetime) else clock.now(), where, zone)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        formats.to_timezone(value, zone).isoformat(timespec="seconds"),
        formats.format_moment(value, where, zone, seconds=True),
        shown,
    )
