"""Controls of the lead form that Django has none for: a member or lead by name, a place on the map."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.template.loader import get_template
from django.urls import reverse
from django.utils.safestring import SafeString

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
