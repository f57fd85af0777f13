"""The worked examples through the doors: rules and settings by the merchant's pages, orders and refunds by webhooks."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.models.orders import Order
from app.models.shops import Shop
from app.models.vendors import Vendor
from jobs.events import drain
from tests.apps import get_app
from tests.commissions.test_money_settings import WANTED
from tests.conftest import make_vendor
from tests.webhooks.sending import send
from webhooks.intake import WebhookIntake

pytestmark = pytest.mark.usefixtures("unhurried_intake")

SETTINGS = WANTED | {
    "fee_tax": "0", "discount": "100", "discount_bearers": "", "payment_fees_to": "marketplace", "reserve": "0",
    "reserve_days": "0", "dispute_fee": "0", "sales_tax_to": "marketplace", "refund_bearer": "spread",
}  # fmt: skip
SETTINGS.pop("keep_commission")


@pytest.fixture
def merchant(merchant: FlaskClient) -> FlaskClient:
    assert merchant.post("/app/settings/money", data=SETTINGS).status_code == 200
    return merchant


@pytest.fixture
def ada(shop: Shop) -> Vendor:
    return make_vendor(shop, "Ada's Ceramics", "ada@example.com")


def money(amount: str) -> dict[str, Any]:
    side = {"amount": amount, "currency_code": "USD"}
    return {"shop_money": side, "presentment_money": side}


def tell(topic: str, body: dict[str, Any], number: int) -> None:
    """Through the webhook door, signed, and worked off by the job."""
    names = {"X_SHOPIFY_WEBHOOK_ID": f"delivery-{number}", "X_SHOPIFY_EVENT_ID": f"event-{number}"}
    assert send(WebhookIntake(get_app()), json.dumps(body).encode(), X_SHOPIFY_TOPIC=topic, **names) == 200
    assert drain() >= 1


def line(number: int, quantity: int, price: str, discount: str = "0.00") -> dict[str, Any]:
    shares = [{"amount": discount, "amount_set": money(discount), "discount_application_index": 0}]
    allocations = shares if discount != "0.00" else []
    row = {"id": number, "title": f"Line {number}", "quantity": quantity, "current_quantity": quantity}
    return row | {"price_set": money(price), "vendor": "Ada's Ceramics", "discount_allocations": allocations}


def sale(total: str, *lines: dict[str, Any], shipping: str = "20.00", number: int = 1) -> dict[str, Any]:
    at = "2026-11-20T09:00:00Z"
    codes = [{"type": "discount_code", "code": "SAVE"}]
    return {
        "id": number, "name": f"#{number}", "currency": "USD", "presentment_currency": "USD", "created_at": at,
        "processed_at": at, "updated_at": at, "financial_status": "paid", "total_price_set": money(total),
        "current_total_price_set": money(total), "total_outstanding": "0.00", "discount_applications": codes,
        "line_items": list(lines), "shipping_lines": [{"id": 9, "title": "Standard", "price_set": money(shipping)}],
    }  # fmt: skip


def shown(merchant: FlaskClient, number: int = 1) -> str:
    """The order's page, spaces folded and tags off."""
    with db.system() as session:
        order_id = session.scalars(select(Order.id).where(Order.shopify_id == number)).one()
    page = merchant.get(f"/app/orders/{order_id}").text
    return " ".join(page.replace("<", " <").split())


def row(page: str, label: str) -> str:
    """The amount beside a label."""
    return page.rsplit(f"{label} </s-text>", 1)[1].split(">", 1)[1].split("<", 1)[0].strip()


def test_a_coupon_that_the_vendor_bears(merchant: FlaskClient, ada: Vendor) -> None:
    tell("orders/create", sale("52.00", line(1, 3, "5.00", "3.00"), line(2, 2, "10.00")), 1)
    page = shown(merchant)
    assert row(page, "Vendors") == "$28.80"
    for of_one_line in ("$1.20", "$10.80", "$2.00", "$18.00"):
        assert of_one_line in page
    assert row(page, "Commission") == "$3.20"
    assert row(page, "Shipping") == "$20.00"
    assert row(page, "Paid less returned") == "$52.00"


def test_a_refund_of_a_third_of_a_line_gives_a_third_of_its_commission_back(merchant: FlaskClient, ada: Vendor) -> None:
    tell("orders/create", sale("55.00", line(1, 3, "5.00"), line(2, 2, "10.00")), 1)
    part = {"id": 3, "line_item_id": 1, "quantity": 1, "restock_type": "return", "subtotal_set": money("5.00")}
    back = {"id": 4, "kind": "refund", "status": "success", "amount": "5.00", "currency": "USD"}
    refund = {"id": 5, "order_id": 1, "created_at": "2026-11-21T09:00:00Z", "refund_line_items": [part]}
    tell("refunds/create", refund | {"transactions": [back]}, 2)
    page = shown(merchant)
    assert row(page, "Commission") == "$3.00"
    assert row(page, "Vendors") == "$27.00"
    assert row(page, "Shipping") == "$20.00"


@pytest.mark.parametrize(
    ("rate", "price", "fee", "vendor"), [("5", "2.00", "$2.00", None), ("10", "300.00", "$35.00", "$265.00")]
)
def test_percent_and_five_dollars_are_never_more_than_the_price(
    merchant: FlaskClient, ada: Vendor, rate: str, price: str, fee: str, vendor: str | None
) -> None:
    rule = {"name": "Ada", "rate": rate, "flat": "5.00", "vendors": ada.id}
    assert merchant.post("/app/commissions/new", data=rule).status_code == 200
    tell("orders/create", sale(price, line(1, 1, price), shipping="0.00") | {"processed_at": "2027-06-01T00:00:00Z"}, 1)
    page = shown(merchant)
    assert row(page, "Commission") == fee
    assert (row(page, "Vendors") if vendor else None) == vendor


def test_ten_dollars_off_an_order_fall_on_two_vendors_as_shopify_says(merchant: FlaskClient, ada: Vendor) -> None:
    with db.system() as session:
        make_vendor(session.scalars(select(Shop)).one(), "Bea's Bakery", "bea@example.com")
    beas = line(2, 1, "50.00", "3.33") | {"vendor": "Bea's Bakery"}
    tell("orders/create", sale("140.00", line(1, 1, "100.00", "6.67"), beas, shipping="0.00"), 1)
    page = shown(merchant)
    assert "$84.00" in page
    assert "$42.00" in page
    assert "-$6.67" in page
    assert "-$3.33" in page
    assert row(page, "Commission") == "$14.00"
    assert row(page, "Vendors") == "$126.00"
