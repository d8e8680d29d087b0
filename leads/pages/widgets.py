"""Controls of the lead form that Django has none for: a member or lead by name, a place on the map."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.template.loader import get_template
from django.urls import reverse
from django.utils.safestring import SafeString

from core.kept_files.kinds import KINDS
from core.kept_files.links import Held, read_held
from core.services.files import MEGABYTE, FileLimits
from leads.pages.maps import map_address

PLACE_PARTS = ("lat", "lon", "accuracy", "address")


class DrawnWidget(forms.Widget):
    """A widget drawn by a template of ours. `layout` names how the field around it is laid out."""

    template = ""
    layout = "control"

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        attributes = self.build_attrs(self.attrs, attrs)
        context = {
            "name": name,
            "id": attributes.get("id", ""),
            "attributes": attributes,
            "invalid": bool(attributes.get("aria-invalid")),
        }
        return get_template(self.template).render({**context, **self.shown(name, value)})

    def shown(self, name: str, value: Any) -> dict[str, Any]:
        """What the template is told beside name, id and attributes."""
        return {"value": value}


class PickerInput(DrawnWidget):
    """A text in which a member or a lead is named; suggestions come while one types (static htmx, a datalist).

    Without a script the name, e-mail address or reference is typed in full, and the server finds it.
    """

    template = "leads/widgets/picker.html"

    def __init__(self, suggestions: str, attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__(
            {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false", **(attrs or {})}
        )
        self.suggestions = suggestions

    def shown(self, name: str, value: Any) -> dict[str, Any]:
        return {"value": value, "address": f"{reverse(self.suggestions)}?input={name}"}


class PlaceInput(DrawnWidget):
    """Latitude, longitude and an address, with a button that asks the device where it is."""

    template = "leads/widgets/place.html"
    layout = "parts"
    use_fieldset = True

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> dict[str, str] | None:
        """The parts as they were typed; None where the form did not show them."""
        if f"{name}-lat" not in data:
            return None
        return {part: str(data.get(f"{name}-{part}") or "").strip() for part in PLACE_PARTS}

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}-lat" not in data

    def id_for_label(self, id_: str) -> str:
        return f"{id_}-lat" if id_ else id_

    def shown(self, name: str, value: Any) -> dict[str, Any]:
        parts = value if isinstance(value, Mapping) else {}
        return {"value": {part: parts.get(part, "") for part in PLACE_PARTS}, "map_url": map_address(value)}


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What a form sends of a file: one that is chosen now, one that was kept before, or that it is to go."""

    upload: UploadedFile | None
    kept: str
    is_removed: bool


class KeptFileInput(DrawnWidget):
    """A file that is chosen, and what is kept already: a form that comes back loses none."""

    template = "leads/widgets/kept_file.html"
    layout = "parts"
    use_fieldset = True
    needs_multipart_form = True

    def __init__(self, limits: FileLimits) -> None:
        super().__init__()
        self.limits = limits

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> HandedIn | None:
        """What was sent; None where the form did not show it."""
        if f"{name}-kept" not in data and name not in (files or {}):
            return None
        upload = files.get(name) if files else None
        return HandedIn(upload, str(data.get(f"{name}-kept") or ""), f"{name}-removed" in data)

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}-kept" not in data and name not in files

    def shown(self, name: str, value: Any) -> dict[str, Any]:
        held = self._held(value)
        kinds = [KINDS[kind] for kind in KINDS if kind in self.limits.kinds]
        return {
            "held": held,
            "signed": held.signed() if held else "",
            "is_removed": isinstance(value, HandedIn) and value.is_removed,
            "accept": ",".join(
                sorted({kind.content_type for kind in kinds} | {f".{kind.name}" for kind in kinds})
            ),
            "labels": ", ".join(kind.label for kind in kinds),
            "megabytes": self.limits.max_bytes // MEGABYTE,
            "max_bytes": self.limits.max_bytes,
            "is_picture": self.limits.as_picture,
        }

    @staticmethod
    def _held(value: Any) -> Held | None:
        if isinstance(value, HandedIn):
            return read_held(value.kept)
        if isinstance(value, Mapping) and "id" in value:
            return Held(value["id"], str(value.get("name", "")), int(value.get("size") or 0))
        return None
