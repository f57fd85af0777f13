import base64
import hashlib
import hmac
import json
from decimal import Decimal
from types import SimpleNamespace

import pytest

from devstore import webhooks
from devstore.orders.basket import shop_settings
from devstore.orders.cancel import cancel_order
from devstore.orders.errors import OrderError
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.payments import capture
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.orders.shipments import add_event, update_tracking
from devstore.orders.tracking import Tracking
from devstore.store import Doc, Store
from tests.devstore.conftest import Shopify
from tests.devstore.orders.cast import ACME, ZENITH, buy

ORDER_KEYS = [
    "id",
    "admin_graphql_api_id",
    "app_id",
    "cancel_reason",
    "cancelled_at",
    "cart_token",
    "checkout_id",
    "checkout_token",
    "client_details",
    "closed_at",
    "company",
    "confirmation_number",
    "confirmed",
    "contact_email",
    "created_at",
    "currency",
    "current_shipping_price_set",
    "current_subtotal_price",
    "current_subtotal_price_set",
    "current_total_additional_fees_set",
    "current_total_discounts",
    "current_total_discounts_set",
    "current_total_duties_set",
    "current_total_price",
    "current_total_price_set",
    "current_total_tax",
    "current_total_tax_set",
    "customer_locale",
    "discount_codes",
    "duties_included",
    "email",
    "estimated_taxes",
    "financial_status",
    "fulfillment_status",
    "location_id",
    "merchant_business_entity_id",
    "merchant_of_record_app_id",
    "name",
    "note",
    "note_attributes",
    "number",
    "order_number",
    "order_status_url",
    "original_total_additional_fees_set",
    "original_total_duties_set",
    "payment_gateway_names",
    "phone",
    "po_number",
    "presentment_currency",
    "processed_at",
    "source_name",
    "subtotal_price",
    "subtotal_price_set",
    "tags",
    "tax_exempt",
    "tax_lines",
    "taxes_included",
    "test",
    "token",
    "total_cash_rounding_payment_adjustment_set",
    "total_cash_rounding_refund_adjustment_set",
    "total_discounts",
    "total_discounts_set",
    "total_line_items_price",
    "total_line_items_price_set",
    "total_outstanding",
    "total_price",
    "total_price_set",
    "total_shipping_price_set",
    "total_tax",
    "total_tax_set",
    "total_tip_received",
    "total_weight",
    "updated_at",
    "user_id",
    "billing_address",
    "customer",
    "discount_applications",
    "fulfillments",
    "line_items",
    "line_item_groups",
    "payment_terms",
    "refunds",
    "returns",
    "shipping_address",
    "shipping_lines",
]
LINE_KEYS = [
    "id",
    "admin_graphql_api_id",
    "current_quantity",
    "fulfillable_quantity",
    "fulfillment_service",
    "fulfillment_status",
    "gift_card",
    "grams",
    "name",
    "price",
    "price_set",
    "product_exists",
    "product_id",
    "properties",
    "quantity",
    "requires_shipping",
    "sales_line_item_group_id",
    "sku",
    "taxable",
    "title",
    "total_discount",
    "total_discount_set",
    "variant_id",
    "variant_inventory_management",
    "variant_title",
    "vendor",
    "tax_lines",
    "duties",
    "discount_allocations",
]
SHIPPING_KEYS = [
    "id",
    "carrier_identifier",
    "code",
    "current_discounted_price_set",
    "discounted_price",
    "discounted_price_set",
    "is_removed",
    "phone",
    "price",
    "price_set",
    "requested_fulfillment_service_id",
    "source",
    "title",
    "tax_lines",
    "discount_allocations",
]
REFUND_KEYS = [
    "id",
    "order_id",
    "created_at",
    "processed_at",
    "note",
    "user_id",
    "restock",
    "admin_graphql_api_id",
    "duties",
    "total_duties_set",
    "refund_line_items",
    "refund_shipping_lines",
    "order_adjustments",
    "transactions",
    "return",
]
FULFILLMENT_KEYS = [
    "id",
    "order_id",
    "status",
    "shipment_status",
    "tracking_company",
    "tracking_number",
    "tracking_numbers",
    "tracking_url",
    "tracking_urls",
    "location_id",
    "service",
    "name",
    "line_items",
    "origin_address",
    "created_at",
    "updated_at",
]


def sent(store: Store, after: int = 0) -> list[tuple[str, Doc]]:
    """(topic, payload) of the deliveries so far, in the order they were written."""
    return [(each["topic"], json.loads(each["body"])) for each in store.all(ACME, "webhook_delivery")][after:]


def last(store: Store, topic: str) -> Doc:
    return [payload for sent_topic, payload in sent(store) if sent_topic == topic][-1]


