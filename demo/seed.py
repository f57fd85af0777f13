"""Fill the demo's shop: four weeks of a marketplace's life, every bit of it through the doors that people use.

The clock starts four weeks back and is moved forward as the story of the shop goes on, so that dates, holds and payouts
are what they would have been.
"""

import random
import re
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from demo import pictures, readers
from demo.browser import Browser, Page, Unexpected
from demo.goods import CUSTOMERS, STALLS, Good, Stall
from demo.people import Customer, Merchant, Town, Vendor, wait_for, wait_for_mail
from demo.place import SHOPS, Place

DAY = 24 * 3600
_DAYS = 27
_PARCELS = (-20, -11, -3)
"""A vendor can ask for five sign-in links in a quarter of an hour, and some are left for whoever looks around."""
_REFUNDS = (-16, -9, -3)
_PAYOUTS = (-8, -1)
_ADA = "ada@example.com"
_ORDER = re.compile(r"^/portal/orders/\d+$")
_CODES = ("", "", "", "WELCOME10", "FIVEOFF")
PEOPLE = {
    "merchant": "Mona Merchant, owner of Acme; no password, the development store signs her in",
    "vendor": "ada@example.com (or bea@, dov@, elif@): ask for a link, it arrives in the inbox",
    "customer": f"cleo@example.com or ida@example.com, password {readers.PASSWORD}, or check out as a guest; "
    "discount codes WELCOME10 and FIVEOFF",
}


def fill(place: Place, town: Town, say: Callable[[str], None]) -> None:
    """Tell the shop's four weeks. What goes wrong is said; the demo runs on with what is there."""
    say("\nFilling the shop with four weeks of life; look around meanwhile, it takes about a minute.")
    began = time.monotonic()
    try:
        _Seed(town, random.Random("acme"), say).run()
        end = f"The shop is full ({time.monotonic() - began:.0f} s)."
    except (Unexpected, httpx.HTTPError, ValueError) as error:
        end = f"The filling broke off: {error}\nWhat is there stays; `make demo-reset` and `make demo` begin anew."
    finally:
        town.move_clock(0)
    _mark(place).write_text(end)
    say(end)


def is_filled(place: Place) -> bool:
    """Whether the filling has ended, well or badly."""
    return _mark(place).exists()


def _mark(place: Place) -> Path:
    return place.data / "filled"


