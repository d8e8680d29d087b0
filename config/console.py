"""The operations console's look (django-unfold). Its menu, first page and lists are `<app>/admin`."""

from typing import Any

from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

# The accent of static/css/tokens.css, from its softest to its strongest.
ACCENT = {
    "50": "#eef7f9",
    "100": "#d8ecf1",
    "200": "#b4d9e2",
    "300": "#83bfcd",
    "400": "#5cb3c6",
    "500": "#2f9db5",
    "600": "#0b6477",
    "700": "#0a5565",
    "800": "#0c4754",
    "900": "#0e3b46",
    "950": "#06262e",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "LeadLedger",
    "SITE_HEADER": _("LeadLedger console"),
    "SITE_URL": "/",
    "SITE_SYMBOL": "tune",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/mark.svg")},
    ],
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "COLORS": {"primary": ACCENT},
    "STYLES": [
        lambda request: static("css/console.css"),
        lambda request: static("css/building.css"),
        lambda request: static("css/arranging.css"),
    ],
    "SCRIPTS": [
        lambda request: static("js/console.js"),
        lambda request: static("js/building.js"),
    ],
    "ACCOUNT": {
        "navigation": [{"title": _("Profile and security"), "link": "/profile/"}],
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "core.admin.menu.navigation",
    },
}
