"""When Shopify is asked what edits added to an order, and what its answer says."""

from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.models.orders import Order
from app.reconciliation import additions
from app.shopify.tokens import ShopCredentials

SHOP = ShopCredentials(1, "acme.myshopify.com")


def sale(action: str, quantity: int | None, **of: Any) -> dict[str, Any]:
    return {"actionType": action, "quantity": quantity, **of}


def test_shipping_counts_once_with_and_without_a_quantity(monkeypatch: pytest.MonkeyPatch) -> None:
    line = {"lineItem": {"id": "gid://shopify/LineItem/7"}}
    sales = [
        sale("ORDER", 2, **line), sale("RETURN", -1, **line), sale("UPDATE", None, **line),
        sale("ORDER", None, shippingLine={"id": "gid://shopify/ShippingLine/3"}),
        sale("ORDER", 1, shippingLine={"id": "gid://shopify/ShippingLine/4"}),
    ]  # fmt: skip
    edits = [("ORDER", sales), ("ORDER_EDIT", sales), ("ORDER_EDIT", sales[1:3])]
    nodes = [{"happenedAt": "now", "reason": reason, "sales": {"nodes": some}} for reason, some in edits]
    monkeypatch.setattr(additions, "read_whole", lambda *_: {"agreements": {"nodes": nodes}})
    units = {"line:7": 2, "shipping:3": 1, "shipping:4": 1}
    assert additions.read(SHOP, "gid://shopify/Order/1") == [{"at": "now", "units": units}]


def test_of_an_order_without_any_payment_the_snapshot_is_not_read() -> None:
    for status in ("pending", "authorized", "voided", "expired"):
        long_ago = clock.now() - timedelta(days=1)
        order = Order(financial_status=status, snapshot={}, snapshot_updated_at=long_ago, additions={})
        assert not additions.are_due(order, {"edited": True})
