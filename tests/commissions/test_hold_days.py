"""A rule's own days on hold: before what is agreed with the vendor, frozen with the line, told by every door."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from app import clock, db
from app.commissions import previews, queries, service
from app.commissions.rules import Conditions
from app.ledger.rules import Account
from app.models.orders import OrderLine, VendorOrder
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders.service import release_due_holds
from app.payouts.checks import check_books
from devstore.orders.refunds import RefundRequest, refund_order
from devstore.store import Store
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post, goods, post, store
from tests.orders.test_before_and_after_payout import pay
from tests.orders.test_service import books
from tests.orders.test_shapes import agree, later, sent

__all__ = ["goods", "post", "store"]


def hold(shop: Shop, days: int | None, *vendors: Vendor) -> int:
    """Make a rule for the vendors; returns its number."""
    wanted = Conditions(vendor_ids=frozenset(vendor.id for vendor in vendors))
    draft = service.Draft("Pottery", Decimal(1000), wanted, {}, {}, {}, net_of_tax=False, hold_days=days)
    with db.scoped(shop.id) as session:
        service.ensure_default_rule(session, shop.id)
        return service.add_rule(session, session.get_one(Shop, shop.id), draft, "staff:1")


def frozen(shop: Shop) -> Sequence[int]:
    with db.scoped(shop.id) as session:
        return session.scalars(select(OrderLine.hold_days).order_by(OrderLine.id)).all()


def test_the_days_are_the_rules_then_the_vendors_then_the_shops_and_stay_as_they_were_at_the_sale(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    number = hold(acme, 30, ada)
    for vendor in (ada, bea):
        agree(acme, vendor, hold_days=3)
    buy(store, (goods.mug, 1), (goods.loaf, 1), (goods.bag, 1))
    post.deliver()
    assert frozen(acme) == [30, 3, 14]
    with db.scoped(acme.id) as session:
        service.remove_rule(session, session.get_one(Shop, acme.id), number, "staff:1")
    agree(acme, bea)
    post.deliver(store.all(ACME, "webhook_delivery"))
    assert frozen(acme) == [30, 3, 14]


def test_a_change_of_the_days_is_a_version_and_in_the_history_and_is_restored_with_the_list(acme: Shop) -> None:
    number = hold(acme, 30)
    with db.scoped(acme.id) as session:
        shop, rule = session.get_one(Shop, acme.id), queries.get_version(session, acme.id, number)
        before = clock.now()
        draft = service.Draft(rule.name, rule.rate_bps, Conditions(), {}, {}, {}, net_of_tax=False, hold_days=None)
        service.change_rule(session, shop, number, draft, "staff:1", at=before + timedelta(days=1))
        planned = queries.get_version(session, acme.id, number)
        assert (planned.version, planned.hold_days) == (2, None)
        (now, _) = queries.list_rules(session, acme.id)
        assert (now.version, now.hold_days) == (1, 30)
        assert queries.thaw_rule(queries.freeze_rule(now)).hold_days == 30
        assert queries.read_rule(queries.write_rule(now)) == now


def test_money_waits_as_long_as_the_rule_says_and_a_refund_after_the_payout_is_a_debt(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    hold(acme, 30, ada)
    order = sent(store, (goods.mug, 2), (goods.loaf, 1))
    post.deliver()
    later(monkeypatch, acme, 20)
    now = books(acme)
    assert (Account.VENDOR_AVAILABLE, ada.id) not in now
    assert now[Account.VENDOR_AVAILABLE, bea.id] > 0
    with db.scoped(acme.id) as session:
        dates = select(VendorOrder.next_release_at).where(VendorOrder.vendor_id == ada.id)
        due = session.scalars(dates).one()
    assert due
    monkeypatch.setattr(clock, "now", lambda: due)
    with db.scoped(acme.id) as session:
        release_due_holds(session, acme.id, session.scalars(select(VendorOrder.order_id)).first() or 0)
    assert books(acme)[Account.VENDOR_AVAILABLE, ada.id] > 900
    pay(acme, ada)
    refund_order(store, ACME, order["id"], RefundRequest(amount="5.00"))
    post.deliver()
    assert books(acme)[Account.VENDOR_AVAILABLE, ada.id] < 0
    with db.scoped(acme.id) as session:
        assert check_books(session, acme).holds


def test_with_no_days_money_is_available_when_the_parcel_is_sent(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    hold(acme, 0, ada)
    sent(store, (goods.mug, 1), (goods.loaf, 1))
    post.deliver()
    now = books(acme)
    assert now[Account.VENDOR_AVAILABLE, ada.id] > 0
    assert (Account.VENDOR_AVAILABLE, bea.id) not in now


def test_a_preview_says_for_how_many_lines_the_money_would_have_waited_longer_or_shorter(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    hold(acme, 30, ada)
    buy(store, (goods.mug, 1), (goods.vase, 1), (goods.loaf, 1))
    post.deliver()
    with db.scoped(acme.id) as session:
        shop, (pottery, default) = session.get_one(Shop, acme.id), queries.list_rules(session, acme.id)
        number = previews.ask(session, shop, [pottery, replace(default, hold_days=20)], "staff:1").id
        without = previews.ask(session, shop, [default], "staff:1").id
    rows = {}
    for asked in (number, without):
        previews.compute(acme.id, asked, 0)
        with db.scoped(acme.id) as session:
            found = previews.list_rows(session, previews.get_preview(session, acme.id, asked), "USD")
            rows[asked] = {row.name: (row.longer, row.shorter) for row in found}
    assert rows[number] == {ada.name: (0, 0), bea.name: (1, 0)}
    assert rows[without] == {ada.name: (0, 2), bea.name: (0, 0)}
