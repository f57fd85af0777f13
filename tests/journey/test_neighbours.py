"""What was looked at together: counted by visitors, told to Shopify only where it changed."""

import json
from typing import Any

from sqlalchemy import select, update

from app import db
from app.journey import neighbours
from app.models.journey import ProductNeighbours
from app.models.products import Product, ProductStatus
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.shopify import definitions
from app.shopify.tokens import ShopCredentials
from tests.journey.conftest import Pixels, put_on_sale
from tests.shopify.fake import FakeShopify, data

DONE = data(metafieldsSet={"metafields": [], "userErrors": []})


def look(pixels: Pixels, *products: int, by: str) -> None:
    pixels.send(*[pixels.event("product_viewed", number, client=by) for number in products])


def told(shopify: FakeShopify) -> dict[str, list[str]]:
    """By product, the newest."""
    sent: list[dict[str, Any]] = [each for _, said, _ in shopify.asked for each in said["metafields"]]
    return {
        each["ownerId"].rpartition("/")[2]: [gid.rpartition("/")[2] for gid in json.loads(each["value"])]
        for each in sent
    }


def test_products_lead_to_those_that_the_same_visitors_looked_at(
    pixels: Pixels, acme: Shop, ada: Vendor, bea: Vendor, connected: ShopCredentials, shopify: FakeShopify
) -> None:
    for number, vendor in ((7, ada), (8, bea), (9, ada)):
        put_on_sale(vendor, number, f"Product {number}")
    for visitor in ("browser-1", "browser-2", "browser-3"):
        look(pixels, 7, 8, by=visitor)
    look(pixels, 7, 9, by="browser-4")
    look(pixels, 7, 9, by="browser-5")
    look(pixels, 8, 9, by="browser-6")
    look(pixels, 7, 99, by="browser-7")
    look(pixels, 7, 99, by="browser-8")
    shopify.answer("metafieldsSet", DONE)
    assert neighbours.renew(acme.id) == 3
    assert told(shopify) == {"7": ["8", "9"], "8": ["7"], "9": ["7"]}, "once is chance, and 99 is no vendor's"
    assert neighbours.renew(acme.id) == 0
    assert len(shopify.asked) == 1


def test_what_is_off_sale_is_no_longer_anybodys_neighbour(
    pixels: Pixels, acme: Shop, ada: Vendor, connected: ShopCredentials, shopify: FakeShopify
) -> None:
    put_on_sale(ada, 7, "Mug")
    put_on_sale(ada, 8, "Bowl")
    for visitor in ("browser-1", "browser-2"):
        look(pixels, 7, 8, by=visitor)
    shopify.answer("metafieldsSet", DONE)
    neighbours.renew(acme.id)
    with db.scoped(acme.id) as session:
        gone = update(Product).where(Product.shopify_gid == "gid://shopify/Product/8")
        session.execute(gone.values(status=ProductStatus.ARCHIVED))
    neighbours.renew(acme.id)
    assert told(shopify) == {"7": [], "8": []}


def test_a_product_that_shopify_does_not_know_keeps_nobody_from_being_told(
    pixels: Pixels, acme: Shop, ada: Vendor, connected: ShopCredentials, shopify: FakeShopify
) -> None:
    put_on_sale(ada, 7, "Mug")
    put_on_sale(ada, 8, "Bowl")
    for visitor in ("browser-1", "browser-2"):
        look(pixels, 7, 8, by=visitor)
    error = {"field": ["metafields", "0"], "message": "Owner does not exist.", "code": "INVALID_VALUE"}
    no = data(metafieldsSet={"metafields": [], "userErrors": [error]})
    shopify.answer("metafieldsSet", no, no, DONE)
    assert neighbours.renew(acme.id) == 1
    with db.scoped(acme.id) as session:
        assert [row.product_number for row in session.scalars(select(ProductNeighbours))] == [8]


def test_only_shops_whose_products_can_hold_them_are_asked(pixels: Pixels, acme: Shop, zenith: Shop) -> None:
    look(pixels, 7, by="browser-1")
    with db.system() as session:
        assert neighbours.list_shops(session) == []
        session.execute(update(Shop).values(definitions_version=definitions.VERSION))
        assert neighbours.list_shops(session) == [acme.id]
