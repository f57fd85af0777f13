"""Orders from the development store into real books, in whichever order their webhooks arrive."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from app import clock, db
from app.commissions import queries, service
from app.ledger.rules import Account
from app.models.events import DomainEvent
from app.models.ledger import LedgerEntry, LedgerTransaction
from app.models.orders import Order, OrderLine, VendorOrder, VendorOrderStatus
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders.service import release_due_holds
from devstore.orders.cancel import cancel_order
from devstore.orders.edits import edit_order
from devstore.orders.fulfilment import fulfil_lines
from devstore.orders.payments import capture, mark_as_paid
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.orders.shipments import add_event
from devstore.store import Doc, Store
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post

Books = dict[tuple[str, int | None], int]


def books(shop: Shop) -> Books:
    with db.scoped(shop.id) as session:
        sums = select(LedgerEntry.account, LedgerEntry.vendor_id, func.sum(LedgerEntry.amount_minor))
        rows = session.execute(sums.group_by(LedgerEntry.account, LedgerEntry.vendor_id))
        return {(account, vendor): int(amount) for account, vendor, amount in rows if amount}


def count_transactions(shop: Shop) -> int:
    with db.scoped(shop.id) as session:
        return session.scalar(select(func.count()).select_from(LedgerTransaction)) or 0


def lines_of(order: Doc) -> dict[str, int]:
    return {line["sku"]: line["id"] for line in order["line_items"]}


def test_an_order_is_split_between_its_vendors_and_the_store(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    order = buy(store, (goods.mug, 3), (goods.loaf, 2), (goods.bag, 1))
    post.deliver()
    found = books(acme)
    shipping = int(order["shipping_lines"][0]["price"].replace(".", ""))
    assert found[Account.COMMISSION, None] == 150 + 200
    assert found[Account.GOODS_REVENUE, None] == 200
    vendors = found[Account.VENDOR_PENDING, ada.id] + found[Account.VENDOR_PENDING, bea.id]
    assert vendors + found.get((Account.SHIPPING_REVENUE, None), 0) == 1350 + 1800 + shipping
    assert -found[Account.CUSTOMER_RECEIPTS, None] == int(order["total_price"].replace(".", ""))
    assert sum(found.values()) == 0
    with db.scoped(acme.id) as session:
        attributions = dict(session.execute(select(OrderLine.sku, OrderLine.attribution)).all())
    assert attributions == {"MUG": "product", "LOAF": "product", "BAG": "none"}


def test_a_replayed_webhook_changes_nothing(goods: SimpleNamespace, store: Store, post: Post, acme: Shop) -> None:
    buy(store, (goods.mug, 1))
    post.deliver()
    before, posted = books(acme), count_transactions(acme)
    post.deliver(store.all(ACME, "webhook_delivery")[:3])
    assert (books(acme), count_transactions(acme)) == (before, posted)


def test_a_parcels_way_is_told_once_each_also_when_the_carrier_leaves_a_step_out(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    order = buy(store, (goods.mug, 1))
    parcel = fulfil_lines(store, ACME, order["id"], None)[0]
    post.deliver()
    add_event(store, ACME, parcel["id"], "delivered")
    post.deliver()
    post.deliver(store.all(ACME, "webhook_delivery"))
    with db.scoped(acme.id) as session:
        kinds = session.scalars(select(DomainEvent.kind).order_by(DomainEvent.id)).all()
    assert kinds == ["OrderCreated", "PaymentReceived", "OrderFulfilled", "OrderShipped", "OrderDelivered"]


Story = Callable[[Store, SimpleNamespace], None]


def _refunds(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 3), (goods.vase, 2), discount_codes=["WELCOME10"])
    lines = lines_of(order)
    refund_order(store, ACME, order["id"], RefundRequest([LineRefund(lines["MUG"], 1, "cancel")]))
    fulfil_lines(store, ACME, order["id"], {lines["VASE"]: 2})
    refund_order(store, ACME, order["id"], RefundRequest(amount="3.21"))
    refund_order(store, ACME, order["id"], RefundRequest([LineRefund(lines["VASE"], 1, "return")], shipping="1.00"))


def _cancelled(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 3), (goods.loaf, 2))
    cancel_order(store, ACME, order["id"])


def _paid_later(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 1), (goods.loaf, 1), pay=False)
    mark_as_paid(store, ACME, order["id"])
    fulfil_lines(store, ACME, order["id"], None)


def _abroad(store: Store, goods: SimpleNamespace) -> None:
    shop = store.all(ACME, "shop")[0]
    store.put(ACME, "shop", {**shop, "presentment_rates": {"EUR": "0.9137"}})
    order = buy(store, (goods.vase, 3), (goods.loaf, 1), currency_presentment="EUR")
    refund_order(store, ACME, order["id"], RefundRequest([LineRefund(lines_of(order)["VASE"], 1, "cancel")]))


def _prices_with_tax(store: Store, goods: SimpleNamespace) -> None:
    shop = store.all(ACME, "shop")[0]
    store.put(ACME, "shop", {**shop, "taxes_included": True})
    order = buy(store, (goods.vase, 3), (goods.mug, 1), discount_codes=["FIVEOFF"])
    refund_order(store, ACME, order["id"], RefundRequest([LineRefund(lines_of(order)["VASE"], 2, "cancel")]))
    refund_order(store, ACME, order["id"], RefundRequest(amount="0.77"))


def _captured_in_parts(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.vase, 2), (goods.loaf, 1), capture=False)
    capture(store, ACME, order["id"], "20.00")
    refund_order(store, ACME, order["id"], RefundRequest(amount="5.00"))
    capture(store, ACME, order["id"], None)


def _edited(store: Store, goods: SimpleNamespace) -> None:
    order = buy(store, (goods.mug, 3), (goods.loaf, 1))
    edit_order(store, ACME, order["id"], remove={lines_of(order)["MUG"]: 1})
    refund_order(store, ACME, order["id"], RefundRequest(amount="5.50"))
    edit_order(store, ACME, order["id"], add=[{"variant_id": goods.bag["variants"][0]["id"], "quantity": 2}])
    mark_as_paid(store, ACME, order["id"])


@pytest.mark.parametrize(
    "story", [_edited, _refunds, _cancelled, _paid_later, _abroad, _prices_with_tax, _captured_in_parts]
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_order_of_arrival_ends_in_the_same_books(
    story: Story, seed: int, goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    story(store, goods)
    everything = post.waiting()
    post.deliver_in_disorder(seed)
    shuffled = books(acme)
    assert sum(shuffled.values()) == 0
    post.deliver(everything)
    assert books(acme) == shuffled
    [order] = store.all(ACME, "order")
    net = _minor(order["total_price"]) if story is not _cancelled else 0
    returned = 0 if story is _cancelled else sum(_returned(order))
    assert -shuffled.get((Account.CUSTOMER_RECEIPTS, None), 0) == net - returned
    with db.scoped(acme.id) as session:
        assert session.scalars(select(Order.flags)).one() == []


def _minor(amount: str) -> int:
    return int(amount.replace(".", ""))


def _returned(order: Doc) -> list[int]:
    return [_minor(entry["amount"]) for entry in order["transactions"] if entry["kind"] == "refund"]


def test_units_refunded_in_another_currency_with_the_tax_in_their_prices_return_what_was_paid_for_them(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    """33.33 contains 3.03 of tax: taken twice, the refund of a vase would be of 36.36."""
    shop = store.find(ACME, "shop")
    assert shop is not None
    store.put(ACME, "shop", {**shop, "presentment_rates": {"EUR": "0.9137"}, "taxes_included": True})
    order = buy(store, (goods.vase, 2), currency_presentment="EUR")
    post.deliver()
    paid = books(acme)["customer_receipts", None]
    for _ in range(2):
        refund_order(store, ACME, order["id"], RefundRequest([LineRefund(lines_of(order)["VASE"], 1)]))
        post.deliver()
        assert books(acme)["customer_receipts", None] - paid == 3333
        paid += 3333


def test_an_unpaid_order_is_known_and_earns_nothing(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    buy(store, (goods.mug, 1), pay=False)
    post.deliver()
    assert books(acme) == {}
    with db.scoped(acme.id) as session:
        assert session.scalars(select(VendorOrder.status)).one() is VendorOrderStatus.UNPAID


def test_a_cancelled_order_leaves_nothing_to_anybody(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    order = buy(store, (goods.mug, 3))
    post.deliver()
    cancel_order(store, ACME, order["id"])
    post.deliver()
    assert books(acme) == {}


def test_money_moves_on_when_the_return_window_is_over(
    goods: SimpleNamespace,
    store: Store,
    post: Post,
    acme: Shop,
    ada: Vendor,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("clock")
    monkeypatch.setenv("STALLKEEPER_CLOCK_DIR", str(folder))
    order = buy(store, (goods.mug, 2))
    fulfil_lines(store, ACME, order["id"], None)
    post.deliver()
    held = books(acme)[Account.VENDOR_HELD, ada.id]
    with db.scoped(acme.id) as session:
        part = session.scalars(select(VendorOrder)).one()
        assert part.status is VendorOrderStatus.SHIPPED
        assert part.next_release_at is not None
        assert part.next_release_at - clock.now() > timedelta(days=13)
    (folder / "clock-offset").write_text(str(15 * 86400))
    with db.scoped(acme.id) as session:
        release_due_holds(session, acme.id, part.order_id)
    assert books(acme)[Account.VENDOR_AVAILABLE, ada.id] == held


def test_what_was_frozen_at_the_sale_outlives_a_change_of_the_rules(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    order = buy(store, (goods.mug, 2))
    post.deliver()
    before = books(acme)[Account.COMMISSION, None]
    with db.scoped(acme.id) as session:
        rule = queries.list_rules(session, acme.id)[0]
        draft = service.Draft(rule.name, Decimal(5000), replace(rule.conditions), {}, {}, {}, net_of_tax=False)
        service.change_rule(session, session.get_one(Shop, acme.id), rule.id, draft, "staff:1")
    refund_order(store, ACME, order["id"], RefundRequest([LineRefund(lines_of(order)["MUG"], 1, "cancel")]))
    post.deliver()
    assert books(acme)[Account.COMMISSION, None] == before // 2
    buy(store, (goods.mug, 2))
    post.deliver()
    assert books(acme)[Account.COMMISSION, None] == before // 2 + 500


def test_events_are_announced_once(goods: SimpleNamespace, store: Store, post: Post, acme: Shop) -> None:
    order = buy(store, (goods.mug, 1))
    refund_order(store, ACME, order["id"], RefundRequest(amount="1.00"))
    fulfil_lines(store, ACME, order["id"], None)
    post.deliver_in_disorder(7)
    with db.scoped(acme.id) as session:
        kinds = sorted(session.scalars(select(DomainEvent.kind)))
    assert kinds == ["OrderCreated", "OrderFulfilled", "PaymentReceived", "RefundProcessed"]


def test_the_database_refuses_to_change_the_books(goods: SimpleNamespace, store: Store, post: Post, acme: Shop) -> None:
    buy(store, (goods.mug, 1))
    post.deliver()
    with pytest.raises(DBAPIError, match="permission denied"), db.scoped(acme.id) as session:
        session.execute(text("UPDATE ledger_entries SET amount_minor = 1"))
    owner = db.get_engine()
    with pytest.raises(DBAPIError, match="append-only"), owner.begin() as connection:
        connection.execute(text("DELETE FROM ledger_transactions"))


def test_an_unbalanced_posting_is_never_committed(goods: SimpleNamespace, store: Store, post: Post, acme: Shop) -> None:
    buy(store, (goods.mug, 1))
    post.deliver()
    with db.scoped(acme.id) as session:
        transaction_id = session.scalars(select(LedgerTransaction.id)).first()
    one_sided = text(
        "INSERT INTO ledger_entries (shop_id, transaction_id, account, amount_minor, currency)"
        " VALUES (:shop_id, :transaction_id, 'tips', 1, 'USD')"
    ).bindparams(shop_id=acme.id, transaction_id=transaction_id)
    with pytest.raises(DBAPIError, match="do not sum to zero"), db.scoped(acme.id) as session:
        session.execute(one_sided)


def test_a_vendor_sees_no_other_vendors_money(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    buy(store, (goods.mug, 1), (goods.loaf, 1))
    post.deliver()
    with db.scoped(acme.id, ada.id) as session:
        assert set(session.scalars(select(LedgerEntry.vendor_id))) == {ada.id}
        assert set(session.scalars(select(LedgerTransaction.vendor_id))) == {ada.id}
        assert set(session.scalars(select(OrderLine.vendor_id))) == {ada.id}
        assert [part.vendor_id for part in session.scalars(select(VendorOrder))] == [ada.id]
        assert session.scalars(select(Order)).all() == []
