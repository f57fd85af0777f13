"""Daily figures of orders: whatever is heard of them, how often and in which order, they are what the orders say."""

import json
import random
import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, func, select, text, update

from app import clock, db
from app.auth import installation
from app.books import service
from app.ledger.stops import list_stopped
from app.models.books import Difference
from app.models.emails import Email
from app.models.events import InboxEvent
from app.models.journey import DayToCount, OrderDay
from app.models.orders import Order, OrderLine
from app.models.shops import Shop
from app.models.vendors import Vendor
from app.orders import days
from app.shopify.tokens import ShopCredentials
from devstore.orders.cancel import cancel_order
from devstore.orders.edits import edit_order
from devstore.orders.payments import mark_as_paid
from devstore.orders.refunds import LineRefund, RefundRequest, refund_order
from devstore.store import Store
from jobs import journey as jobs
from jobs import outbox
from tests.devstore.orders.cast import ACME, buy
from tests.orders.conftest import Post
from tests.orders.lives import ACTS, Act, Life, play, shuffle
from tests.shopify.fake import FakeShopify
from webhooks.handlers.app import handle_shop_update

Figures = dict[tuple[date, int | None, int], tuple[int, int]]
"""Orders and units by day, vendor and product."""


def figures(shop: Shop, vendor: Vendor | None = None) -> Figures:
    with db.scoped(shop.id, vendor.id if vendor else None) as session:
        rows = session.scalars(select(OrderDay))
        return {(row.day, row.vendor_id, row.product_number): (row.orders, row.units) for row in rows}


def by_hand(shop: Shop) -> Figures:
    """Line by line, as a person with a pencil would."""
    orders, units = Counter[Any](), Counter[Any]()
    with db.scoped(shop.id) as session:
        lines = session.scalars(select(OrderLine)).all()
        for order in session.scalars(select(Order).where(~Order.test)):
            day = order.ordered_at.astimezone(ZoneInfo(shop.timezone)).date()
            sold = order.paid_seen_at is not None and order.cancelled_at is None
            keys: set[tuple[date, int | None, int]] = {(day, None, 0)}
            for line in lines:
                if line.order_id == order.id and line.vendor_id is not None:
                    key = (day, line.vendor_id, int(line.sold_as["product"].rpartition("/")[2]))
                    keys.add(key)
                    for each in (key, (day, None, 0)):
                        units[each] += line.current_quantity if sold else 0
            orders.update(keys)
    return {key: (count, units[key]) for key, count in orders.items()}


def hear(post: Post, shop: Shop) -> None:
    """Everything that the store told by now, told on and counted."""
    post.deliver()
    while outbox.deliver(shop.id):
        pass
    days.count(shop.id)


def wrong(shop: Shop) -> list[date]:
    with db.scoped(shop.id) as session:
        return list(days.list_wrong(session, session.get_one(Shop, shop.id)))


def spoil(shop: Shop) -> None:
    with db.scoped(shop.id) as session:
        session.execute(update(OrderDay).values(units=OrderDay.units + 1))


def test_the_figures_of_a_day_follow_its_orders(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, ada: Vendor, bea: Vendor
) -> None:
    order = buy(store, (goods.mug, 3), (goods.loaf, 2), (goods.bag, 1), pay=False)
    mug, loaf = (day_of := clock.today(acme.timezone), ada.id, goods.mug["id"]), (day_of, bea.id, goods.loaf["id"])
    shop = (day_of, None, 0)
    hear(post, acme)
    assert figures(acme) == {shop: (1, 0), mug: (1, 0), loaf: (1, 0)}, "nobody paid yet"
    mark_as_paid(store, ACME, order["id"])
    hear(post, acme)
    assert figures(acme) == {shop: (1, 5), mug: (1, 3), loaf: (1, 2)}, "the bag is the store's own"
    assert figures(acme, bea) == {loaf: (1, 2)}
    store.clock.set_offset(60)
    edit_order(store, ACME, order["id"], remove={order["line_items"][0]["id"]: 1})
    hear(post, acme)
    assert figures(acme)[mug] == (1, 2)
    store.clock.set_offset(120)
    refund_order(store, ACME, order["id"], RefundRequest([LineRefund(order["line_items"][1]["id"], 1, "cancel")]))
    hear(post, acme)
    assert figures(acme) == {shop: (1, 3), mug: (1, 2), loaf: (1, 1)}
    store.clock.set_offset(180)
    cancel_order(store, ACME, order["id"], refund=True)
    hear(post, acme)
    assert figures(acme) == {shop: (1, 0), mug: (1, 0), loaf: (1, 0)}


