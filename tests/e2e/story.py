"""The main job by clicking, step by step: a merchant and a customer at desks, a vendor with her phone.

Prices, percentages and sums are those of `demo.money_story`, where they are worked out by hand.
"""

import itertools
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import FrameLocator, Locator, Page, expect
from playwright.sync_api import TimeoutError as TooLate

from demo import pictures
from demo.people import Town, Vendor, read_inbox, wait_for, wait_for_mail
from tests.e2e.looks import DESKTOP, PHONE, listen, take_screenshot

ADA, BEA, CLEO = "ada@example.com", "bea@example.com", "cleo@example.com"
IBAN = "DE89370400440532013000"
TRACKING = "1Z999AA10123456784"
DAYS = 24 * 3600
PAIN = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}"


class Screens:
    """Mona and Cleo at desks, Ada with her phone; `heard` is what went wrong in their browsers."""

    def __init__(self, described: dict[str, Any], open_browser: Callable[..., Page]) -> None:
        self.town = Town.of(described)
        self.mona = open_browser(DESKTOP)
        self.ada = open_browser(PHONE)
        self.cleo = open_browser(DESKTOP)
        self.heard = [listen(person.context) for person in (self.mona, self.ada, self.cleo)]
        self.order = ""

    @property
    def app(self) -> FrameLocator:
        """The app's page inside the Shopify admin."""
        return self.mona.frame_locator("#app-frame")

    def open_app(self, path: str = "") -> FrameLocator:
        self.mona.goto(f"{self.town.store}/store/acme/apps/stallkeeper{path}")
        self.app.locator("s-page").wait_for()
        return self.app

    def open_admin(self, path: str) -> Page:
        self.mona.goto(f"{self.town.store}/store/acme{path}")
        return self.mona

    def open_shop(self, path: str) -> Page:
        self.cleo.goto(self.town.storefronts["acme"] + path)
        return self.cleo

    def open_portal(self, path: str) -> Page:
        self.ada.goto(self.town.app + "/portal" + path)
        return self.ada

    def save(self) -> None:
        """By the admin's own bar over the app's unsaved changes; the page is there anew when it says so."""
        bar = self.mona.get_by_role("region", name="Unsaved changes")
        bar.get_by_role("button", name="Save").click()
        expect(self.mona.get_by_role("status").get_by_text("aved")).to_be_visible()


def comes(what: str, open_page: Callable[[], object], there: Locator) -> None:
    """Open a page until webhooks and jobs have brought something to it. A slow page gets longer each time."""
    milliseconds = (250 * 2**turn for turn in itertools.count())

    def look() -> bool:
        open_page()
        with suppress(TooLate):
            there.first.wait_for(timeout=next(milliseconds))
            return True
        return False

    wait_for(what, look)


def install(s: Screens) -> None:
    s.open_admin("/apps/stallkeeper")
    take_screenshot(s.mona, "01-install")
    s.mona.get_by_role("button", name="Install").click()
    expect(s.app.get_by_role("heading", name="Home")).to_be_visible()
    expect(s.app.get_by_text("Connect the store")).to_be_visible()
    take_screenshot(s.mona, "02-merchant-home")


def apply(s: Screens) -> None:
    page = s.open_shop("/pages/sell")
    expect(page.locator("[data-sk-near]")).to_be_attached()
    page.get_by_label("Shop name").fill("Ada's Ceramics")
    page.get_by_label("Your name").fill("Ada Larsen")
    page.get_by_label("Email").fill("not an address")
    page.get_by_label("What would you like to sell?").fill("Mugs and bowls in stoneware.")
    page.get_by_role("button", name="Send application").click()
    expect(page.get_by_label("Email")).to_have_attribute("aria-invalid", "true")
    take_screenshot(page, "03-apply-with-an-error")
    page.get_by_label("Email").fill(ADA)
    page.get_by_role("button", name="Send application").click()
    expect(page.get_by_text("Thank you")).to_be_visible()
    take_screenshot(page, "04-applied")


def approve(s: Screens) -> None:
    app = s.open_app("/app/vendors")
    app.get_by_role("link", name="Ada's Ceramics").click()
    expect(app.get_by_text("Waiting for you").first).to_be_visible()
    take_screenshot(s.mona, "05-vendor-waiting")
    app.get_by_role("button", name="Approve Ada's Ceramics").click()
    expect(app.get_by_text("Approved").first).to_be_visible()
    take_screenshot(s.mona, "06-vendor-approved")


