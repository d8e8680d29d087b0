"""Each colour that a form can have can be read, in light and dark."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from leads.models import Accent
from tests.core.templates.test_markup import SIGN, TEXT, contrast, mixed, themes

STYLES = (Path(settings.BASE_DIR) / "static" / "css" / "public.css").read_text()
HUES = dict(re.findall(r'\[data-accent="(\w+)"\] \{ --accent: var\(--([\w-]+)\)', STYLES))


def test_every_colour_that_can_be_chosen_is_drawn():
    assert HUES.keys() | {"teal"} == set(Accent.values)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", sorted(HUES))
def test_buttons_and_links_can_be_read(name, theme):
    colours = themes()[theme]
    accent = colours[HUES[name]]
    strong = mixed(accent, colours["ink"], 0.85)
    soft = mixed(accent, colours["surface"], 0.12)
    weak = {
        f"{ink} on {ground}"
        for ink, ground, least in [
            (colours["on-accent"], accent, TEXT),
            (colours["on-accent"], strong, TEXT),
            (accent, colours["surface"], TEXT),
            (accent, colours["canvas"], TEXT),
            (accent, colours["bad-soft"], TEXT),
            (accent, soft, TEXT),
            (colours["ink"], soft, TEXT),
            (accent, colours["sunken"], SIGN),
        ]
        if contrast(ink, ground) < least
    }
    assert weak == set()
