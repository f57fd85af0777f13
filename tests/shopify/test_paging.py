"""Lists that are longer than a page."""

from typing import Any

import httpx
from sqlalchemy import func, select

from app import db
from app.auth.installation import find_places
from app.models.products import Location
from app.models.shops import Shop
from app.shopify.tokens import ShopCredentials
from tests.shopify.fake import FakeShopify, data, list_of


def test_every_location_of_a_large_shop_is_known(acme: Shop, connected: ShopCredentials, shopify: FakeShopify) -> None:
    closed = {"isActive": True, "fulfillsOnlineOrders": False}
    nodes = [{"id": f"gid://shopify/Location/{n}", "name": f"Shed {n}", **closed} for n in range(150)]
    nodes.append({"id": "gid://shopify/Location/150", "name": "Shop", "isActive": True, "fulfillsOnlineOrders": True})

    def page(body: dict[str, Any]) -> httpx.Response:
        asked = body["variables"]
        start = int(asked["after"] or 0)
        end = start + asked["first"]
        info = {"hasNextPage": end < len(nodes), "endCursor": str(end)}
        return data(locations={"nodes": nodes[start:end], "pageInfo": info})

    shopify.answer("locations", page)
    shopify.answer("publications", data(publications=list_of([])))
    with db.scoped(acme.id) as session:
        session.get_one(Shop, acme.id).location_gid = None
    find_places(connected)
    with db.scoped(acme.id) as session:
        assert session.scalar(select(func.count()).select_from(Location)) == len(nodes)
        assert session.get_one(Shop, acme.id).location_gid == "gid://shopify/Location/150"
