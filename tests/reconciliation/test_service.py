"""Comparing with Shopify when Shopify refuses, is slow to list, or has nothing to say."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import select

from app import db
from app.models.events import InboxEvent, Look, LookKind
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.queue import get_redis
from app.reconciliation import service
from app.shopify.tokens import ShopCredentials
from tests.conftest import make_vendor
from tests.shopify.fake import FakeShopify, cost, data

NOTHING = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
REFUSAL = {"message": "Access denied", "extensions": {"code": "ACCESS_DENIED"}}
DENIED = httpx.Response(200, json={"errors": [REFUSAL], "extensions": {"cost": cost()}})


@pytest.fixture
def quiet(shopify: FakeShopify) -> FakeShopify:
    """A Shopify in which nothing happened."""
    shopify.answer("ordersChanged", data(orders=NOTHING))
    shopify.answer("productsChanged", data(products=NOTHING))
    shopify.answer("metaobjectsChanged", data(metaobjects=NOTHING))
    shopify.answer("nodesLeft", data(nodes=[]))
    shopify.answer("disputes", data(disputes=NOTHING))
    return shopify


def looks(shop: Shop) -> dict[LookKind, Look]:
    with db.scoped(shop.id) as session:
        return {look.kind: look for look in session.scalars(select(Look))}


def page(updated_at: str, *, handle: str = "adas-ceramics", more: bool = False) -> dict[str, Any]:
    fields = [{"key": "name", "value": "Ada's Ceramics"}, {"key": "tagline", "value": updated_at}]
    node = {"id": "gid://shopify/Metaobject/5", "type": "app--1--vendor", "handle": handle, "displayName": "Ada"}
    info = {"hasNextPage": more, "endCursor": "c1" if more else None}
    return {"nodes": [{**node, "updatedAt": updated_at, "fields": fields}], "pageInfo": info}


def test_a_kind_that_shopify_refuses_says_so_and_the_others_go_on(
    acme: Shop, connected: ShopCredentials, quiet: FakeShopify
) -> None:
    quiet.answer("ordersChanged", DENIED)
    service.reconcile(acme.id)
    found = looks(acme)
    assert "Access denied" in (found[LookKind.ORDERS].error or "")
    assert found[LookKind.ORDERS].seen_until is None
    others = [found[kind] for kind in LookKind if kind is not LookKind.ORDERS]
    assert all(look.finished_at and look.error is None for look in others)


def test_the_watermark_moves_with_every_page_and_the_next_look_overlaps(
    acme: Shop, connected: ShopCredentials, quiet: FakeShopify
) -> None:
    make_vendor(acme, "Ada's Ceramics", "ada@example.com")
    first = data(metaobjects=page("2026-11-20T09:00:00Z", more=True))
    quiet.answer("metaobjectsChanged", first, DENIED)
    service.reconcile(acme.id)
    look = looks(acme)[LookKind.VENDOR_PAGES]
    assert look.seen_until == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert "Access denied" in (look.error or "")
    quiet.answer("metaobjectsChanged", data(metaobjects=NOTHING))
    service.reconcile(acme.id)
    asked = [variables for name, variables, _ in quiet.asked if name == "metaobjectsChanged"]
    assert asked[1]["after"] == "c1"
    assert asked[-1]["query"] == "updated_at:>='2026-11-20T08:45:00+00:00'"
    assert looks(acme)[LookKind.VENDOR_PAGES].error is None


def test_news_come_in_once_however_often_they_are_found(
    acme: Shop, connected: ShopCredentials, quiet: FakeShopify
) -> None:
    make_vendor(acme, "Ada's Ceramics", "ada@example.com")
    quiet.answer("metaobjectsChanged", data(metaobjects=page("2026-11-20T09:00:00Z")))
    for missed in (1, 0):
        service.reconcile(acme.id)
        assert looks(acme)[LookKind.VENDOR_PAGES].missed == missed
    with db.system() as session:
        (row,) = session.scalars(select(InboxEvent)).all()
    assert (row.topic, row.shop_domain) == ("metaobjects/update", acme.domain)
    assert row.triggered_at == datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_a_run_that_takes_long_goes_on_in_another_job(
    acme: Shop, connected: ShopCredentials, quiet: FakeShopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_RUN_SECONDS", -1.0)
    strangers = page("2026-11-20T09:00:00Z", handle="nobody")
    quiet.answer("metaobjectsChanged", data(metaobjects=strangers))
    service.reconcile(acme.id)
    assert get_redis().llen("rq:queue:catalogue") == 1
    look = looks(acme)[LookKind.VENDOR_PAGES]
    assert (look.seen_until, look.finished_at) == (datetime(2026, 11, 20, 9, tzinfo=UTC), None)


def test_a_catalogue_too_large_for_one_run_is_asked_about_by_lot(
    acme: Shop, connected: ShopCredentials, quiet: FakeShopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Always from the beginning, a run that is cut short would never learn what was deleted at the end."""
    held = {f"gid://shopify/Product/{number}": ("products/delete", {"id": number}) for number in range(300)}
    monkeypatch.setattr("app.reconciliation.differences.list_held", lambda *_: dict(held))
    monkeypatch.setattr(service, "_RUN_SECONDS", -1.0)
    for _ in range(2):
        service.reconcile(acme.id)
    first, second = (set(asked["ids"]) for name, asked, _ in quiet.asked if name == "nodesLeft")
    assert len(first) == len(second) == 100
    assert first != second


def test_a_vendors_page_that_says_something_else_is_found_however_long_ago_it_changed(
    acme: Shop, connected: ShopCredentials, quiet: FakeShopify
) -> None:
    ada = make_vendor(acme, "Ada's Ceramics", "ada@example.com")
    [node] = page("2026-01-20T09:00:00Z")["nodes"]
    with db.scoped(acme.id) as session:
        row = session.get_one(Vendor, ada.id)
        row.metaobject_gid, row.metaobject_updated_at = node["id"], datetime(2026, 1, 20, 9, tzinfo=UTC)
    quiet.answer("nodesLeft", data(nodes=[node]))
    service.reconcile(acme.id)
    with db.system() as session:
        assert [event.topic for event in session.scalars(select(InboxEvent))] == ["metaobjects/update"]
    assert looks(acme)[LookKind.DELETIONS].missed == 1


def test_every_shop_that_uses_the_app_is_asked_for(acme: Shop, zenith: Shop) -> None:
    assert service.ask_everywhere() == 2
    rung = Queue("catalogue", connection=get_redis(), serializer=JSONSerializer).jobs
    jobs = ("jobs.reconciliation.reconcile", "jobs.shops.read_profile")
    assert sorted((job.func_name, *job.args) for job in rung) == sorted((j, s.id) for j in jobs for s in (acme, zenith))
    assert len(looks(acme)) == len(looks(zenith)) == len(LookKind)