@pytest.mark.parametrize("seed", range(3))
def test_news_in_any_order_and_twice_end_in_the_figures_of_the_orders(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, seed: int
) -> None:
    chance = random.Random(seed)
    for number in range(6):
        store.clock.set_offset(-86400.0 * (number % 3))
        acts = [Act(chance.choice(ACTS), chance.randrange(1000)) for _ in range(chance.randrange(6))]
        basket = (1, *(chance.randrange(3) for _ in range(3)))
        play(store, goods, Life(basket, None, chance.random() < 0.8, chance.random() < 0.3, tuple(acts), False))
    news = shuffle(post.waiting(), seed)
    while news:
        some, news = news[:7], news[7:]
        post.deliver(some)
        assert wrong(acme) == [], "what was not told on yet is no difference"
        outbox.deliver(acme.id)
        assert wrong(acme) == [], "nor is what was not counted yet"
        if chance.random() < 0.5:
            days.count(acme.id)
    hear(post, acme)
    assert figures(acme) == by_hand(acme)
    assert len({day for day, *_ in figures(acme)}) == 3
    assert wrong(acme) == []
    spoil(acme)
    assert len(wrong(acme)) == 3


def test_a_replay_counts_the_days_again_and_tells_nobody_else(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    moment = clock.now() - timedelta(hours=1)
    for _ in range(2):
        buy(store, (goods.mug, 3))
    hear(post, acme)
    before = figures(acme)
    spoil(acme)
    with db.scoped(acme.id) as session:
        mails = session.scalar(select(func.count()).select_from(Email))
    assert outbox.replay(acme.id, "analytics", moment) == 4, "two orders, each placed and paid"
    assert outbox.deliver(acme.id) == 4
    with db.scoped(acme.id) as session:
        assert len(session.scalars(select(DayToCount)).all()) == 1, "told together, they note their day once"
        assert session.scalar(select(func.count()).select_from(Email)) == mails
    with db.system() as session:
        assert days.list_shops_to_count(session) == [acme.id]
    jobs.count_orders(acme.id)
    assert figures(acme) == before
    assert days.count(acme.id) == 0


def test_the_nightly_proof_names_wrong_days_and_has_them_counted_again(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    buy(store, (goods.mug, 3))
    hear(post, acme)
    before = figures(acme)
    spoil(acme)
    assert service.run_proof(acme.id).open == 1
    with db.scoped(acme.id) as session:
        (found,) = session.scalars(select(Difference)).all()
        assert found.words == f"The daily figures of orders are wrong: {clock.today(acme.timezone)}."
        assert list_stopped(session, acme.id) == set(), "no money depends on it"
    days.count(acme.id)
    assert figures(acme) == before
    assert service.run_proof(acme.id).open == 0


def test_a_lost_note_is_a_difference(goods: SimpleNamespace, store: Store, post: Post, acme: Shop) -> None:
    buy(store, (goods.mug, 3))
    post.deliver()
    outbox.deliver(acme.id)
    with db.scoped(acme.id) as session:
        session.execute(delete(DayToCount))
    assert wrong(acme) == [clock.today(acme.timezone)]


def test_days_begin_where_the_shop_is_also_after_it_moved(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    buy(store, (goods.mug, 1))
    post.deliver()
    evening = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    with db.scoped(acme.id) as session:
        session.execute(update(Order).values(ordered_at=evening))
    hear(post, acme)
    assert {day.day for day, *_ in figures(acme)} == {20}
    for counted in (2, 0):
        moved = {"id": 1, "name": "Acme", "myshopify_domain": ACME, "iana_timezone": "Europe/Berlin"}
        with db.scoped(acme.id) as session:
            handle_shop_update(session, session.get_one(Shop, acme.id), json.dumps(moved).encode(), InboxEvent())
        assert days.count(acme.id) == counted
    assert {day.day for day, *_ in figures(acme)} == {21}


def test_a_shop_that_comes_back_from_another_zone_has_its_days_counted_anew(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop, connected: ShopCredentials, shopify: FakeShopify
) -> None:
    buy(store, (goods.mug, 1))
    post.deliver()
    with db.scoped(acme.id) as session:
        session.execute(update(Order).values(ordered_at=datetime(2026, 11, 20, 23, 30, tzinfo=UTC)))
    hear(post, acme)
    assert {day.day for day, *_ in figures(acme)} == {20}
    for counted in (2, 0):
        assert installation.prepare(connected).timezone == "Europe/Berlin"
        assert days.count(acme.id) == counted
    assert {day.day for day, *_ in figures(acme)} == {21}


def test_what_is_noted_while_a_day_is_counted_is_counted_too(
    goods: SimpleNamespace, store: Store, post: Post, acme: Shop
) -> None:
    buy(store, (goods.mug, 1))
    post.deliver()
    outbox.deliver(acme.id)
    second = threading.Thread(target=days.count, args=(acme.id,))
    with db.scoped(acme.id) as session:
        session.execute(text("DELETE FROM days_to_count"))
        session.execute(text("DELETE FROM order_days"))
        values = days._values(session.get_one(Shop, acme.id), [clock.today(acme.timezone)])
        session.execute(days._COUNT, values)  # another worker is so far, when more comes
        buy(store, (goods.mug, 1))
        post.deliver()
        outbox.deliver(acme.id)
        second.start()
        second.join(0.3)
        assert second.is_alive(), "it waits for the other"
    second.join(60)
    assert figures(acme) == by_hand(acme)
    assert figures(acme)[clock.today(acme.timezone), None, 0] == (2, 2)
