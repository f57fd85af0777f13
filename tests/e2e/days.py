"""A vendor's first day, the same vendor's busy day, and the merchant's Monday after them: by clicking, at Zenith.

What is nobody's day (customers who buy, a merchant who presses a button in between) is done by `demo.people`.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyotp
from playwright.sync_api import FrameLocator, Page, expect

from app import clock
from demo import pictures
from demo.people import Customer, Merchant, Town, Vendor, read_inbox, wait_for, wait_for_mail
from tests.e2e.looks import DESKTOP, PHONE, listen, take_screenshot
from tests.e2e.story import IBAN, comes

FAY, GIL = "fay@example.com", "gil@example.com"
LICENCE = {"name": "licence.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 trade licence of Fay"}
_FILE = "Product,Price,Stock\nFelt Hat,49.00,12\nFelt Coaster,twelve,40\n"
_ENTER = re.compile(r"https?://\S+/portal/enter/[\w.-]+")


class Zenith:
    """Fay with her phone, Mona's colleague Nia at a desk; customers come and go."""

    def __init__(self, described: dict[str, Any], open_browser: Callable[..., Page]) -> None:
        self.town = Town.of(described)
        self.fay, self.nia = open_browser(PHONE), open_browser(DESKTOP)
        self.heard = [listen(person.context) for person in (self.fay, self.nia)]
        self.merchant = Merchant(self.town, "zenith")

    @property
    def app(self) -> FrameLocator:
        return self.nia.frame_locator("#app-frame")

    def open_app(self, path: str = "") -> FrameLocator:
        self.nia.goto(f"{self.town.store}/store/zenith/apps/stallkeeper{path}")
        self.app.locator("s-page").wait_for()
        return self.app

    def open_portal(self, path: str = "") -> Page:
        self.fay.goto(f"{self.town.app}/portal{path}")
        return self.fay

    def buy(self, *wanted: tuple[str, int]) -> None:
        """A customer orders so many of each product, paid at once."""
        customer = Customer(self.town, "hal@example.com", ("Hal", "Quinn"), "zenith")
        with customer.client:
            for handle, units in wanted:
                assert customer.add_to_cart(handle, quantity=units)
            customer.check_out()


# -- the first day ----------------------------------------------------------------------------------------------------


def prepare(z: Zenith) -> None:
    """The merchant has the app, terms, two questions and no hold on money."""
    z.merchant.install()
    z.merchant.open("/app/settings").submit(to="/app/settings", terms_text="Ship within three days.", hold_days="0")
    asked = {"at_application": "y", "is_required": "y"}
    questions = "/app/settings/questions"
    z.merchant.open(questions).submit(having="label", label="Trade licence", kind="file", **asked)
    z.merchant.open(questions).submit(
        having="label", label="What is it made of?", kind="choice", choices="Wool\nFlax", **asked
    )


def apply(z: Zenith) -> None:
    page, address = z.fay, f"{z.town.storefronts['zenith']}/pages/sell"
    page.goto(address)
    page.get_by_label("Shop name").fill("Fay's Felt")
    page.get_by_label("Your name").fill("Fay Field")
    page.get_by_label("Email").fill(FAY)
    page.get_by_label("What is it made of?").select_option("Wool")
    page.goto(z.town.storefronts["zenith"])
    page.goto(address)
    expect(page.get_by_label("What is it made of?")).to_have_value("Wool")
    page.get_by_label("What would you like to sell?").fill("Hats and slippers.")
    page.get_by_label("I accept the vendor terms.").check()
    take_screenshot(page, "day-1-apply")
    page.get_by_role("button", name="Send application").click()
    expect(page.get_by_text("Then send from your vendor pages: Trade licence.")).to_be_focused()
    found = wait_for("Fay to decide on", lambda: z.merchant.open("/app/vendors").follow("Fay's Felt"))
    found.must_say("What is it made of?", "Wool").submit(to="/approve")


def enter(z: Zenith) -> None:
    mail = wait_for_mail(z.town, FAY, "You can start selling")
    link = _ENTER.search(mail["text"])
    assert link
    z.fay.goto(link.group())
    z.fay.get_by_role("button", name="Continue").click()
    expect(z.fay.get_by_role("heading", name="Fay's Felt", exact=True)).to_be_visible()
    expect(z.fay.get_by_text("Getting started")).to_be_visible()
    expect(z.fay.get_by_role("link", name="Answer the shop's questions")).to_be_visible()
    take_screenshot(z.fay, "day-1-checklist")