def enter_portal(s: Screens) -> None:
    mail = wait_for_mail(s.town, ADA, "You can start selling")
    link = re.search(r"https?://\S+/portal/enter/[\w.-]+", mail["text"])
    assert link
    s.ada.goto(link.group())
    take_screenshot(s.ada, "07-portal-door")
    s.ada.get_by_role("button", name="Continue").click()
    expect(s.ada.get_by_role("heading", name="Ada's Ceramics")).to_be_visible()
    take_screenshot(s.ada, "08-portal-home")


def create_product(s: Screens) -> None:
    page = s.ada
    page.get_by_role("link", name="Products").first.click()
    expect(page.get_by_role("heading", name="Products", exact=True)).to_be_visible()
    take_screenshot(page, "09-no-products-yet")
    page.get_by_role("link", name="Add product").first.click()
    page.get_by_label("What are you selling?").fill("Harbour Mug")
    page.get_by_role("button", name="Continue").click()
    page.locator("[contenteditable]").fill("A mug for the first coffee of the day.")
    page.locator("[name=option_1_name]").fill("Glaze")
    page.locator("[name=option_1_values]").fill("Sea, Clay")
    page.keyboard.press("Tab")
    expect(page.get_by_role("group", name="Clay")).to_be_visible()
    for number, (price, stock) in enumerate((("24.00", "40"), ("26.00", "25"))):
        page.locator(f"[name=variant_{number}_price]").fill(price)
        page.locator(f"[name=variant_{number}_stock]").fill(stock)
    files = [
        {"name": f"mug-{glaze}.jpg", "mimeType": "image/jpeg", "buffer": pictures.draw("mug", glaze)}
        for glaze in ("sea", "clay")
    ]
    page.locator("[data-drop] input[type=file]").set_input_files(files)  # type: ignore[arg-type]
    expect(page.locator("#pictures img")).to_have_count(2)
    take_screenshot(page, "10-product-form")
    page.get_by_role("button", name="Send for review").click()
    expect(page.get_by_text("Sent.")).to_be_visible()
    take_screenshot(page, "11-product-sent")


def review(s: Screens) -> None:
    mug = s.app.get_by_role("link", name="Harbour Mug")
    comes("the mug in the queue", lambda: s.open_app("/app/review"), mug)
    take_screenshot(s.mona, "12-review-queue")
    mug.click()
    expect(s.app.get_by_role("heading", name="Harbour Mug")).to_be_visible()
    take_screenshot(s.mona, "13-review")
    s.app.get_by_role("button", name="Approve and publish").click()
    expect(s.app.get_by_text("On sale since")).to_be_visible()
    take_screenshot(s.mona, "14-reviewed")
    wait_for_mail(s.town, ADA, "is on sale")


def look_at_it(s: Screens) -> None:
    page = s.open_shop("/products/harbour-mug")
    expect(page.get_by_text("Sold by")).to_be_visible()
    take_screenshot(page, "15-on-the-storefront")
    page.get_by_role("link", name="Ada's Ceramics").last.click()
    expect(page.get_by_role("heading", name="Ada's Ceramics").first).to_be_visible()
    expect(page.get_by_role("link", name="Harbour Mug").first).to_be_visible()
    take_screenshot(page, "16-vendor-page")


def approve_automatically(s: Screens) -> None:
    """Mona ticks both boxes; Bea then gets onto the storefront without anybody's doing."""
    app = s.open_app("/app/settings")
    app.get_by_label("Approve vendors automatically").check()
    app.get_by_label("Publish products automatically").check()
    take_screenshot(s.mona, "17-settings")
    s.save()
    bea = Vendor(s.town, BEA)
    with bea.client:
        answers = {"contact_name": "Bea Moreau", "location": "Astoria, Oregon", "what_they_sell": "Sourdough loaves."}
        bea.apply(name="Bea's Bakery", **answers)
        bea.enter(wait_for_mail(s.town, BEA, "You can start selling"))
        loaf = bea.create_product("Country Sourdough", "Two days in the making.", {"": ("9.50", 60)})
        bea.add_picture(loaf, "loaf.jpg", pictures.draw("loaf", "wheat"))
        bea.send_for_review(loaf)
    wait_for_mail(s.town, BEA, "is on sale")
    take = s.cleo.get_by_role("button", name="Add to cart")
    comes("the loaf on the storefront", lambda: s.open_shop("/products/country-sourdough"), take)


def give_bank_account(s: Screens) -> None:
    page = s.open_portal("/payout-details")
    page.get_by_label("Account holder").fill("Ada Larsen")
    page.get_by_label("IBAN").fill(IBAN.replace("DE89", "DE00"))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("IBAN")).to_have_attribute("aria-invalid", "true")
    take_screenshot(page, "18-iban-refused")
    page.get_by_label("IBAN").fill(IBAN)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("•••• 3000")).to_be_visible()
    take_screenshot(page, "19-iban-kept")