class _Seed:
    """One filling of the shop."""

    def __init__(self, town: Town, chance: random.Random, say: Callable[[str], None]) -> None:
        self.town, self.chance, self.say = town, chance, say
        self.merchant = Merchant(town)
        self.vendors = {stall.email: Vendor(town, stall.email) for stall in STALLS}
        self.readers: list[readers.Reader] = []
        self.goods: dict[str, str] = {}
        self.window = Customer(town, *CUSTOMERS[0])
        self.day = -_DAYS

    def run(self) -> None:
        self._go_to(self.day)
        self._open_shops()
        self._take_applications()
        self.readers = readers.begin(self.town, self.merchant)
        self._list_products()
        self.goods = self.window.list_goods()
        self._keep_lists()
        self.say("Four weeks of orders, parcels, refunds and payouts ...")
        for day in range(self.day + 2, 1):
            self._go_to(day)
            self._live_a_day()
        self._leave_things_to_do()

    def _go_to(self, day: float) -> None:
        """Move everybody's clock to so many days from today."""
        self.day = int(day)
        self.town.move_clock(int(day * DAY))

    def _open_shops(self) -> None:
        for name in SHOPS:
            Merchant(self.town, name).install()
        self.merchant.open("/app/settings").submit(to="/app/settings", hold_days="7")
        settings = self.merchant.open("/app/payouts/settings")
        settings.submit(to="/payer", name="Acme", iban="GB29NWBK60161331926819")

    def _take_applications(self) -> None:
        self.say("Vendors apply, and Mona decides ...")
        for stall in STALLS:
            self.vendors[stall.email].apply(
                name=stall.name,
                contact_name=stall.contact,
                location=stall.town,
                tagline=stall.tagline,
                what_they_sell=stall.sells,
            )
        for stall in STALLS:
            if stall.ending != "pending":
                self._decide(self.merchant, stall)

    def _decide(self, merchant: Merchant, stall: Stall) -> None:
        page = wait_for(f"{stall.name} to decide on", lambda: merchant.open("/app/vendors").follow(stall.name))
        if stall.ending == "rejected":
            page.submit(to="/reject", reason="We only sell what our vendors make themselves.")
        else:
            page.submit(to="/approve")

    def _list_products(self) -> None:
        self.say("Vendors list their goods, with pictures ...")
        for stall in STALLS:
            if stall.goods:
                self._set_up_stall(self.vendors[stall.email], stall)
        waiting = [good.title for stall in STALLS for good in stall.goods if good.ending != "draft"]
        wait_for("all goods in the review queue", lambda: _all_said(self.merchant, "/app/review", waiting))
        for stall in STALLS:
            for good in stall.goods:
                self._review(good)
        wait_for("the goods on the storefront", lambda: len(self.window.list_goods()) >= len(_published()))

    def _set_up_stall(self, vendor: Vendor, stall: Stall) -> None:
        vendor.enter(wait_for_mail(self.town, vendor.email, "You can start selling"))
        vendor.open("/portal/profile").submit(having="about", about=stall.about, tagline=stall.tagline)
        if stall.iban:
            vendor.open("/portal/payout-details").submit(having="iban", iban=stall.iban, holder=stall.contact)
        for good in stall.goods:
            variants = {
                value: (price, good.stock) for value, price in zip(good.values or ("",), good.prices, strict=True)
            }
            product = vendor.create_product(good.title, good.about, variants, good.option)
            kind, glazes = good.picture
            for glaze in glazes:
                vendor.add_picture(product, f"{kind}-{glaze}.jpg", pictures.draw(kind, glaze))
            if good.ending != "draft":
                vendor.send_for_review(product)

    def _review(self, good: Good) -> None:
        if good.ending not in {"published", "changes_requested"}:
            return
        page = self.merchant.open("/app/review").follow(good.title)
        if good.ending == "published":
            page.submit(to="/approve")
        else:
            page.submit(to="/ask_for_changes", reason="Please add a picture that shows its size.")

    def _keep_lists(self) -> None:
        """What nobody can buy at the moment is wished for most."""
        self.vendors[_ADA].count(readers.SOLD_OUT, 0)
        for reader in self.readers:
            reader.wish(self.goods[readers.SOLD_OUT])
            reader.wish(self.goods["Ramen Bowl"])

    def _live_a_day(self) -> None:
        """Some orders come in; what came in earlier is sent; now and then something comes back or is paid out."""
        for _ in range(self.chance.choice((0, 1, 1, 2, 3))):
            self._buy()
        if self.day in _PARCELS:
            for email in ("ada@example.com", "bea@example.com", "dov@example.com", "elif@example.com"):
                self._ship(self.vendors[email])
        if self.day in _REFUNDS:
            self._refund()
        if self.day in _PAYOUTS:
            self._pay_out()
        if self.day == _PARCELS[-1]:
            self._make_news()

    def _buy(self) -> None:
        email, name = self.chance.choice(CUSTOMERS)
        customer = Customer(self.town, email, name)
        goods = list(self.goods.values())
        wanted = self.chance.sample(goods, self.chance.choice((1, 1, 2, 3)))
        taken = [customer.add_to_cart(handle, quantity=self.chance.choice((1, 1, 1, 2))) for handle in wanted]
        if not any(taken):
            return
        customer.check_out(code=self.chance.choice(_CODES))

    def _ship(self, vendor: Vendor) -> None:
        """Send everything that waits, a few of the newest aside: somebody always has something to do."""
        vendor.sign_in()
        page = vendor.open("/portal/orders?status=to_ship")
        waiting = list(dict.fromkeys(str(a["href"]) for a in page.soup.find_all("a", href=_ORDER)))
        for address in waiting[1:] if self.day == _PARCELS[-1] else waiting:
            number = "".join(self.chance.choices("0123456789", k=10))
            page = vendor.open(address)
            if "/ship" in page.html:
                page.submit(to="/ship", carrier="UPS", tracking_number=f"1Z{number}")

    def _refund(self) -> None:
        """One unit of the newest paid order that is left, in the Shopify admin."""
        admin = self.merchant.admin
        order = admin.open(admin.open("/store/acme/orders").link("#"))
        page = admin.open(order.link("Refund"))
        name = next(
            str(t["name"]) for t in page.soup.find_all("s-number-field") if "Quantity of" in str(t.get("label"))
        )
        page.submit(having=name, note="Arrived broken", **{name: "1"})

    def _pay_out(self) -> None:
        def prepare() -> Page:
            page = self.merchant.open("/app/payouts")
            ticks = [str(t["value"]) for t in page.soup.find_all("s-checkbox") if t.get("name") == "vendor"]
            if not ticks:
                raise Unexpected("nobody can be paid yet")
            return page.submit(having="vendor", vendor=ticks)

        wait_for("money that can be paid", prepare)
        batch = self.merchant.open("/app/payouts").link("Batch")
        for action in ("/approve", "/make_file", "/mark_sent"):
            self.merchant.open(batch).submit(to=action)

    def _make_news(self) -> None:
        """What was wished for is back, once somebody has looked at the wishes; and a cart is left."""
        ida = self.readers[0]
        readers.wait_for_news(ida)
        self.vendors[_ADA].count(readers.SOLD_OUT, 9)
        ida.leave_in_cart(self.goods["Supper Plate"], quantity=2)

    def _leave_things_to_do(self) -> None:
        """Today's mail: an order for everybody to find."""
        self._buy()


def _published() -> list[str]:
    return [good.title for stall in STALLS for good in stall.goods if good.ending == "published"]


def _all_said(browser: Browser, path: str, words: list[str]) -> bool:
    text = browser.open(path).text
    return all(word in text for word in words)
