"""Every page of the portal, as the real app serves it, through axe: WCAG 2.2 AA, at a desk and on a phone.

The pages are taken from the URL map, so a new one is tried without being named here; one with an id in its address
needs an entry in `stocked`.
"""

import io
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect
from sqlalchemy import select
from werkzeug.routing import Rule

from app import clock, db, web
from app.auth import magic_links
from app.models.products import Product, ProductStatus, Variant
from app.models.shops import ShopSettings
from app.models.vendors import Vendor, VendorUser
from app.vendors import pictures
from tests.e2e.looks import LEVEL, examine, is_trouble
from tests.e2e.slowness import Held, close
from tests.portal.booked import add_order
from tests.servers import make_server
from wsgi import create_app

SCREENS = [
    pytest.param({"width": 1280, "height": 860}, "light", id="desk, light"),
    # As narrow as a page is in a frame of the storefront on a phone, or at 400 % on a desk (WCAG 1.4.10).
    pytest.param({"width": 320, "height": 640}, "dark", id="narrow, dark"),
]
OPEN_PAGES = ["/portal/login", "/portal/enter/nothing"]


@pytest.fixture
def address(ada: Vendor) -> Iterator[str]:
    """The real app on a port of its own, with a vendor who has a bit of everything."""
    server = make_server("127.0.0.1", 0, create_app())
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def stocked(ada: Vendor) -> dict[str, int]:
    """Ada with terms to accept, payout details on hold, a product in each state and orders; ids for addresses."""
    with db.scoped(ada.shop_id) as session:
        settings = session.get_one(ShopSettings, ada.shop_id)
        settings.terms_text = "Ship within three days.\n\nAnswer within one."
        vendor = session.get_one(Vendor, ada.id)
        vendor.payout_last4, vendor.payout_changed_at = "3000", clock.now()
        picture = io.BytesIO()
        Image.new("RGB", (80, 80), "teal").save(picture, "PNG")
        picture.seek(0)
        pictures.change_picture(session, vendor, picture, actor="system")
        for number, status in enumerate(ProductStatus):
            session.add(
                product := Product(shop_id=ada.shop_id, vendor_id=ada.id, title=f"Bowl {number}", status=status)
            )
            session.flush()
            session.add(
                Variant(
                    shop_id=ada.shop_id,
                    vendor_id=ada.id,
                    product_id=product.id,
                    price_minor=1250,
                    currency="USD",
                    stock=number,
                )
            )
        draft = session.scalars(select(Product.id).where(Product.status == ProductStatus.DRAFT)).one()
        user = session.scalars(select(VendorUser).where(VendorUser.vendor_id == ada.id)).one()
        session.add(VendorUser(shop_id=ada.shop_id, vendor_id=ada.id, email="cleo@example.com", role="orders"))
    parts = [add_order(ada, days, 1000 + days) for days in (1, 4, 9)]
    return {"product_id": draft, "part_id": parts[0], "user_id": user.id}


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[[ViewportSize, Any], Page]]:
    contexts = []

    def make(viewport: ViewportSize, scheme: Any) -> Page:
        contexts.append(chromium.new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce"))
        contexts[-1].route("**/live?*", _say_nothing)
        return contexts[-1].new_page()

    yield make
    for context in contexts:
        close(context)


@pytest.mark.parametrize(("viewport", "scheme"), SCREENS)
def test_every_portal_page_can_be_used_by_everybody(
    address: str, stocked: dict[str, int], ada: Vendor, open_page: Any, viewport: ViewportSize, scheme: str
) -> None:
    page, problems = open_page(viewport, scheme), []
    page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
    page.on("console", lambda said: problems.append(f"{page.url}: {said.text}") if is_trouble(said) else None)
    for path in OPEN_PAGES:
        page.goto(address + path)
        problems += _examine(page)
    problems = [problem for problem in problems if "410" not in problem]  # the link that is none, as it should be
    _sign_in(page, address, ada)
    pages = list_pages(create_app(), stocked)
    assert "/portal/profile" in pages
    for path in pages:
        page.goto(address + path)
        problems += _examine(page)
    assert problems == [], "\n".join(problems)


def test_the_skip_link_is_the_first_stop_and_leads_to_the_content(
    address: str, ada: Vendor, stocked: dict[str, int], open_page: Any
) -> None:
    page = open_page({"width": 1280, "height": 860}, "light")
    _sign_in(page, address, ada)
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#page")).to_be_focused()


def test_the_first_wrong_field_has_the_focus_and_says_why(
    address: str, ada: Vendor, stocked: dict[str, int], open_page: Any
) -> None:
    page = open_page({"width": 390, "height": 844}, "light")
    _sign_in(page, address, ada)
    page.goto(f"{address}/portal/payout-details")
    page.get_by_label("Account holder").fill("Ada Lovelace")
    page.get_by_label("IBAN").fill("DE88 3704 0044 0532 0130 00")
    expect(page.get_by_text("Changed: Account holder, IBAN")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    field = page.get_by_label("IBAN")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    words = page.locator("#" + (field.get_attribute("aria-describedby") or "").split()[-1])
    assert "typing mistake" in words.inner_text()
    assert _examine(page) == []


def test_a_button_that_copied_says_so_for_a_moment_and_keeps_its_picture(
    address: str, ada: Vendor, stocked: dict[str, int], open_page: Any
) -> None:
    page = open_page({"width": 1280, "height": 860}, "light")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    _sign_in(page, address, ada)
    page.goto(f"{address}/portal/api")
    page.get_by_label("Name").fill("Till")
    page.get_by_role("checkbox").first.check()
    held = Held(page, "**/static/copy.js")
    page.get_by_role("button", name="Make token").click()
    secret = page.get_by_label("Your new token").input_value()
    button = page.locator("[data-copy]")
    held.wait()
    expect(button, "until it would copy").to_be_hidden()
    held.let_go()
    expect(button).to_be_visible()
    page.clock.install()
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    for _ in range(2):
        button.click()
        expect(button).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == secret
        page.clock.run_for(2000)
        expect(button).to_have_text("Copy")
    expect(button.locator(".icon")).to_be_visible()


def test_the_preview_of_a_page_says_what_was_typed_before_its_script_had_come(
    address: str, ada: Vendor, open_page: Any
) -> None:
    page = open_page({"width": 1280, "height": 860}, "light")
    _sign_in(page, address, ada)
    held = Held(page, "**/static/profile.js")
    page.goto(f"{address}/portal/profile", wait_until="commit")
    page.get_by_label("In one sentence").fill("Thrown by hand")
    held.wait()
    held.let_go()
    preview = page.get_by_role("complementary", name="Preview of your page")
    expect(preview.get_by_text("Thrown by hand")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_who_may_only_look_reads_a_draft_and_is_offered_no_place_for_files(
    address: str, stocked: dict[str, int], ada: Vendor, chromium: Browser, *, scripts: bool
) -> None:
    """The draft has no picture; its form, which holds the place for some, is there all the same."""
    with db.scoped(ada.shop_id) as session:
        session.get_one(VendorUser, stocked["user_id"]).role = "viewer"
    page = chromium.new_page(java_script_enabled=scripts)
    _sign_in(page, address, ada)
    page.goto(f"{address}/portal/products/{stocked['product_id']}")
    expect(page.locator("input[name=title]")).to_be_visible()
    expect(page.get_by_text("Add pictures").locator("visible=true")).to_have_count(0)
    page.goto(f"{address}/portal/profile")
    expect(page.locator("input[name=name]")).to_be_visible()
    expect(page.locator("input[type=file]")).to_have_count(0)
    page.close()


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "ja"])
def test_on_a_phone_the_bar_that_says_what_changed_is_one_line(
    address: str, ada: Vendor, stocked: dict[str, int], open_page: Any, language: str
) -> None:
    page = open_page({"width": 390, "height": 844}, "light")
    _sign_in(page, address, ada)
    _speak(page, address, ada, stocked, language)
    page.clock.install()  # before a draft says a word
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    for path, field in (
        (f"/portal/products/{stocked['product_id']}", "input[name=title]"),
        ("/portal/profile", "input[name=name]"),
    ):
        page.goto(address + path)
        assert page.locator("html").get_attribute("lang") == language
        page.locator(field).press_sequentially("Wide bowls")
        bar = page.locator(".save-bar.changed")
        expect(bar).to_be_visible()
        assert bar.bounding_box()["height"] <= 64, path
        faults = bar.evaluate(
            """bar => { const {left, right, top, bottom} = bar.getBoundingClientRect();
            return [...bar.querySelectorAll('button')].filter((each) => { const box = each.getBoundingClientRect();
                return each.scrollHeight > each.clientHeight || each.scrollWidth > each.clientWidth || box.height < 44
                    || box.left < left || box.right > right || box.top < top || box.bottom > bottom; })
                .map((each) => each.textContent); }"""
        )
        assert faults == [], path
        assert bar.locator("[data-changes]").inner_text().strip()
        assert bar.locator("[data-changes]").bounding_box()["width"] >= 70, path


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "ja"])
def test_on_a_phone_what_a_draft_says_is_read_whole_beside_what_changed(
    address: str, ada: Vendor, stocked: dict[str, int], open_page: Any, language: str
) -> None:
    page = open_page({"width": 320, "height": 640}, "light")
    _sign_in(page, address, ada)
    _speak(page, address, ada, stocked, language)
    page.goto(f"{address}/portal/products/{stocked['product_id']}")
    with db.scoped(ada.shop_id) as session:
        session.get_one(Product, stocked["product_id"]).updated_at = clock.now() + timedelta(minutes=1)
    with page.expect_response(lambda answer: answer.request.method == "POST") as refused:
        page.locator("input[name=title]").press_sequentially("Wide bowls")
    bar = page.locator(".save-bar.changed")
    says, changes = bar.locator("[data-draft-says]"), bar.locator("[data-changes]")
    expect(says).to_have_text(refused.value.json()["message"])
    assert changes.bounding_box()["width"] >= 70
    assert says.evaluate("it => it.scrollHeight <= it.clientHeight && it.scrollWidth <= it.clientWidth")
    above, below = says.bounding_box(), bar.locator(".actions").bounding_box()
    assert above["y"] + above["height"] <= min(below["y"], changes.bounding_box()["y"])
    assert _examine(page) == []


