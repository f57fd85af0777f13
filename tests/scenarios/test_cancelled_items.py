"""Ada cannot send a mug: from her page to the customer's money, through the doors that people use."""

from collections.abc import Callable

import httpx
from sqlalchemy import select

from app import db
from app.models.cancellations import Cancellation
from app.models.orders import OrderRefund, VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor
from tests.scenarios.market import Market
from tests.scenarios.test_money_story import _buy, _prove, _shopify_order, _subjects, portal, sellers, shop

__all__ = ["portal", "sellers", "shop"]


def test_an_item_that_cannot_be_sent_is_refunded_once_the_merchant_agrees(
    market: Market, shop: Shop, sellers: dict[str, Vendor], portal: Callable[[Vendor], httpx.Client]
) -> None:
    order = _buy(market, {"MUG": 2, "LOAF": 1})
    market.settle()
    ada = portal(sellers["ada"])
    line = next(entry["id"] for entry in order["line_items"] if entry["sku"] == "MUG")
    wish = {f"units-{line}": "1", "reason": "out_of_stock", "sure": "1"}
    assert "answers it" in ada.post("/portal/orders/1/cancel", data=wish).text
    market.settle()
    assert "asks to cancel items of order #1001" in _subjects(market, shop.email or "")[0]
    page = market.merchant("/app/orders/1").text
    assert "The customer gets $19.80 back" in page

    number = _wish(shop).id
    assert market.merchant(f"/app/orders/1/cancellations/{number}/approve", data={}).status_code == 200
    market.settle()
    assert _wish(shop).state == "done"
    refunds = _shopify_order(market, order)["refunds"]
    assert [one["quantity"] for one in refunds[0]["refund_line_items"]] == [1]
    assert refunds[0]["refund_line_items"][0]["restock_type"] == "cancel"
    assert "A part of your order #1001 was cancelled" in _subjects(market, "cleo@example.com")
    with db.scoped(shop.id) as session:
        assert session.scalars(select(OrderRefund)).one().shopify_id == _wish(shop).refund_shopify_id
        part = session.scalars(select(VendorOrder).where(VendorOrder.vendor_id == sellers["ada"].id)).one()
        assert part.items_to_ship == 1
    assert "Cancelled and refunded" in ada.get("/portal/orders/1").text
    _prove(market)


def _wish(shop: Shop) -> Cancellation:
    with db.scoped(shop.id) as session:
        return session.scalars(select(Cancellation)).one()
