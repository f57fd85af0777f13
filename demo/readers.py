"""Customers with an account who follow vendors, keep lists, and choose e-mails about them."""

import re
import time
from functools import partial
from typing import Any

from demo.browser import Browser, Unexpected
from demo.people import Customer, Merchant, Town, wait_for, wait_for_mail

PASSWORD = "market-day"  # noqa: S105 - everybody who starts a demo may sign in
IDA = ("ida@example.com", ("Ida", "Lindqvist"))
CLEO = ("cleo@example.com", ("Cleo", "Parker"))
DAN = ("dan@example.com", ("Dan", "Okafor"))
ADDRESS = "Acme Market\n12 Harbour Street\nPortland, Oregon 97201"
SOLD_OUT = "Tall Vase"
_PROXY = "/a/market"


class Reader(Customer):
    """Somebody signed in at the storefront; says to it what the theme's scripts would."""

    def join(self) -> None:
        first, last = self.name
        given = {"first_name": first, "last_name": last, "email": self.email, "password": PASSWORD}
        form = self.open("/account/register")
        form.submit(to="/account", **{f"customer[{name}]": value for name, value in given.items()})

    def follow(self, *names: str) -> None:
        for name in names:
            page = self.open(wait_for(f"{name} in the directory", partial(self._find_vendor, name)))
            block = page.soup.select_one('[data-kind="follow"]')
            if block is None:
                raise Unexpected(f"{page.url} has no button to follow")
            about = {"name": str(block["data-name"]), "url": str(block["data-url"])}
            self.keep("follow", str(block["data-key"]), about)

    def wish(self, handle: str) -> None:
        product = self._read_product(handle)
        about = {"handle": handle, "title": product["title"], "image": product["featured_image"]}
        self.keep("wishlist", str(product["id"]), about)

    def leave_in_cart(self, handle: str, *, quantity: int) -> None:
        product = self._read_product(handle)
        variant = product["variants"][0]["id"]
        about = {"variant": variant, "handle": handle, "title": product["title"], "quantity": quantity}
        self.keep("cart", f"{variant}:{self.email[:3]:0<8}", about)

    def keep(self, kind: str, key: str, value: dict[str, Any]) -> None:
        """One edit, dated by the town's clock."""
        moment = int((time.time() + self.town.seconds_ahead) * 1000)
        edit = {"kind": kind, "key": key, "clock": f"{moment:012x}-0000-{self.email[:3]:0<8}", "value": value}
        self._post("sync", {"account": self._number(), "since": 0, "items": [edit]})

    def choose(self, *topics: str) -> None:
        place = {"locale": "en", "page": "/pages/wishlist", "wording": "1 en"}
        self._post("mails", {"topics": topics, "email": self.email, **place})

    def confirm(self) -> None:
        """Open the link in the e-mail and say yes."""
        mail = wait_for_mail(self.town, self.email, "Please confirm")
        found = re.search(r"https?://\S+(/letters/confirm/[\w.-]+)", mail["text"])
        if not found:
            raise Unexpected(f"no link in {mail['subject']!r}")
        Browser(self.town.app).open(found[1]).submit().must_say("You get these e-mails")

    def _find_vendor(self, name: str) -> str | None:
        page = self.open("/pages/vendors")
        return page.link(name) if name in page.text else None

    def _read_product(self, handle: str) -> dict[str, Any]:
        product: dict[str, Any] = self.client.get(f"/products/{handle}.js").raise_for_status().json()
        return product

    def _number(self) -> str:
        """Of the account, as the shop's pages say it."""
        found = re.search(r'data-customer="(\d+)"', self.open("/").html)
        if not found:
            raise Unexpected(f"{self.email} is not signed in")
        return found[1]

    def _post(self, what: str, body: dict[str, Any]) -> None:
        answer = self.client.post(f"{_PROXY}/{what}", json=body, headers={"Accept": "application/json"})
        if answer.status_code != 200 or not answer.json().get("ok", True):
            raise Unexpected(f"{_PROXY}/{what} answered {answer.status_code}: {answer.text[:300]}")


def begin(town: Town, merchant: Merchant) -> list[Reader]:
    """The merchant offers each kind; three customers choose, before the first products are on sale."""
    settings = merchant.open("/app/settings/mailings")
    often = {"vendors_every_days": "1", "wishlist_every_days": "1"}
    settings.submit(having="postal_address", vendors="y", wishlist="y", cart="y", postal_address=ADDRESS, **often)
    ida, cleo, dan = readers = [Reader(town, *who) for who in (IDA, CLEO, DAN)]
    for reader in readers:
        reader.join()
        reader.follow("Ada's Ceramics")
    ida.follow("Bea's Bakery")
    ida.choose("vendors", "wishlist", "cart")
    cleo.choose("vendors", "wishlist")
    for reader in (ida, cleo):
        reader.confirm()
    dan.choose("wishlist")
    return readers


def wait_for_news(reader: Reader) -> None:
    """Until somebody has looked at the reader's lists and written of what is new."""
    wait_for_mail(reader.town, reader.email, "New from vendors you follow")
