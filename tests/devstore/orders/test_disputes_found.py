"""Disputes of which every webhook was lost are found by comparing, once, and are then like any other."""

import json
from types import SimpleNamespace

from sqlalchemy import delete, select

from app import clock, db
from app.models.events import InboxEvent, LookKind
from app.models.orders import OrderDispute
from app.reconciliation import service
from app.shopify.payloads import read_payload
from app.shopify.payloads_orders import Dispute
from app.shopify.tokens import ShopCredentials
from devstore.orders.disputes import dispute_payload, move_dispute, open_dispute
from devstore.orders.documents import get_order
from devstore.store import Store
from tests.devstore.orders.cast import ACME, buy
from tests.shopify.fake import FakeShopify
from webhooks.handlers.orders import handle_together


def look(shop: ShopCredentials) -> list[tuple[str, Dispute]]:
    """Compare the disputes once; what came into the inbox, and is then handled."""
    with db.system() as session:
        session.execute(delete(InboxEvent))
    service._look_for_disputes(service._Run(shop, LookKind.DISPUTES, clock.now(), 0))
    with db.system() as session:
        events = session.scalars(select(InboxEvent).order_by(InboxEvent.id)).all()
    with db.scoped(shop.shop_id) as session:
        handle_together(session, shop.shop_id, [(event.body, event) for event in events])
    return [(event.topic, read_payload(Dispute, event.body)) for event in events]


def test_a_dispute_is_found_opened_and_decided_without_any_webhook(
    connected: ShopCredentials, store: Store, goods: SimpleNamespace, edge: FakeShopify
) -> None:
    order = buy(store, (goods.mug, 2))
    dispute = open_dispute(store, ACME, order["id"], amount="7.00")
    ((topic, body),) = look(connected)
    told = dispute_payload(get_order(store, ACME, order["id"]), dispute)
    assert topic == "disputes/create"
    assert body == read_payload(Dispute, json.dumps(told).encode()), "as its webhook would have said it"
    assert look(connected) == []
    move_dispute(store, ACME, order["id"], dispute["id"], "lost")
    assert [(topic, body.status) for topic, body in look(connected)] == [("disputes/update", "lost")]
    assert look(connected) == []
    with db.scoped(connected.shop_id) as session:
        assert session.scalars(select(OrderDispute.state)).all() == ["lost"]


def test_what_was_opened_half_a_year_ago_is_not_asked_for_any_more(
    connected: ShopCredentials, store: Store, goods: SimpleNamespace, edge: FakeShopify
) -> None:
    order = buy(store, (goods.mug, 2))
    store.set_clock_offset(-200 * 86400)
    open_dispute(store, ACME, order["id"], amount="7.00")
    store.set_clock_offset(0)
    assert look(connected) == []
