"""Lists that Shopify writes into a file: waited for, read once, gone on with after a kill, done without."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app import clock, db
from app.models.events import InboxEvent, InboxState, Look, LookKind
from app.models.shops import Shop
from app.queue import get_redis
from app.reconciliation import bulk, service
from app.shopify.tokens import ShopCredentials
from jobs.events import drain
from tests.reconciliation.test_service import looks
from tests.reconciliation.test_service import quiet as quiet  # noqa: PLC0414 - the fixture
from tests.shopify.fake import FakeShopify, data

GID, URL = "gid://shopify/BulkOperation/7", "https://storage.example/bulk-7.jsonl"
WRITTEN_AT = "2026-11-20T09:00:00Z"


def operation(status: str, url: str | None = None) -> httpx.Response:
    return data(bulkOperation={"status": status, "url": url, "createdAt": WRITTEN_AT})


def product(number: int) -> dict[str, Any]:
    gid = f"gid://shopify/Product/{number}"
    return {"id": gid, "title": "Somebody's", "updatedAt": "2026-11-01T09:00:00Z", "totalInventory": 1}


@pytest.fixture
def away(acme: Shop, connected: ShopCredentials, quiet: FakeShopify) -> FakeShopify:
    """A Shopify whose products were not looked at for a month."""
    ago = clock.now() - timedelta(days=30)
    with db.scoped(acme.id) as session:
        session.add(Look(shop_id=acme.id, kind=LookKind.PRODUCTS, seen_until=ago))
    started = {"bulkOperation": {"id": GID}, "userErrors": []}
    quiet.answer("bulkOperationRunQuery", data(bulkOperationRunQuery=started))
    lines = "".join(json.dumps(product(number)) + "\n" for number in range(250))
    quiet.files[URL] = lambda: httpx.Response(200, text=lines)
    return quiet


def test_the_list_is_waited_for_and_its_end_wakes_the_comparison(acme: Shop, away: FakeShopify) -> None:
    away.answer("bulkOperation", operation("RUNNING"))
    service.reconcile(acme.id)
    service.reconcile(acme.id)
    look = looks(acme)[LookKind.PRODUCTS]
    assert (look.bulk_gid, look.finished_at) == (GID, None)
    assert (away.names().count("bulkOperationRunQuery"), away.names().count("productsChanged")) == (1, 0)
    assert looks(acme)[LookKind.ORDERS].finished_at is not None
    get_redis().flushdb()
    for number, gid in enumerate((GID, "gid://shopify/BulkOperation/8")):
        body = json.dumps({"admin_graphql_api_id": gid}).encode()
        with db.system() as session:
            row = {"shop_domain": acme.domain, "webhook_id": "w", "event_id": f"e{number}", "body": body}
            session.add(InboxEvent(**row, topic="bulk_operations/finish", state=InboxState.RECEIVED))
    drain()
    assert get_redis().llen("rq:queue:catalogue") == 1
    away.answer("bulkOperation", operation("COMPLETED", URL))
    service.reconcile(acme.id)
    look = looks(acme)[LookKind.PRODUCTS]
    assert (look.bulk_gid, look.looked_at, look.error) == (None, 250, None)
    asked = next(variables for name, variables, _ in away.asked if name == "productsChanged")
    assert asked["query"] == "updated_at:>='2026-11-20T08:45:00+00:00'"


def test_a_killed_comparison_goes_on_at_the_line_it_had_reached(
    acme: Shop, away: FakeShopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    away.answer("bulkOperation", operation("COMPLETED", URL))
    sizes: list[int] = []

    def die_in_the_third(run: Any, nodes: Any) -> None:
        sizes.append(len(nodes))
        if len(sizes) == 3:
            raise KeyboardInterrupt
        run.looked_at += len(nodes)

    monkeypatch.setattr(service, "_compare", die_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        service.reconcile(acme.id)
    assert looks(acme)[LookKind.PRODUCTS].bulk_read == 200
    service.reconcile(acme.id)
    assert sizes == [100, 100, 50, 50]
    assert looks(acme)[LookKind.PRODUCTS].looked_at == 250


@pytest.mark.parametrize("status", ["FAILED", "EXPIRED", "CANCELED"])
def test_a_list_that_failed_is_read_page_by_page(acme: Shop, away: FakeShopify, status: str) -> None:
    away.answer("bulkOperation", operation(status))
    service.reconcile(acme.id)
    look = looks(acme)[LookKind.PRODUCTS]
    assert (look.bulk_gid, look.error, bool(look.finished_at)) == (None, None, True)
    assert "productsChanged" in away.names()


def test_when_shopify_takes_no_more_lists_it_is_read_page_by_page(acme: Shop, away: FakeShopify) -> None:
    refused = {"bulkOperation": None, "userErrors": [{"field": None, "message": "Limit reached"}]}
    away.answer("bulkOperationRunQuery", data(bulkOperationRunQuery=refused))
    service.reconcile(acme.id)
    assert looks(acme)[LookKind.PRODUCTS].finished_at is not None
    assert "productsChanged" in away.names()


def test_a_list_that_broke_off_is_read_on_later_and_one_that_is_gone_is_ordered_again(
    acme: Shop, away: FakeShopify
) -> None:
    away.answer("bulkOperation", operation("COMPLETED", URL))

    def break_off() -> httpx.Response:
        def half() -> Iterator[bytes]:
            yield b'{"id": "gid://shopify/Product/1", "upd'
            raise httpx.ReadError("cut")

        return httpx.Response(200, content=half())

    away.files[URL] = break_off
    service.reconcile(acme.id)
    look = looks(acme)[LookKind.PRODUCTS]
    assert (look.bulk_gid, "broke off" in (look.error or "")) == (GID, True)
    away.files[URL] = lambda: httpx.Response(403)
    service.reconcile(acme.id)
    assert looks(acme)[LookKind.PRODUCTS].bulk_gid is None


def test_a_list_of_orders_begun_before_an_upgrade_is_read_though_it_names_no_payments(
    acme: Shop, connected: ShopCredentials, quiet: FakeShopify
) -> None:
    with db.scoped(acme.id) as session:
        session.add(Look(shop_id=acme.id, kind=LookKind.ORDERS, bulk_gid=GID))
    order: dict[str, Any] = {"id": "gid://shopify/Order/1", "name": "#1", "updatedAt": WRITTEN_AT, "cancelledAt": None}
    order |= {"displayFinancialStatus": "PAID", "returnStatus": "NO_RETURN", "refunds": [], "fulfillments": []}
    quiet.files[URL] = lambda: httpx.Response(200, text=json.dumps(order) + "\n")
    quiet.answer("bulkOperation", operation("COMPLETED", URL))
    quiet.answer("orderInFull", data(order=None))
    service.reconcile(acme.id)
    look = looks(acme)[LookKind.ORDERS]
    assert (look.bulk_gid, look.looked_at, look.error) == (None, 1, None)


def test_the_list_asks_for_what_the_pages_ask_for() -> None:
    text = bulk.query_text("productsChanged", "updated_at:>='2026'")
    assert text == (
        """{ products(query: "updated_at:>='2026'") { edges { node { id title updatedAt totalInventory } } } }"""
    )
