"""Template tags for the parts of the design language that take arguments or a body.

Parts that only read the context are partials in `templates/components/`, used with `{% include %}`.
The living page `templates/styleguide.html` shows every one of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from zlib import crc32

from django import forms, template
from django.forms.boundfield import BoundField
from django.forms.utils import flatatt
from django.template import Context
from django.template.loader import get_template
from django.utils.html import format_html, html_safe, json_script, strip_spaces_between_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core import icons
from core.locale_formats import initials

register = template.Library()

HUES = 8

# The tone of each state a thing can be in. A state that is not listed is quiet.
TONES = {
    "new": "info",
    "in_progress": "accent",
    "approved": "good",
    "rejected": "bad",
    "converted": "good",
    "closed": "quiet",
    "queued": "quiet",
    "running": "accent",
    "paused": "warn",
    "done": "good",
    "failed": "bad",
    "cancelled": "quiet",
    "received": "quiet",
    "checking": "accent",
    "checked": "info",
    "loading": "accent",
    "loaded": "good",
    "rolling_back": "accent",
    "rolled_back": "warn",
    "updated": "good",
    "duplicate": "warn",
    "held": "info",
    "corrected": "good",
    "active": "good",
    "draft": "info",
    "retired": "quiet",
    "debug": "quiet",
    "success": "good",
    "warning": "warn",
    "error": "bad",
}

TONE_ICONS = {"good": "check-circle", "warn": "alert", "bad": "alert", "info": "info"}


@register.simple_tag(name="icon")
def draw_icon(name: str, label: str = "", size: str = "") -> SafeString:
    """A stroke icon; it is hidden from screen readers unless it carries a label of its own."""
    path = mark_safe(icons.path_of(name))
    kind = f"icon {size}".strip()
    if label:
        return format_html(
            '<svg class="{}" viewBox="0 0 20 20" role="img" aria-label="{}"><path d="{}"/></svg>',
            kind,
            label,
            path,
        )
    return format_html(
        '<svg class="{}" viewBox="0 0 20 20" aria-hidden=true><path d="{}"/></svg>', kind, path
    )


@register.filter
def tone(state: Any) -> str:
    """The tone (good, warn, bad, info, accent, quiet) of a state or of a message level."""
    return TONES.get(str(state or ""), "quiet")


@register.filter
def tone_icon(tone_name: str) -> str:
    """The icon that goes with a tone, so that colour is never the only signal."""
    return TONE_ICONS.get(tone_name, "info")


@register.filter
def hue(name: Any) -> str:
    """A class `hue-0` … `hue-7`, the same for the same name in every process."""
    return f"hue-{crc32(str(name).encode()) % HUES}"


@register.filter(name="initials")
def initials_filter(name: Any) -> str:
    """One or two letters for a person's name or e-mail address."""
    return initials(str(name or ""))


@register.simple_tag
def avatar(name: Any, large: bool = False) -> SafeString:
    """The initials of a person in a hue of their own; the name stands beside them."""
    size = " large" if large else ""
    if not name:
        return format_html('<span class="avatar nobody{}" aria-hidden="true">–</span>', size)
    return format_html(
        '<span class="avatar {}{}" aria-hidden="true">{}</span>', hue(name), size, initials(str(name))
    )


@register.simple_tag
def badge(word: Any, tone: str = "quiet", kind: str = "") -> SafeString:
    """A dot and a word. `kind`: pill (tinted), hollow (an open dot, for what is not final)."""
    return format_html('<span class="{}">{}</span>', f"badge {tone} {kind}".strip(), word)


def _attributes(given: Mapping[str, Any]) -> dict[str, Any]:
    """HTML attributes from keyword arguments: `hx_get` becomes `hx-get`, nothing and "" are left out."""
    return {name.replace("_", "-"): value for name, value in given.items() if value not in (None, "", False)}


@register.simple_tag
def button(label: str = "", kind: str = "", icon: str = "", **attributes: Any) -> SafeString:
    """A button, or a link that looks like one when `href` is given.

    `kind`: primary, danger, ghost, link, small, wide, icon-only, several separated by spaces; with icon-only
    the label is for screen readers and the tooltip. `opens` names a dialog. Other arguments become attributes
    (`hx_get`, `data_shortcut`, `name`, `value`, `form`, `disabled`, `type`; the type is submit unless said).
    """
    opens = attributes.pop("opens", "")
    found = {"class": f"button {kind}".strip(), **_attributes(attributes)}
    if opens:
        found |= {"type": "button", "data-opens": opens, "aria-haspopup": "dialog"}
    hidden_label = "icon-only" in kind.split()
    if hidden_label:
        found |= {"aria-label": label, "title": label}
    element = "a" if "href" in found else "button"
    if element == "button":
        found.setdefault("type", "submit")
    drawing = draw_icon(icon) if icon else ""
    words = "" if hidden_label else format_html("<span>{}</span>", label)
    return format_html("<{}{}>{}{}</{}>", element, flatatt(found), drawing, words, element)


