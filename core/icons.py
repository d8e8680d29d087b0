"""The project's own icons: strokes on a 20 × 20 grid, drawn for 1.5 px lines.

Each is the `d` of one path. They are written where they are used rather than referred to in a sprite: a page
carries only those it shows, nothing flickers while a second file loads, and parts that are swapped in later
bring their own.
"""

from __future__ import annotations

ICONS: dict[str, str] = {
    "alert": "M10 3.5 2.8 16h14.4zM10 8.5v3.2M10 13.9v.1",
    "archive": "M3 4h14v3.5H3zM4 7.5V16h12V7.5M8 10.5h4",
    "arrow-down": "M10 4v12m-4.5-4.5L10 16l4.5-4.5",
    "arrow-left": "M16 10H4m4.5-4.5L4 10l4.5 4.5",
    "arrow-right": "M4 10h12m-4.5-4.5L16 10l-4.5 4.5",
    "arrow-up": "M10 16V4M5.5 8.5 10 4l4.5 4.5",
    "bell": "M5 13.5V9a5 5 0 0 1 10 0v4.5l1.3 1.5H3.7zM8.3 17.2h3.4",
    "building": "M4 17V4h8v13M12 8h4v9M2.5 17h15M6.8 7.2h2.4M6.8 10.2h2.4M6.8 13.2h2.4",
    "calendar": "M3.5 5h13v11.5h-13zM3.5 8.5h13M7 3v3.5M13 3v3.5",
    "chart": "M3.5 3.5v13h13M7 13v-3M10.5 13V6.5M14 13V9",
    "check": "m4 10.5 4 4 8-9",
    "check-circle": "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM6.8 10.2l2.3 2.3 4.2-4.8",
    "chevron-down": "m5.5 8 4.5 4.5L14.5 8",
    "chevron-left": "M12 5.5 7.5 10l4.5 4.5",
    "chevron-right": "M8 5.5 12.5 10 8 14.5",
    "chevrons": "m6.5 8 3.5-3.5L13.5 8M6.5 12l3.5 3.5 3.5-3.5",
    "clock": "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6.2V10l2.6 1.8",
    "close": "m5 5 10 10M15 5 5 15",
    "columns": "M3.5 4h13v12h-13zM8 4v12M12.3 4v12",
    "command": (
        "M7.5 7.5h5v5h-5z"
        "M7.5 7.5V5.2a2.1 2.1 0 1 0-2.2 2.3zm5 0h2.2a2.1 2.1 0 1 0-2.2-2.3zm0 5v2.3"
        "a2.1 2.1 0 1 0 2.2-2.3zm-5 0H5.3a2.1 2.1 0 1 0 2.2 2.3z"
    ),
    "console": (
        "M3.5 5.5h7M14 5.5h2.5M3.5 10h2M9 10h7.5M3.5 14.5h7M14 14.5h2.5"
        "M12.2 7.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4z"
        "M7.2 11.7a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4z"
        "M12.2 16.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4z"
    ),
    "copy": "M7 7h9.5v9.5H7zM13 7V3.5H3.5V13H7",
    "download": "M10 3.5v9M6.3 9 10 12.7 13.7 9M3.5 16.5h13",
    "edit": "m4 13.2-.7 3.5 3.5-.7 9-9-2.8-2.8zM11.3 5.9l2.8 2.8",
    "external": "M8.5 4H4v12h12v-4.5M11.5 3.5h5v5M16.5 3.5 9.5 10.5",
    "eye": (
        "M2.5 10S5 5 10 5s7.5 5 7.5 5-2.5 5-7.5 5-7.5-5-7.5-5z"
        "M10 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z"
    ),
    "file": "M5 3h6.5L15.5 7v10H5zM11.3 3v4.2h4.2",
    "filter": "M3.5 5.5h13M6 10h8M8.5 14.5h3",
    "flag": "M5 17V3.5M5 4h9.5l-2 3.3 2 3.2H5",
    "grid": "M3.5 3.5h5.2v5.2H3.5zM11.3 3.5h5.2v5.2h-5.2zM3.5 11.3h5.2v5.2H3.5zM11.3 11.3h5.2v5.2h-5.2z",
    "help": "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM8 8.2a2 2 0 1 1 2.8 1.9c-.5.2-.8.6-.8 1.2M10 13.6v.1",
    "history": "M3.8 8.2A6.5 6.5 0 1 1 3.5 11M3.5 4.5v3.8h3.8M10 6.8V10l2.4 1.6",
    "home": "M3.5 9.3 10 3.7l6.5 5.6M5.2 8v8.5h9.6V8M8.3 16.5v-4.3h3.4v4.3",
    "inbox": "M3.5 11 5.8 4h8.4l2.3 7v5.5h-13zM3.5 11h3.8l1 2.2h3.4l1-2.2h3.8",
    "info": "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 9.3v4.2M10 6.5v.1",
    "key": "M7 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10.5 10h6.5v2.8M14.2 10v2",
    "leads": "M3.5 5h13M3.5 10h13M3.5 15h8",
    "ledger": "M5 3h10.5v14H5zM8 3v14M10.5 6.8h2.5M10.5 10h2.5",
    "list": "M7.5 5.5h9M7.5 10h9M7.5 14.5h9M3.7 5.5h.1M3.7 10h.1M3.7 14.5h.1",
    "lock": "M4.5 9h11v7.5h-11zM7 9V6.5a3 3 0 0 1 6 0V9",
    "mail": "M3 5h14v10.5H3zM3.3 5.5l6.7 5.3 6.7-5.3",
    "map": "M3 5.5 7.7 3.5v11L3 16.5zM7.7 3.5l4.6 2v11l-4.6-2M12.3 5.5 17 3.5v11l-4.7 2",
    "menu": "M3.5 5.5h13M3.5 10h13M3.5 14.5h13",
    "merge": "M5 3.5v3c0 3 5 3.5 5 6.5v3.5M15 3.5v3c0 3-5 3.5-5 6.5m-2.5 1.5L10 17l2.5-2.5",
    "message": "M3.5 4.5h13v9h-7l-3.5 3v-3h-2.5z M7 8h6 M7 10.5h4",
    "minus": "M4.5 10h11",
    "monitor": "M3 4h14v9.5H3zM7 16.8h6M10 13.5v3.3",
    "moon": "M16 11.8A6.6 6.6 0 0 1 8.2 4 6.5 6.5 0 1 0 16 11.8z",
    "more": "M4 9.4h1.2v1.2H4zM9.4 9.4h1.2v1.2H9.4zM14.8 9.4h1.2v1.2h-1.2z",
    "note": "M4 3.5h12v9l-4 4H4zM12 16.5v-4h4M7 7.5h6M7 10.5h3",
    "panel": "M3 4h14v12H3zM8 4v12M12.8 8 10.8 10l2 2",
    "pause": "M7 4.5v11M13 4.5v11",
    "phone": (
        "M6.2 3.5 4 5.2c-.3 5.6 5.2 11.1 10.8 10.8l1.7-2.2-3.2-2.6-1.8 1.3c-1.7-.8-3.2-2.3-4-4l1.3-1.8z"
    ),
    "plus": "M10 4.5v11M4.5 10h11",
    "print": "M6 7.5v-4h8v4 M6 13.5H3.5v-6h13v6H14 M6 11.5h8v5H6z",
    "refresh": "M16 6.5V3.2M16 6.5h-3.3M16 6.3A7 7 0 1 0 17 10",
    "route": (
        "M5.5 15.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z"
        "M14.5 7.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z"
        "M12.7 6H8.2a2.6 2.6 0 0 0 0 5.2h3.6a2.6 2.6 0 0 1 0 4.8H7.5"
    ),
    "search": "M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM13 13l3.5 3.5",
    "shield": "M10 3 4 5.2V10c0 3.6 2.5 5.9 6 7 3.5-1.1 6-3.4 6-7V5.2zM7.3 9.9l2 2 3.4-3.9",
    "sign-out": "M8 3.5H3.5v13H8M8 10h9M13.5 6.5 17 10l-3.5 3.5",
    "sort": "M6.5 4v12M3.5 13l3 3 3-3M13.5 16V4M10.5 7l3-3 3 3",
    "star": "m10 3.3 2.1 4.3 4.7.7-3.4 3.3.8 4.7L10 14.1l-4.2 2.2.8-4.7L3.2 8.3l4.7-.7z",
    "sun": (
        "M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM10 2.8v1.4M10 15.8v1.4M2.8 10h1.4"
        "M15.8 10h1.4M4.9 4.9l1 1M14.1 14.1l1 1M15.1 4.9l-1 1M5.9 14.1l-1 1"
    ),
    "table": "M3 4h14v12H3zM3 8h14M3 12h14M8 8v8",
    "tag": "M3.5 3.5h6l7 7-6 6-7-7zM7 7v.1",
    "target": "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
    "trash": "M4 5.5h12M8 5.5V3.5h4v2M5.5 5.5l.7 11h7.6l.7-11M8.5 8.5v5M11.5 8.5v5",
    "undo": "M4 8h8a4.2 4.2 0 0 1 0 8.4H8M7.3 4.5 3.8 8l3.5 3.5",
    "upload": "M10 13V4M6.3 7.5 10 3.8l3.7 3.7M3.5 16.5h13",
    "user": "M10 9.8a3.1 3.1 0 1 0 0-6.2 3.1 3.1 0 0 0 0 6.2zM4 16.8c.4-3 2.9-4.6 6-4.6s5.6 1.6 6 4.6",
    "users": (
        "M7.5 9.5a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6z"
        "M2.5 16.2c.3-2.7 2.4-4.2 5-4.2s4.7 1.5 5 4.2M12.8 4.1a2.7 2.7 0 0 1 0 5.2"
        "M14.5 12.4c1.7.5 2.8 1.8 3 3.8"
    ),
    "whatsapp": "M3.5 16.5l1-3.2A7 7 0 1 1 7 15.7z M7.8 7.2c0 2.8 2.2 5 5 5",
    "wand": "M4 16 12.5 7.5M11 6l3 3M14.5 3v2.5M13.3 4.2h2.5M16.5 9v2M15.5 10h2M8 3.5v2M7 4.5h2",
}

# Names that navigation and other apps may use for what they mean.
ALIASES = {
    "imports": "upload",
    "import": "upload",
    "settings": "console",
    "dashboard": "home",
    "profile": "user",
    "team": "users",
    "security": "shield",
    "warning": "alert",
    "error": "alert",
    "success": "check-circle",
}


def path_of(name: str) -> str:
    """The path of an icon by its name or alias.

    Raises KeyError for an unknown name, so that a misspelt icon is seen at once and not shipped as a gap.
    """
    return ICONS[ALIASES.get(name, name)]
