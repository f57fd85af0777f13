"""The people of a marketplace and what they do, each through their own door and nothing else."""

import re
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from demo.browser import LOCAL, Browser, Page, Unexpected
from demo.goods import CATEGORIES

T = TypeVar("T")
_PATIENCE = 120.0


@dataclass(frozen=True)
class Town:
    """Addresses of one running marketplace, as demo.json has them."""

    app: str
    store: str
    storefronts: dict[str, str]
    shops: dict[str, str]
    clock_file: Path

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Town":
        """The town that a demo.json tells of."""
        urls = told["urls"]
        storefronts = {"acme": urls["storefront"], "zenith": urls["rival_storefront"]}
        return cls(urls["app"], urls["devstore"], storefronts, told["shops"], Path(told["clock_file"]))

    def move_clock(self, offset_seconds: int) -> None:
        """Move everybody's clock to this many seconds ahead of the machine's."""
        self.clock_file.write_text(str(offset_seconds))
        self.control("POST", "clock", {"offset_seconds": offset_seconds})

    def pass_time(self, seconds: int) -> None:
        """Move everybody's clock on by so much."""
        self.move_clock(self.seconds_ahead + seconds)

    @property
    def seconds_ahead(self) -> int:
        """How far everybody's clock is before the machine's."""
        return int(self.clock_file.read_text()) if self.clock_file.exists() else 0

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A switch of the development store."""
        response = LOCAL.request(method, f"{self.store}/_control/{path}", json=body, timeout=30)
        response.raise_for_status()
        return response.json() if response.content else None


def wait_for(what: str, look: Callable[[], T | None], *, patience: float = _PATIENCE) -> T:
    """Look until there is something to see: jobs and webhooks take their moment. Raises Unexpected after that."""
    deadline = time.monotonic() + patience
    seen: object = None
    while time.monotonic() < deadline:
        try:
            if (found := look()) is not None and found is not False:
                return found
        except Unexpected as error:
            seen = error
        time.sleep(0.1)
    raise Unexpected(f"waited {patience:.0f} s for {what}" + (f"; last seen: {seen}" if seen else ""))


class Merchant(Browser):
    """Shop staff at the Shopify admin: `admin` is the admin itself, this browser is the frame with the app in it."""

    def __init__(self, town: Town, name: str = "acme") -> None:
        super().__init__(town.app)
        self.town, self.name, self.domain = town, name, town.shops[name]
        self.admin = Browser(town.store)

    def headers(self) -> dict[str, str]:
        """What App Bridge adds to each request: a fresh session token from the admin around the frame."""
        answer = self.admin.client.post(f"/store/{self.name}/apps/stallkeeper/id_token")
        if answer.status_code != 200:
            return {}
        return {"Authorization": f"Bearer {answer.json()['id_token']}"}

    def install(self) -> Page:
        """Grant the app what it asks for, and open it for the first time."""
        screen = self.admin.open(f"/store/{self.name}/apps/stallkeeper")
        if 'name="inside"' in screen.html or "/install" in screen.html:
            screen.submit(to="/install")
        return self.open("/app")


class Vendor(Browser):
    """Somebody who sells: applies on the storefront, works in the portal."""

    def __init__(self, town: Town, email: str, shop: str = "acme") -> None:
        super().__init__(town.app)
        self.town, self.email, self.shop = town, email, shop

    def sign_in(self) -> Page:
        """Ask for a link, find it in the inbox, follow it, continue."""
        subject = "sign-in link"
        before = {mail["id"] for mail in self.mails(subject)}
        self.open(f"/portal/login?shop={self.town.shops[self.shop]}").submit(to="/portal/login", email=self.email)
        mail = wait_for(
            "the sign-in link", lambda: next((m for m in self.mails(subject) if m["id"] not in before), None)
        )
        return self.enter(mail)

    def enter(self, mail: dict[str, Any]) -> Page:
        """Follow the single-use link in a mail."""
        found = re.search(r"https?://\S+/portal/enter/[\w.-]+", mail["text"])
        if not found:
            raise Unexpected(f"no link into the portal in {mail['subject']!r}")
        return self.open(found.group()).submit()

    def mails(self, subject: str = "") -> list[dict[str, Any]]:
        return read_inbox(self.town, self.email, subject)

    def apply(self, **answers: Any) -> Page:
        """Fill in the form on the storefront's page "Sell with us"."""
        # From an address of their own: the app takes only so many applications from one.
        first, last = divmod(zlib.crc32(self.email.encode()) % 65536, 256)
        visitor = Browser(self.town.storefronts[self.shop], {"X-Forwarded-For": f"198.18.{first}.{last}"})
        given = {"email": self.email, "accept_terms": "on", **answers}
        with visitor.client:
            return visitor.open("/pages/sell").submit(to="/apply", **given)

    def count(self, title: str, number: int) -> None:
        """Say how many there are of each variant of a product."""
        page = self.open("/portal/products").follow(title)
        fields = {str(tag["name"]) for tag in page.soup.find_all("input") if str(tag.get("name")).startswith("stock_")}
        page.submit(to="/stock", **dict.fromkeys(fields, str(number)))

    def create_product(
        self, title: str, description: str, variants: dict[str, tuple[str, int]], option: str = ""
    ) -> int:
        """Type a product in as a draft: `variants` maps an option's value to (price, stock); no option, one entry.

        Answers with its number in the portal.
        """
        page = self.open("/portal/products/new").submit(to="/portal/products/new", title=title)
        address = page.url.partition("#")[0]
        typed: dict[str, Any] = {"description": description}
        if title in CATEGORIES:
            code, name = CATEGORIES[title]
            typed |= {"category_gid": f"gid://shopify/TaxonomyCategory/{code}", "category_name": name}
        if option:
            typed |= {"option_1_name": option, "option_1_values": ", ".join(variants)}
        page = page.submit(having="title", do="variants", **typed)
        for number, (price, stock) in enumerate(variants.values()):
            typed |= {f"variant_{number}_price": price, f"variant_{number}_stock": str(stock)}
        page.submit(having="title", do="save", **typed)
        return int(address.rsplit("/", 1)[1])

    def add_picture(self, product: int, name: str, content: bytes) -> None:
        """As the page's script does it: ask for a target, send the file straight to Shopify, hand in the ticket."""
        base = f"/portal/products/{product}/pictures"
        asked = {"name": name, "type": "image/jpeg", "size": len(content)}
        origin = {"Origin": self._origin(base)}
        target = self.client.post(f"{base}/target", json=asked, headers=origin).raise_for_status().json()
        file = {"file": (name, content, "image/jpeg")}
        LOCAL.request(target["method"], target["url"], data=target["fields"], files=file, timeout=30).raise_for_status()
        self.client.post(base, data={"ticket": target["ticket"]}, headers=origin).raise_for_status()

    def send_for_review(self, product: int) -> Page:
        """Press the button; a picture that Shopify still prepares is waited for, as the page asks."""

        def send() -> Page:
            return self.open(f"/portal/products/{product}").submit(having="title", do="submit").must_say("Sent.")

        return wait_for("the product to be sent for review", send)


