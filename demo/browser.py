"""A browser without a screen: opens pages, fills in the forms that it finds there, follows what the answers say.

The story and the seed go through it, so they can only do what a person could: a form that a page does not show cannot
be sent, and a field that it does not have cannot be filled in.
"""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urljoin

import httpx
from bs4 import BeautifulSoup, Tag

_FIELDS = ("input", "textarea", "select", "button", "s-")
_TIMEOUT = httpx.Timeout(30, connect=5)
_PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Everything here is plain HTTP on this machine: reading the world's certificates would be most of the time."""
LOCAL = httpx.Client(verify=_PLAIN, timeout=_TIMEOUT)
"""For switches, uploads and the inbox, where nobody is signed in."""


class Unexpected(Exception):  # noqa: N818 - it reads as what happened
    """A page was not what a person would have expected; the message says what was seen."""


@dataclass(frozen=True)
class Page:
    """One answer, as HTML."""

    browser: "Browser"
    url: str
    status: int
    html: str

    @property
    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.html, "html.parser")

    @property
    def text(self) -> str:
        """What a person reads, spaces folded."""
        return " ".join(self.soup.get_text(" ").split())

    def must_say(self, *words: str) -> "Page":
        for word in words:
            if word not in self.text and word not in unescape(self.html):
                raise Unexpected(f"{self.url} does not say {word!r}; it says: {self.text[:600]}")
        return self

    def must_not_say(self, *words: str) -> "Page":
        for word in words:
            if word in self.text or word in unescape(self.html):
                raise Unexpected(f"{self.url} says {word!r}")
        return self

    def link(self, text: str) -> str:
        """The address behind the first link or button whose words contain `text`."""
        for tag in self.soup.find_all(["a", "s-link", "s-button", "s-clickable"]):
            if text in " ".join(tag.get_text(" ").split()) and tag.get("href"):
                return urljoin(self.url, str(tag["href"]))
        raise Unexpected(f"{self.url} has no link {text!r}")

    def follow(self, text: str) -> "Page":
        return self.browser.open(self.link(text))

    def submit(self, *, to: str = "", having: str = "", **values: Any) -> "Page":
        """Send the form whose address contains `to` (or that has the field `having`), filled in with `values`.

        What is not given keeps the value that the page shows. A list sends the field several times, None leaves it out.
        """
        form = self._find_form(to, having)
        shown = self.fields(to=to, having=having)
        foreign = [name for name in values if name not in shown]
        if foreign:
            raise Unexpected(f"the form on {self.url} has no field {foreign}; it has {sorted(shown)}")
        data = {name: value for name, value in {**shown, **values}.items() if value is not None}
        return self.browser.send(urljoin(self.url, _address(form) or self.url), data, htmx=_is_htmx(form))

    def fields(self, *, to: str = "", having: str = "") -> dict[str, Any]:
        """What the fields of that form hold; None stands for a box that is not ticked."""
        return dict(_read_fields(self._find_form(to, having)))

    def _find_form(self, to: str, having: str) -> Tag:
        for form in self.soup.find_all("form"):
            if to in _address(form) and (not having or having in dict(_read_fields(form))):
                return form
        actions = [_address(form) for form in self.soup.find_all("form")]
        raise Unexpected(f"{self.url} has no form to {to!r} with {having!r}; its forms go to {actions}")


class Browser:
    """One person's browser: cookies of its own, and perhaps a header that proves who it is."""

    def __init__(self, base_url: str, headers: Mapping[str, str] | None = None) -> None:
        self.base_url = base_url
        self.client = httpx.Client(
            base_url=base_url, timeout=_TIMEOUT, follow_redirects=True, headers=headers, verify=_PLAIN
        )

    def headers(self) -> dict[str, str]:
        """What to add to the next request; the merchant's browser adds a fresh session token."""
        return {}

    def open(self, address: str, *, status: int = 200) -> Page:
        return self._page(self.client.get(address, headers=self.headers()), status)

    def send(self, address: str, data: dict[str, Any], *, htmx: bool = False) -> Page:
        """POST a form. Redirects are followed, htmx's own ones too."""
        headers = self.headers() | {"Origin": self._origin(address)} | ({"HX-Request": "true"} if htmx else {})
        response = self.client.post(address, data=data, headers=headers)
        target = response.headers.get("HX-Redirect") or response.headers.get("HX-Location")
        if target and response.is_success:
            path = json.loads(target)["path"] if target.startswith("{") else target
            return self.open(urljoin(str(response.url), path))
        return self._page(response, None)

    def _origin(self, address: str) -> str:
        url = self.client.base_url.join(address)
        return f"{url.scheme}://{url.netloc.decode()}"

    def _page(self, response: httpx.Response, status: int | None) -> Page:
        page = Page(self, str(response.url), response.status_code, response.text)
        wrong = response.status_code >= 400 if status is None else response.status_code != status
        if wrong:
            raise Unexpected(
                f"{response.request.method} {response.url} answered {response.status_code}: {page.text[:600]}"
            )
        return page


def _address(form: Tag) -> str:
    return str(form.get("hx-post") or form.get("action") or "")


def _is_htmx(form: Tag) -> bool:
    return bool(form.get("hx-post"))


def _read_fields(form: Tag) -> list[tuple[str, Any]]:
    """Name and shown value of every field; unchecked boxes and plain buttons have none."""
    fields: dict[str, Any] = {}
    for tag in form.find_all(lambda t: bool(t.get("name")) and t.name.startswith(_FIELDS)):
        name, kind = str(tag["name"]), str(tag.get("type", ""))
        if tag.name in {"s-checkbox", "s-switch"} or kind in {"checkbox", "radio"}:
            value = str(tag.get("value", "on")) if tag.has_attr("checked") else None
        elif tag.name in {"select", "s-select"}:
            value = _selected(tag)
        elif tag.name in {"button", "s-button"} or kind in {"submit", "file"}:
            value = None
        elif tag.name in {"textarea", "s-text-area"}:
            value = str(tag.get("value") or tag.get_text())
        else:
            value = str(tag.get("value", ""))
        if fields.get(name) is None:
            fields[name] = value
    return list(fields.items())


def _selected(tag: Tag) -> str | None:
    options = tag.find_all(["option", "s-option"])
    chosen = [o for o in options if o.has_attr("selected") or o.get("value") == tag.get("value")]
    best = next(iter(chosen or options), None)
    return str(best.get("value", best.get_text())) if best else None