def test_a_paid_checkout_sends_its_webhooks_in_order(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 2), (goods.loaf, 1))
    topics = [topic for topic, _ in sent(store)]
    assert topics[:3] == ["orders/create", "orders/paid", "orders/updated"]
    assert topics[3:].count("inventory_levels/update") == 2
    assert {payload["id"] for topic, payload in sent(store) if topic.startswith("orders/")} == {order["id"]}
    assert topics[3:].count("products/update") == 2
    levels = [payload["available"] for topic, payload in sent(store) if topic == "inventory_levels/update"]
    assert levels == [8, 9]


def test_every_delivery_is_signed_with_the_apps_secret(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    buy(store, (goods.mug, 1))
    deliveries = store.all(ACME, "webhook_delivery")
    assert deliveries
    for delivery in deliveries:
        headers = webhooks.headers(store, ACME, delivery)
        body = delivery["body"].encode()
        digest = hmac.new(shopify.config.client_secret.encode(), body, hashlib.sha256).digest()
        assert headers["X-Shopify-Hmac-Sha256"] == base64.b64encode(digest).decode()
        assert headers["X-Shopify-Shop-Domain"] == ACME


def test_another_shop_hears_nothing(store: Store, goods: SimpleNamespace) -> None:
    buy(store, (goods.mug, 1))
    assert store.all(ZENITH, "webhook_delivery") == []


def test_an_order_payload_has_every_documented_key(store: Store, goods: SimpleNamespace) -> None:
    buy(store, (goods.vase, 2), discount_codes=["WELCOME10"], note_attributes={"gift": "yes"})
    order = last(store, "orders/create")
    assert set(ORDER_KEYS) <= order.keys()
    assert set(LINE_KEYS) <= order["line_items"][0].keys()
    assert set(SHIPPING_KEYS) <= order["shipping_lines"][0].keys()
    line = order["line_items"][0]
    assert line["price_set"]["shop_money"] == {"amount": "33.33", "currency_code": "USD"}
    assert line["vendor"] == "Ada's Ceramics"
    assert line["discount_allocations"][0]["amount_set"]["shop_money"]["amount"] == "6.67"
    assert line["tax_lines"][0]["channel_liable"] is False
    application = order["discount_applications"][line["discount_allocations"][0]["discount_application_index"]]
    assert (application["code"], application["value"], application["value_type"]) == ("WELCOME10", "10.0", "percentage")
    assert order["admin_graphql_api_id"] == f"gid://shopify/Order/{order['id']}"
    assert order["note_attributes"] == [{"name": "gift", "value": "yes"}]


@pytest.mark.parametrize("taxes_included", [False, True])
def test_an_order_payload_adds_up(store: Store, goods: SimpleNamespace, *, taxes_included: bool) -> None:
    store.put(ACME, "shop", {**shop_settings(store, ACME), "taxes_included": taxes_included})
    buy(store, (goods.vase, 3), (goods.mug, 1), discount_codes=["WELCOME10", "FIVEOFF"])
    order = last(store, "orders/create")
    lines = sum(
        Decimal(line["price"]) * line["quantity"] - sum(Decimal(a["amount"]) for a in line["discount_allocations"])
        for line in order["line_items"]
    )
    assert Decimal(order["subtotal_price"]) == lines
    shipping = sum(Decimal(line["discounted_price"]) for line in order["shipping_lines"])
    taxed = [*order["line_items"], *order["shipping_lines"]]
    tax = sum(Decimal(entry["price"]) for line in taxed for entry in line["tax_lines"])
    assert Decimal(order["total_tax"]) == tax == sum(Decimal(entry["price"]) for entry in order["tax_lines"])
    assert Decimal(order["total_price"]) == lines + shipping + (0 if taxes_included else tax)


def test_times_are_the_shops_own_with_their_offset(store: Store, goods: SimpleNamespace) -> None:
    buy(store, (goods.mug, 1))
    assert last(store, "orders/create")["created_at"][-6:] in {"-08:00", "-07:00"}


def test_a_buyers_currency_is_shown_beside_the_shops(store: Store, goods: SimpleNamespace) -> None:
    store.put(ACME, "shop", {**shop_settings(store, ACME), "presentment_rates": {"EUR": "0.92"}})
    buy(store, (goods.loaf, 1), currency_presentment="EUR")
    order = last(store, "orders/create")
    assert order["currency"] == "USD"
    assert order["presentment_currency"] == "EUR"
    assert order["subtotal_price_set"]["presentment_money"] == {"amount": "9.20", "currency_code": "EUR"}
    assert order["total_outstanding"] == "0.00"


def test_a_refund_payload_has_every_documented_key_and_adds_up(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 2), (goods.loaf, 1))
    before = len(sent(store))
    lines = [LineRefund(order["line_items"][0]["id"], 1, "cancel")]
    refund_order(store, ACME, order["id"], RefundRequest(lines, shipping="3.00", amount="10.00", note="Chipped"))
    topics = [topic for topic, _ in sent(store, before)]
    assert topics == [
        "refunds/create",
        "order_transactions/create",
        "orders/updated",
        "inventory_levels/update",
        "products/update",
    ]
    refund = last(store, "refunds/create")
    assert set(REFUND_KEYS) <= refund.keys()
    assert_adds_up(refund)
    assert refund["refund_line_items"][0]["line_item"]["vendor"] == "Ada's Ceramics"
    assert refund["restock"] is True
    updated = last(store, "orders/updated")
    assert updated["refunds"][0]["id"] == refund["id"]
    assert updated["line_items"][0]["current_quantity"] == 1
    assert updated["financial_status"] == "partially_refunded"


