"""An edit of an order is told once, to those whose lines it changed, whatever of it arrives, how often and when."""

import json
import random
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.models.emails import Email
from app.models.events import DomainEvent
from app.models.notices import Notice
from app.models.orders import Order as OrderRow
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders.edits import find_edited_lines
from app.shopify.payloads import read_payload
from app.shopify.payloads_orders import Order
from devstore.orders import edits as devstore_edits
from devstore.orders.cancel import cancel_order
from devstore.orders.payments import mark_as_paid
from devstore.orders.purchase import LineRequest
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.store import Doc, Store
from jobs.outbox import deliver
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post
from tests.orders.test_batches import take_in
from webhooks.handlers.orders import READERS


def add(doc: Doc, units: int = 1) -> list[LineRequest]:
    return [LineRequest(variant_id=doc["variants"][0]["id"], quantity=units)]


def edit_order(store: Store, number: int, **change: Any) -> Doc:
    """A minute after whatever happened before."""
    store.clock.set_offset(store.clock.offset_seconds + 60)
    return devstore_edits.edit_order(store, ACME, number, **change)


def edits(shop: Shop) -> list[list[int]]:
    """The vendors that each told edit concerns."""
    with db.scoped(shop.id) as session:
        query = select(DomainEvent.subject).where(DomainEvent.kind == "OrderEdited").order_by(DomainEvent.id)
        return [subject["vendor_ids"] for subject in session.scalars(query)]


def mails(shop: Shop) -> list[tuple[str, str]]:
    """E-mails to vendors about orders: kind and address."""
    deliver(shop.id)
    with db.scoped(shop.id) as session:
        rows = session.execute(select(Email.kind, Email.to_address).order_by(Email.id)).all()
        return [(kind, to) for kind, to in rows if kind.startswith("vendor_")]


def notices(shop: Shop) -> list[tuple[str, int | None]]:
    """What vendors were told in the app, and which of them; once everything was told."""
    with db.scoped(shop.id) as session:
        query = select(Notice.kind, Notice.vendor_id).where(Notice.vendor_id.is_not(None)).order_by(Notice.id)
        return [(kind, vendor_id) for kind, vendor_id in session.execute(query)]


