"""Fill the demo's shop: four weeks of a marketplace's life, every bit of it through the doors that people use.

The clock starts four weeks back and is moved forward as the story of the shop goes on, so that dates, holds and payouts
are what they would have been.
"""

import json
import random
import time
from collections.abc import Callable

import httpx

from demo import pictures
from demo.browser import Browser, Unexpected
from demo.goods import CUSTOMERS, STALLS, Good, Stall
from demo.people import Customer, Merchant, Town, Vendor, wait_for, wait_for_mail
from demo.place import SHOPS, Place

DAY = 24 * 3600
_DAYS = 27
_CODES = ("", "", "", "WELCOME10", "FIVEOFF")
PEOPLE = {
    "merchant": "Mona Merchant, owner of Acme; no password, the development store signs her in",
    "vendor": "ada@example.com (or bea@, dov@, elif@): ask for a link, it arrives in the inbox",
    "customer": "cleo@example.com, or check out as a guest; discount codes WELCOME10 and FIVEOFF",
}


def fill(place: Place, town: Town, say: Callable[[str], None]) -> None:
    """Tell the shop's four weeks, unless they have been told."""
    mark = place.data / "seeded.json"
    if mark.exists():
        return
    say("\nFilling the shop with four weeks of life; look around meanwhile, it takes about a minute.")
    began = time.monotonic()
    chance = random.Random("acme")
    try:
        _Seed(town, chance, say).run()
    except (Unexpected, httpx.HTTPError) as error:
        say(f"The filling broke off: {error}\nWhat is there stays; `make demo-reset` and `make demo` begin anew.")
        return
    finally:
        town.move_clock(0)
    mark.write_text(json.dumps({"seconds": round(time.monotonic() - began)}))
    say(f"The shop is full ({time.monotonic() - began:.0f} s).")


def read_api_token(place: Place) -> str:
    """An Admin API token of Acme for scripts, got as the app gets its own; empty until the app is installed."""
    store = f"{place.url('devstore')}"
    answer = httpx.post(f"{store}/store/acme/apps/stallkeeper/id_token", timeout=10)
    if answer.status_code != 200:
        return ""
    exchanged = httpx.post(
        f"{store}/shops/{SHOPS['acme']}/admin/oauth/access_token",
        json={
            "client_id": place.keys["api_key"],
            "client_secret": place.keys["api_secret"],
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": answer.json()["id_token"],
            "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
            "requested_token_type": "urn:shopify:params:oauth:token-type:offline-access-token",
            "expiring": "1",
        },
        timeout=10,
    )
    return str(exchanged.raise_for_status().json()["access_token"])


class _Seed:
    """One filling of the shop."""

    def __init__(self, town: Town, chance: random.Random, say: Callable[[str], None]) -> None:
        self.town, self.chance, self.say = town, chance, say
        self.merchant = Merchant(town)
        self.vendors = {stall.email: Vendor(town, stall.email) for stall in STALLS}
        self.window = Customer(town, *CUSTOMERS[0])
        self.day = -_DAYS

    def run(self) -> None:
        self._go_to(self.day)
        self._open_shops()
        self._take_applications()
        self._list_products()
        self.say("Four weeks of orders ...")
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

    def _live_a_day(self) -> None: ...
    def _leave_things_to_do(self) -> None: ...


def _published() -> list[str]:
    return [good.title for stall in STALLS for good in stall.goods if good.ending == "published"]


def _all_said(browser: Browser, path: str, words: list[str]) -> bool:
    text = browser.open(path).text
    return all(word in text for word in words)
