from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from devstore.gids import gid
from devstore.orders.documents import get_order
from devstore.orders.fulfilment import fulfil_lines
from devstore.store import Doc, Store
from tests.devstore.conftest import Shopify
from tests.devstore.orders.cast import ACME, ZENITH, available, buy

MONEY = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
ORDER = f"""query($id: ID!) {{ order(id: $id) {{
  id legacyResourceId name displayFinancialStatus displayFulfillmentStatus taxesIncluded test updatedAt
  totalPriceSet {MONEY} currentTotalPriceSet {MONEY} totalTaxSet {MONEY} totalRefundedSet {MONEY} netPaymentSet {MONEY}
  customer {{ id displayName defaultEmailAddress {{ emailAddress }} numberOfOrders amountSpent {{ amount }} }}
  shippingAddress {{ name address1 countryCodeV2 formatted(withName: true) }}
  taxLines {{ title rate priceSet {MONEY} }}
  discountApplications(first: 5) {{ nodes {{ index targetType value {{ ... on PricingPercentageValue {{ percentage }} }}
    ... on DiscountCodeApplication {{ code }} }} }}
  lineItems(first: 10) {{ nodes {{ id title sku vendor quantity currentQuantity unfulfilledQuantity
    originalUnitPriceSet {MONEY} originalTotalSet {MONEY} discountedTotalSet {MONEY}
    priceAfterAllDiscountsBeforeTaxesSet {MONEY}
    discountAllocations {{ allocatedAmountSet {MONEY} discountApplication {{ index }} }}
    taxLines {{ rate channelLiable priceSet {MONEY} }} }} }}
  shippingLines(first: 2) {{ nodes {{ id title code originalPriceSet {MONEY} discountedPriceSet {MONEY} }} }}
  transactions {{ id kind status gateway amountSet {MONEY} fees {{ id }} parentTransaction {{ id }} }}
  refunds {{ id totalRefundedSet {MONEY} refundLineItems(first: 5) {{ nodes {{ quantity restockType lineItem {{ id }}
    subtotalSet {MONEY} totalTaxSet {MONEY} }} }}
    orderAdjustments(first: 5) {{ nodes {{ reason amountSet {MONEY} }} }} }}
  fulfillmentOrders(first: 5) {{ nodes {{ id status requestStatus orderId orderName supportedActions {{ action }}
    assignedLocation {{ name countryCode }} destination {{ firstName city }}
    lineItems(first: 5) {{ nodes {{ id totalQuantity remainingQuantity vendor lineItem {{ id }} }} }}
    fulfillments(first: 5) {{ nodes {{ id }} }} }} }}
  fulfillments {{ id name status displayStatus trackingInfo {{ company number url }}
    fulfillmentLineItems(first: 5) {{ nodes {{ quantity lineItem {{ id }} }} }}
    events(first: 5) {{ nodes {{ status happenedAt }} }} deliveredAt }}
}} }}"""
SHIP = """mutation($fulfillment: FulfillmentInput!) { fulfillmentCreate(fulfillment: $fulfillment) {
  fulfillment { id status trackingInfo { company number url } } userErrors { field message } } }"""
REFUND = """mutation($input: RefundInput!, $key: String!) { refundCreate(input: $input) @idempotent(key: $key) {
  refund { id totalRefundedSet { shopMoney { amount } } } order { displayFinancialStatus }
  userErrors { field message } } }"""


def read(shopify: Shopify, order: Doc) -> Any:
    return shopify.ask(ORDER, {"id": gid("Order", order["id"])})["order"]


