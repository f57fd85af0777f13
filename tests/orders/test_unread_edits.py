"""Shopify is asked what an edit changed. Until it answers, nothing is paid out that the answer may still move."""

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from app import clock, db
from app.errors import Conflict
from app.ledger.rules import Account
from app.models.events import InboxEvent
from app.models.orders import Order as OrderRow
from app.models.orders import VendorOrder
from app.models.payouts import Payout
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders.additions import asked_until
from app.orders.facts import Order, Payment, RefundBearer, ShippingRefund
from app.orders.holds import release_hold
from app.orders.rules import book_to_date
from app.orders.stages import HoldReason, Stage
from devstore.orders.edits import edit_order
from devstore.store import Doc, Store
from tests.devstore.orders.cast import ACME
from tests.orders.conftest import Post
from tests.orders.make import ADA, BEA, DAY_0, line, order, refund, sent, shipping, terms
from tests.orders.test_additions import hear, read, told
from tests.orders.test_before_and_after_payout import pay
from tests.orders.test_service import books, lines_of
from tests.orders.test_shapes import later, reason
from tests.orders.test_shapes import sent as bought_and_sent
from webhooks.handlers.orders import handle_news

UNTIL = DAY_0 + timedelta(days=30)


def edited(*vendors: int, **more: Any) -> Order:
    """Sent, and past every return window; Shopify is asked until day 30."""
    lines = [line(number, 1, 1000, terms=terms(vendor)) for number, vendor in enumerate(vendors, 1)]
    facts = {"shipping": (shipping(600),), "asked_until": UNTIL, **more}
    return order(*lines, fulfilments=(sent(1, {one.id: 1 for one in lines}),), **facts)


def waiting(known: Order, day: int = 29) -> set[str]:
    """The components of which something is on hold."""
    buckets = book_to_date(known, DAY_0 + timedelta(days=day)).buckets
    held = [(name, one) for (name, _), parts in buckets.items() for one in parts if one.stage is Stage.HELD]
    assert {(one.reason, one.release_at) for _, one in held} <= {(HoldReason.CHECK, UNTIL)}
    return {name for name, _ in held}


def test_shared_shipping_waits_and_what_the_goods_earned_does_not() -> None:
    assert waiting(edited(ADA, BEA)) == {"shipping:369"}
    assert waiting(edited(ADA, BEA), day=30) == set()
    assert waiting(edited(ADA, BEA, asked_until=None)) == set()


@pytest.mark.parametrize("known", [edited(ADA), edited(ADA, ADA), edited(ADA, BEA, shipping=())])
def test_where_nobody_shares_shipping_nothing_waits(known: Order) -> None:
    assert waiting(known) == set()


def test_shipping_of_one_vendor_waits_where_the_commission_on_it_may_change() -> None:
    """A rule takes its rate of the part that falls on its line, by value."""
    lines = line(1, 1, 1000), line(2, 1, 1000, terms=terms(ADA, with_shipping=True))
    parcel = sent(1, {1: 1, 2: 1})
    assert waiting(order(*lines, shipping=(shipping(600),), fulfilments=(parcel,), asked_until=UNTIL)) == {
        "shipping:369"
    }


def test_the_goods_wait_too_where_a_part_was_paid_or_a_refund_takes_all_of_one_vendor() -> None:
    everything = {"line:1", "line:2", "shipping:369"}
    assert waiting(edited(ADA, BEA, payment=Payment.PARTLY, outstanding=1300)) == everything
    named = refund(1, 300, bearer=RefundBearer.VENDOR, bearer_vendor_id=ADA)
    assert waiting(edited(ADA, BEA, refunds=(named,))) == everything


