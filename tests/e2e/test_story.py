"""The main job by clicking, as merchant, vendor and customer. Every screen is kept under var/screenshots."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from demo import pictures
from demo.people import Town, wait_for, wait_for_mail
from demo.place import Place
from demo.up import describe
from tests.e2e.conftest import DESKTOP, PHONE, take_screenshot

pytestmark = pytest.mark.slow
ADA = "ada@example.com"


class Screens:
    """Three people at their screens: Mona and Cleo at desks, Ada with her phone."""

    def __init__(self, place: Place, open_browser: Callable[..., Page]) -> None:
        self.town = Town.of(describe(place, {}))
        self.mona = open_browser(DESKTOP)
        self.ada = open_browser(PHONE)
        self.cleo = open_browser(DESKTOP)

    @property
    def app(self) -> FrameLocator:
        """The app's page inside the Shopify admin."""
        return self.mona.frame_locator("iframe")

    def open_app(self, path: str = "") -> FrameLocator:
        self.mona.goto(f"{self.town.store}/store/acme/apps/stallkeeper{path}")
        return self.app

    def open_shop(self, path: str) -> Page:
        self.cleo.goto(self.town.storefronts["acme"] + path)
        return self.cleo


@pytest.fixture
def screens(marketplace: Place, open_browser: Callable[..., Page]) -> Screens:
    return Screens(marketplace, open_browser)


def test_the_main_job_by_clicking(screens: Screens) -> None:
    _install(screens)
    _apply(screens)
    _approve(screens)
    _enter_portal(screens)
    _create_product(screens)
    _review(screens)
    _buy(screens)


def _install(s: Screens) -> None:
    s.mona.goto(f"{s.town.store}/store/acme/apps/stallkeeper")
    take_screenshot(s.mona, "01-install")
    s.mona.get_by_role("button", name="Install").click()
    expect(s.app.get_by_role("heading", name="Home")).to_be_visible()
    expect(s.app.get_by_text("Connect the store")).to_be_visible()
    take_screenshot(s.mona, "02-merchant-home")


def _apply(s: Screens) -> None:
    page = s.open_shop("/pages/sell")
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


def _approve(s: Screens) -> None:
    app = s.open_app("/app/vendors")
    app.get_by_role("link", name="Ada's Ceramics").click()
    expect(app.get_by_text("Waiting for you").first).to_be_visible()
    take_screenshot(s.mona, "05-vendor-waiting")
    app.get_by_role("button", name="Approve Ada's Ceramics").click()
    expect(app.get_by_text("Approved").first).to_be_visible()
    take_screenshot(s.mona, "06-vendor-approved")
    wait_for_mail(s.town, ADA, "You can start selling")


def _enter_portal(s: Screens) -> None:
    mail = wait_for_mail(s.town, ADA, "You can start selling")
    link = re.search(r"https?://\S+/portal/enter/[\w.-]+", mail["text"])
    assert link
    s.ada.goto(link.group())
    take_screenshot(s.ada, "07-portal-door")
    s.ada.get_by_role("button", name="Continue").click()
    expect(s.ada.get_by_role("heading", name="Ada's Ceramics")).to_be_visible()
    take_screenshot(s.ada, "08-portal-home")


def _create_product(s: Screens) -> None:
    page = s.ada
    page.get_by_role("link", name="Products").first.click()
    take_screenshot(page, "09-no-products-yet")
    page.get_by_role("link", name="Add product").first.click()
    page.get_by_label("What are you selling?").fill("Harbour Mug")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("textbox", name="Description").first.fill("A mug for the first coffee of the day.")
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
    page.get_by_role("button", name="Save and send for review").click()
    expect(page.get_by_text("Sent.")).to_be_visible()
    take_screenshot(page, "11-product-sent")


def _review(s: Screens) -> None:
    app = s.open_app("/app/review")
    wait_for("the mug in the queue", lambda: _appears(s, "/app/review", "Harbour Mug"))
    take_screenshot(s.mona, "12-review-queue")
    app.get_by_role("link", name="Harbour Mug").click()
    expect(app.get_by_role("heading", name="Harbour Mug")).to_be_visible()
    take_screenshot(s.mona, "13-review")
    app.get_by_role("button", name="Approve").first.click()
    wait_for_mail(s.town, ADA, "is on sale")
    page = s.open_shop("/products/harbour-mug")
    expect(page.get_by_text("Sold by")).to_be_visible()
    take_screenshot(page, "14-on-the-storefront")
    page.get_by_role("link", name="Ada's Ceramics").last.click()
    expect(page.get_by_role("heading", name="Ada's Ceramics").first).to_be_visible()
    take_screenshot(page, "15-vendor-page")


def _appears(s: Screens, path: str, words: str) -> bool:
    return s.open_app(path).get_by_text(words).first.is_visible()


def _buy(s: Screens) -> None:
    page = s.open_shop("/products/harbour-mug")
    page.get_by_role("button", name="Add to cart").click()
    page.goto(s.town.storefronts["acme"] + "/checkout")
    page.get_by_label("Email").fill("cleo@example.com")
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
    take_screenshot(page, "16-checkout")
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.get_by_text("Thank you, Cleo")).to_be_visible()
    take_screenshot(page, "17-thank-you")
