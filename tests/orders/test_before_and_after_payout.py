"""Each shape of giving money back, before a payout and after it: the vendor ends with the same, the books hold."""

import csv
import io
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from app import db
from app.ledger.rules import Account
from app.models.payouts import Payout
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.payouts import moves, queries, service, statements
from app.payouts.checks import check_books
from app.vendors.payout_details import PayoutDetails, change_payout_details
from devstore.orders.disputes import move_dispute, open_dispute
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.store import Doc, Store
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post
from tests.orders.test_service import books, lines_of
from tests.orders.test_shapes import choose, later, sent

Shape = Callable[[Store, Doc], None]


def one_line(store: Store, order: Doc) -> None:
    refund_order(store, ACME, order["id"], RefundRequest([LineRefund(lines_of(order)["MUG"], 1, "return")]))


def in_many_parts(store: Store, order: Doc) -> None:
    for amount in ("1.11", "2.22", "0.01", "3.33"):
        refund_order(store, ACME, order["id"], RefundRequest(amount=amount))


def everything(store: Store, order: Doc) -> None:
    lines = [LineRefund(line["id"], line["quantity"], "return") for line in order["line_items"]]
    refund_order(store, ACME, order["id"], RefundRequest(lines, shipping="full"))


def shipping_alone(store: Store, order: Doc) -> None:
    refund_order(store, ACME, order["id"], RefundRequest(shipping="full"))


def lost_dispute(store: Store, order: Doc) -> None:
    dispute = open_dispute(store, ACME, order["id"], amount="7.77")
    move_dispute(store, ACME, order["id"], dispute["id"], "lost")


def won_dispute(store: Store, order: Doc) -> None:
    dispute = open_dispute(store, ACME, order["id"], amount="7.77")
    move_dispute(store, ACME, order["id"], dispute["id"], "won")


def open_case(store: Store, order: Doc) -> None:
    open_dispute(store, ACME, order["id"], amount="7.77")


SHAPES: list[Shape] = [one_line, in_many_parts, everything, shipping_alone, lost_dispute, won_dispute, open_case]


def pay(shop: Shop, vendor: Vendor) -> None:
    with db.scoped(shop.id) as session:
        row = session.get_one(Vendor, vendor.id)
        change_payout_details(session, row, PayoutDetails("DE89370400440532013000", "Ada"), actor="test")
        session.flush()
        row.payout_changed_at = None
    with db.scoped(shop.id) as session:
        service.open_batch(session, shop, [vendor.id], actor="staff:1")
    for action in ("approve", "pay_by_hand"):
        with db.scoped(shop.id) as session:
            payout = session.scalars(select(Payout).order_by(Payout.id.desc()).limit(1)).one()
            moves.move(session, payout, action, actor="staff:1", reason=None)


def _has(shop: Shop, vendor: Vendor) -> int:
    """All that the vendor has of the order, paid out or not."""
    return sum(amount for (_, owner), amount in books(shop).items() if owner == vendor.id)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_vendor_ends_with_the_same_and_owes_what_was_paid_too_much(
    shape: Shape, goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    choose(acme, dispute_fee_minor=1500)
    ends = []
    for pays_first in (False, True):
        order = sent(store, (goods.mug, 3), (goods.loaf, 1))
        before = _has(acme, ada)
        post.deliver()
        later(monkeypatch, acme, 20)
        if pays_first:
            pay(acme, ada)
        shape(store, order)
        post.deliver()
        ends.append(_has(acme, ada) - before)
    assert ends[0] == ends[1]
    now = books(acme)
    assert sum(now.values()) == 0
    free = now.get((Account.VENDOR_AVAILABLE, ada.id), 0)
    with db.scoped(acme.id) as session:
        assert check_books(session, acme).holds
        rows = {row.vendor.id: row for row in queries.preview(session, acme)}
    if free < 0:
        assert "Owes money" in str(rows[ada.id].obstacle)


def test_a_full_refund_after_a_payout_is_a_debt_that_the_next_earnings_pay(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = sent(store, (goods.mug, 1))
    post.deliver()
    later(monkeypatch, acme, 20)
    pay(acme, ada)
    assert books(acme).get((Account.VENDOR_AVAILABLE, ada.id), 0) == 0
    everything(store, order)
    post.deliver()
    paid = books(acme)
    assert -paid[Account.VENDOR_AVAILABLE, ada.id] == paid[Account.PAID_OUT, ada.id]
    sent(store, (goods.mug, 4))
    post.deliver()
    later(monkeypatch, acme, 20)
    with db.scoped(acme.id) as session:
        [row] = queries.preview(session, acme)
    assert row.obstacle is None, "the next earnings are paid less the debt"


def test_what_comes_in_two_parcels_is_named_with_its_price_on_one_statement_once(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = buy(store, (goods.mug, 3))
    mug = lines_of(order)["MUG"]
    priced = []
    for days in (20, 40):
        fulfil_lines(store, ACME, order["id"], {mug: 1 if days == 20 else 2})
        post.deliver()
        later(monkeypatch, acme, days)
        pay(acme, ada)
        with db.scoped(acme.id) as session:
            payout = session.scalars(select(Payout).order_by(Payout.id.desc()).limit(1)).one()
            body, _ = statements.make_file(session, acme, payout, "csv")
        rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
        priced += [(row["quantity"], row["price"]) for row in rows if row["item"] == "Mug"]
    assert priced == [("3", "15.00"), ("", "")]
