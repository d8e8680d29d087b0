"""Pictures, drawn anew: what is kept is what one sees, and nothing else that was in the file.

Where a photograph was taken, with which device, and earlier versions of it are told in metadata that people do
not know of; a picture may also be a program to somebody else. Drawing it anew keeps the picture alone.
"""

import threading
import warnings
from dataclasses import dataclass
from typing import IO

from PIL import Image, ImageOps

from core.kept_files.kinds import KINDS, FileKind
from core.kept_files.refusals import FileRefused

# A header may promise more pixels than memory holds; a telephone makes 50 million at most. Its JPEG is read smaller
# than it is; what is read whole (a WebP of 100 KB takes a gigabyte for 60 million) may have fewer.
MOST_PIXELS = 60_000_000
MOST_PIXELS_READ_WHOLE = 16_000_000
LONGEST_SIDE = 3_000
QUALITY = 88
# Several at once would take the memory of all of them.
_one_at_a_time = threading.Lock()
FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture as it is kept."""

    kind: FileKind
    width: int
    height: int


def draw_anew(source: IO[bytes], kind: FileKind, target: IO[bytes]) -> Drawn:
    """Write the picture upright, at most 3,000 pixels long, without metadata. Of several frames, the first.

    Raises:
        FileRefused: it cannot be drawn, or is too large to be drawn.
    """
    most = MOST_PIXELS if kind.name == "jpg" else MOST_PIXELS_READ_WHOLE
    try:
        with _one_at_a_time, warnings.catch_warnings():
            # Our own limit speaks, in our own words.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            # Only what it says it is: other readers of the library are never asked.
            with Image.open(source, formats=[FORMATS[kind.name]]) as picture:
                if picture.width * picture.height > most:
                    raise FileRefused("picture_too_large", limit=most // 1_000_000)
                picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
                # Made smaller first: turning makes a copy.
                picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
                return _write(ImageOps.exif_transpose(picture), target)
    except FileRefused:
        raise
    except Image.DecompressionBombError:
        raise FileRefused("picture_too_large", limit=most // 1_000_000) from None
    except (
        OSError,
        ValueError,
        SyntaxError,
        ArithmeticError,
        LookupError,
        TypeError,
        MemoryError,
        AttributeError,
    ):
        # What the library's readers raise for bytes that are no picture after all.
        raise FileRefused("picture_damaged") from None


def _write(picture: Image.Image, target: IO[bytes]) -> Drawn:
    has_clear_parts = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    plain = picture.convert("RGBA" if has_clear_parts else "RGB")
    # A new image carries no metadata along.
    fresh = Image.new(plain.mode, plain.size)
    fresh.paste(plain)
    if has_clear_parts:
        fresh.save(target, "PNG", optimize=False)
        return Drawn(KINDS["png"], *fresh.size)
    fresh.save(target, "JPEG", quality=QUALITY)
    return Drawn(KINDS["jpg"], *fresh.size)
