"""Webhooks of carts and checkouts, with no more in them than the app asked for."""

import json
from typing import Any

from devstore.webhooks import _only
from tests.devstore.storefront.cast import ACME
from tests.devstore.storefront.conftest import Shop


def news(shop: Shop) -> list[tuple[str, dict[str, Any]]]:
    rows = shop.store.all(ACME, "webhook_delivery")
    return [(row["topic"], json.loads(row["body"])) for row in rows if row["topic"].startswith(("carts", "checkouts"))]


def test_a_cart_is_told_when_it_is_new_and_when_it_changes(shop: Shop) -> None:
    variant = shop.loaf["variants"][0]["id"]
    shop.visitor.post("/cart/add.js", json={"id": variant, "quantity": 1, "properties": {"Text": "For Cleo"}})
    shop.visitor.post("/cart/update.js", json={"note": "Ring twice"})
    shop.visitor.post("/cart/clear.js")
    assert [topic for topic, _ in news(shop)] == ["carts/create", "carts/update"], "a note is no change of lines"
    first = news(shop)[0][1]
    assert first["line_items"] == [{"variant_id": variant, "quantity": 1}]
    assert set(first) == {"token", "updated_at", "line_items"}
    assert news(shop)[1][1]["line_items"] == []


def test_a_checkout_is_told_without_whose_it_is(shop: Shop) -> None:
    shop.visitor.post("/cart/add.js", json={"id": shop.loaf["variants"][0]["id"]})
    shop.visitor.get("/checkout")
    shop.visitor.get("/checkout")
    shop.visitor.post("/checkout", data={"action": "update", "email": "cleo@example.com", "shipping_rate": "standard"})
    assert [topic for topic, _ in news(shop)] == ["carts/create", "checkouts/create", "checkouts/update"]
    body = news(shop)[-1][1]
    assert body["cart_token"] == news(shop)[0][1]["token"]
    assert body["shipping_lines"] == [{"price": "0.00"}]
    assert "cleo" not in json.dumps(body)


def test_only_the_fields_at_the_paths_are_left() -> None:
    whole = {"a": 1, "b": [{"c": 2, "d": 3}, {"c": 4}], "e": {"f": {"g": 5}}}
    assert _only(whole, [["a"], ["b", "c"], ["e"]]) == {"a": 1, "b": [{"c": 2}, {"c": 4}], "e": {"f": {"g": 5}}}