def test_what_was_typed_and_not_sent_is_offered_within_the_page(
    address: str, stocked: dict[str, int], ada: Vendor, open_page: Any
) -> None:
    with db.scoped(ada.shop_id) as session:
        on_sale = session.scalars(select(Product.id).where(Product.status == ProductStatus.PUBLISHED)).one()
    page = open_page({"width": 320, "height": 640}, "light")
    _sign_in(page, address, ada)
    page.goto(f"{address}/portal/products/{on_sale}/edit")
    page.locator("input[name=title]").fill("Wide bowl")
    page.goto(f"{address}/portal/products/{on_sale}/edit")
    expect(page.get_by_role("button", name="Bring it back")).to_be_visible()
    assert _examine(page) == []


def list_pages(app: Flask, ids: dict[str, int]) -> list[str]:
    """Addresses of all pages behind the portal's door that a browser shows."""
    return sorted({path for rule in app.url_map.iter_rules() if (path := _address_of(rule, ids))})


def _address_of(rule: Rule, ids: dict[str, int]) -> str | None:
    blueprint = rule.endpoint.rpartition(".")[0]
    if web.door_of(blueprint) != "portal" or "GET" not in (rule.methods or ()) or not rule.arguments <= ids.keys():
        return None
    path = rule.rule
    if path.endswith((".csv", ".pdf", ".zip")):
        return None
    for name in rule.arguments:
        path = path.replace(f"<int:{name}>", str(ids[name])).replace(f"<{name}>", str(ids[name]))
    return path


def _say_nothing(route: Route) -> None:
    """The stream of live events is another process's, on an address where any other demo may be listening."""
    headers = {"Access-Control-Allow-Origin": "*"}
    route.fulfill(headers=headers, content_type="text/event-stream", body=": nothing happens\n\n")


def _speak(page: Page, address: str, vendor: Vendor, stocked: dict[str, int], language: str) -> None:
    with db.scoped(vendor.shop_id) as session:
        session.get_one(VendorUser, stocked["user_id"]).language = language
    page.context.add_cookies([{"name": "language", "value": language, "url": address}])


def _sign_in(page: Page, address: str, vendor: Vendor) -> None:
    with db.system() as session:
        link = magic_links.issue_link(session, vendor.shop_id, vendor.email)
    page.goto(f"{address}/portal/{link.split('/portal/')[1]}")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{address}/portal")


def _examine(page: Page) -> list[str]:
    """What axe finds, and whether the page is wider than its screen. Answers that are no whole page are passed over."""
    if not page.evaluate("!!document.querySelector('main') && document.contentType === 'text/html'"):
        return []
    return [f"{page.url}: {fault}" for fault in examine(page, [*LEVEL, "best-practice"])]
