"""News that come at the worst moment, or from people who would like to earn what is not theirs."""

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import permutations
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app import db
from app.commissions import queries, service
from app.ledger.rules import Account
from app.models.ledger import LedgerEntry, LedgerTransaction
from app.models.orders import Order, OrderLine
from app.models.products import Product
from app.models.shops import Shop, ShopSettings
from app.models.vendors import Vendor, VendorStatus
from app.payouts.checks import check_books
from app.shopify.payloads import PayloadError
from devstore.orders.documents import get_order
from devstore.orders.edits import edit_order
from devstore.orders.payments import mark_as_paid
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.orders.standing import paid_back, paid_in
from devstore.store import Doc, Store
from tests.conftest import make_vendor
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post

Books = dict[tuple[str, int | None], int]


def books(shop: Shop) -> Books:
    with db.scoped(shop.id) as session:
        sums = select(LedgerEntry.account, LedgerEntry.vendor_id, func.sum(LedgerEntry.amount_minor))
        rows = session.execute(sums.group_by(LedgerEntry.account, LedgerEntry.vendor_id))
        return {(account, vendor): int(amount) for account, vendor, amount in rows if amount}


def vendor_total(shop: Shop, vendor: Vendor) -> int:
    return sum(amount for (_, owner), amount in books(shop).items() if owner == vendor.id)


def forge(delivery: Doc, **changes: Any) -> Doc:
    """The delivery with another body."""
    body = {**json.loads(delivery["body"]), **changes}
    return {**delivery, "body": json.dumps(body)}


def the_payment(post: Post) -> Doc:
    """The news that the only order is paid."""
    (paid,) = [one for one in post.waiting() if one["topic"] == "orders/paid"]
    return paid


def flags(shop: Shop) -> list[str]:
    with db.scoped(shop.id) as session:
        return session.scalars(select(Order.flags)).one()


