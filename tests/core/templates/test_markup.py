"""What holds for every template and style sheet: strict policy, one place for colours, contrast, weight."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

from tests.core.templates.samples import pages, rendered_pages

TEMPLATES = Path(settings.BASE_DIR) / "templates"
STATIC = Path(settings.BASE_DIR) / "static"
ALL_TEMPLATES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))
DOCUMENT = (TEMPLATES / "layouts" / "document.html").read_text()
# The console brings a style sheet of its own beside its theme; these are those of the pages.
STYLES = [STATIC / name for name in re.findall(r"css/[\w-]+\.css", DOCUMENT)]

INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)([^>]*)>", re.IGNORECASE)
RAW_COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(", re.IGNORECASE)

# Text on the ground it stands on, and the least contrast WCAG 2.2 AA asks for.
TEXT = 4.5
SIGN = 3.0
TONES = ("good", "warn", "bad", "info")
PAIRS = [
    *(
        (ink, ground, TEXT)
        for ink in ("ink", "ink-soft", "ink-faint")
        for ground in ("canvas", "surface", "sunken", "raised")
    ),
    *(("accent-text", ground, TEXT) for ground in ("canvas", "surface", "accent-soft", "raised")),
    *(("ink", f"{tone}-soft", TEXT) for tone in (*TONES, "accent", "quiet")),
    *((tone, ground, TEXT) for tone in TONES for ground in ("surface", "canvas", f"{tone}-soft")),
    ("accent-text", "bad-soft", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-strong", TEXT),
    ("on-bad", "bad", TEXT),
    ("on-bad", "bad-strong", TEXT),
    ("line-strong", "surface", SIGN),
    ("line-strong", "canvas", SIGN),
    ("accent", "surface", SIGN),
    ("accent", "canvas", SIGN),
    ("quiet", "surface", SIGN),
]


def themes() -> dict[str, dict[str, str]]:
    """The colours of both themes; the dark one is checked to say the same in both of its places."""
    text = (STATIC / "css" / "tokens.css").read_text()
    blocks = re.findall(r"(:root[^{]*)\{([^{}]*?color-scheme: (?:light|dark);[^{}]*)\}", text)
    found = [(name, dict(re.findall(r"--([\w-]+): ([^;]+);", body))) for name, body in blocks]
    (_, light), (_, by_system), (_, by_choice) = found
    assert by_system == by_choice
    return {"light": light, "dark": light | by_system}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def mixed(colour: str, ground: str, share: float) -> str:
    """The colour that color-mix makes of a share of one on the other."""
    parts = [
        round(int(colour[i : i + 2], 16) * share + int(ground[i : i + 2], 16) * (1 - share))
        for i in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in parts)


AT_ONCE, WHEN_NEEDED = r'(?:from|import) "\./([\w-]+\.js)"', r"\./([\w-]+\.js)"


def scripts_of_pages(imports: str = WHEN_NEEDED) -> set[Path]:
    """What the document asks for, with everything that is imported from there, now or also when it is needed."""
    waiting = [STATIC / name for name in re.findall(r"js/[\w-]+\.js", DOCUMENT)]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        found.add(path)
        imported = {path.parent / name for name in re.findall(imports, path.read_text())}
        waiting += imported - found
    return found


def weight(*paths: Path) -> int:
    """Bytes on the wire, each file compressed by itself."""
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_contrast(theme: str) -> None:
    colours = themes()[theme]

    weak = {
        f"{ink} on {ground}": round(contrast(colours[ink], colours[ground]), 2)
        for ink, ground, least in PAIRS
        if contrast(colours[ink], colours[ground]) < least
    }

    assert weak == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_initials_can_be_read_on_their_tint(theme: str) -> None:
    colours = themes()[theme]
    hues = [colours[f"hue-{number}"] for number in range(8)]

    assert min(contrast(hue, mixed(hue, colours["surface"], 0.16)) for hue in hues) >= TEXT


@pytest.mark.parametrize("name", ALL_TEMPLATES)
def test_template_compiles_and_has_nothing_inline(name: str) -> None:
    get_template(name)
    source = (TEMPLATES / name).read_text()

    assert INLINE.findall(source) == []
    assert [attributes for attributes in SCRIPT.findall(source) if "application/json" not in attributes] == []


@pytest.mark.parametrize("name", sorted(pages()))
def test_rendered_page_has_nothing_inline_and_unique_ids(name: str) -> None:
    html = rendered_pages()[name]
    ids = re.findall(r'\sid="([^"]+)"', html)

    assert INLINE.findall(re.sub(r"<script[^>]*>.*?</script>", "", html, flags=re.DOTALL)) == []
    assert [attributes for attributes in SCRIPT.findall(html) if "application/json" not in attributes] == []
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_colours_are_named_in_tokens_only(path: Path) -> None:
    if path.name == "tokens.css":
        return
    assert RAW_COLOUR.findall(path.read_text()) == []


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_every_custom_property_that_is_used_exists(path: Path) -> None:
    defined = set(re.findall(r"(--[\w-]+)\s*:", "".join(style.read_text() for style in STYLES)))

    assert set(re.findall(r"var\((--[\w-]+)", path.read_text())) <= defined


def test_weight_of_a_page() -> None:
    styles = weight(*STYLES)
    scripts = weight(*scripts_of_pages(AT_ONCE))
    for_some_forms = weight(*scripts_of_pages()) - scripts
    htmx = len(gzip.compress(_htmx().read_bytes(), 9))
    page = len(gzip.compress(rendered_pages()["leads"].encode(), 9))

    assert styles <= 17_000
    assert scripts <= 7_300
    assert for_some_forms <= 10_300
    assert styles + scripts + htmx + page <= 60_000


def test_fifty_leads_are_sixty_kilobytes_at_most() -> None:
    assert len(rendered_pages()["leads"].encode()) <= 60 * 1024


def _htmx() -> Path:
    from django.contrib.staticfiles import finders

    found = finders.find("django_htmx/htmx-2.min.js")
    assert isinstance(found, str)
    return Path(found)
