"""A customer's data, from Shopify's request to the file on the merchant's disk."""

import json
import uuid
from collections.abc import Callable

import httpx
from playwright.sync_api import Page, expect

from demo.place import Place
from tests.e2e.looks import PHONE, take_screenshot
from tests.e2e.story import comes
from tests.shopify.signing import sign_webhook

SHOP = "zenith.myshopify.com"


def send(place: Place, topic: str, body: dict[str, object]) -> None:
    """As Shopify sends it."""
    raw = json.dumps({"shop_id": 1, "shop_domain": SHOP, **body}).encode()
    event_id = str(uuid.uuid4())
    headers = {
        "X-Shopify-Topic": topic,
        "X-Shopify-Shop-Domain": SHOP,
        "X-Shopify-Webhook-Id": event_id,
        "X-Shopify-Event-Id": event_id,
        "X-Shopify-Hmac-Sha256": sign_webhook(raw, place.keys["api_secret"]),
    }
    assert httpx.post(place.url("app") + "/webhooks", content=raw, headers=headers).status_code == 200


def test_the_merchant_downloads_a_customers_data_inside_the_admin(
    marketplace: Place, zenith: Page, open_browser: Callable[..., Page]
) -> None:
    app = f"{marketplace.url('devstore')}/store/zenith/apps/stallkeeper"
    page, inside = zenith, zenith.frame_locator("#app-frame")
    customer = {"id": 207119551, "email": "cleo@example.com", "phone": None}
    send(marketplace, "customers/data_request", {"customer": customer, "data_request": {"id": 1}})
    page.goto(f"{app}/app/settings")
    inside.get_by_role("link", name="See privacy requests").click()
    request = inside.get_by_role("link", name="Show a customer's data").first
    expect(inside.get_by_role("heading", name="Privacy requests")).to_be_visible()

    def open_requests() -> None:
        page.goto(f"{app}/app/privacy")
        expect(inside.get_by_role("heading", name="Privacy requests")).to_be_visible()

    comes("the request", open_requests, request)
    request.click()
    button = inside.get_by_text("File for programs (JSON)")
    expect(button).to_be_visible()
    with page.expect_download() as waiting:
        button.click()
    assert waiting.value.suggested_filename.startswith("customer-data-")
    assert json.loads(waiting.value.path().read_text())["customer"]["email_addresses"] == ["cleo@example.com"]
    take_screenshot(page, "merchant-privacy")
    phone = open_browser(PHONE)
    phone.goto(f"{app}/app/privacy")
    expect(phone.frame_locator("#app-frame").locator("s-link", has_text="Show a customer's data").first).to_be_visible()
    take_screenshot(phone, "merchant-privacy-phone")