def test_an_order_reads_as_it_was_placed(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.vase, 2), (goods.mug, 1), discount_codes=["WELCOME10"])
    seen = read(shopify, order)
    assert seen["totalPriceSet"]["shopMoney"] == {"amount": order["total_price"], "currencyCode": "USD"}
    assert seen["displayFinancialStatus"] == "PAID"
    assert seen["displayFulfillmentStatus"] == "UNFULFILLED"
    assert seen["customer"]["displayName"] == "Cleo Customer"
    assert seen["shippingAddress"]["formatted"][0] == "Cleo Customer"
    assert seen["discountApplications"]["nodes"][0]["value"] == {"percentage": 10.0}
    line = seen["lineItems"]["nodes"][0]
    assert line["originalTotalSet"]["shopMoney"]["amount"] == "66.66"
    assert line["discountedTotalSet"]["shopMoney"]["amount"] == "66.66"
    assert line["discountAllocations"][0]["allocatedAmountSet"]["shopMoney"]["amount"] == "6.67"
    assert line["priceAfterAllDiscountsBeforeTaxesSet"]["shopMoney"]["amount"] == "59.99"
    part = seen["fulfillmentOrders"]["nodes"][0]
    assert (part["status"], part["assignedLocation"]["name"]) == ("OPEN", "Acme warehouse")
    assert part["supportedActions"] == [{"action": "CREATE_FULFILLMENT"}]


def test_another_shops_order_does_not_exist(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1))
    assert shopify.ask(ORDER, {"id": gid("Order", order["id"])}, shop=ZENITH)["order"] is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("financial_status:paid", ["#1001", "#1003"]),
        ("financial_status:pending", ["#1002"]),
        ("name:#1002", ["#1002"]),
        ("created_at:>=2026-11-10", ["#1003"]),
        ("fulfillment_status:unshipped AND financial_status:paid", ["#1001", "#1003"]),
        ("sku:LOAF", ["#1003"]),
        ("email:nobody@example.com", []),
    ],
)
def test_orders_are_found_by_search(
    shopify: Shopify, store: Store, goods: SimpleNamespace, text: str, found: list[str]
) -> None:
    store.set_clock_offset((datetime(2026, 11, 20, tzinfo=UTC) - datetime.now(UTC)).total_seconds())
    buy(store, (goods.mug, 1), created_at=datetime(2026, 11, 1, tzinfo=UTC))
    buy(store, (goods.mug, 1), pay=False, created_at=datetime(2026, 11, 2, tzinfo=UTC))
    buy(store, (goods.loaf, 1), created_at=datetime(2026, 11, 15, tzinfo=UTC))
    query = """query($q: String) { orders(first: 10, query: $q, sortKey: CREATED_AT) { nodes { name } }
      ordersCount(query: $q) { count } }"""
    answer = shopify.ask(query, {"q": text})
    assert [node["name"] for node in answer["orders"]["nodes"]] == found
    assert answer["ordersCount"]["count"] == len(found)


def test_orders_older_than_sixty_days_are_out_of_reach(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1))
    store.set_clock_offset(61 * 86400)
    assert read(shopify, order) is None


def ship(shopify: Shopify, order: Doc, quantity: int, **tracking: str) -> Any:
    part = get_order(shopify.store, ACME, order["id"])["fulfillment_orders"][0]
    units = {"id": gid("FulfillmentOrderLineItem", part["line_items"][0]["id"]), "quantity": quantity}
    wanted = {"fulfillmentOrderId": gid("FulfillmentOrder", part["id"]), "fulfillmentOrderLineItems": [units]}
    variables = {"fulfillment": {"lineItemsByFulfillmentOrder": [wanted], "trackingInfo": tracking or None}}
    return shopify.ask(SHIP, variables)["fulfillmentCreate"]


def test_part_of_an_order_ships_with_tracking(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 3), (goods.loaf, 1))
    made = ship(shopify, order, 2, company="FedEx", number="42")
    assert made["userErrors"] == []
    assert made["fulfillment"]["trackingInfo"] == [
        {"company": "FedEx", "number": "42", "url": "https://www.fedex.com/fedextrack/?trknbr=42"}
    ]
    seen = read(shopify, order)
    assert seen["displayFulfillmentStatus"] == "PARTIALLY_FULFILLED"
    part = seen["fulfillmentOrders"]["nodes"][0]
    assert (part["status"], [line["remainingQuantity"] for line in part["lineItems"]["nodes"]]) == (
        "IN_PROGRESS",
        [1, 1],
    )
    assert part["fulfillments"]["nodes"] == [{"id": made["fulfillment"]["id"]}]
    assert (available(store, goods.mug, "on_hand"), available(store, goods.mug)) == (8, 7)


