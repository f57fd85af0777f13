"""When Shopify is asked what edits added to an order, and what its answer says."""

from collections.abc import Sequence
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
    """Shopify tells of an agreement at a time, and of two of its sales."""

    def graphql(_: ShopCredentials, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        assert name == "orderAdditions"
        at = int(asked["after"] or 0)
        reason, sales = agreements[at]
        one = {"happenedAt": "now", "reason": reason, "sales": page(sales, asked["afterSale"], 2)}
        return {"taxesIncluded": included, "agreements": page(agreements, asked["after"], 1) | {"nodes": [one]}}

    monkeypatch.setattr(additions, "graphql", graphql)


def page(nodes: Sequence[Any], after: str | None, size: int) -> dict[str, Any]:
    end = int(after or 0) + size
    info = {"hasNextPage": end < len(nodes), "endCursor": str(end)}
    return {"nodes": list(nodes[end - size : end]), "pageInfo": info}


def test_shipping_counts_once_with_and_without_a_quantity(monkeypatch: pytest.MonkeyPatch) -> None:
    line: dict[str, Any] = {"lineItem": {"id": "gid://shopify/LineItem/7"}}
    sales = [
        sale("ORDER", 2, **line), sale("RETURN", -1, **line), sale("UPDATE", None, **line),
        sale("ORDER", None, shippingLine={"id": "gid://shopify/ShippingLine/3"}),
        sale("ORDER", 1, shippingLine={"id": "gid://shopify/ShippingLine/4"}),
    ]  # fmt: skip
    answer(monkeypatch, ("ORDER", sales), ("ORDER_EDIT", sales), ("ORDER_EDIT", sales[1:3]), included=False)
    units = {"line:7": 2, "shipping:3": 1, "shipping:4": 1}
    assert additions.read(SHOP, "gid://shopify/Order/1") == [
        {"at": "now", "units": units, "removed": {"line:7": 1}, "off": {}},
        {"at": "now", "units": {}, "removed": {"line:7": 1}, "off": {}},
    ]


@pytest.mark.parametrize(("reason", "removed"), [("ORDER_EDIT", {"line:7": 2}), ("RETURN", {}), ("REFUND", {})])
def test_what_is_sent_back_was_no_edit(monkeypatch: pytest.MonkeyPatch, reason: str, removed: dict[str, int]) -> None:
    sales = [sale("RETURN", -2, lineItem={"id": "gid://shopify/LineItem/7"})]
    sales += [sale("ORDER", 1, lineItem={"id": "gid://shopify/LineItem/8"})]
    answer(monkeypatch, ("ORDER", []), (reason, sales), included=False)
    told = {"at": "now", "units": {"line:8": 1}, "removed": removed, "off": {}}
    assert additions.read(SHOP, "gid://shopify/Order/1") == [told]


def test_every_sale_of_a_long_edit_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    sales = [sale("ORDER", 1, lineItem={"id": f"gid://shopify/LineItem/{number}"}) for number in range(1, 8)]
    answer(monkeypatch, ("ORDER", sales), ("ORDER_EDIT", sales), ("ORDER_EDIT", sales[:1]), included=False)
    found = [one["units"] for one in additions.read(SHOP, "gid://shopify/Order/1")]
    assert found == [{f"line:{number}": 1 for number in range(1, 8)}, {"line:1": 1}]


def test_of_an_order_that_is_gone_there_is_nothing_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(additions, "graphql", lambda *_: {})
    assert additions.read(SHOP, "gid://shopify/Order/1") == []


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
    assert additions.read(SHOP, "gid://shopify/Order/1") == [{"at": "now", "units": {}, "removed": {}, "off": off}]


@pytest.mark.parametrize("status", ["pending", "authorized", "paid"])
def test_an_edited_order_is_asked_about_before_it_is_paid_too(status: str) -> None:
    """Paid at last, it may be paid out at once: by then the answer must be there."""
    price = {"shop_money": {"amount": "1.00", "currency_code": "USD"}}
    body = {"id": 1, "name": "#1", "currency": "USD", "created_at": "2026-10-01T12:00:00Z",
            "updated_at": "2026-10-01T12:00:00Z", "total_price_set": price, "financial_status": status}  # fmt: skip
    long_ago = clock.now() - timedelta(days=1)
    order = Order(financial_status=status, snapshot=body, snapshot_updated_at=long_ago, additions={})
    assert additions.are_due(order, {"edited": True})
    assert not additions.are_due(order, {"edited": False})
