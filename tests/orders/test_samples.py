"""Shopify's own published samples, as they are: taken in without a crash, and flagged where they do not add up."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app import clock, db
from app.ledger.rules import Account
from app.models.events import InboxEvent
from app.models.orders import Order, OrderDispute
from app.models.shops import Shop
from tests.devstore.orders.cast import ACME
from tests.orders.test_service import books
from webhooks.router import HANDLERS

SAMPLES = Path(__file__).parent / "samples"
CANCELLED = (SAMPLES / "orders-cancelled.json").read_text()
DISPUTE = (SAMPLES / "disputes-create.json").read_text()


def tell(shop: Shop, topic: str, body: str) -> None:
    with db.scoped(shop.id) as session:
        event = InboxEvent(shop_domain=ACME, topic=topic, received_at=clock.now())
        HANDLERS[topic](session, session.get_one(Shop, shop.id), body.encode(), event)


def flags(shop: Shop) -> list[str]:
    with db.scoped(shop.id) as session:
        return session.scalars(select(Order.flags)).one()


@pytest.mark.parametrize("topic", ["orders/create", "orders/paid", "orders/updated", "orders/cancelled"])
def test_the_published_order_is_known_under_every_topic_and_earns_nobody_anything(acme: Shop, topic: str) -> None:
    tell(acme, topic, CANCELLED)
    tell(acme, topic, CANCELLED)
    assert books(acme) == {}
    with db.scoped(acme.id) as session:
        order = session.scalars(select(Order)).one()
    assert (order.name, order.test, order.total_minor) == ("#9999", True, 38800)


@pytest.mark.parametrize("changed", [{}, {"cancelled_at": None}, {"cancelled_at": None, "test": False}])
def test_said_to_be_paid_its_missing_twenty_dollars_are_flagged_and_not_invented(
    acme: Shop, changed: dict[str, Any]
) -> None:
    body = json.loads(CANCELLED) | {"financial_status": "paid", "total_outstanding": "0.00"} | changed
    tell(acme, "orders/paid", json.dumps(body))
    assert any("20.00 USD less" in flag for flag in flags(acme))
    found = books(acme)
    assert sum(found.values()) == 0
    assert -found[Account.CUSTOMER_RECEIPTS, None] == 38800
    assert found[Account.UNEXPLAINED, None] == -2000


def test_the_published_dispute_may_come_before_its_order_and_in_another_currency(acme: Shop) -> None:
    tell(acme, "disputes/create", DISPUTE)
    body = json.loads(CANCELLED) | {"financial_status": "paid", "total_outstanding": "0.00", "cancelled_at": None}
    tell(acme, "orders/paid", json.dumps(body))
    tell(acme, "disputes/update", DISPUTE)
    found = books(acme)
    assert sum(found.values()) == 0
    assert -found[Account.DISPUTES, None] == 1150
    assert any("another currency" in flag for flag in flags(acme))


def test_a_published_dispute_that_was_won_on_no_day_and_of_no_order_changes_nothing(acme: Shop) -> None:
    won = json.loads(DISPUTE) | {"id": 1052608616, "order_id": None, "status": "won", "amount": "100.00"}
    tell(acme, "disputes/update", json.dumps(won))
    tell(acme, "disputes/update", json.dumps(won | {"id": 782360659, "order_id": 625362839}))
    with db.scoped(acme.id) as session:
        assert session.scalars(select(OrderDispute.state)).all() == ["won"]
    assert books(acme) == {}