def test_more_than_is_left_cannot_be_shipped(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1))
    refused = ship(shopify, order, 2)
    assert refused["fulfillment"] is None
    assert "Invalid fulfillment order line item quantity" in refused["userErrors"][0]["message"]
    assert get_order(store, ACME, order["id"])["fulfillments"] == []


def test_a_shipment_is_tracked_delivered_and_undone(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1))
    number = ship(shopify, order, 1)["fulfillment"]["id"]
    update = """mutation($id: ID!, $tracking: FulfillmentTrackingInput!) {
      fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: $tracking, notifyCustomer: true) {
        fulfillment { trackingInfo { company number url } } userErrors { message } } }"""
    answer = shopify.ask(update, {"id": number, "tracking": {"company": "USPS", "numbers": ["1", "2"]}})
    assert len(answer["fulfillmentTrackingInfoUpdate"]["fulfillment"]["trackingInfo"]) == 2
    report = """mutation($event: FulfillmentEventInput!) { fulfillmentEventCreate(fulfillmentEvent: $event) {
      fulfillmentEvent { id status } userErrors { message } } }"""
    answer = shopify.ask(report, {"event": {"fulfillmentId": number, "status": "DELIVERED"}})
    assert answer["fulfillmentEventCreate"]["fulfillmentEvent"]["status"] == "DELIVERED"
    assert read(shopify, order)["fulfillments"][0]["displayStatus"] == "DELIVERED"
    undo = "mutation($id: ID!) { fulfillmentCancel(id: $id) { fulfillment { status } userErrors { message } } }"
    assert shopify.ask(undo, {"id": number})["fulfillmentCancel"]["fulfillment"]["status"] == "CANCELLED"
    seen = read(shopify, order)
    assert seen["displayFulfillmentStatus"] == "UNFULFILLED"
    assert seen["fulfillmentOrders"]["nodes"][0]["status"] == "OPEN"
    assert available(store, goods.mug, "on_hand") == 10
    again = shopify.ask(undo, {"id": number})["fulfillmentCancel"]
    assert again["userErrors"][0]["message"] == "Fulfillment is already cancelled"


def refund_input(order: Doc, amount: str, quantity: int = 1) -> Doc:
    owner = gid("Order", order["id"])
    payment = gid("OrderTransaction", order["transactions"][0]["id"])
    line = gid("LineItem", order["line_items"][0]["id"])
    sent = {"orderId": owner, "amount": amount, "gateway": "bogus", "kind": "REFUND", "parentId": payment}
    lines = [{"lineItemId": line, "quantity": quantity, "restockType": "CANCEL"}]
    return {"orderId": owner, "refundLineItems": lines, "transactions": [sent]}


def test_a_refund_with_the_same_key_happens_once(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 2))
    variables = {"input": refund_input(order, "5.50"), "key": "refund-1"}
    first = shopify.ask(REFUND, variables)["refundCreate"]
    assert first["userErrors"] == []
    assert shopify.ask(REFUND, variables)["refundCreate"] == first
    seen = read(shopify, order)
    assert [refund["totalRefundedSet"]["shopMoney"]["amount"] for refund in seen["refunds"]] == ["5.50"]
    assert seen["refunds"][0]["orderAdjustments"]["nodes"] == []
    assert seen["displayFinancialStatus"] == "PARTIALLY_REFUNDED"