def test_one_order_in_several_workers_at_once_is_booked_once(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    order = buy(store, (goods.mug, 3), (goods.loaf, 2))
    refund_order(store, ACME, order["id"], RefundRequest(amount="3.21"))
    waiting = post.waiting()
    start = Barrier(4)

    def work(seed: int) -> None:
        start.wait(60)
        post.deliver(waiting[seed:] + waiting[:seed])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    after = books(acme)
    assert -after[Account.CUSTOMER_RECEIPTS, None] == int(order["total_price"].replace(".", "")) - 321
    with db.scoped(acme.id) as session:
        assert session.scalar(select(func.count()).select_from(Order)) == 1
        assert session.scalar(select(func.count()).select_from(OrderLine)) == 2
        posted = session.scalar(select(func.count()).select_from(LedgerTransaction))
    post.deliver(waiting)
    assert books(acme) == after
    with db.scoped(acme.id) as session:
        assert session.scalar(select(func.count()).select_from(LedgerTransaction)) == posted


@pytest.mark.parametrize("status", [VendorStatus.PENDING, VendorStatus.REJECTED, VendorStatus.CLOSED])
def test_nobody_earns_by_applying_under_the_name_of_a_brand(
    status: VendorStatus, goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    mallory = make_vendor(acme, "ACME", "mallory@example.com", status)
    buy(store, (goods.bag, 4))
    post.deliver()
    assert vendor_total(acme, mallory) == 0
    assert books(acme)[Account.GOODS_REVENUE, None] == 800


def test_a_product_that_changes_hands_leaves_the_past_where_it_was(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    order = buy(store, (goods.loaf, 2), pay=False)
    post.deliver()
    with db.scoped(acme.id) as session:
        session.execute(update(Product).where(Product.vendor_id == bea.id).values(vendor_id=ada.id))
    mark_as_paid(store, ACME, order["id"])
    refund_order(store, ACME, order["id"], RefundRequest([LineRefund(order["line_items"][0]["id"], 1, "cancel")]))
    post.deliver()
    assert vendor_total(acme, ada) == 0
    assert vendor_total(acme, bea) > 0


def test_rule_and_hold_days_are_those_of_the_sale_though_it_is_paid_later(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    order = buy(store, (goods.mug, 2), pay=False)
    post.deliver()
    with db.scoped(acme.id) as session:
        session.execute(update(ShopSettings).values(hold_days=0))
        rule = queries.list_rules(session, acme.id)[0]
        draft = service.Draft(rule.name, Decimal(5000), rule.conditions, {}, {}, {}, net_of_tax=False)
        service.change_rule(session, session.get_one(Shop, acme.id), rule.id, draft, "staff:1")
    mark_as_paid(store, ACME, order["id"])
    post.deliver()
    assert books(acme)[Account.COMMISSION, None] == 100
    with db.scoped(acme.id) as session:
        assert session.scalars(select(OrderLine.hold_days)).all() == [14]


@pytest.mark.parametrize("named", [True, False])
def test_an_amount_returned_in_another_currency_is_no_gift(
    named: object, goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    shop = store.all(ACME, "shop")[0]
    store.put(ACME, "shop", {**shop, "presentment_rates": {"EUR": "0.5"}})
    order = buy(store, (goods.loaf, 2), currency_presentment="EUR")
    post.deliver()
    refund_order(store, ACME, order["id"], RefundRequest(amount="5.00"))
    before = -books(acme)[Account.CUSTOMER_RECEIPTS, None]
    news = [d for d in post.waiting() if d["topic"] == "refunds/create"]
    assert [t["currency"] for t in json.loads(news[0]["body"])["transactions"]] == ["EUR"]
    post.deliver(news if named else [forge(news[0], order_adjustments=[])])
    assert -books(acme)[Account.CUSTOMER_RECEIPTS, None] == before - 500
    assert flags(acme) == []


def test_totals_that_lie_hold_the_money_and_truth_releases_it(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    buy(store, (goods.mug, 1))
    paid = the_payment(post)
    lie = json.loads(paid["body"])["total_price_set"]
    lie["shop_money"]["amount"] = "1.00"
    post.deliver([forge(paid, total_price_set=lie, current_total_price_set=lie)])
    assert flags(acme)
    assert sum(books(acme).values()) == 0
    body = json.loads(paid["body"])
    later = body["updated_at"].replace("2026", "2027")
    post.deliver([forge(paid, updated_at=later)])
    assert flags(acme) == []
    assert (Account.UNEXPLAINED, None) not in books(acme)


def test_an_amount_that_is_no_number_is_put_aside_at_once_instead_of_tried_again(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    buy(store, (goods.mug, 1))
    paid = the_payment(post)
    lines = json.loads(paid["body"])["line_items"]
    lines[0]["price_set"]["shop_money"]["amount"] = "5,00"
    with pytest.raises(PayloadError, match="no number"):
        post.deliver([forge(paid, line_items=lines)])


@pytest.mark.parametrize("arrival", list(permutations(range(2))))
@pytest.mark.parametrize("is_over", [False, True])
def test_of_two_states_of_one_second_what_shopify_says_afterwards_is_the_last(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, arrival: tuple[int, ...], *, is_over: bool
) -> None:
    """Paid, and in the same second it becomes dearer."""
    buy(store, (goods.mug, 1))
    paid = the_payment(post)
    asked = {"app_read_afterwards": True} if is_over else {}
    owing = forge(paid, financial_status="partially_paid", total_outstanding="1.00", **asked)
    news = [paid, owing]
    post.deliver([news[at] for at in arrival] + [paid])
    with db.scoped(acme.id) as session:
        held = session.scalars(select(Order)).one()
        # Read while the second was not over it may be the earlier state: then the one that knows more stays.
        assert held.financial_status == ("partially_paid" if is_over else "paid")
        assert check_books(session, session.get_one(Shop, acme.id)).holds


@pytest.mark.parametrize("arrival", list(permutations(range(4))))
def test_within_one_second_an_order_may_be_given_back_enlarged_and_paid_again(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, arrival: tuple[int, ...]
) -> None:
    """ "refunded" is no later state than the "partially_refunded" of the customer who then bought something more."""
    order = buy(store, (goods.mug, 1))
    refund_order(store, ACME, order["id"], RefundRequest(amount=order["total_price"]))
    edit_order(store, ACME, order["id"], add=[{"variant_id": goods.loaf["variants"][0]["id"], "quantity": 1}])
    mark_as_paid(store, ACME, order["id"])
    states = [one for one in post.waiting() if one["topic"] == "orders/updated"]
    one_second = json.loads(states[-1]["body"])["updated_at"]
    news = [forge(one, updated_at=one_second) for one in states[-4:]]
    told = [json.loads(one["body"])["financial_status"] for one in news]
    assert told == ["paid", "refunded", "refunded", "partially_refunded"]
    post.deliver([news[at] for at in arrival])
    order = get_order(store, ACME, order["id"])
    assert -books(acme)[Account.CUSTOMER_RECEIPTS, None] == paid_in(order) - paid_back(order) > 0
    assert flags(acme) == []
