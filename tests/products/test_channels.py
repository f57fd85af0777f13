"""Sales channels: vendors' products are sold where the merchant chose, also those that are on sale already."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, db
from app.models.events import AuditEntry
from app.models.products import Product
from app.models.shops import Shop
from app.products import channels, sweeps
from app.queue import get_redis
from app.shopify.errors import ShopifyError
from jobs import catalogue
from tests.architecture.polaris import lint_polaris
from tests.conftest import make_vendor
from tests.shopify.fake import FakeShopify, data, list_of

PAGE = "/app/settings/channels"
ONLINE, TILL, SOCIAL = (f"gid://shopify/Publication/{number}" for number in (1, 2, 3))

DENIED = httpx.Response(200, json={"errors": [{"message": "No", "extensions": {"code": "ACCESS_DENIED"}}]})


@pytest.fixture
def merchant(merchant: FlaskClient, shopify: FakeShopify) -> FlaskClient:
    names = {ONLINE: "Online Store", TILL: "Point of Sale", SOCIAL: "Social"}
    nodes = [{"id": gid, "name": name} for gid, name in names.items()]
    shopify.answer("publications", data(publications=list_of(nodes)))
    for name in ("publishablePublish", "publishableUnpublish"):
        shopify.answer(name, data(**{name: {"publishable": None, "userErrors": []}}))
    with db.system() as session:
        session.execute(update(Shop).values(publication_gid=ONLINE))
    return merchant


@pytest.fixture
def products(shop: Shop) -> list[int]:
    """Two on sale, and a draft that Shopify does not know."""
    ada = make_vendor(shop, "Ada's Ceramics", "ada@example.com")
    with db.scoped(shop.id) as session:
        held = [
            Product(shop_id=shop.id, vendor_id=ada.id, title=f"Bowl {n}", status="published", shopify_gid=f"gid/{n}")
            for n in (1, 2)
        ]
        session.add_all([*held, Product(shop_id=shop.id, vendor_id=ada.id, title="Draft")])
        session.flush()
        return [product.id for product in held]


def asked(shopify: FakeShopify, name: str) -> list[tuple[str, list[str]]]:
    """What Shopify was told: product and channels, in order."""
    calls: list[dict[str, Any]] = [variables for called, variables, _ in shopify.asked if called == name]
    return [(call["id"], [one["publicationId"] for one in call["input"]]) for call in calls]


def behind(shop: Shop) -> int:
    with db.scoped(shop.id) as session:
        return channels.count_behind(session, session.get_one(Shop, shop.id))


def test_what_is_on_sale_follows_into_a_channel_and_out_of_it(
    merchant: FlaskClient, shop: Shop, products: list[int], shopify: FakeShopify
) -> None:
    page = merchant.get(PAGE).text
    assert lint_polaris(page) == []
    assert ("Point of Sale" in page, "Always:" in page) == (True, True)
    chosen = merchant.post(PAGE, data={"channel": [TILL, ONLINE]})
    assert (chosen.status_code, "2 products follow" in chosen.text) == (200, True)
    catalogue.follow_channels(shop.id)
    assert asked(shopify, "publishablePublish") == [("gid/1", [ONLINE, TILL]), ("gid/2", [ONLINE, TILL])]
    assert asked(shopify, "publishableUnpublish") == []
    merchant.post(PAGE, data={"channel": [SOCIAL]})
    catalogue.follow_channels(shop.id)
    assert asked(shopify, "publishablePublish")[2:] == [("gid/1", [ONLINE, SOCIAL]), ("gid/2", [ONLINE, SOCIAL])]
    assert asked(shopify, "publishableUnpublish") == [("gid/1", [TILL]), ("gid/2", [TILL])]
    assert behind(shop) == 0
    with db.system() as session:
        log = session.scalars(select(AuditEntry.changes).where(AuditEntry.action == "settings.change")).all()
    assert log == [
        {"channels": [[], ["Point of Sale"]]},
        {"channels": [["Point of Sale"], ["Social"]]},
    ]


def test_a_job_that_died_half_way_is_carried_on(
    merchant: FlaskClient, shop: Shop, products: list[int], shopify: FakeShopify
) -> None:
    merchant.post(PAGE, data={"channel": [TILL]})
    works = shopify.answers["publishablePublish"][0]
    shopify.answer("publishablePublish", works, DENIED)
    with pytest.raises(ShopifyError):
        catalogue.follow_channels(shop.id)
    assert behind(shop) == 1
    shopify.answer("publishablePublish", works)
    with db.system() as session:
        session.execute(update(Product).values(updated_at=clock.now() - timedelta(minutes=5)))
    get_redis().flushdb()
    assert sweeps.sweep() >= 1
    catalogue.follow_in_channels(shop.id, products[1])
    catalogue.follow_in_channels(shop.id, products[1])
    assert (behind(shop), len(asked(shopify, "publishablePublish"))) == (0, 3)


def test_a_channel_that_is_not_the_stores_changes_nothing(merchant: FlaskClient, shop: Shop) -> None:
    refused = merchant.post(PAGE, data={"channel": "gid://shopify/Publication/99"})
    assert (refused.status_code, "not in your store any more" in refused.text) == (422, True)
    assert behind(shop) == 0


def test_the_page_says_so_when_shopify_does_not_answer(merchant: FlaskClient, shopify: FakeShopify) -> None:
    shopify.answer("publications", DENIED)
    page = merchant.get(PAGE)
    assert (page.status_code, "does not answer just now" in page.text) == (200, True)
    assert merchant.post(PAGE, data={"channel": TILL}).status_code == 503