def test_a_refund_without_a_key_is_an_error(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1))
    bare = "mutation($input: RefundInput!) { refundCreate(input: $input) { userErrors { message } } }"
    answer = shopify.post(bare, {"input": refund_input(order, "5.50")}).get_json()
    assert "@idempotent" in answer["errors"][0]["message"]
    assert get_order(store, ACME, order["id"])["refunds"] == []


def test_a_refund_of_too_much_is_refused_and_leaves_no_trace(
    shopify: Shopify, store: Store, goods: SimpleNamespace
) -> None:
    order = buy(store, (goods.mug, 1))
    before = len(shopify.deliveries())
    refused = shopify.ask(REFUND, {"input": refund_input(order, "99.00"), "key": "k"})["refundCreate"]
    assert refused["refund"] is None
    assert "more than the 13.09 USD" in refused["userErrors"][0]["message"]
    assert len(shopify.deliveries()) == before


def test_a_refund_in_the_buyers_currency_is_booked_in_the_shops(
    shopify: Shopify, store: Store, goods: SimpleNamespace
) -> None:
    settings = store.find(ACME, "shop")
    assert settings is not None
    store.put(ACME, "shop", {**settings, "presentment_rates": {"EUR": "0.92"}})
    order = buy(store, (goods.mug, 1), currency_presentment="EUR")
    wanted = refund_input(order, "12.04")
    refused = shopify.ask(REFUND, {"input": wanted, "key": "a"})["refundCreate"]
    assert refused["userErrors"][0]["field"] == ["currency"]
    made = shopify.ask(REFUND, {"input": {**wanted, "currency": "EUR"}, "key": "b"})["refundCreate"]
    assert made["refund"]["totalRefundedSet"]["shopMoney"]["amount"] == "13.09"
    assert made["order"]["displayFinancialStatus"] == "REFUNDED"


def test_a_suggested_refund_says_what_a_refund_will_do(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 2))
    query = """query($id: ID!) { order(id: $id) { suggestedRefund(suggestFullRefund: true) {
      amountSet { shopMoney { amount } } subtotalSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } }
      shipping { amountSet { shopMoney { amount } } }
      suggestedTransactions { kind gateway amountSet { shopMoney { amount } } }
    } } }"""
    plan = shopify.ask(query, {"id": gid("Order", order["id"])})["order"]["suggestedRefund"]
    assert plan["amountSet"]["shopMoney"]["amount"] == order["total_price"]
    assert plan["subtotalSet"]["shopMoney"]["amount"] == "10.00"
    assert plan["suggestedTransactions"][0]["amountSet"]["shopMoney"]["amount"] == order["total_price"]


CANCEL = """mutation($id: ID!) { orderCancel(orderId: $id, reason: CUSTOMER, restock: true, notifyCustomer: false,
  refundMethod: { originalPaymentMethodsRefund: true }) { job { id done } orderCancelUserErrors { field message } } }"""


def test_an_order_is_cancelled_once(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 2))
    done = shopify.ask(CANCEL, {"id": gid("Order", order["id"])})["orderCancel"]
    assert done["job"]["done"] is True
    assert done["orderCancelUserErrors"] == []
    assert available(store, goods.mug) == 10
    again = shopify.ask(CANCEL, {"id": gid("Order", order["id"])})["orderCancel"]
    assert again["job"] is None
    assert "already been canceled" in again["orderCancelUserErrors"][0]["message"]


def test_an_authorization_is_captured_in_parts(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.loaf, 1), capture=False)
    query = """mutation($input: OrderCaptureInput!) { orderCapture(input: $input) {
      transaction { kind amountSet { shopMoney { amount } } } userErrors { field message } } }"""
    wanted = {"id": gid("Order", order["id"]), "amount": "10"}
    wanted["parentTransactionId"] = gid("OrderTransaction", order["transactions"][0]["id"])
    made = shopify.ask(query, {"input": wanted})["orderCapture"]
    assert made["transaction"] == {"kind": "CAPTURE", "amountSet": {"shopMoney": {"amount": "10.00"}}}
    refused = shopify.ask(query, {"input": wanted})["orderCapture"]
    assert refused["userErrors"][0]["field"] == ["amount"]


