"""How much one file may be."""

from typing import Any

from core.intake.readers import ReadLimits


def test_what_is_let_in_is_read(settings: Any) -> None:
    settings.INTAKE_MAX_BYTES = 12_345

    assert ReadLimits.from_settings().file_bytes == 12_345
