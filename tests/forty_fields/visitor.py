"""A person at one web process, over HTTP: what a browser sends, without the browser.

It stands where `tests.console.pages.Console` expects Django's test client.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.browser.stack import PASSWORD, Person
from tests.console.pages import read_form

SECONDS = 60
CSRF_COOKIE = "leadledger_csrf"


@dataclass
class Answer:
    """What came back; `request` names the address that answered, as Django's test client does."""

    status_code: int
    content: bytes
    headers: Mapping[str, str]
    request: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.content.decode()

    @property
    def said(self) -> str:
        """The words of a page, without its markup."""
        body = self.text.rpartition("<main")[2] or self.text
        return re.sub(r"(\s*<[^>]*>\s*)+", " | ", body)[:3000]


class Visitor:
    """Somebody signed in at one address."""

    def __init__(self, address: str, person: Person) -> None:
        self.address = address
        self._session = requests.Session()
        self.get("/account/login/")
        done = self.post("/account/login/", {"login": person.email, "password": PASSWORD})
        assert done.status_code == 302, done.said

    def get(self, path: str, query: dict[str, Any] | None = None) -> Answer:
        """Open an address; redirects are followed."""
        return self._answer(self._session.get(self._url(path), params=query, timeout=SECONDS))

    def post(
        self, path: str, values: dict[str, Any] | None = None, *, file: tuple[str, Path] | None = None
    ) -> Answer:
        """Send a form; the answer is the redirect itself."""
        files = {file[0]: (file[1].name, file[1].read_bytes())} if file else None
        return self._answer(
            self._session.post(
                self._url(path),
                data=values,
                files=files,
                headers=self._proof(),
                allow_redirects=False,
                timeout=SECONDS,
            )
        )

    def send(self, path: str, values: object) -> Answer:
        """Send JSON to the API."""
        return self._answer(
            self._session.post(self._url(path), json=values, headers=self._proof(), timeout=SECONDS)
        )

    def hand_in(self, path: str, values: dict[str, Any], file: tuple[str, bytes]) -> Answer:
        """Send a file to the API."""
        return self._answer(
            self._session.post(
                self._url(path), data=values, files={"file": file}, headers=self._proof(), timeout=SECONDS
            )
        )

    def json(self, path: str, query: dict[str, Any] | None = None) -> Any:
        """Read from the API."""
        answer = self._session.get(self._url(path), params=query, timeout=SECONDS)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def form_names(self, path: str) -> set[str]:
        """The names of the inputs in the form of a page."""
        return set(re.findall(r'<(?:input|select|textarea)[^>]* name="([^"]+)"', self.get(path).text))

    def resend(self, page: Answer, form_id: str, **typed: Any) -> Answer:
        """Send a page's form as it stands, with something typed over it; "" is the forms without an id."""
        values, _names = read_form(page, form_id or None)  # type: ignore[arg-type]
        return self.post(page.request["PATH_INFO"], {**values, **typed})

    def _url(self, path: str) -> str:
        return path if path.startswith("http") else self.address + path

    def _proof(self) -> dict[str, str]:
        return {"X-CSRFToken": self._session.cookies.get(CSRF_COOKIE) or ""}

    def _answer(self, response: requests.Response) -> Answer:
        where = response.url.removeprefix(self.address).partition("?")[0]
        return Answer(response.status_code, response.content, response.headers, {"PATH_INFO": where})