def buy(s: Screens) -> None:
    page = s.open_shop("/products/harbour-mug")
    page.get_by_label("Quantity").fill("2")
    _add_to_cart(page)
    _add_to_cart(s.open_shop("/products/country-sourdough"))
    page.get_by_role("link", name="View cart").click()
    expect(page.get_by_text("Country Sourdough").first).to_be_visible()
    take_screenshot(page, "20-cart")
    page.get_by_role("button", name="Check out").click()
    page.get_by_label("Email").fill(CLEO)
    for label, words in (
        ("First name", "Cleo"),
        ("Last name", "Parker"),
        ("Address", "12 Harbour Street"),
        ("City", "Portland"),
        ("Postal code", "97201"),
        ("Discount code", "WELCOME10"),
    ):
        page.get_by_label(label, exact=True).fill(words)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Discount (WELCOME10)")).to_be_visible()
    for amount in ("$57.50", "$5.75", "$6.90", "$5.87", "$64.52"):
        expect(page.get_by_label("Order summary").get_by_text(amount).first).to_be_visible()
    take_screenshot(page, "21-checkout")
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.get_by_text("Thank you, Cleo")).to_be_visible()
    take_screenshot(page, "22-thank-you")
    named = re.search(r"#\d+", page.get_by_text(re.compile(r"Order #\d+")).first.inner_text())
    assert named
    s.order = named.group()


def _add_to_cart(page: Page) -> None:
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("link", name="View cart")).to_be_visible()


def see_the_split(s: Screens) -> None:
    app = s.app
    comes("the order", lambda: s.open_app("/app/orders"), app.get_by_role("link", name=s.order))
    take_screenshot(s.mona, "23-orders")
    app.get_by_role("link", name=s.order).click()
    expect(app.get_by_role("heading", name=f"Order {s.order}")).to_be_visible()
    for amount in ("$4.32", "$38.88", "$5.76", "$44.64", "$0.86", "$7.69", "$1.14", "$8.83"):
        expect(app.get_by_text(amount).first).to_be_visible()
    take_screenshot(s.mona, "24-order-split")
    for person in (ADA, BEA, CLEO):
        wait_for_mail(s.town, person, s.order)


def ship(s: Screens) -> None:
    page = s.open_portal("")
    take_screenshot(page, "25-portal-home-with-an-order")
    page.get_by_role("navigation").get_by_role("link", name="Orders").click()
    take_screenshot(page, "26-portal-orders")
    page.get_by_role("link", name=s.order).click()
    expect(page.get_by_text("Cleo Parker").first).to_be_visible()
    expect(page.get_by_text("Country Sourdough")).to_have_count(0)
    take_screenshot(page, "27-portal-order")
    page.get_by_label("Carrier").fill("UPS")
    page.get_by_label("Tracking number").fill(TRACKING)
    page.get_by_role("button", name="I have sent it").click()
    expect(page.get_by_role("heading", name="Parcels")).to_be_visible()
    expect(page.get_by_text(TRACKING)).to_be_visible()
    take_screenshot(page, "28-portal-order-sent")
    wait_for_mail(s.town, CLEO, "has sent your order")


def refund(s: Screens) -> None:
    page = s.open_admin("/orders")
    page.get_by_role("link", name=s.order).click()
    expect(page.get_by_text(TRACKING)).to_be_visible()
    take_screenshot(page, "29-shopify-order")
    page.get_by_role("link", name="Refund").click()
    page.get_by_label("Quantity of Harbour Mug").fill("1")
    page.keyboard.press("Tab")
    expect(page.locator('[data-sum="total"]')).to_have_text("23.76")
    take_screenshot(page, "30-refund")
    page.get_by_role("button", name="Refund", exact=True).click()
    expect(page.get_by_text("Partially refunded").first).to_be_visible()
    take_screenshot(page, "31-refunded")

    def open_order() -> None:
        s.open_app("/app/orders").get_by_role("link", name=s.order).click()
        expect(s.app.get_by_role("heading", name=f"Order {s.order}")).to_be_visible()

    comes("the clawback", open_order, s.app.get_by_text("$25.20"))
    take_screenshot(s.mona, "32-order-after-refund")


def wait_for_hold(s: Screens) -> None:
    page = s.open_portal("/money")
    expect(page.get_by_text("$25.20").first).to_be_visible()
    take_screenshot(page, "33-money-on-hold")
    s.town.pass_time(15 * DAYS)
    comes("Ada's money", lambda: s.open_app("/app/payouts"), s.app.get_by_label("Ada's Ceramics"))
    take_screenshot(s.mona, "34-payouts-ready")