def assert_adds_up(refund: Doc) -> None:
    """Lines and shipping with their tax, less the adjustments, are the money returned."""

    def shop(entry: Doc, *names: str) -> Decimal:
        return sum((Decimal(entry[name]["shop_money"]["amount"]) for name in names), Decimal(0))

    lines = sum(shop(entry, "subtotal_set", "total_tax_set") for entry in refund["refund_line_items"])
    shipping = sum(shop(entry, "subtotal_amount_set", "tax_amount_set") for entry in refund["refund_shipping_lines"])
    adjustments = sum(shop(entry, "amount_set") for entry in refund["order_adjustments"])
    returned = sum(Decimal(entry["amount"]) for entry in refund["transactions"])
    assert lines + shipping - adjustments == returned


def test_a_shipment_tells_its_carrier_and_what_is_in_it(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 2), (goods.loaf, 1))
    before = len(sent(store))
    mug = order["line_items"][0]["id"]
    fulfil_lines(store, ACME, order["id"], {mug: 1}, Tracking("UPS", ("1Z999",)))
    topics = [topic for topic, _ in sent(store, before)]
    assert topics[:2] == ["fulfillments/create", "orders/updated"]
    shipment = last(store, "fulfillments/create")
    assert set(FULFILLMENT_KEYS) <= shipment.keys()
    assert shipment["tracking_url"] == "https://www.ups.com/track?tracknum=1Z999"
    assert [(line["id"], line["quantity"]) for line in shipment["line_items"]] == [(mug, 1)]
    updated = last(store, "orders/updated")
    assert updated["fulfillment_status"] == "partial"
    assert updated["line_items"][0]["fulfillable_quantity"] == 1


def test_word_from_the_carrier_and_new_tracking_update_the_shipment(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1))
    shipment = fulfil_lines(store, ACME, order["id"], None)[0]
    update_tracking(store, ACME, shipment["id"], Tracking("Local courier", ("7",), ("https://courier.example/7",)))
    assert last(store, "fulfillments/update")["tracking_urls"] == ["https://courier.example/7"]
    add_event(store, ACME, shipment["id"], "in_transit")
    add_event(store, ACME, shipment["id"], "delivered")
    assert last(store, "fulfillments/update")["shipment_status"] == "delivered"


def test_a_capture_is_what_pays_an_authorized_order(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1), capture=False)
    assert "orders/paid" not in dict(sent(store))
    capture(store, ACME, order["id"])
    assert last(store, "orders/paid")["financial_status"] == "paid"


def test_a_cancelled_order_sends_its_refund_first(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1))
    before = len(sent(store))
    cancel_order(store, ACME, order["id"], reason="inventory")
    topics = [topic for topic, _ in sent(store, before)]
    money = ["refunds/create", "order_transactions/create", "orders/updated"]
    assert topics[:5] == [*money, "fulfillment_orders/cancelled", "orders/cancelled"]
    assert last(store, "orders/cancelled")["cancel_reason"] == "inventory"
    assert last(store, "orders/cancelled")["financial_status"] == "refunded"
    assert_adds_up(last(store, "refunds/create"))


def test_every_change_moves_updated_at(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1))
    first = last(store, "orders/updated")["updated_at"]
    store.set_clock_offset(3600)
    refund_order(store, ACME, order["id"], RefundRequest(amount="1.00"))
    assert last(store, "orders/updated")["updated_at"] > first
    assert last(store, "orders/updated")["created_at"] == last(store, "orders/create")["created_at"]


def test_a_checkout_that_fails_sends_nothing(store: Store, goods: SimpleNamespace) -> None:
    with pytest.raises(OrderError):
        buy(store, (goods.mug, 99))
    assert sent(store) == []
