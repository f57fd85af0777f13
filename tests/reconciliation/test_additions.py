"""When Shopify is asked what edits added to an order, and what its answer says."""

from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.models.orders import Order
from app.reconciliation import additions
from app.shopify.tokens import ShopCredentials

SHOP = ShopCredentials(1, "acme.myshopify.com")


def sale(action: str, quantity: int | None, total: str = "0", tax: str = "0", **of: Any) -> dict[str, Any]:
    amounts = {
        name: {"shopMoney": {"amount": amount, "currencyCode": "USD"}}
        for name, amount in (("totalAmount", total), ("totalTaxAmount", tax))
    }
    return {"actionType": action, "quantity": quantity, **amounts, **of}


def answer(monkeypatch: pytest.MonkeyPatch, *agreements: tuple[str, list[dict[str, Any]]], included: bool) -> None:
    nodes = [{"happenedAt": "now", "reason": reason, "sales": {"nodes": some}} for reason, some in agreements]
    order = {"taxesIncluded": included, "agreements": {"nodes": nodes}}
    monkeypatch.setattr(additions, "read_whole", lambda *_: order)


def test_shipping_counts_once_with_and_without_a_quantity(monkeypatch: pytest.MonkeyPatch) -> None:
    line: dict[str, Any] = {"lineItem": {"id": "gid://shopify/LineItem/7"}}
    sales = [
        sale("ORDER", 2, **line), sale("RETURN", -1, **line), sale("UPDATE", None, **line),
        sale("ORDER", None, shippingLine={"id": "gid://shopify/ShippingLine/3"}),
        sale("ORDER", 1, shippingLine={"id": "gid://shopify/ShippingLine/4"}),
    ]  # fmt: skip
    answer(monkeypatch, ("ORDER", sales), ("ORDER_EDIT", sales), ("ORDER_EDIT", sales[1:3]), included=False)
    units = {"line:7": 2, "shipping:3": 1, "shipping:4": 1}
    assert additions.read(SHOP, "gid://shopify/Order/1") == [{"at": "now", "units": units, "off": {}}]


@pytest.mark.parametrize(("included", "off"), [(False, {"line:7": 450}), (True, {"line:7": 500, "line:8": -100})])
def test_a_discount_counts_without_tax_unless_prices_have_it(
    monkeypatch: pytest.MonkeyPatch, off: dict[str, int], *, included: bool
) -> None:
    """By two steps on one line; of another line only the tax changed, and a tip's price is nobody's."""
    lines: list[dict[str, Any]] = [{"lineItem": {"id": f"gid://shopify/LineItem/{number}"}} for number in (7, 8)]
    seven, eight = lines
    sales = [
        sale("UPDATE", None, "-3.00", "-0.30", **seven), sale("UPDATE", None, "-2.00", "-0.20", **seven),
        sale("ORDER", 1, "9.00", "0.90", **seven), sale("UPDATE", None, "1.00", "1.00", **eight),
        sale("UPDATE", None, "-1.00"),
    ]  # fmt: skip
    answer(monkeypatch, ("ORDER", sales), ("ORDER_EDIT", sales[:2] + sales[3:]), included=included)
    assert additions.read(SHOP, "gid://shopify/Order/1") == [{"at": "now", "units": {}, "off": off}]


def test_of_an_order_without_any_payment_the_snapshot_is_not_read() -> None:
    for status in ("pending", "authorized", "voided", "expired"):
        long_ago = clock.now() - timedelta(days=1)
        order = Order(financial_status=status, snapshot={}, snapshot_updated_at=long_ago, additions={})
        assert not additions.are_due(order, {"edited": True})