def send_document(z: Zenith) -> None:
    page = z.open_portal("/questions")
    page.get_by_label("Trade licence").set_input_files(LICENCE)  # type: ignore[arg-type]
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Thank you. The shop has your answers.")).to_be_visible()


def add_second_factor(z: Zenith) -> None:
    page = z.open_portal("/security/app")
    secret = page.locator("[name=secret]").input_value()
    page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", name="Keep these codes")).to_be_visible()


def list_product(z: Zenith) -> None:
    page = z.open_portal("/products/new")
    page.get_by_label("What are you selling?").fill("Felt Slippers")
    page.get_by_role("button", name="Continue").click()
    page.locator("[contenteditable]").fill("Warm feet.")
    page.locator("[name=option_1_name]").fill("Size")
    page.locator("[name=option_1_values]").fill("S, L")
    page.keyboard.press("Tab")
    expect(page.get_by_role("group", name="L", exact=True)).to_be_visible()
    for number, price in enumerate(("30.00", "34.00")):
        page.locator(f"[name=variant_{number}_price]").fill(price)
        page.locator(f"[name=variant_{number}_stock]").fill("50")
    picture = {"name": "slippers.jpg", "mimeType": "image/jpeg", "buffer": pictures.draw("bowl", "rose")}
    page.locator("[data-drop] input[type=file]").set_input_files([picture])  # type: ignore[arg-type]
    expect(page.locator("#pictures img")).to_have_count(1)
    page.get_by_role("button", name="Send for review").click()
    expect(page.get_by_text("Sent.")).to_be_visible()


def write_profile(z: Zenith) -> None:
    page = z.open_portal("/profile")
    page.get_by_label("In one sentence").fill("Felt, made slowly")
    page.get_by_label("Announcement").fill("Meet me on Saturday.")
    page.get_by_label("About you").fill("I felt hats.")
    page.get_by_label("Instagram").fill("@fay.felts")
    preview = page.get_by_role("complementary", name="Preview of your page")
    for words in ("Felt, made slowly", "Meet me on Saturday.", "I felt hats.", "Instagram"):
        expect(preview.get_by_text(words, exact=True)).to_be_visible()
    take_screenshot(page, "day-1-profile")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Instagram")).to_have_value("https://www.instagram.com/fay.felts")
    z.fay.goto(f"{z.town.app}/portal/payout-details")
    page.get_by_label("Account holder").fill("Fay Field")
    page.get_by_label("IBAN").fill(IBAN)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. We wrote to you about it")).to_be_visible()
    z.open_portal()
    expect(page.get_by_role("link", name="Add your payout details")).to_have_count(0)
    take_screenshot(page, "day-1-evening")


FIRST_DAY = (prepare, apply, enter, send_document, add_second_factor, list_product, write_profile)


# -- the busy day -----------------------------------------------------------------------------------------------------


def get_orders(z: Zenith) -> None:
    """Her slippers are approved; orders come in while she looks at the list."""
    review = wait_for("slippers to review", lambda: z.merchant.open("/app/review").follow("Felt Slippers"))
    review.submit(to="/approve")
    handle = "felt-slippers"
    wait_for("the slippers in the shop", lambda: z.merchant.client.get(_product(z, handle)).is_success)
    page = z.open_portal("/orders")
    for _ in range(4):
        z.buy((handle, 2))
    expect(page.get_by_role("link", name=re.compile(r"^#\d+$"))).to_have_count(4)
    take_screenshot(page, "day-2-orders")


def _product(z: Zenith, handle: str) -> str:
    return f"{z.town.storefronts['zenith']}/products/{handle}.js"


def pick_and_ship_many(z: Zenith) -> None:
    page = z.open_portal("/orders/pick-list")
    expect(page.get_by_text("8 items for 4 orders")).to_be_visible()
    page = z.open_portal("/orders/ship")
    page.get_by_label("All", exact=True).uncheck()
    for box in page.get_by_role("checkbox", name=re.compile(r"^Send #")).all()[:2]:
        box.check()
    page.get_by_label("Carrier for all").fill("UPS")
    for number, field in enumerate(page.get_by_label(re.compile("^Tracking number for")).all()[:2]):
        field.fill(f"1Z999AA1012345678{number}")
    take_screenshot(page, "day-2-ship-many")
    page.get_by_role("button", name="I have sent these").click()
    page.wait_for_url(re.compile(r"/shipments/\d+"))
    expect(page.get_by_text("Sent", exact=True)).to_have_count(2)


