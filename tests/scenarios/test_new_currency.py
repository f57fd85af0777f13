"""The shop's staff choose another currency in Shopify while products are on sale, waiting and being edited."""

import re
from typing import Any

import httpx
from sqlalchemy import select

from app import db
from app.models.products import ProductProposal, Variant
from app.models.shops import Shop
from tests.scenarios.market import Market
from tests.scenarios.test_product_listing import in_shopify, mug_form, send_mug, the_product


def edit_form(page: httpx.Response, **typed: str) -> dict[str, Any]:
    """The form of an edit as the page fills it, every price typed over."""
    fields = re.findall(r'name="((?:price|sku)_\d+|currency)" value="([^"]*)"', page.text)
    filled = {name: typed["price"] if name.startswith("price") else value for name, value in fields}
    return {"title": "Stoneware mug", "description": "Thrown by hand.", **filled}


def test_prices_on_sale_follow_and_nothing_of_before_comes_through(
    market: Market, shop: Shop, portal: httpx.Client
) -> None:
    path = send_mug(market, portal)
    market.merchant(f"/app/review/{the_product(shop).id}/approve", {})
    market.settle()
    draft = portal.post("/portal/products/new", data={"title": "Bowl"}).url.path
    portal.post(draft, data={**mug_form(title="Bowl"), "do": "save"})
    before = portal.get(f"{path}/edit")
    portal.post(f"{path}/edit", data=edit_form(before, price="40.00"))
    assert "$40.00" in portal.get(path).text

    sent = {"shop": "acme.myshopify.com", "currency": "EUR"}
    assert httpx.post(f"{market.store_url}/_control/currency", json=sent).is_success
    market.settle()

    page = portal.get(path).text
    assert "€18.00" in page
    assert "€24.50" in page
    assert "€40.00" not in page
    with db.scoped(shop.id) as session:
        assert set(session.scalars(select(Variant.currency))) == {"EUR"}
        [edit] = session.scalars(select(ProductProposal))
        assert edit.status == "rejected"
    assert any("Enter the prices in EUR" in mail["text"] for mail in market.mails("ada@example.com"))
    stale = portal.post(draft, data={**mug_form(title="Bowl"), "currency": "USD"})
    assert "prices are in EUR now" in stale.text

    assert portal.post(f"{path}/edit", data=edit_form(before, price="19.00")).status_code == 422
    portal.post(f"{path}/edit", data=edit_form(portal.get(f"{path}/edit"), price="19.00"))
    with db.scoped(shop.id) as session:
        waiting = session.scalars(select(ProductProposal.id).order_by(ProductProposal.id.desc())).first()
    seen = re.search(r'name="seen" value="(\w+)"', market.merchant(f"/app/review/edits/{waiting}").text)
    assert seen
    fields = [f"price {key}" for key in re.findall(r"price_(\d+)", before.text)]
    market.merchant(f"/app/review/edits/{waiting}/accept", {"field": fields, "seen": seen[1]})
    market.settle()
    assert [variant["price"] for variant in in_shopify(market)["variants"]["nodes"]] == ["19.00", "19.00"]
    assert "€19.00" in portal.get(path).text
