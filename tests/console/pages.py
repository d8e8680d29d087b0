"""The console as a person uses it: pages are opened, their forms filled in and sent."""

from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from leads.models import BusinessLine, Field


class _FormReader(HTMLParser):
    """Collects what a browser would send of the form with an id, as it stands."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id = form_id
        self.inside = False
        self.values: dict[str, list[str]] = {}
        self.names: set[str] = set()
        self._select = ""
        self._options: list[tuple[str, bool]] = []
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.inside = given.get("id") == self.form_id
        if not self.inside:
            return
        name = given.get("name") or ""
        if tag == "input" and name and given.get("type") not in ("submit", "button"):
            self.names.add(name)
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self.values.setdefault(name, []).append(
                    given.get("value") or ("on" if "checked" in given else "")
                )
        elif tag == "select" and name:
            self.names.add(name)
            self._select, self._options = name, []
        elif tag == "option" and self._select:
            self._options.append((given.get("value") or "", "selected" in given))
        elif tag == "textarea" and name:
            self.names.add(name)
            self._area = name
            self.values[name] = [""]

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "textarea":
            self._area = ""
        elif tag == "select" and self._select:
            chosen = [value for value, is_chosen in self._options if is_chosen]
            self.values[self._select] = chosen or [value for value, _chosen in self._options[:1]]
            self._select = ""


def read_form(response: HttpResponse, form_id: str) -> tuple[dict[str, list[str]], set[str]]:
    """Return what the form of a page would send as it stands, and the names of all its inputs."""
    reader = _FormReader(form_id)
    reader.feed(response.content.decode())
    assert reader.names, f"The page has no form {form_id}: {response.status_code}"
    # A browser leaves out the first line break of a text area.
    values = {
        name: [value.removeprefix("\n").removeprefix("\r\n") for value in given]
        for name, given in reader.values.items()
    }
    return values, reader.names


def rows_of_rule(*rows: tuple[Any, ...], match: str = "all", name: str = "condition") -> dict[str, Any]:
    """Return what the rows of a rule's builder send: each a field, a comparison and its values."""
    sent: dict[str, Any] = {f"{name}-0-match": match}
    for place, (field, operator, *values) in enumerate(rows):
        row = f"{name}-0.{place}"
        sent |= {f"{row}-field": field, f"{row}-op": operator, f"{row}-value": list(map(str, values))}
    return sent


class Console:
    """The console in the hands of a signed-in person."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._add_pages: dict[str, HttpResponse] = {}

    def open(self, name: str, *arguments: Any, **query: Any) -> HttpResponse:
        """Open a page by its name, such as leads_field_add."""
        return self.client.get(reverse(f"admin:{name}", args=arguments), query)

    def fill(self, response: HttpResponse, form_id: str, **typed: Any) -> HttpResponse:
        """Type into the form of a page and save it; whatever is not typed stays as the page shows it."""
        values, names = read_form(response, form_id)
        assert typed.keys() <= names, f"The form has no {typed.keys() - names}"
        for name, value in typed.items():
            values[name] = value if isinstance(value, list) else [value]
        values = {name: value for name, value in values.items() if value != [False]}
        values = {name: ["on"] if value == [True] else value for name, value in values.items()}
        return self.client.post(response.request["PATH_INFO"], {**values, "_save": "Save"})

    def add(self, model: str, **typed: Any) -> HttpResponse:
        """Add a row of a model by the form of its page, which is opened once and stays open for more."""
        if model not in self._add_pages:
            self._add_pages[model] = self.open(f"{model}_add")
        return self.fill(self._add_pages[model], f"{model.split('_')[1]}_form", **typed)

    def change(self, model: str, pk: int, **typed: Any) -> HttpResponse:
        """Change a row of a model by the form of its page."""
        return self.fill(self.open(f"{model}_change", pk), f"{model.split('_')[1]}_form", **typed)

    def act(self, name: str, pk: int, **typed: Any) -> HttpResponse:
        """Confirm an action of a row, such as leads_field_retire, by its page."""
        return self.client.post(reverse(f"admin:{name}", args=[pk]), typed)

    def add_line(self, code: str, **typed: Any) -> BusinessLine:
        """Open a business line."""
        response = self.add("leads_businessline", code=code, **{"name": code.title(), **typed})
        assert response.status_code == 302, refusals(response)
        return BusinessLine.objects.get(code=code)

    def add_field(self, line: BusinessLine, **typed: Any) -> Field:
        """Add a field to a line."""
        response = self.add("leads_field", line=str(line.pk), **typed)
        assert response.status_code == 302, refusals(response)
        return Field.objects.filter(line=line).latest("id")

    def publish(self, line: BusinessLine, note: str = "") -> BusinessLine:
        """Publish a line, having seen the difference."""
        response = self.open("leads_businessline_publish", line.pk)
        assert response.status_code == 200
        seen = response.context["seen"]
        response = self.act("leads_businessline_publish", line.pk, note=note, seen=seen)
        assert response.status_code == 302, refusals(response)
        line.refresh_from_db()
        return line


def refusals(response: HttpResponse) -> dict[str, list[str]]:
    """Return what a page's form says is wrong, by input; "__all__" for what stands above it."""
    form = response.context["adminform"].form
    return {name: list(map(str, errors)) for name, errors in form.errors.items()}