def ship_a_part_and_cancel_the_rest(z: Zenith) -> None:
    page = _open_waiting(z)
    page.locator("[name^=units-]").fill("1")
    page.get_by_label("Carrier").fill("UPS")
    page.get_by_role("button", name="I have sent it").click()
    expect(page.get_by_role("heading", name="Parcels")).to_be_visible()
    comes("what is left to send", page.reload, page.get_by_text("Partly shipped"))
    page.get_by_role("link", name="I cannot send it").click()
    page.locator("[name^=units-]").fill("1")
    page.get_by_label("Reason").select_option(index=1)
    page.get_by_role("button", name="See what it does").click()
    expect(page.get_by_text("The customer gets back")).to_be_visible()
    take_screenshot(page, "day-2-cancel")
    page.get_by_role("button", name=re.compile("^Ask ")).click()
    expect(page.get_by_text("You asked to cancel items.")).to_be_visible()


def _open_waiting(z: Zenith) -> Page:
    page = z.open_portal("/orders?status=to_ship")
    page.get_by_role("link", name=re.compile(r"^#\d+$")).first.click()
    expect(page.get_by_role("heading", name=re.compile("^Order #"))).to_be_visible()
    return page


def write_to_the_customer(z: Zenith) -> None:
    page = _open_waiting(z)
    page.get_by_role("link", name="Messages").click()
    page.get_by_label("Your message").fill("They leave tomorrow.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("They leave tomorrow.")).to_be_visible()
    assert "hal@example.com" not in page.content()
    wait_for("the customer's mail", lambda: _mails_with(z, "hal@example.com", "They leave tomorrow."))


def _mails_with(z: Zenith, to: str, words: str) -> bool:
    return any(words in mail["text"] for mail in read_inbox(z.town, to))


def plan_holiday(z: Zenith) -> None:
    page = z.open_portal("/holiday")
    today = clock.now() + timedelta(seconds=z.town.seconds_ahead)
    page.get_by_label("First day away").fill((today + timedelta(days=40)).date().isoformat())
    page.get_by_label("Back on").fill((today + timedelta(days=50)).date().isoformat())
    page.get_by_role("button", name="Save").click()
    expect(z.open_portal().get_by_text("Your holiday begins on")).to_be_visible()


def import_a_file(z: Zenith) -> None:
    page = z.open_portal("/products/import")
    file = {"name": "felt.csv", "mimeType": "text/csv", "buffer": _FILE.encode()}
    page.get_by_label("File with products").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("1 with errors")).to_be_visible()
    expect(page.get_by_text("Line 3, Price")).to_be_visible()
    take_screenshot(page, "day-2-import")
    page.get_by_role("button", name="Import 1 product").click()
    expect(page.get_by_text("Done: 1.")).to_be_visible()


def understand_the_balance(z: Zenith) -> None:
    page = z.open_portal("/money")
    page.get_by_role("link", name="$54.00").first.click()
    expect(page.get_by_text("Why this commission")).to_be_visible()
    expect(page.get_by_text("-$6.00")).to_be_visible()
    take_screenshot(page, "day-2-explained")


BUSY_DAY = (
    get_orders,
    pick_and_ship_many,
    ship_a_part_and_cancel_the_rest,
    write_to_the_customer,
    plan_holiday,
    import_a_file,
    understand_the_balance,
)


# -- the Monday -------------------------------------------------------------------------------------------------------


def open_home(z: Zenith) -> None:
    for name, email in (("Gil's Glass", GIL), ("Copies Inc", "copies@example.com")):
        _apply_quickly(z, name, email)
    app = z.app
    comes("both applications", z.open_app, app.get_by_text("2 applications wait for your decision"))
    expect(app.get_by_text("1 cancellation that a vendor asks for waits")).to_be_visible()
    take_screenshot(z.nia, "day-3-home")


def _apply_quickly(z: Zenith, name: str, email: str) -> None:
    seller = Vendor(z.town, email, "zenith")
    with seller.client:
        seller.apply(name=name, contact_name="Gil", what_they_sell="Glass.")


