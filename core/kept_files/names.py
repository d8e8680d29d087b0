"""Names of files as they are kept: one line, no path, nothing that shows another name than there is."""

import re
import unicodedata

LONGEST = 120
PARTING = re.compile(r"[/\\]")
# Letters, digits and marks; of the signs only those that no system minds.
KEPT_SIGNS = frozenset(" ._-()[]+,&@#'")
FORMATS = frozenset(("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"))


def clean_name(given: str, ending: str) -> str:
    """Return the name under which a file is kept: its last part, with the ending of what it is."""
    last = PARTING.split(given)[-1]
    stem = last.rpartition(".")[0] or last
    plain = "".join(_kept(character) for character in unicodedata.normalize("NFC", stem))
    stem = re.sub(r"\s+", " ", plain).strip(" .")
    stem = stem[: LONGEST - len(ending) - 1].rstrip(" .") or "file"
    return f"{stem}.{ending}"


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if category in FORMATS:
        return ""
    return character if category[0] in "LNM" or character in KEPT_SIGNS else "_"