def _kind_of(widget: forms.Widget) -> str:
    """How a widget is laid out: a group of choices, several parts, one checkbox, a file, a select, or a plain control.

    A widget of our own says so itself (`layout`).
    """
    if layout := getattr(widget, "layout", ""):
        return str(layout)
    if isinstance(widget, forms.CheckboxSelectMultiple | forms.RadioSelect):
        return "group"
    if isinstance(widget, forms.CheckboxInput):
        return "checkbox"
    if isinstance(widget, forms.FileInput):
        return "file"
    if isinstance(widget, forms.SelectMultiple):
        return "multiple"
    if isinstance(widget, forms.Select):
        return "select"
    return "hidden" if widget.is_hidden else "control"


def _rule_text(rule: Any) -> str:
    """A rule as the JSON text of an attribute; no rule is no attribute."""
    return json.dumps(rule, ensure_ascii=False, separators=(",", ":")) if rule else ""


@html_safe
class FieldView:
    """What the field partial shows of one bound field, computed once."""

    def __init__(self, bound: BoundField, drop: bool = False) -> None:
        self.bound = bound
        self.kind = _kind_of(bound.field.widget)
        if drop and self.kind == "file":
            self.kind = "drop"
        self.width = getattr(bound.field, "width", "") or ""
        self.prefix = getattr(bound.field, "prefix", "") or ""
        self.suffix = getattr(bound.field, "suffix", "") or ""
        self.visible_if = _rule_text(getattr(bound.field, "visible_if", None))
        self.required_if = _rule_text(getattr(bound.field, "required_if", None))
        self.choices_from = getattr(bound.field, "choices_from", "") or ""
        self.parents = _rule_text(getattr(bound.field, "parents", None)) if self.choices_from else ""
        self.key = getattr(bound.field, "rule_key", "") or bound.name
        self.field_type = getattr(bound.field, "field_type", "") or ""

    @property
    def is_set(self) -> bool:
        """Whether it is several controls under one name."""
        return self.kind in ("group", "parts")

    @property
    def described_by(self) -> str:
        return self.bound.aria_describedby or ""

    def __str__(self) -> str:
        return get_template("components/field.html").render({"field": self.bound, "view": self})


@register.simple_tag
def field(bound: BoundField, drop: bool = False) -> FieldView:
    """A form field: label, control, help, and its errors beside it.

    Beyond Django's own attributes it reads from the form field, where they are set: `width` (half, third),
    `prefix` and `suffix` (₹, %), `visible_if` and `required_if` (rules, evaluated in the browser too),
    `rule_key` (the name the rules use, if it is not the field's own) and `field_type` (money, date, …).
    `choices_from` and `parents` (choices by the other field's choice) make choices depend on another field.
    `drop` shows a file input as an area to drop a file on.
    """
    return FieldView(bound, drop)


@register.simple_tag
def fields(form: forms.BaseForm) -> SafeString:
    """The visible fields of a form, one after the other, without the space between: for forms of many fields."""
    return mark_safe(
        strip_spaces_between_tags("".join(str(FieldView(bound)) for bound in form.visible_fields()))
    )


@register.simple_block_tag
def dialog(content: str, name: str, title: str, kind: str = "") -> SafeString:
    """A native dialog, opened by `{% button … opens=name %}`; without scripts it is a section of the page."""
    return mark_safe(
        get_template("components/dialog.html").render(
            {"id": name, "title": title, "kind": kind, "content": mark_safe(content)}
        )
    )


@register.simple_block_tag
def page_header(content: str, title: str, lede: str = "", crumbs: Iterable[Any] = ()) -> SafeString:
    """The head of a page: breadcrumbs ((label, url) pairs), h1, a line of explanation; its body: actions."""
    return mark_safe(
        get_template("components/page_header.html").render(
            {"title": title, "lede": lede, "crumbs": crumbs, "actions": mark_safe(content.strip())}
        )
    )


@register.simple_tag
def crumbs(*labels_and_urls: Any) -> list[tuple[Any, Any]]:
    """Pairs for breadcrumbs: `{% crumbs _("Leads") leads_url lead.reference "" as trail %}`."""
    return list(zip(labels_and_urls[::2], labels_and_urls[1::2], strict=True))


@register.simple_tag
def with_shortcuts(navigation: Iterable[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """The navigation's entries, each with the key that follows `g`: its own, else its first free letter."""
    taken: set[str] = set()
    entries = []
    for entry in navigation or ():
        wanted = [str(entry.get("shortcut") or ""), *str(entry["label"]).lower()]
        letters = (letter for letter in wanted if letter.isascii() and letter.isalpha())
        key = next((letter for letter in letters if letter not in taken), "")
        taken.add(key)
        entries.append({**entry, "shortcut": key})
    return entries


@register.simple_tag
def with_badges(bar: Iterable[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """The icons that every page has, each with its badge as text: several places show it, and it is counted once."""
    return [{**entry, "badge": str(entry["badge"])} for entry in bar or ()]


@register.simple_tag(takes_context=True)
def palette_entries(context: Context, navigation: Iterable[Mapping[str, Any]]) -> SafeString:
    """The JSON the command palette reads: navigation, then `palette` of the context ({label, url, group})."""
    places = [
        {
            "label": str(entry["label"]),
            "url": str(entry["url"]),
            "group": _("Go to"),
            "keys": f"g {entry['shortcut']}" if entry.get("shortcut") else "",
        }
        for entry in navigation
    ]
    more = [
        {"label": str(entry["label"]), "url": str(entry["url"]), "group": str(entry.get("group", ""))}
        for entry in context.get("palette") or ()
    ]
    return json_script(places + more, "palette-entries")