def decide_about_vendors(z: Zenith) -> None:
    app = z.open_app("/app/vendors?status=pending")
    app.get_by_role("link", name="Gil's Glass").click()
    app.get_by_role("button", name="Approve Gil's Glass").click()
    expect(app.get_by_text("Approved").first).to_be_visible()
    app = z.open_app("/app/vendors?status=pending")
    app.get_by_role("link", name="Copies Inc").click()
    app.get_by_label("Why do you decline?").fill("We only sell what our vendors make.")
    app.get_by_role("button", name="Decline").click()
    expect(app.get_by_text("Declined").first).to_be_visible()
    wait_for_mail(z.town, "copies@example.com", "Your application")


def review_by_keyboard(z: Zenith) -> None:
    page = z.open_portal("/products?q=Hat")
    page.get_by_role("link", name="Felt Hat").click()
    page.locator("[contenteditable]").fill("Keeps its shape in the rain.")
    picture = {"name": "hat.jpg", "mimeType": "image/jpeg", "buffer": pictures.draw("bowl", "ink")}
    page.locator("[data-drop] input[type=file]").set_input_files([picture])  # type: ignore[arg-type]
    expect(page.locator("#pictures img")).to_have_count(1)
    page.get_by_role("button", name="Send for review").click()
    expect(page.get_by_text("Sent.")).to_be_visible()
    hat = z.app.get_by_role("link", name="Felt Hat")
    comes("the hat in the queue", lambda: z.open_app("/app/review"), hat)
    hat.click()
    expect(z.app.get_by_role("heading", name="Felt Hat")).to_be_visible()
    take_screenshot(z.nia, "day-3-review")
    z.app.get_by_role("heading", name="Felt Hat").click()
    z.nia.keyboard.press("a")
    expect(z.app.get_by_text("On sale since")).to_be_visible()


def look_at_orders_of_a_vendor(z: Zenith) -> None:
    app = z.open_app("/app/orders?vendor=999999")
    expect(app.get_by_text("No order matches.")).to_be_visible()
    app = z.open_app("/app/orders")
    app.get_by_label("Vendor", exact=True).select_option(label="Fay's Felt")
    expect(app.get_by_text("Shipped").first).to_be_visible()
    expect(app.get_by_text("Partly shipped").first).to_be_visible()
    take_screenshot(z.nia, "day-3-orders")
    app.get_by_role("link", name=re.compile(r"^#\d+$")).first.click()
    expect(app.get_by_role("heading", name="Fay's Felt", exact=True)).to_be_visible()


def change_an_email(z: Zenith) -> None:
    app = z.open_app("/app/emails/words/vendor_approved")
    app.get_by_label("Subject").fill("Come in, {{ vendor_name }}")
    expect(app.get_by_text(re.compile("^Come in, "))).to_be_visible()
    app.get_by_label("Send the test to").fill("nia@example.com")
    app.get_by_role("button", name="Send a test").click()
    wait_for_mail(z.town, "nia@example.com", "Come in, ")
    take_screenshot(z.nia, "day-3-email")


def choose_what_new_staff_may_do(z: Zenith) -> None:
    app = z.open_app("/app/settings/staff")
    app.get_by_label("New staff start with").select_option(label="Orders")
    expect(z.nia.get_by_role("status").first).to_be_visible()


def read_the_log(z: Zenith) -> None:
    app = z.open_app("/app/log?q=make")
    expect(app.get_by_text("We only sell what our vendors make.").first).to_be_visible()
    with z.nia.expect_download() as download:
        app.get_by_text("Export", exact=True).click()
    assert "vendor.reject" in download.value.path().read_text("utf-8-sig")
    take_screenshot(z.nia, "day-3-log")


def pay(z: Zenith) -> None:
    """Four days later: new payout details have been held back for three of them."""
    z.merchant.open("/app/payouts/settings").submit(to="/payer", name="Zenith", iban="GB29NWBK60161331926819")
    z.town.pass_time(4 * 24 * 3600)
    app = z.app
    comes("Fay's money", lambda: z.open_app("/app/payouts"), app.get_by_label("Fay's Felt"))
    app.get_by_role("button", name="Prepare payouts").click()
    expect(app.get_by_role("heading", name=re.compile(r"^Batch \d+"))).to_be_visible()
    app.get_by_role("button", name="Approve all").click()
    app.get_by_role("button", name="Make the bank file").click()
    expect(app.get_by_text("Bank file (pain.001)")).to_be_visible()
    take_screenshot(z.nia, "day-3-payout")


MONDAY = (
    open_home,
    decide_about_vendors,
    review_by_keyboard,
    look_at_orders_of_a_vendor,
    change_an_email,
    choose_what_new_staff_may_do,
    read_the_log,
    pay,
)