def test_notes_tags_and_address_can_be_changed(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1))
    query = """mutation($input: OrderInput!) { orderUpdate(input: $input) {
      order { note tags customAttributes { key value } shippingAddress { address1 city } } userErrors { message } } }"""
    wanted: Doc = {"id": gid("Order", order["id"]), "note": "Ring twice", "tags": ["b", "a"]}
    wanted["customAttributes"] = [{"key": "gift", "value": "yes"}]
    wanted["shippingAddress"] = {"address1": "2 Harbour Road"}
    seen = shopify.ask(query, {"input": wanted})["orderUpdate"]["order"]
    assert seen["note"] == "Ring twice"
    assert seen["tags"] == ["a", "b"]
    assert seen["customAttributes"] == [{"key": "gift", "value": "yes"}]
    assert seen["shippingAddress"] == {"address1": "2 Harbour Road", "city": "Portland"}


def test_a_pending_order_is_marked_as_paid(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1), pay=False)
    query = """mutation($input: OrderMarkAsPaidInput!) { orderMarkAsPaid(input: $input) {
      order { displayFinancialStatus paymentGatewayNames } userErrors { message } } }"""
    done = shopify.ask(query, {"input": {"id": gid("Order", order["id"])}})["orderMarkAsPaid"]
    assert done["order"] == {"displayFinancialStatus": "PAID", "paymentGatewayNames": ["bogus", "manual"]}


def test_parts_are_found_by_their_own_numbers(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 2))
    fulfil_lines(store, ACME, order["id"], {order["line_items"][0]["id"]: 1})
    order = get_order(store, ACME, order["id"])
    ids = [gid("Fulfillment", order["fulfillments"][0]["id"]), gid("Customer", order["customer_id"])]
    ids.append(gid("FulfillmentOrder", order["fulfillment_orders"][0]["id"]))
    nodes = shopify.ask("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", {"ids": ids})["nodes"]
    assert [node["id"] for node in nodes] == ids
    open_ones = shopify.ask("{ fulfillmentOrders(first: 5) { nodes { id order { name } } } }")["fulfillmentOrders"]
    assert open_ones["nodes"] == [{"id": ids[2], "order": {"name": "#1001"}}]


def test_customers_are_found_by_email(shopify: Shopify, store: Store, goods: SimpleNamespace) -> None:
    buy(store, (goods.mug, 1))
    query = """{ customers(first: 5, query: "email:cleo@example.com") { nodes { displayName numberOfOrders
      orders(first: 2) { nodes { name } } } } }"""
    assert shopify.ask(query)["customers"]["nodes"] == [
        {"displayName": "Cleo Customer", "numberOfOrders": "1", "orders": {"nodes": [{"name": "#1001"}]}}
    ]


def test_an_order_holds_metafields_and_leads_to_its_products(
    shopify: Shopify, store: Store, goods: SimpleNamespace
) -> None:
    order = buy(store, (goods.mug, 1))
    owner = gid("Order", order["id"])
    write = """mutation($metafields: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $metafields) {
      userErrors { message } } }"""
    wanted = {"ownerId": owner, "key": "note", "type": "single_line_text_field", "value": "Fragile"}
    assert shopify.ask(write, {"metafields": [wanted]})["metafieldsSet"]["userErrors"] == []
    query = """query($id: ID!) { order(id: $id) { metafield(key: "note") { value }
      lineItems(first: 1) { nodes { product { title } variant { sku } } } } }"""
    seen = shopify.ask(query, {"id": owner})["order"]
    assert seen["metafield"] == {"value": "Fragile"}
    assert seen["lineItems"]["nodes"] == [{"product": {"title": "Mug"}, "variant": {"sku": "MUG"}}]