def test_units_taken_off_are_told_to_their_vendor_alone(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    order = buy(store, (goods.mug, 3), (goods.loaf, 1))
    post.deliver()
    assert sorted(mails(acme)) == [("vendor_new_order", ada.email), ("vendor_new_order", bea.email)]
    edit_order(store, order["id"], remove={order["line_items"][0]["id"]: 2})
    post.deliver()
    assert edits(acme) == [[ada.id]]
    assert mails(acme)[2:] == [("vendor_order_edited", ada.email)]
    with db.system() as session:
        noticed = select(Notice.vendor_id).where(Notice.kind == "OrderEdited")
        assert session.scalars(noticed).all() == [ada.id]
        kinds = session.scalars(select(DomainEvent.kind)).all()
        assert "RefundProcessed" not in kinds, "Shopify tells of them by a refund, but nothing was given back"
        text = session.scalars(select(Email.text_body).where(Email.kind == "vendor_order_edited")).one()
    assert "1 x Mug" in text
    assert "Loaf" not in text


def test_whoever_comes_in_by_an_edit_has_a_new_order(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    order = buy(store, (goods.mug, 1))
    post.deliver()
    assert mails(acme) == [("vendor_new_order", ada.email)]
    edit_order(store, order["id"], add=add(goods.loaf, 2))
    post.deliver()
    assert edits(acme) == [[bea.id]]
    assert mails(acme)[1:] == [("vendor_new_order", bea.email)]


def test_of_an_unpaid_order_nobody_was_told_and_the_payment_tells_it_as_it_is_then(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, bea: Vendor
) -> None:
    order = buy(store, (goods.mug, 1), pay=False)
    post.deliver()
    edit_order(store, order["id"], add=add(goods.loaf))
    post.deliver()
    assert edits(acme) == [[bea.id]]
    assert mails(acme) == []
    assert notices(acme) == []


def test_the_payment_tells_of_the_units_that_are_left(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    order = buy(store, (goods.mug, 3), pay=False)
    post.deliver()
    edit_order(store, order["id"], remove={order["line_items"][0]["id"]: 2})
    post.deliver()
    mark_as_paid(store, ACME, order["id"])
    post.deliver()
    assert mails(acme) == [("vendor_new_order", ada.email)]
    with db.system() as session:
        text = session.scalars(select(Email.text_body).where(Email.kind == "vendor_new_order")).one()
    assert "1 x Mug" in text


def test_an_edit_and_the_payment_heard_of_at_once_are_one_mail(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    """The outbox may hand them over in either order."""
    order = buy(store, (goods.mug, 3), pay=False)
    post.deliver()
    edit_order(store, order["id"], remove={order["line_items"][0]["id"]: 2})
    mark_as_paid(store, ACME, order["id"])
    post.deliver(list(reversed(post.waiting())))
    assert edits(acme) == [[ada.id]]
    assert mails(acme) == [("vendor_new_order", ada.email)]
    assert notices(acme) == [("PaymentReceived", ada.id)]
    with db.system() as session:
        text = session.scalars(select(Email.text_body).where(Email.kind == "vendor_new_order")).one()
    assert "1 x Mug" in text


def test_the_customer_is_thanked_for_what_an_edit_before_the_payment_left(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    order = buy(store, (goods.mug, 3), (goods.loaf, 1), pay=False)
    mug, loaf = (line["id"] for line in order["line_items"])
    post.deliver()
    edit_order(store, order["id"], remove={mug: 2, loaf: 1}, add=add(goods.vase))
    post.deliver()
    mark_as_paid(store, ACME, order["id"])
    post.deliver()
    with db.scoped(acme.id) as session:
        paid = session.scalars(select(OrderRow.snapshot)).one()["current_total_price"]
    refund_order(store, ACME, order["id"], RefundRequest([LineRefund(mug, 1, "cancel")], amount="10.00"))
    post.deliver()
    mails(acme)
    with db.system() as session:
        text = session.scalars(select(Email.text_body).where(Email.kind == "customer_order_received")).one()
    assert "1 x Mug" in text
    assert "1 x Vase" in text
    assert "Loaf" not in text
    assert f"for ${paid}." in text


def test_whose_units_were_all_taken_off_before_the_payment_hears_of_no_order(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    order = buy(store, (goods.mug, 2), (goods.loaf, 1), pay=False)
    post.deliver()
    edit_order(store, order["id"], remove={order["line_items"][1]["id"]: 1})
    post.deliver()
    mark_as_paid(store, ACME, order["id"])
    post.deliver()
    assert mails(acme) == [("vendor_new_order", ada.email)]
    with db.scoped(acme.id) as session:
        noticed = select(Notice.vendor_id).where(Notice.kind == "PaymentReceived", Notice.vendor_id.is_not(None))
        assert session.scalars(noticed).all() == [ada.id]
    edit_order(store, order["id"], add=add(goods.loaf))
    post.deliver()
    assert mails(acme)[1:] == [("vendor_new_order", bea.email)]


def test_who_was_given_back_before_the_mail_hears_of_what_was_sold(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor
) -> None:
    order = buy(store, (goods.mug, 3), pay=False)
    line = order["line_items"][0]["id"]
    edit_order(store, order["id"], remove={line: 1})
    mark_as_paid(store, ACME, order["id"])
    refund_order(store, ACME, order["id"], RefundRequest([LineRefund(line, 2, "cancel")], amount="10.00"))
    post.deliver()
    assert mails(acme) == [("vendor_new_order", ada.email)]
    with db.system() as session:
        text = session.scalars(select(Email.text_body).where(Email.kind == "vendor_new_order")).one()
    assert "2 x Mug" in text


def test_the_stores_own_goods_concern_no_vendor_and_are_told_all_the_same(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    order = buy(store, (goods.mug, 1))
    post.deliver()
    edit_order(store, order["id"], add=add(goods.bag))
    post.deliver()
    assert edits(acme) == [[]]
    assert [kind for kind, _ in mails(acme)] == ["vendor_new_order"]


@pytest.mark.parametrize("seed", range(4))
def test_doubled_and_in_any_order_an_edit_is_told_once(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor, seed: int
) -> None:
    """Also beside a refund of the same line, whose own news may overtake the order's."""
    order = buy(store, (goods.mug, 4))
    post.deliver()
    line = order["line_items"][0]["id"]
    edit_order(store, order["id"], remove={line: 1}, add=add(goods.loaf))
    store.clock.set_offset(120)
    refund_order(store, ACME, order["id"], RefundRequest([LineRefund(line, 2, "cancel")], amount="10.00"))
    post.deliver_in_disorder(seed)
    assert edits(acme) == [[ada.id, bea.id]]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_taken_in_by_the_batch_an_edit_is_told_once(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor, size: int
) -> None:
    order = buy(store, (goods.mug, 4))
    post.deliver()
    edit_order(store, order["id"], remove={order["line_items"][0]["id"]: 1}, add=add(goods.loaf))
    deliveries = [sent for sent in post.waiting() if sent["topic"] in READERS] * 2
    random.Random(size).shuffle(deliveries)
    for at in range(0, len(deliveries), size):
        take_in(acme, deliveries[at : at + size])
    assert edits(acme) == [[ada.id, bea.id]]


def test_two_edits_are_told_twice_and_one_that_was_undone_meanwhile_not_at_all(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, bea: Vendor
) -> None:
    order = buy(store, (goods.mug, 1))
    post.deliver()
    for _ in range(2):
        edit_order(store, order["id"], add=add(goods.loaf))
        post.deliver()
    assert edits(acme) == [[bea.id], [bea.id]]
    edited = edit_order(store, order["id"], add=add(goods.vase))
    edit_order(store, order["id"], remove={edited["line_items"][-1]["id"]: 1})
    take_in(acme, [sent for sent in post.waiting() if sent["topic"] in READERS])
    assert len(edits(acme)) == 2


def test_an_order_that_is_heard_of_after_its_edit_is_only_new(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    order = buy(store, (goods.mug, 1))
    edit_order(store, order["id"], add=add(goods.loaf))
    post.deliver(list(reversed(post.waiting())))
    assert edits(acme) == []


def test_refunds_and_cancellations_are_no_edits(goods: SimpleNamespace, store: Store, post: Post, acme: Shop) -> None:
    refunded, cancelled, unpaid = (buy(store, (goods.mug, 3), pay=paid) for paid in (True, True, False))
    post.deliver()
    line = refunded["line_items"][0]["id"]
    refund_order(store, ACME, refunded["id"], RefundRequest([LineRefund(line, 1, "cancel")]))
    refund_order(store, ACME, refunded["id"], RefundRequest(amount="1.00"))
    cancel_order(store, ACME, cancelled["id"])
    cancel_order(store, ACME, unpaid["id"])
    post.deliver_in_disorder(3)
    assert edits(acme) == []


def snapshot(quantity: int = 3, current: int | None = None, **more: object) -> Order:
    """An order of one line, number 11."""
    money = {"shop_money": {"amount": "5.00", "currency_code": "USD"}}
    item = {"id": 11, "quantity": quantity, "current_quantity": current, "price_set": money}
    told = {"id": 1, "name": "#1", "currency": "USD", "total_price_set": money, "line_items": [item]}
    times = dict.fromkeys(("created_at", "updated_at"), "2026-11-20T09:00:00Z")
    return read_payload(Order, json.dumps(told | times | more).encode())


def refund(units: int, *, money: bool) -> dict[str, object]:
    part = {"id": 1, "line_item_id": 11, "quantity": units, "restock_type": "cancel"}
    worth = {"subtotal_set": {"shop_money": {"amount": "5.00", "currency_code": "USD"}}}
    paid = {"id": 2, "kind": "refund", "status": "pending", "amount": "5.00"}
    when = {"created_at": "2026-11-20T09:00:00Z", "order_id": 1, "id": 1}
    return when | {"refund_line_items": [part | worth], "transactions": [paid] if money else []}


def test_only_what_a_snapshot_says_itself_makes_an_edit() -> None:
    whole = snapshot(current=3)
    assert find_edited_lines(whole, snapshot(current=2, refunds=[refund(1, money=False)])) == {11}
    assert find_edited_lines(whole, snapshot(current=2)) == {11}
    assert find_edited_lines(whole, snapshot(5, 5)) == {11}
    assert not find_edited_lines(whole, snapshot(current=2, refunds=[refund(1, money=True)]))
    assert not find_edited_lines(whole, snapshot())
    taken_off = snapshot(current=2, refunds=[refund(1, money=False)])
    assert not find_edited_lines(taken_off, snapshot())
    assert not find_edited_lines(snapshot(), taken_off)
    assert find_edited_lines(taken_off, snapshot(4)) == {11}
    assert not find_edited_lines(whole, snapshot(current=0, cancelled_at="2026-11-20T10:00:00Z"))