def pay(s: Screens) -> None:
    app = s.open_app("/app/payouts/settings")
    app.get_by_label("Account holder").fill("Acme")
    app.get_by_label("IBAN").fill("GB29NWBK60161331926819")
    s.save()
    app = s.open_app("/app/payouts")
    expect(app.get_by_label("Ada's Ceramics")).to_be_checked()
    app.get_by_role("button", name="Prepare payouts").click()
    expect(app.get_by_role("heading", name=re.compile(r"^Batch \d+"))).to_be_visible()
    expect(app.get_by_text("$25.20").first).to_be_visible()
    take_screenshot(s.mona, "35-batch")
    app.get_by_role("button", name="Approve all").click()
    app.get_by_role("button", name="Make the bank file").click()
    with s.mona.expect_download() as download:
        app.get_by_text("Bank file (pain.001)").click()
    assert download.value.suggested_filename.endswith(".xml")
    assert _read_transfers(download.value.path()) == [("Ada Larsen", IBAN, "USD", "25.20")]
    take_screenshot(s.mona, "36-bank-file")
    app.get_by_role("button", name="Mark all as sent").click()
    expect(app.get_by_text("Nothing is left to do in this batch.")).to_be_visible()
    take_screenshot(s.mona, "37-batch-sent")
    wait_for_mail(s.town, ADA, "on its way to you")


def _read_transfers(file: Path) -> list[tuple[str | None, ...]]:
    """Who gets what where, as the bank would read it."""
    transfers = ET.parse(file).iter(f"{PAIN}CdtTrfTxInf")
    return [
        (
            each.findtext(f"{PAIN}Cdtr/{PAIN}Nm"),
            each.findtext(f".//{PAIN}IBAN"),
            each.find(f".//{PAIN}InstdAmt").get("Ccy"),  # type: ignore[union-attr]
            each.findtext(f".//{PAIN}InstdAmt"),
        )
        for each in transfers
    ]


def read_statement(s: Screens) -> None:
    _sign_in_again(s)
    page = s.open_portal("/money")
    expect(page.get_by_text("$25.20").first).to_be_visible()
    take_screenshot(page, "39-money-paid")
    page.get_by_role("link", name=re.compile(r"^P\d+-\d+$")).first.click()
    expect(page.get_by_role("heading", name=re.compile("^Payout "))).to_be_visible()
    expect(page.get_by_text(s.order).first).to_be_visible()
    take_screenshot(page, "40-statement")
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")
    _take_statements_along(s)


def _take_statements_along(s: Screens) -> None:
    """Of the ticked payouts, and of none before one is ticked."""
    page = s.open_portal("/money/payouts")
    button = page.get_by_role("button", name="Download statements")
    button.click()
    expect(page.get_by_text("Tick the payouts first.")).to_be_visible()
    page.get_by_role("checkbox", name=re.compile(r"^Tick P\d+-\d+$")).check()
    with page.expect_download() as download:
        button.click()
    with zipfile.ZipFile(download.value.path()) as archive:
        papers = {name: archive.read(name) for name in archive.namelist()}
    assert [paper[:4] for name, paper in papers.items() if name.endswith(".pdf")] == [b"%PDF"]
    expect(page.locator("#busy")).to_be_hidden()


def _sign_in_again(s: Screens) -> None:
    """After two weeks away Ada's session has ended: she is asked who she is, and gets a link by mail."""
    page = s.open_portal("?shop=acme.myshopify.com")
    take_screenshot(page, "38-sign-in-again")
    before = {mail["id"] for mail in read_inbox(s.town, ADA, "sign-in link")}
    page.get_by_label("E-mail").fill(ADA)
    page.get_by_role("button", name="E-mail me a link").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    mail = wait_for(
        "the sign-in link",
        lambda: next((m for m in read_inbox(s.town, ADA, "sign-in link") if m["id"] not in before), None),
    )
    link = re.search(r"https?://\S+/portal/enter/[\w.-]+", mail["text"])
    assert link
    page.goto(link.group())
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Ada's Ceramics")).to_be_visible()


def look_into_the_books(s: Screens) -> None:
    app = s.open_app("/app/reconciliation")
    app.get_by_role("button", name="Prove the books now").click()
    expect(app.get_by_text("A proof is under way")).to_be_hidden()
    expect(app.get_by_text("Everything agrees").first).to_be_visible()
    take_screenshot(s.mona, "41-books")


STEPS = (
    install,
    apply,
    approve,
    enter_portal,
    create_product,
    review,
    look_at_it,
    approve_automatically,
    give_bank_account,
    buy,
    see_the_split,
    ship,
    refund,
    wait_for_hold,
    pay,
    read_statement,
    look_into_the_books,
)
