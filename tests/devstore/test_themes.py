"""A new theme, from Shopify's word of it to the merchant's home page and back."""

import json
from collections.abc import Iterator

import httpx
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app import clock, db
from app.home import theme
from app.models.events import InboxEvent
from app.models.shops import Shop
from app.models.themes import ThemeLook
from app.shopify import definitions
from app.shopify.tokens import ShopCredentials
from devstore.graphql import execute
from devstore.graphql.cost import Buckets
from devstore.installations import install
from devstore.store import Store
from devstore.themes import add_block, list_blocks, publish_theme
from tests.apps import get_app
from tests.devstore.conftest import Shopify
from tests.devstore.orders.cast import ACME
from tests.shopify.fake import FakeShopify
from tests.shopify.signing import sign_id_token
from webhooks.router import HANDLERS


@pytest.fixture
def store(shopify: Shopify, connected: ShopCredentials, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The development store, asked over the network's edge; the shop lets its themes be read."""
    app = shopify.store.find("", "app")
    assert app is not None
    shopify.store.put("", "app", {**app, "scopes": sorted({*app["scopes"], "read_themes"})})
    install(shopify.store, ACME)
    with db.scoped(connected.shop_id) as session:
        shop = session.get_one(Shop, connected.shop_id)
        shop.scopes, shop.definitions_version = "read_products,read_themes", definitions.VERSION
    monkeypatch.setattr(execute, "buckets", Buckets())
    fake = FakeShopify()
    for name in ("themes", "currentAppInstallation"):
        fake.answer(name, lambda body: httpx.Response(200, json=shopify.post(body["query"], body["variables"]).json))
    with fake.client() as client:
        monkeypatch.setattr("app.shopify.client.get_http", lambda: client)
        yield shopify.store


def hear(store: Store, shop: Shop) -> None:
    """Bring the store's news to their handlers."""
    for sent in store.all(ACME, "webhook_delivery"):
        store.delete(ACME, "webhook_delivery", sent["id"])
        with db.scoped(shop.id) as session:
            event = InboxEvent(shop_domain=ACME, topic=sent["topic"], received_at=clock.now())
            HANDLERS[sent["topic"]](session, session.get_one(Shop, shop.id), sent["body"].encode(), event)


def seen(shop: Shop) -> ThemeLook:
    with db.scoped(shop.id) as session:
        return session.scalars(select(ThemeLook)).one()


@pytest.fixture
def merchant() -> FlaskClient:
    client = get_app().test_client()
    client.environ_base |= {"HTTP_AUTHORIZATION": f"Bearer {sign_id_token()}", "HTTP_HX_REQUEST": "true"}
    return client


def test_blocks_that_a_new_theme_lacks_are_named_until_they_are_added_or_given_up(
    store: Store, acme: Shop, merchant: FlaskClient
) -> None:
    theme.look(acme.id)
    assert seen(acme).blocks == list_blocks()
    before = merchant.get("/app")
    assert (before.status_code, "lacks" in before.text) == (200, False)
    publish_theme(store, ACME, "Fresh & new", [one for one in list_blocks() if one not in {"vendor-card", "lists"}])
    hear(store, acme)
    theme.look(acme.id)
    assert seen(acme).lost == ["lists", "vendor-card"]
    page = merchant.get("/app").text
    assert "“Fresh &amp; new” lacks 2 blocks" in page
    assert "addAppBlockId=test-key/vendor-card" in page
    assert "activateAppId=test-key/lists" in page
    add_block(store, ACME, "vendor-card")
    merchant.post("/app/setup/blocks/check")
    theme.look(acme.id)
    assert seen(acme).lost == ["lists"]
    assert "lacks a block" in merchant.get("/app").text
    assert "lacks" not in merchant.post("/app/setup/blocks/give-up").text
    theme.look(acme.id)
    assert seen(acme).lost == []


def test_what_is_taken_out_in_the_editor_was_meant_to_be(store: Store, acme: Shop) -> None:
    theme.look(acme.id)
    held = store.find(ACME, "theme", role="MAIN")
    assert held is not None
    store.put(ACME, "theme", {**held, "blocks": []})
    theme.look(acme.id)
    assert (seen(acme).blocks, seen(acme).lost) == ([], [])


def test_a_reading_that_ends_late_does_not_undo_a_newer_one(store: Store, acme: Shop) -> None:
    with db.scoped(acme.id) as session:
        began = session.execute(select(func.clock_timestamp())).scalar_one()
    theme.look(acme.id)
    nothing = {"id": "gid://shopify/OnlineStoreTheme/1", "name": "Old"}
    files = {"nodes": [], "pageInfo": {"hasNextPage": False}}
    with db.scoped(acme.id) as session:
        theme.keep(session, acme.id, {**nothing, "files": files}, "stallkeeper", began)
    assert seen(acme).blocks == list_blocks()


def test_of_a_theme_that_cannot_be_read_as_a_whole_nothing_is_claimed(
    store: Store, acme: Shop, merchant: FlaskClient
) -> None:
    theme.look(acme.id)
    assert "too large" not in merchant.get("/app").text
    files = {"nodes": [{"filename": "templates/product.json", "body": {}}], "pageInfo": {"hasNextPage": False}}
    with db.scoped(acme.id) as session:
        theme.keep(session, acme.id, {"id": "another", "name": "Large", "files": files}, "stallkeeper", clock.now())
    assert (seen(acme).theme_name, seen(acme).lost) == ("Stall", [])
    assert "too large for us to see" in merchant.get("/app").text
    assert theme.sweep() == 0
    theme.look(acme.id)
    assert "too large" not in merchant.get("/app").text


def test_a_theme_that_was_never_read_as_a_whole_has_no_blocks_and_lacks_none(store: Store, acme: Shop) -> None:
    files = {"nodes": [], "pageInfo": {"hasNextPage": True}}
    with db.scoped(acme.id) as session:
        theme.keep(session, acme.id, {"id": "one", "name": "Large", "files": files}, "stallkeeper", clock.now())
    with db.scoped(acme.id) as session:
        shop = session.get_one(Shop, acme.id)
        assert theme.find_look(session, shop) is None
        assert theme.is_too_large(session, shop)
    assert theme.sweep() == 0


def test_without_the_scope_nobody_asks_and_nothing_is_claimed(store: Store, acme: Shop, merchant: FlaskClient) -> None:
    with db.scoped(acme.id) as session:
        session.get_one(Shop, acme.id).scopes = "read_products"
    assert theme.sweep() == 0
    theme.look(acme.id)
    with db.scoped(acme.id) as session:
        assert session.scalar(select(func.count(ThemeLook.shop_id))) == 0
    assert "lacks" not in merchant.get("/app").text


def test_a_theme_is_read_once_a_day_and_when_somebody_asked(store: Store, acme: Shop) -> None:
    assert theme.sweep() == 1
    theme.look(acme.id)
    assert theme.sweep() == 0
    with db.scoped(acme.id) as session:
        theme.ask(session, session.get_one(Shop, acme.id))
    assert theme.sweep() == 1
    theme.look(acme.id)
    with db.scoped(acme.id) as session:
        session.execute(update(ThemeLook).values(read_at=clock.now() - 2 * theme._LOOK_AGAIN))
    assert theme.sweep() == 1


def test_the_stores_word_of_a_theme_is_shopifys(store: Store, acme: Shop) -> None:
    publish_theme(store, ACME, "Fresh", [])
    (sent,) = [one for one in store.all(ACME, "webhook_delivery") if one["topic"] == "themes/publish"]
    assert json.loads(sent["body"]).keys() >= {"id", "name", "role", "created_at", "updated_at", "admin_graphql_api_id"}
