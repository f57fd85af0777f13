"""What a busy shop has besides orders: things packed, wishes to cancel, edits, words from customers, rules and keys."""

import re
import secrets
from collections.abc import Callable

import httpx

from demo.browser import Unexpected
from demo.people import Customer, Merchant, Town, Vendor, read_inbox, signed_in, wait_for

PACKER = "dov@example.com"
_ORDER = re.compile(r"^/portal/orders/\d+$")


def stir(town: Town, say: Callable[[str], None]) -> None:
    """Do each of these once; what a page does not let be done is said, and the rest goes on."""
    for step in (_pack, _wish_to_cancel, _propose, _write, _ask, _rule, _connect):
        try:
            step(town)
        except (Unexpected, httpx.HTTPError, StopIteration) as error:
            say(f"{step.__name__.strip('_')}: {error}")


def _pack(town: Town) -> None:
    """Dov's shop collects: one parcel stands ready, one was fetched."""
    merchant = Merchant(town)
    vendor = merchant.open("/app/vendors?q=Dov").link("Dov's Woodwork")
    merchant.open(f"{vendor}/sender").submit(to="/sender", sender="shop")
    dov = signed_in(town, PACKER)
    orders = _waiting(dov)[1:]
    chosen = "&".join(f"order={number}" for number in orders)
    dov.open(f"/portal/orders/ready?{chosen}").submit(having="place", order=orders, place="Workshop, back door")
    page = merchant.open("/app/pickups")
    first = next(str(tick["value"]) for tick in page.soup.find_all("s-checkbox") if tick.get("name") == "pickup")
    page.submit(to="/together", pickup=[first], action="collect")


def _wish_to_cancel(town: Town) -> None:
    bea = signed_in(town, "bea@example.com")
    page = bea.open(f"/portal/orders/{_waiting(bea)[0]}/cancel")
    units = next(str(tag["name"]) for tag in page.soup.find_all("input") if str(tag.get("name")).startswith("units-"))
    page = page.submit(to="/cancel", reason="out_of_stock", note="The oven is broken.", **{units: "1"})
    page.submit(to="/cancel")


def _propose(town: Town) -> None:
    """Ada's edit of a product on sale: other words, another price, one variant gone, a new one."""
    ada = signed_in(town, "ada@example.com")
    page = ada.open(f"{ada.open('/portal/products?q=Harbour').link('Harbour Mug')}/edit")
    prices = [str(tag["name"]) for tag in page.soup.find_all("input") if str(tag.get("name")).startswith("price_")]
    gone = prices[2].replace("price_", "gone_")
    new = {"new_0_value_0": "Ink", "new_0_price": "27.50", "new_0_stock": "12"}
    words = "A mug for the first coffee of the day. Holds 350 ml, and fits under every machine that we know."
    page.submit(to="/edit", title="Harbour Mug, large", description=words, **{prices[0]: "29.00", gone: "on"}, **new)


def _write(town: Town) -> None:
    ada = signed_in(town, "ada@example.com")
    page = ada.open(f"/portal/orders/{_waiting(ada)[0]}/messages")
    page.submit(to="/messages", body="Would you like the bowl in moss or in ink? Both are dry by Friday.")


def _ask(town: Town) -> None:
    """Cleo asks Ada two things and proves her address; Ada answers one."""
    cleo = Customer(town, "cleo@example.com", ("Cleo", "Parker"))
    for words in ("Do you also make saucers that fit the Harbour Mug?", "Is the glaze safe for the dishwasher?"):
        asked = {"key": secrets.token_hex(10), "vendor": "adas-ceramics", "words": words, "name": "Cleo", "show": True}
        cleo.client.post("/a/market/questions", json={**asked, "email": "cleo@example.com"}).raise_for_status()
    for letter in wait_for("both letters", lambda: _find_letters(town)):
        cleo.open(letter).submit()
    ada = signed_in(town, "ada@example.com")
    ada.open("/portal/customer-questions").submit(
        to="/answer", answer="Yes. Every piece is fired twice, to 1,240 degrees."
    )


def _find_letters(town: Town) -> list[str] | None:
    """The links by which Cleo proves her address, once she has one for each question."""
    texts = [mail["text"] for mail in read_inbox(town, "cleo@example.com", "Your question")]
    links = [found.group() for text in texts if (found := re.search(r"https?://\S+/letters/question/[\w.-]+", text))]
    return links if len(links) > 1 else None


def _rule(town: Town) -> None:
    merchant = Merchant(town)
    form = merchant.open("/app/commissions/new")
    vendor = next(str(tag["value"]) for tag in form.soup.find_all("s-choice") if "Dov" in tag.get_text())
    form.submit(having="rate", name="Boards from windfall trees", rate="8", flat="0.50", vendors=[vendor])
    replies = merchant.open("/app/review/replies")
    replies.submit(having="title", title="Pictures", body="Hello, please add a picture that shows its size.")
    rule = merchant.open("/app/review/rules/new")
    rule.submit(having="price_to", name="Everything up to $20", price_to="20", vendors=None, fields=None)


def _connect(town: Town) -> None:
    hooks = Merchant(town).open("/app/hooks")
    kinds = [str(tag["value"]) for tag in hooks.soup.find_all("s-choice")][:4]
    hooks.submit(having="url", url="https://warehouse.example/hooks", kinds=kinds)


def _waiting(vendor: Vendor) -> list[str]:
    """The orders that somebody has to send, by their number in the portal, newest first."""
    page = vendor.open("/portal/orders?status=to_ship")
    found = dict.fromkeys(str(link["href"]) for link in page.soup.find_all("a", href=_ORDER))
    return [address.rsplit("/", 1)[1] for address in found]