class Customer(Browser):
    """Somebody who buys, at one shop's storefront."""

    def __init__(self, town: Town, email: str, name: tuple[str, str], shop: str = "acme") -> None:
        super().__init__(town.storefronts[shop])
        self.town, self.email, self.name = town, email, name

    def list_goods(self) -> dict[str, str]:
        """Title → handle of everything in the shop window."""
        page = self.open("/collections/all?sort_by=created-descending")
        links = page.soup.find_all("a", href=re.compile("/products/"))
        return {
            str(title.get_text()): str(link["href"]).rsplit("/products/", 1)[1].partition("?")[0]
            for link in links
            if (title := link.find(class_="card__title"))
        }

    def add_to_cart(self, handle: str, *, quantity: int = 1) -> bool:
        """False when there is not enough of it left."""
        product = self.client.get(f"/products/{handle}.js").raise_for_status().json()
        line = {"id": product["variants"][0]["id"], "quantity": quantity}
        answer = self.client.post("/cart/add.js", json={"items": [line]})
        return answer.status_code != 422 and bool(answer.raise_for_status())

    def check_out(self, *, code: str = "") -> Page:
        """Fill in the checkout and pay; answers with the thank-you page."""
        first, last = self.name
        page = self.open("/checkout")
        where = {"address1": "12 Harbour Street", "city": "Portland", "province": "Oregon", "zip": "97201"}
        given = {"email": self.email, "first_name": first, "last_name": last, "country_code": "US", **where}
        if code:
            page = page.submit(to="/checkout", action="update", discount_code=code, **given)
        return page.submit(to="/checkout", action="pay", **given).must_say("Order")

    def mails(self, subject: str = "") -> list[dict[str, Any]]:
        return read_inbox(self.town, self.email, subject)


_INSIDE: dict[tuple[str, str, str], Vendor] = {}


def signed_in(town: Town, email: str, shop: str = "acme") -> Vendor:
    """A vendor signed in once for all who ask here: nobody is sent more than five links in a quarter of an hour."""
    key = (town.app, email, shop)
    if key not in _INSIDE:
        vendor = Vendor(town, email, shop)
        vendor.sign_in()
        _INSIDE[key] = vendor
    return _INSIDE[key]


def read_inbox(town: Town, to: str, subject: str = "") -> list[dict[str, Any]]:
    """Mails to an address, newest first, as the development store's inbox has them."""
    answer = LOCAL.get(f"{town.store}/inbox.json", params={"to": to, "subject": subject}, timeout=10).raise_for_status()
    mails = answer.json()
    return list(mails["emails"] if isinstance(mails, dict) else mails)


def wait_for_mail(town: Town, to: str, subject: str) -> dict[str, Any]:
    """The newest mail to somebody whose subject contains these words."""
    return wait_for(f"a mail to {to} about {subject!r}", lambda: next((m for m in read_inbox(town, to, subject)), None))