def test_a_debt_does_not_wait() -> None:
    """The marketplace keeps its commission on shipping that went back."""
    lines = [line(number, 1, 1000, terms=terms(who, with_shipping=True)) for number, who in ((1, ADA), (2, BEA))]
    back = refund(1, 600, shipping=(ShippingRefund(shipping_id=369, amount=600),), keep_commission=True)
    known = order(
        *lines, shipping=(shipping(600),), refunds=(back,), fulfilments=(sent(1, {1: 1, 2: 1}),), asked_until=UNTIL
    )
    assert waiting(known) == set()
    free = [one.amount for one in book_to_date(known, UNTIL).buckets["shipping:369", ADA]]
    assert free == [-30]


def test_every_edit_of_which_only_its_webhook_told_is_asked_about_for_a_day() -> None:
    """Also where it added nothing: it may have given a discount."""
    for units in (0, 1):
        assert asked_until(hear([told(1, 7), told(3, 8, units)])) == DAY_0 + timedelta(days=1, minutes=3)
    assert asked_until(hear([told(1, 7), read(4)])) is None
    assert asked_until(hear([read(4), told(1, 7)])) is None
    assert asked_until(hear([told(1, 7), read(4), told(9, 7)])) == DAY_0 + timedelta(days=1, minutes=9)


@pytest.fixture
def discounted(goods: SimpleNamespace, store: Store, post: Post, acme: Shop, monkeypatch: pytest.MonkeyPatch) -> Doc:
    """Ada's two vases and Bea's loaf share 6.90 of shipping, and all is available; then 60.00 are off the vases."""
    made = bought_and_sent(store, (goods.vase, 2), (goods.loaf, 1))
    post.deliver()
    later(monkeypatch, acme, 20)
    store.clock.set_offset(20 * 24 * 3600)
    edit_order(store, ACME, made["id"], discounts={lines_of(made)["VASE"]: "60.00"})
    post.deliver()
    return made


def answer(shop: Shop, off: dict[str, int]) -> None:
    """As the comparison with Shopify brings the order in."""
    with db.scoped(shop.id) as session:
        row = session.scalars(select(OrderRow)).one()
        edit = {"at": row.snapshot_updated_at.isoformat(), "units": {}, "off": off}
        body = row.snapshot | {"app_read_afterwards": True, "app_additions": [edit]}
        handle_news(session, shop, json.dumps(body).encode(), InboxEvent(shop_domain=ACME, topic="orders/updated"))


def test_a_payout_before_the_answer_leaves_the_shipping_for_the_next(
    discounted: Doc, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    """By what the goods cost now, Bea would have 4.14 of it."""
    asked = books(acme)
    assert (asked[Account.VENDOR_HELD, ada.id], asked[Account.VENDOR_HELD, bea.id]) == (276, 414)
    assert (reason(acme, ada), reason(acme, bea)) == ("check", "check")
    pay(acme, bea)
    answer(acme, {f"line:{lines_of(discounted)['VASE']}": 6000})
    now = books(acme)
    assert (Account.VENDOR_HELD, bea.id) not in now
    assert now[Account.VENDOR_AVAILABLE, bea.id] == 90
    assert (reason(acme, ada), reason(acme, bea)) == (None, None)
    with db.scoped(acme.id) as session:
        assert session.scalars(select(Payout.amount_minor)).all() == [900]


@pytest.mark.usefixtures("discounted")
def test_without_an_answer_it_waits_a_day(acme: Shop, bea: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    with db.scoped(acme.id) as session:
        part = session.scalars(select(VendorOrder).where(VendorOrder.vendor_id == bea.id)).one()
        assert part.next_release_at is not None
        left = part.next_release_at - clock.now()
        with pytest.raises(Conflict, match="Shopify is asked"):
            release_hold(session, acme.id, part.id, reason="now", actor="staff:1")
    assert timedelta(hours=23) < left <= timedelta(days=1, minutes=1)
    later(monkeypatch, acme, 1)
    later(monkeypatch, acme, 1)
    assert books(acme)[Account.VENDOR_AVAILABLE, bea.id] == 900 + 414
